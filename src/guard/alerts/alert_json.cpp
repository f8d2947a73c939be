#include "guard/alerts/alert_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/value.hpp>
#include <cctype>
#include <cmath>

#include "content/record_rules.h"
#include "error/error.h"
#include "sizes/print_json.h"

namespace redkeep::guard {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

// A sentence of ours has some hundred bytes; what a server adds to it is bounded here.
constexpr std::size_t kMostAlertTextBytes = 2000;

std::string shown(std::string_view text) {
  const bool is_long = text.size() > kMostAlertTextBytes;
  if (is_long) {
    text = text.substr(0, kMostAlertTextBytes);
    // Not in the middle of a character: UTF-8 continues with 10xxxxxx.
    std::size_t end = text.size();
    for (int back = 0; back < 4 && end > 0; ++back) {
      if ((static_cast<unsigned char>(text[--end]) & 0xC0) != 0x80) break;
    }
    text = text.substr(0, end);
  }
  std::string out =
      content::is_utf8(text) ? std::string(text) : printable(text, kMostAlertTextBytes);
  return is_long ? out + "..." : out;
}

// "server-eviction" -> "RedkeepServerEviction", as alerts are named there.
std::string alert_name(std::string_view subject) {
  std::string name = "Redkeep";
  bool begins = true;
  for (const char letter : subject) {
    if (letter == '-' || letter == '_') {
      begins = true;
      continue;
    }
    const auto byte = static_cast<unsigned char>(letter);
    name += begins && byte < 0x80 ? static_cast<char>(std::toupper(byte)) : letter;
    begins = false;
  }
  return shown(name);
}

// RFC 3339, in UTC.
std::string time_text(system_clock::time_point when) {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

double percent(const MemoryUse& memory) {
  return std::isfinite(memory.usage_pct) ? memory.usage_pct : 0.0;
}

std::string shown_action(const Alert& alert) {
  return alert.condition.action.empty() ? "none" : shown(alert.condition.action);
}

}  // namespace

std::string_view to_string(AlertSeverity severity) {
  return severity == AlertSeverity::Critical ? "critical" : "warning";
}

std::string alertmanager_json(const Alert& alert, std::string_view instance,
                              system_clock::time_point now, std::chrono::seconds valid_for) {
  const AlertCondition& condition = alert.condition;
  const std::string cause = shown(condition.cause);
  const std::string action = shown_action(alert);
  // An Event has no end: Alertmanager lets go of it when its time is over.
  const auto ends = alert.is_over ? now : now + valid_for;
  json::object labels{{"alertname", alert_name(condition.subject)},
                      {"severity", to_string(condition.severity)},
                      {"subject", shown(condition.subject)},
                      {"instance", shown(instance)}};
  // Annotations are text, numbers included.
  json::object annotations{
      {"summary",
       fmt::format("{} {} on {}", shown(condition.subject),
                   alert.is_over ? "is over" : "since " + time_text(alert.began), shown(instance))},
      {"description", fmt::format("{}. Done about it: {}", cause, action)},
      {"cause", cause},
      {"action", action},
      {"used_bytes", fmt::to_string(condition.memory.used_bytes)},
      {"limit_bytes", fmt::to_string(condition.memory.limit_bytes)},
      {"usage_percent", fmt::format("{:.1f}", percent(condition.memory))}};
  json::object object{{"labels", std::move(labels)},
                      {"annotations", std::move(annotations)},
                      {"startsAt", time_text(alert.began)},
                      {"endsAt", time_text(ends)}};
  json::array list;
  list.push_back(std::move(object));
  return sizes::print_json(list);
}

std::string plain_json(const Alert& alert, std::string_view instance,
                       system_clock::time_point now) {
  const AlertCondition& condition = alert.condition;
  return sizes::print_json(json::object{{"subject", shown(condition.subject)},
                                        {"severity", to_string(condition.severity)},
                                        {"state", alert.is_over ? "resolved" : "firing"},
                                        {"cause", shown(condition.cause)},
                                        {"action", shown_action(alert)},
                                        {"used_bytes", condition.memory.used_bytes},
                                        {"limit_bytes", condition.memory.limit_bytes},
                                        {"usage_percent", percent(condition.memory)},
                                        {"since", time_text(alert.began)},
                                        {"time", time_text(now)},
                                        {"instance", shown(instance)}});
}

}  // namespace redkeep::guard
