#pragma once
// A content directory as a snapshot, streamed into a server that starts empty: about twice as fast
// as commands, since the server neither parses nor answers them, and works while we still read.
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "keys/key_schema.h"
#include "recovery/csv/content_check.h"
#include "recovery/load/loader.h"

namespace redkeep::recovery {

/// Where the snapshot's bytes go; a failure ends the stream with its error.
using SnapshotSink = std::function<Status(std::string_view)>;

/// Above this many bytes of CSV the gathered sets would take too much of our memory, since a
/// snapshot has each key once: load() writes them in parts.
inline constexpr std::int64_t kMostSnapshotBytes = std::int64_t{1} << 30;

/// What the snapshot says of itself to a guard that has seen the graph before: the mark comes with
/// the content, so that it is not missed in between.
enum class SnapshotMark { None, GraphIsThere };

/// Writes all of it; to be called on a thread of its own. `check` must have found no problem. The
/// bytes are whole only if it succeeds.
Result<LoadOutcome> stream_snapshot(const std::string& directory, const ContentCheck& check,
                                    const std::string& prefix, SnapshotMark mark,
                                    const SnapshotSink& sink, const std::stop_token& stop);

}  // namespace redkeep::recovery
