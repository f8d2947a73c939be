#pragma once
// A content directory into Redis: checked whole, then written in one pass.
#include <functional>
#include <stop_token>
#include <string>

#include "keys/key_schema.h"
#include "recovery/content_check.h"
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
  /// Bad rows are left out and written here, instead of refusing the load; empty: refuse.
  std::string rejects_file;
};

struct LoadProgress {
  std::string_view doing;  ///< "checking" or "writing".
  std::int64_t rows = 0;
  double share = 0;  ///< 0 to 1; below 0 while it is not known.
};

struct LoadOutcome {
  std::int64_t entities = 0;
  std::int64_t associations = 0;
  std::int64_t words = 0;
  std::int64_t commands = 0;
  std::int64_t bad_rows = 0;
  ContentProblems problems;  ///< When not empty and no rejects file was given, nothing was written.
};

/// Fails with Refused if our graph is there already (unless merge), with the server's error if it
/// stops the load (what was written stays; `merge` finishes it), or with Interrupted.
redis::awaitable<Result<LoadOutcome>> load(EndpointOptions endpoint, std::string prefix,
                                           LoadOptions options, std::stop_token stop,
                                           std::function<void(const LoadProgress&)> progress);

/// Whether a key of our graph is there: entities, associations or the index; one key or none.
redis::awaitable<Result<std::string>> find_graph_key(redis::Connection& connection,
                                                     const std::string& prefix);

}  // namespace redkeep::recovery
