#pragma once
// Makes a server's graph what a content directory says, as far as a survey found that it is not:
// what repair and rebuild do. What is overwritten or removed is saved first.
#include <memory>
#include <stop_token>
#include <string>

#include "recovery/disk/disk.h"
#include "recovery/verify/survey.h"

namespace redkeep::recovery {

struct MendOptions {
  std::string directory;
  /// Keys of the graph's classes that the content does not have, and what refers to them in sets.
  bool remove_orphans = false;
  bool dry_run = false;
  /// Where the directory of saved rows is made; it is made only where something is to be saved.
  std::string save_to;
  Disk* disk = &Disk::real();
};

struct MendOutcome {
  std::int64_t missing = 0;          ///< Keys written that were not there.
  std::int64_t changed = 0;          ///< Keys that had another value.
  std::int64_t wrong_type = 0;       ///< Keys replaced that had another type.
  std::int64_t ttls = 0;             ///< TTLs taken away.
  std::int64_t orphans_removed = 0;  ///< Keys.
  std::int64_t orphans_left = 0;     ///< Keys, because remove_orphans was not asked for.
  std::int64_t stale_members = 0;    ///< Taken out of sets that stayed.
  std::int64_t members_left = 0;     ///< In sets, because they belong to orphans that were left.
  std::int64_t saved_rows = 0;
  std::string saved_directory;  ///< Empty: there was nothing to save.

  bool changes_anything() const {
    return missing + changed + wrong_type + ttls + orphans_removed + stale_members > 0;
  }
};

/// In this order: what goes is read and saved, and the files are synced; then everything that is
/// missing or differs is written; then what is stale is removed. A member of a set is stale if it
/// names a record that the content has elsewhere; one that names a record which the content does
/// not have belongs to an orphan, and goes with it. Only what was saved is removed.
///
/// With dry_run it says what it would do. Doing it again after it was cut does the rest. Fails as
/// the connection or the disk does, with the server's error, or with Interrupted; `has_begun` says
/// whether anything may have been changed in Redis by then.
redis::awaitable<Result<MendOutcome>> mend(std::shared_ptr<redis::Connection> connection,
                                           const keys::KeySchema& schema,
                                           const GraphClasses& classes, const Survey& survey,
                                           MendOptions options, std::stop_token stop,
                                           ShowProgress progress, bool& has_begun);

}  // namespace redkeep::recovery
