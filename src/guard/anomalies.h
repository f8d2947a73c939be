#pragma once
// What two readings in a row say that nobody ordered: the server restarted, evicted by itself, got
// another limit or policy, filled in one leap, holds far more memory than it uses, or cannot write
// to its disk. Pure.
#include <cstdint>
#include <string>
#include <vector>

#include "pressure/memory_reading.h"

namespace redkeep::guard {

struct Anomaly {
  std::string subject;  ///< A short name; alerts of the same subject share their rate limit.
  std::string reason;   ///< One sentence with the numbers.
  bool alarming = false;
  std::int64_t keys = 0;  ///< How many it concerns, where they can be counted.
};

std::vector<Anomaly> find_anomalies(const pressure::MemoryReading& before,
                                    const pressure::MemoryReading& now);

/// The same for a single reading, such as the first one of a server.
std::vector<Anomaly> find_anomalies(const pressure::MemoryReading& now);

}  // namespace redkeep::guard
