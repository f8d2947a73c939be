#pragma once
// What the writer of a journal is told: where Redis is, and what brings it to where the journal
// begins.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "recovery/journal/graph_recovery.h"
#include "recovery/journal/journal_writer.h"
#include "redis/make_room.h"
#include "redkeep/options.h"

namespace redkeep::recovery {

/// Brings a Redis that has lost its content, is older than the journal reaches back, or holds a
/// graph of nobody knows when, to a state from which the journal goes on (that of the checkpoint;
/// position 0 for a content directory). Nothing is written before `mark` was called, and that has
/// not failed.
using RestoreBase = std::function<redis::awaitable<Result<BroughtBase>>(BehindRedis behind)>;

struct GraphWriterOptions {
  EndpointOptions endpoint;
  std::string prefix;
  /// How long a writer waits for Redis before its change counts as Journaled.
  std::chrono::milliseconds deadline{5000};
  JournalLimits limits;
  redis::MakeRoom make_room;
  /// Without it, a Redis without content is filled from the journal alone, if that is whole.
  RestoreBase restore_base;
  /// Of the checkpoint: no change gets a position up to it, also where the journal is gone.
  std::int64_t checkpoint_position = 0;
};

}  // namespace redkeep::recovery
