#pragma once
// What reading costs the server: the counters it keeps, before and after.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "redis/client.h"

namespace redkeep::census {

/// Counters of the server at one moment; nothing where it does not tell or permit them.
struct CostReading {
  std::optional<double> cpu_seconds;          ///< Of the server's process, since its start.
  std::optional<std::int64_t> commands_usec;  ///< Of SCAN, MEMORY, TYPE and PTTL.
  /// The slow log: the number that its newest entry has, and from which time on commands are in it.
  std::optional<std::int64_t> newest_slow;
  std::optional<std::chrono::microseconds> slow_from;
  /// The longest of our kinds of commands among the entries, and those entries' numbers.
  struct Slow {
    std::int64_t number;
    std::chrono::microseconds took;
  };
  std::vector<Slow> slow;
};

/// What happened between two readings. Others' work on the same server is in it: it is at most
/// this.
struct ServerCost {
  std::optional<std::chrono::microseconds> cpu;
  std::optional<std::chrono::microseconds> commands;  ///< Within SCAN, MEMORY, TYPE and PTTL.
  /// The longest of these commands; where there is none in the slow log, none was as long as
  /// `slow_from`.
  std::optional<std::chrono::microseconds> longest;
  std::optional<std::chrono::microseconds> slow_from;
};

/// Fails as the client does; what is refused is left out.
redis::awaitable<Result<CostReading>> read_cost(std::shared_ptr<redis::Client> client);

/// Out of the replies to INFO cpu, INFO commandstats, SLOWLOG GET and CONFIG GET
/// slowlog-log-slower-than. Pure.
CostReading cost_reading(const std::vector<redis::Reply>& replies);

/// Pure.
ServerCost cost_between(const CostReading& before, const CostReading& after);

}  // namespace redkeep::census
