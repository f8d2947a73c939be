#pragma once
// Appends to the journal's files so that what was appended stays. Blocks on the disk; one thread at
// a time (see Journal for the thread and for many writers).
//
// A write that fails is taken back: the file is cut behind its last good line and synced, and the
// next one may succeed. When a sync fails, or what failed cannot be taken back, nobody knows what
// is on the disk: the writer stops, and every later append fails until the journal is opened anew.
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "recovery/disk/disk.h"
#include "recovery/journal/journal_reader.h"
#include "redkeep/options.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

struct JournalLimits {
  Durability durability = Durability::Fsync;
  std::int64_t most_file_bytes = kMostJournalFileBytes;
};

class JournalWriter {
 public:
  /// Reads the whole journal in `directory` (made if need be, its parent must be there), cuts a
  /// torn tail off and keeps it aside as `FILE.OFFSET.torn`. Refused, with file and offset, if it
  /// is damaged. The directory must be locked by the caller (see DataDirectory). Positions up to
  /// `taken` (that of a checkpoint) are never given: a journal that is new, or ends before that,
  /// goes on behind them.
  static Result<JournalWriter> open(Disk& disk, std::string directory, JournalLimits limits = {},
                                    std::int64_t taken = 0);

  /// Appends all lines or none; they get the positions behind last_position(), in order. When it
  /// returns without an error they are on the disk (with Durability::Os: in the kernel's hands).
  /// InvalidInput if a line alone is larger than a file may be.
  Status append(std::span<JournalLine> lines);

  /// The next append gets `position`: what is between is left out for good. For a Redis that is
  /// ahead of a journal that does not sync.
  Status leave_out_until(std::int64_t position);

  /// The next line begins a new file, so that the last one can go, if that holds any position up to
  /// `position`: for a checkpoint of that.
  Status begin_next_file(std::int64_t position);

  /// Removes the files that hold only positions up to `position`. The last one stays.
  Status remove_files_up_to(std::int64_t position);

  std::int64_t first_position() const { return files_.front().first_position; }
  std::int64_t last_position() const { return last_position_; }
  /// The last position of what was there when it was opened; 0: none.
  std::int64_t found_up_to() const { return found_up_to_; }
  /// What was cut off when it was opened.
  const std::optional<TornTail>& torn_tail() const { return torn_; }
  /// Positions of lines that later ones took back.
  const std::set<std::int64_t>& voided() const { return voided_; }
  /// Why nothing is appended any more; nothing while it works.
  const std::optional<Error>& stopped() const { return stopped_; }

 private:
  JournalWriter(Disk& disk, std::string directory, JournalLimits limits)
      : disk_(&disk), directory_(std::move(directory)), limits_(limits) {}

  Status read_without_tail();
  Status read_all();
  Status cut_tail(const TornTail& tail);
  Status keep_aside(const TornTail& tail);
  Status open_last_file();
  Status begin_file(std::int64_t first_position);
  Status write_heading(OutputFile& file, std::int64_t first_position, std::uint32_t& crc,
                       std::int64_t& bytes);
  std::uint32_t encode(std::span<JournalLine> lines);
  Status put(std::uint32_t crc);
  Status take_back(const Error& failure);
  Status check_file() const;
  Error stop(const Error& failure);

  Disk* disk_;
  std::string directory_;
  JournalLimits limits_;
  std::vector<JournalFileName> files_;
  std::optional<OutputFile> file_;
  std::int64_t file_bytes_ = 0;  // up to the end of the last good line
  std::int64_t last_position_ = 0;
  std::int64_t found_up_to_ = 0;
  std::uint32_t crc_ = 0;
  std::string block_;
  std::optional<TornTail> torn_;
  std::set<std::int64_t> voided_;
  std::optional<Error> stopped_;
};

/// What open() did about a tail, for people.
std::string describe_cut(const TornTail& tail);

/// The operation of a line that takes an earlier one back, because its writer was told that it
/// contradicts what is stored; its field is that one's position.
inline constexpr std::string_view kVoid = "void";
JournalLine void_line(std::int64_t position);
/// The position that the line takes back, if it is such a line.
std::optional<std::int64_t> voided_by(const JournalLine& line);

}  // namespace redkeep::recovery
