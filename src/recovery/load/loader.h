#pragma once
// A content directory into Redis: checked whole, then written in one pass.
#include <functional>
#include <stop_token>
#include <string>

#include "keys/key_schema.h"
#include "recovery/csv/content_check.h"
#include "recovery/load/merge.h"
#include "redis/connection.h"
#include "redkeep/options.h"

namespace redkeep::recovery {

struct LoadOptions {
  std::string directory;
  /// Keys of our graph that are there already are replaced by the content's, with their stale
  /// mappings and words. Without it, such keys refuse the load.
  bool merge = false;
  /// A load into an empty server that was cut is finished, as merge does, instead of refused.
  bool finish_cut_load = false;
  /// What is there of a cut load of another directory is taken for the content's own, instead of
  /// refusing: for who has cleared the graph, or compares it whole afterwards.
  bool despite_cut_load = false;
  /// Bad rows are left out and written here (see RejectsFile), instead of refusing the load; empty:
  /// refuse.
  std::string rejects_file;
  /// How a load that broke off is gone on with, for the message.
  std::string how_to_go_on = "`redkeep load --merge` finishes the load";
};

struct LoadProgress {
  std::string_view doing;  ///< "checking", "writing", or what is waited for.
  std::int64_t rows = 0;   ///< Below 0: none are counted yet.
  double share = 0;        ///< 0 to 1; below 0 while it is not known.
};

struct LoadOutcome {
  std::int64_t entities = 0;
  std::int64_t associations = 0;
  /// A merge only: up to where a journal was applied here. What was merged is not in it.
  std::optional<std::int64_t> journal_position;
  std::int64_t words = 0;
  std::int64_t commands = 0;
  std::int64_t bad_rows = 0;
  MergeConflicts conflicts;  ///< Of a merge: what was there in another form.
  ContentProblems problems;  ///< When not empty and no rejects file was given, nothing was written.
};

/// A server that is loading its data is waited for. Fails with Refused if our graph is there
/// already (unless merge), if a load of
/// another directory was cut here, if the rejects file is not to be written, or if the server may
/// evict any key and the content does not fit; with OutOfMemory if it did evict some meanwhile;
/// with the server's error if it stops the load (what was written stays; `merge` finishes it), or
/// with Interrupted.
redis::awaitable<Result<LoadOutcome>> load(EndpointOptions endpoint, std::string prefix,
                                           LoadOptions options, std::stop_token stop,
                                           std::function<void(const LoadProgress&)> progress);

/// The same over a connection that is there. Where it breaks off, replies may be outstanding on it:
/// it is then good for nothing else. `schema` and `progress` must outlive the call.
redis::awaitable<Result<LoadOutcome>> load_over(
    std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema,
    LoadOptions options, std::stop_token stop,
    const std::function<void(const LoadProgress&)>& progress);

}  // namespace redkeep::recovery
