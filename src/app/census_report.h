#pragma once
// What `redkeep stats` found, as a table for people and as JSON. Pure.
#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "census/class_detail.h"
#include "census/estimate.h"
#include "census/server_cost.h"
#include "redkeep/statistics.h"

namespace redkeep::app {

struct CensusReport {
  Statistics statistics;
  /// Of a sample: its intervals, by class and at last of the keys of no class. None: counted
  /// exactly.
  std::optional<census::SampleEstimate> estimate;
  /// In the same order; of the sampled keys where it is a sample.
  std::vector<census::ClassDetail> details;
  bool with_bytes = true;  ///< False where MEMORY USAGE is refused.
  bool with_ttl = false;
  bool ttl_is_refused = false;  ///< PTTL is: that is why there are no TTLs.
  std::int64_t keys = 0;        ///< That were looked at.
  std::int64_t population_keys = 0;
  /// True where some keys may have been counted twice: more than can be remembered, or a pass that
  /// was gone on with.
  bool may_count_twice = false;
  census::ServerCost cost;
  std::chrono::microseconds longest_exchange{0};
  std::chrono::milliseconds took{0};
  /// True of a pass that was gone on with: `cost` and the longest exchange are of its last part,
  /// `took` is of all.
  bool cost_is_of_last_part = false;
};

/// The object of to_json(Statistics), and beside it `census`.
std::string census_json(const CensusReport& report);

/// The table by class, histograms of TTLs, and what it cost; some lines, each with its end.
std::string census_text(const CensusReport& report);

/// What a sample cannot know of bytes: how many may be in keys that were not met, and how many the
/// server has that are not explained. Two lines each; nothing where there is nothing to say.
std::string open_bytes_text(const census::SampleEstimate& estimate);

/// "512.0 MiB"; "?" where no limit is known.
std::string estimated_bytes_text(double bytes);

/// One or two lines on what it cost the server.
std::string cost_text(const census::ServerCost& cost, std::chrono::microseconds longest_exchange,
                      std::chrono::milliseconds took);
/// {server_cpu_ms, commands_ms, longest_command_ms, slow_log_from_ms, longest_exchange_ms,
/// took_ms}, as members of `object`; null where the server does not tell.
void add_cost(const census::ServerCost& cost, std::chrono::microseconds longest_exchange,
              std::chrono::milliseconds took, boost::json::object& object);

}  // namespace redkeep::app
