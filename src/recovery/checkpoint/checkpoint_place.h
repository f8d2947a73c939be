#pragma once
// Where a checkpoint is written: beside the one that it is to replace, as DIR.next, which then
// takes DIR's name in one step. Whoever reads, at whatever moment we are killed, finds the old
// state or the new one, whole; the next run removes what is left.
#include <string>
#include <string_view>
#include <utility>

#include "recovery/disk/disk.h"

namespace redkeep::recovery {

/// Where the whole checkpoint of a directory is now: there, or beside it for the moment between two
/// renames on a file system that cannot exchange names. Also if there is none.
std::string checkpoint_path(const std::string& directory);

/// The directory by its one name (links followed, without `.` and a slash at the end).
Result<std::string> canonical_directory(const std::string& directory);

class CheckpointPlace {
 public:
  /// Refused if the directory is there and is not a checkpoint with nothing else in it, or is one
  /// and `replace` is not given, or if another process is writing it now. Nothing of ours is
  /// touched then.
  static Result<CheckpointPlace> claim(Disk& disk, const std::string& directory, bool replace);

  CheckpointPlace(CheckpointPlace&&) noexcept = default;
  CheckpointPlace& operator=(CheckpointPlace&&) noexcept = default;

  const std::string& directory() const { return directory_; }
  /// Where the files go until put().
  const std::string& next() const { return next_; }

  /// Makes next() empty, for the first or another try.
  Status begin();
  /// The manifest is written, and next() takes the directory's name for good. After an error
  /// is_put() tells whether it did.
  Status put(std::string_view manifest);
  bool is_put() const { return is_put_; }
  /// Removes next(); where that fails and readers find it, is_put() says so.
  void abandon();

 private:
  // flock(2) on a directory, by whatever name it has meanwhile; the kernel takes it back from a
  // process that is killed.
  class Lock {
   public:
    static Result<Lock> take(const std::string& directory);
    Lock() = default;
    Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Lock& operator=(Lock&& other) noexcept {
      std::swap(descriptor_, other.descriptor_);
      return *this;
    }
    ~Lock();

   private:
    int descriptor_ = -1;
  };

  CheckpointPlace(Disk& disk, std::string directory);
  Status lock();
  Status settle();
  Status write_manifest(std::string_view manifest);
  Status take_name();
  Status replace_in_two_steps();

  Disk* disk_;
  std::string directory_;
  std::string next_;
  std::string replaced_;  // the old one, where names cannot be exchanged
  Lock next_lock_;
  Lock old_lock_;
  bool is_put_ = false;
};

}  // namespace redkeep::recovery
