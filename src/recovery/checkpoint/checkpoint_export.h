#pragma once
// The content graph in Redis into a checkpoint: what `redkeep export` and the daemon's checkpoints
// do.
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "recovery/checkpoint/graph_reader.h"
#include "recovery/csv/content_directory.h"
#include "recovery/disk/disk.h"
#include "redis/connection.h"
#include "redkeep/options.h"

namespace redkeep::recovery {

struct CheckpointOptions {
  std::string directory;
  /// A checkpoint that is there already is replaced; without it, that is refused.
  bool replace = false;
  /// What is no valid record in Redis is left out and told, instead of refusing all.
  bool skip_bad_records = false;
  /// The last entry of the journal that Redis has applied; none without a journal.
  std::optional<std::int64_t> position;
  /// Which journal that is of, as Redis has to say; empty: it is not asked.
  std::string journal;
};

struct CheckpointOutcome {
  std::string directory;  ///< By its one name.
  bool written = false;   ///< False: there are bad records, and nothing was changed.
  std::int64_t entities = 0;
  std::int64_t associations = 0;
  std::int64_t bytes = 0;          ///< Of the files.
  std::int64_t vanished_keys = 0;  ///< Removed while they were being read.
  ContentProblems bad_records;     ///< Each sentence begins with the key.
  /// Associations without one of their ends: one that is newer than the reading, or is missing.
  ContentProblems left_out;
  std::int64_t keys_with_other_fields = 0;  ///< Fields for which the CSV has no column.
  std::string an_other_field;
};

/// Works on a thread of its own, so that neither the disk nor a large graph holds the caller's
/// executor up; `progress` is called there. `disk` must outlive the call.
///
/// Applications may write meanwhile: what the files say together keeps the rules all the same (no
/// dangling end, no second parent, no cycle), and what seems to break them is read a second time
/// before it counts as bad. For a checkpoint that means one moment, nothing must be written from
/// `position` on until it has returned.
///
/// Refused as CheckpointPlace::claim() does, while a load or rebuild is under way or was cut, and
/// if no entity would replace some; otherwise fails as the server or the disk does, or with
/// Interrupted. The message says whether the old state is in place, which it is unless the last
/// step failed.
redis::awaitable<Result<CheckpointOutcome>> write_checkpoint(
    Disk& disk, EndpointOptions endpoint, std::string prefix, CheckpointOptions options,
    std::stop_token stop, std::function<void(const ReadProgress&)> progress);

}  // namespace redkeep::recovery
