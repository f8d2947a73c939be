// What a census cost the server, as it is told.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "app/census_report.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

using std::chrono::microseconds;

double in_milliseconds(microseconds time) { return static_cast<double>(time.count()) / 1000; }

boost::json::value milliseconds_or_null(const std::optional<microseconds>& time) {
  return time ? boost::json::value(in_milliseconds(*time)) : boost::json::value(nullptr);
}

std::string time_text(microseconds time) {
  return time.count() < 1'000'000
             ? fmt::format("{:.1f} ms", in_milliseconds(time))
             : sizes::print_duration(std::chrono::duration_cast<std::chrono::milliseconds>(time));
}

std::string longest_text(const census::ServerCost& cost) {
  if (cost.longest) return fmt::format("longest command {} (slow log)", time_text(*cost.longest));
  if (cost.slow_from) {
    return fmt::format("no command as long as {} (slow log)", time_text(*cost.slow_from));
  }
  return "longest command not known (the slow log is off or refused)";
}

}  // namespace

std::string cost_text(const census::ServerCost& cost, microseconds longest_exchange,
                      std::chrono::milliseconds took) {
  std::string text = fmt::format("cost       {} in all", sizes::print_duration(took));
  if (cost.cpu) text += fmt::format("; server CPU {}", time_text(*cost.cpu));
  if (cost.commands) text += fmt::format(", in these commands {}", time_text(*cost.commands));
  if (cost.cpu || cost.commands) text += ", others' work included";
  return text + fmt::format("\n           {}; longest exchange {}\n", longest_text(cost),
                            time_text(longest_exchange));
}

void add_cost(const census::ServerCost& cost, microseconds longest_exchange,
              std::chrono::milliseconds took, boost::json::object& object) {
  object["server_cpu_ms"] = milliseconds_or_null(cost.cpu);
  object["commands_ms"] = milliseconds_or_null(cost.commands);
  object["longest_command_ms"] = milliseconds_or_null(cost.longest);
  object["slow_log_from_ms"] = milliseconds_or_null(cost.slow_from);
  object["longest_exchange_ms"] = in_milliseconds(longest_exchange);
  object["took_ms"] = took.count();
}

}  // namespace redkeep::app
