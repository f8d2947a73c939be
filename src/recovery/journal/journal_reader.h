#pragma once
// Reads the journal in order, and tells a tail that was being written when the process or the
// machine failed from damage. Changes nothing, so it may run beside the journal's owner.
//
// A line is bad when its CRC is wrong or its end is missing. Bad lines at the very end of the last
// file, with no good one behind them, are a torn tail: none of them was acknowledged, unless the
// disk lost what it had promised to keep, or changed it. A bad line with a good one behind it, or
// in an earlier file, is damage, and nothing is read past it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recovery/journal/journal_files.h"
#include "recovery/journal/journal_line.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

/// What is at the end of the last file behind its last good line.
struct TornTail {
  std::string path;
  std::int64_t first_position = 0;  ///< Of the file.
  std::int64_t offset = 0;          ///< Bytes before it. 0: not even the file's first line is good.
  std::int64_t bytes = 0;
  /// There is the end of a line in it, so it need not be what was being written: a line that was
  /// whole, and may have been acknowledged, is damaged.
  bool is_damaged = false;
};

class JournalReader {
 public:
  /// Reads the lines behind position `after` (0: all). Refused if the journal begins later than
  /// that. No files are an empty journal.
  static Result<JournalReader> open(const std::string& directory, std::int64_t after = 0);
  /// From its first line, wherever it begins.
  static Result<JournalReader> open_whole(const std::string& directory);

  /// The next line, or nothing at the end. An error names the file and the offset of the damage.
  /// Holds one file (at most 64 MiB) in memory.
  Result<std::optional<JournalLine>> next();

  // At the end:
  /// Of the last good line; `after` if there is none behind it.
  std::int64_t last_position() const { return last_position_; }
  std::uint32_t last_crc() const { return crc_; }
  const std::optional<TornTail>& torn_tail() const { return torn_; }
  /// The first position that the journal has, or could have; 1 for an empty one.
  std::int64_t first_position() const { return first_position_; }
  /// All there are.
  const std::vector<JournalFileName>& files() const { return files_; }
  /// Of the last file, without a torn tail.
  std::int64_t last_file_bytes() const { return static_cast<std::int64_t>(at_); }

 private:
  JournalReader() = default;
  static Result<JournalReader> open_behind(const std::string& directory,
                                           std::optional<std::int64_t> after);
  Status open_next_file();
  Status read_heading();
  std::optional<std::string_view> good_line();
  Status judge_bad_line();
  Error damaged(std::string_view what) const;

  std::vector<JournalFileName> files_;
  std::size_t next_file_ = 0;
  std::string path_;
  std::string bytes_;
  std::size_t at_ = 0;  // behind the last good line
  std::int64_t after_ = 0;
  std::int64_t first_position_ = 1;
  std::int64_t last_position_ = 0;
  std::uint32_t crc_ = 0;
  bool has_crc_ = false;  // of a line of an earlier file
  bool ended_ = false;
  std::optional<TornTail> torn_;
};

/// Whether a good line begins anywhere in `rest`, which begins with a bad one. `crc_before` is that
/// of the good line before it. Pure.
bool has_good_line(std::string_view rest, std::uint32_t crc_before);

}  // namespace redkeep::recovery
