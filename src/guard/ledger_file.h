#pragma once
// The ledger in a directory: one JSON object a line, append only, at most 16 MiB in two files.
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "guard/ledger.h"
#include "redkeep/result.h"

namespace redkeep::guard {

/// Two files of this size at most. 8 MiB are some 30,000 entries: a day of shedding without a
/// pause.
inline constexpr std::int64_t kMostLedgerFileBytes = std::int64_t{8} << 20;

/// The file that is written to, and the one that was before it.
std::string ledger_path(const std::string& directory);
std::string older_ledger_path(const std::string& directory);

/// True while a process keeps its ledger in the directory.
bool is_ledger_in_use(const std::string& directory);

/// Blocks on the disk: not for the io thread (see LedgerWriter). One thread at a time.
class LedgerFile {
 public:
  /// Nothing is opened yet.
  explicit LedgerFile(std::string directory, std::int64_t most_file_bytes = kMostLedgerFileBytes);
  ~LedgerFile();
  LedgerFile(const LedgerFile&) = delete;
  LedgerFile& operator=(const LedgerFile&) = delete;

  /// Adds one line, whole or not at all, and lets the oldest lines go when there is no room. Makes
  /// the directory and the file if need be, again too if somebody took them away. The number in the
  /// file is the entry's, or the next one after the file's last where that is higher.
  ///
  /// Fails with Refused while another process keeps its ledger there, with Io otherwise (the
  /// message names the file); a later call may succeed.
  Status append(const LedgerEntry& entry);

 private:
  Status open();
  Status take_lock();
  Status open_file();
  Status find_last_number();
  Status rotate();
  Status write_whole(const std::string& text);
  bool is_still_there() const;
  void close();
  Error failure(const std::string& path, std::string_view what, int error_number) const;

  std::string directory_;
  std::int64_t most_file_bytes_;
  int lock_ = -1;
  int file_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::int64_t size_bytes_ = 0;
  bool ends_within_line_ = false;
  std::uint64_t last_number_ = 0;
};

}  // namespace redkeep::guard
