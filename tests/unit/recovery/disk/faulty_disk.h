#pragma once
// A disk whose n-th call fails, or ends the process: every call that changes a file is numbered
// from 1.
#include <unistd.h>

#include <cerrno>
#include <string>

#include "recovery/disk/disk.h"

namespace redkeep::recovery {

enum class DiskFault {
  Fails,        ///< Does nothing and answers with the error.
  Half,         ///< A write writes its first half and then fails; another call fails.
  Short,        ///< A write writes one byte and says so; another call is carried out.
  Interrupted,  ///< EINTR once for open and write; another call is carried out.
  EndsBefore,   ///< The process ends (exit code 99) instead of the call.
  EndsHalfway,  ///< The process ends after half of a write; before another call.
  EndsAfter,    ///< The process ends when the call was carried out.
};

class FaultyDisk : public Disk {
 public:
  /// `at` 0: counts only. `stays`: every call after it fails as well (a full disk).
  FaultyDisk(int at, DiskFault fault, int error_number = EIO, bool stays = false)
      : at_(at), fault_(fault), error_number_(error_number), stays_(stays) {}

  int calls() const { return calls_; }
  void heal() { at_ = 0, stays_ = false; }

  int open(const std::string& path, int flags) override {
    return call([&] { return Disk::open(path, flags); }, true);
  }
  ssize_t write(int descriptor, std::string_view bytes) override {
    if (at_ == 0 || calls_ + 1 != at_) {
      return call([&] { return Disk::write(descriptor, bytes); });
    }
    switch (fault_) {
      case DiskFault::Half: Disk::write(descriptor, bytes.substr(0, bytes.size() / 2)); break;
      case DiskFault::EndsHalfway:
        Disk::write(descriptor, bytes.substr(0, bytes.size() / 2));
        break;
      case DiskFault::Short: ++calls_; return Disk::write(descriptor, bytes.substr(0, 1));
      default: break;
    }
    return call([&] { return Disk::write(descriptor, bytes); }, true);
  }
  int sync(int descriptor) override {
    return static_cast<int>(call([&] { return Disk::sync(descriptor); }));
  }
  int truncate(int descriptor, off_t bytes) override {
    return static_cast<int>(call([&] { return Disk::truncate(descriptor, bytes); }));
  }
  // A close that fails has closed all the same.
  int close(int descriptor) override {
    const int closed = Disk::close(descriptor);
    return static_cast<int>(call([&] { return closed; }));
  }
  int rename(const std::string& from, const std::string& to) override {
    return static_cast<int>(call([&] { return Disk::rename(from, to); }));
  }
  int exchange(const std::string& one, const std::string& other) override {
    return static_cast<int>(call([&] { return Disk::exchange(one, other); }));
  }
  int remove(const std::string& path) override {
    return static_cast<int>(call([&] { return Disk::remove(path); }));
  }
  int make_directory(const std::string& path) override {
    return static_cast<int>(call([&] { return Disk::make_directory(path); }));
  }
  int remove_directory(const std::string& path) override {
    return static_cast<int>(call([&] { return Disk::remove_directory(path); }));
  }
  int sync_directory(const std::string& path) override {
    return static_cast<int>(call([&] { return Disk::sync_directory(path); }));
  }

 private:
  template <class Call>
  auto call(Call carry_out, bool may_be_interrupted = false) -> decltype(carry_out()) {
    ++calls_;
    const bool is_it = calls_ == at_ || (stays_ && at_ != 0 && calls_ > at_);
    if (!is_it) return carry_out();
    switch (fault_) {
      case DiskFault::Fails:
      case DiskFault::Half: errno = error_number_; return -1;
      case DiskFault::Short: return carry_out();
      case DiskFault::Interrupted:
        if (!may_be_interrupted) return carry_out();
        errno = EINTR;
        return -1;
      case DiskFault::EndsBefore:
      case DiskFault::EndsHalfway: ::_exit(kEnded);
      case DiskFault::EndsAfter: carry_out(); ::_exit(kEnded);
    }
    return -1;
  }

 public:
  static constexpr int kEnded = 99;

 private:
  int at_;
  DiskFault fault_;
  int error_number_;
  bool stays_;
  int calls_ = 0;
};

}  // namespace redkeep::recovery
