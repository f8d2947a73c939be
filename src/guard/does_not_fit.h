#pragma once
// What a person is told when the server is still critical with nothing left to shed. Pure.
#include <chrono>
#include <optional>
#include <string>

#include "keys/class_table.h"
#include "redkeep/options.h"
#include "redkeep/statistics.h"

namespace redkeep::guard {

/// What the last census counted, and how long ago.
struct Counted {
  Statistics statistics;
  std::chrono::seconds ago{0};
};

/// One sentence: how much is used, what fills it as far as a census has counted it (classes that
/// are never shed, the largest first), how much content is missing, and the limit that is needed.
/// A count from which memory has moved since by a good part of the limit is told as one that says
/// little. The numbers of use are those of `memory` alone. It ends in "(N bytes) are needed to be
/// below the stop mark".
std::string does_not_fit(const MemoryUse& memory, std::int64_t missing_bytes,
                         const std::optional<Counted>& counted, const keys::ClassTable& table,
                         const PressureOptions& options);

}  // namespace redkeep::guard
