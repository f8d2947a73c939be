#pragma once
// The data directory: what is ours, and what one process at a time owns.
#include <string>
#include <utility>

#include "recovery/disk/disk.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

class DataDirectory {
 public:
  /// Makes the directory if need be and takes its lock. Refused for a content directory, and while
  /// another owner lives; its process and host are named. The kernel frees the lock however the
  /// owner ends.
  static Result<DataDirectory> own(std::string path);

  /// Refused as own() does while another owner lives; changes nothing, and makes nothing.
  static Status require_free(const std::string& path);

  DataDirectory(DataDirectory&& other) noexcept
      : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
  DataDirectory& operator=(DataDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    return *this;
  }
  ~DataDirectory();

  const std::string& path() const { return path_; }
  std::string journal() const { return journal_of(path_); }
  std::string checkpoint() const { return checkpoint_of(path_); }

  // Without owning it, to read.
  static std::string journal_of(const std::string& path) { return path + "/journal"; }
  static std::string checkpoint_of(const std::string& path) { return path + "/checkpoint"; }

 private:
  DataDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;
};

}  // namespace redkeep::recovery
