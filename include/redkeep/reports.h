#pragma once
// What one relief of pressure, or one rebuild, has done.
#include <cstdint>
#include <string>

#include "redkeep/statistics.h"

namespace redkeep {

struct ReliefReport {
  std::string outcome;  ///< TargetReached, NothingLeft, BudgetSpent, NotAllowed, NothingToDo ...
  std::int64_t shed_keys = 0;
  std::int64_t freed_bytes = 0;  ///< Fall of used memory, as measured.
  MemoryUse memory;              ///< Afterwards.
};
struct RebuildReport {
  std::string outcome;             ///< Restored, NothingMissing or DoesNotFit.
  std::int64_t entities = 0;       ///< In the content directory.
  std::int64_t associations = 0;   ///< In the content directory.
  std::int64_t words = 0;          ///< Different words of its search index.
  std::int64_t missing = 0;        ///< Pieces (hashes, strings, members of sets) that were missing.
  std::int64_t missing_bytes = 0;  ///< What they take in Redis, estimated.
};

}  // namespace redkeep
