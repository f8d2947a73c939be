#pragma once
// The calls by which files of ours change, in one place: what tests replace to number them, to let
// each one fail, and to end the process there.
#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

#include "redkeep/result.h"

namespace redkeep::recovery {

/// As in POSIX: each returns -1 with errno where it fails. The base class asks the kernel.
class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  /// open(2) with O_CLOEXEC; a new file may be read and written by its owner only.
  virtual int open(const std::string& path, int flags);
  /// May write less than all.
  virtual ssize_t write(int descriptor, std::string_view bytes);
  /// fdatasync(2).
  virtual int sync(int descriptor);
  virtual int truncate(int descriptor, off_t bytes);
  virtual int close(int descriptor);
  virtual int rename(const std::string& from, const std::string& to);
  /// renameat2(2) with RENAME_EXCHANGE: two directories change their names in one step. EINVAL
  /// where the file system cannot.
  virtual int exchange(const std::string& one, const std::string& other);
  /// unlink(2).
  virtual int remove(const std::string& path);
  /// mkdir(2), for the owner only.
  virtual int make_directory(const std::string& path);
  /// rmdir(2).
  virtual int remove_directory(const std::string& path);
  /// What a rename or a new file needs in order to outlive a power loss.
  virtual int sync_directory(const std::string& path);

  /// The machine's disk.
  static Disk& real();
};

/// A file that is written from its beginning or its end; closed with the object. Every error names
/// the path and the reason.
class OutputFile {
 public:
  /// `flags` beside O_WRONLY, such as O_CREAT | O_EXCL.
  static Result<OutputFile> open(Disk& disk, std::string path, int flags);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  /// All of it; after a failure an unknown part of it may be in the file.
  Status write(std::string_view bytes);
  /// Waits until what was written is on the disk. After a failure what is there is unknown, and a
  /// second sync that succeeds says nothing.
  Status sync();
  Status truncate(std::int64_t bytes);
  /// Sooner than the object ends, to see whether it fails.
  Status close();

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }

 private:
  OutputFile(Disk& disk, std::string path, int descriptor)
      : disk_(&disk), path_(std::move(path)), descriptor_(descriptor) {}

  Disk* disk_;
  std::string path_;
  int descriptor_;
};

/// rename(2), then the directory that `to` is in is synced.
Status rename_for_good(Disk& disk, const std::string& from, const std::string& to);
/// Removes a file; one that is not there is fine.
Status remove_file(Disk& disk, const std::string& path);
/// One that is there already is fine.
Status make_directory(Disk& disk, const std::string& path);
Status sync_directory(Disk& disk, const std::string& path);

}  // namespace redkeep::recovery
