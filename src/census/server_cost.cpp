#include "census/server_cost.h"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <charconv>

#include "redis/server_info.h"

namespace redkeep::census {
namespace {

using std::chrono::microseconds;

// Servers before Redis 7 count MEMORY as a whole.
constexpr std::array<std::string_view, 5> kCounted{
    "cmdstat_scan", "cmdstat_memory|usage", "cmdstat_memory", "cmdstat_type", "cmdstat_pttl"};
constexpr std::array<std::string_view, 4> kOurs{"SCAN", "MEMORY", "TYPE", "PTTL"};
constexpr std::string_view kMostSlow = "128";

// "calls=3,usec=17,usec_per_call=5.67" -> 17
std::int64_t usec_of(std::string_view stats) {
  constexpr std::string_view kName = "usec=";
  const auto at = stats.find(kName);
  if (at == std::string_view::npos) return 0;
  std::int64_t usec = 0;
  const char* begin = stats.data() + at + kName.size();
  std::from_chars(begin, stats.data() + stats.size(), usec);
  return usec;
}

std::optional<double> cpu_seconds(const redis::ServerInfo& info) {
  const auto user = info.number("used_cpu_user");
  const auto system = info.number("used_cpu_sys");
  if (!user || !system) return std::nullopt;
  return *user + *system;
}

std::optional<std::int64_t> commands_usec(const redis::ServerInfo& info) {
  std::optional<std::int64_t> sum;
  for (const auto name : kCounted) {
    const auto stats = info.text(name);
    if (stats) sum = sum.value_or(0) + usec_of(*stats);
  }
  return sum;
}

bool is_ours(const redis::Reply& arguments) {
  if (!arguments.is_array() || arguments.elements.empty()) return false;
  return std::any_of(kOurs.begin(), kOurs.end(), [&](std::string_view name) {
    return boost::algorithm::iequals(arguments.elements[0].text, name);
  });
}

void read_slow_log(const redis::Reply& log, CostReading& reading) {
  if (!log.is_array()) return;
  reading.newest_slow = -1;
  for (const auto& entry : log.elements) {
    if (!entry.is_array() || entry.elements.size() < 4) continue;
    const auto number = entry.elements[0].integer;
    reading.newest_slow = std::max(*reading.newest_slow, number);
    if (is_ours(entry.elements[3])) {
      reading.slow.push_back({number, microseconds{entry.elements[2].integer}});
    }
  }
}

void read_slow_from(const redis::Reply& config, CostReading& reading) {
  if (!config.is_array() || config.elements.size() != 2) return;
  std::int64_t usec = -1;
  const std::string& text = config.elements[1].text;
  std::from_chars(text.data(), text.data() + text.size(), usec);
  if (usec >= 0) reading.slow_from = microseconds{usec};  // below zero: it is off
}

}  // namespace

CostReading cost_reading(const std::vector<redis::Reply>& replies) {
  CostReading reading;
  if (replies.size() < 4) return reading;
  if (replies[0].is_string()) {
    reading.cpu_seconds = cpu_seconds(redis::ServerInfo::parse(replies[0].text));
  }
  if (replies[1].is_string()) {
    reading.commands_usec = commands_usec(redis::ServerInfo::parse(replies[1].text));
  }
  read_slow_log(replies[2], reading);
  read_slow_from(replies[3], reading);
  return reading;
}

redis::awaitable<Result<CostReading>> read_cost(std::shared_ptr<redis::Client> client) {
  redis::CommandBuffer ask;
  ask.add({"INFO", "cpu"});
  ask.add({"INFO", "commandstats"});
  ask.add({"SLOWLOG", "GET", kMostSlow});
  ask.add({"CONFIG", "GET", "slowlog-log-slower-than"});
  const auto replies = co_await client->exchange(std::move(ask));
  if (!replies) co_return replies.error();
  co_return cost_reading(*replies);
}

ServerCost cost_between(const CostReading& before, const CostReading& after) {
  ServerCost cost;
  if (before.cpu_seconds && after.cpu_seconds) {
    const double seconds = std::max(0.0, *after.cpu_seconds - *before.cpu_seconds);
    cost.cpu = std::chrono::duration_cast<microseconds>(std::chrono::duration<double>(seconds));
  }
  if (after.commands_usec) {
    const auto usec = *after.commands_usec - before.commands_usec.value_or(0);
    if (usec >= 0) cost.commands = microseconds{usec};  // below zero: somebody reset the counters
  }
  if (after.newest_slow) {
    cost.slow_from = after.slow_from;
    for (const auto& slow : after.slow) {
      if (slow.number <= before.newest_slow.value_or(-1)) continue;
      cost.longest = std::max(cost.longest.value_or(microseconds{0}), slow.took);
    }
  }
  return cost;
}

}  // namespace redkeep::census
