#include "guard/ledger_line.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "content/record_rules.h"
#include "error/error.h"
#include "sizes/print_json.h"

namespace redkeep::guard {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr std::size_t kMostLedgerTextBytes = 2048;

// What a server says of itself need not be UTF-8; JSON must be.
std::string text_of(const std::string& text) {
  return text.size() <= kMostLedgerTextBytes && content::is_utf8(text)
             ? text
             : printable(text, kMostLedgerTextBytes);
}

// Hundredths are as exact as a person reads them; JSON has no NaN.
double pct_of(double pct) { return std::isfinite(pct) ? std::round(pct * 100) / 100 : 0; }

std::string print_entry_time(system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<milliseconds>(time - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(system_clock::to_time_t(seconds)),
                     rest.count());
}

// The digits at `from`, nothing else among them; -1 if there is anything else.
int digits(std::string_view text, std::size_t from, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(from, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// "2025-11-23T02:59:58.123Z", as print_entry_time writes it.
std::optional<system_clock::time_point> parse_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] != '0' && text[i] != kShape[i]) return std::nullopt;
  }
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  const int ms = digits(text, 20, 3);
  if (std::min({year, month, day, hour, minute, second, ms}) < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + milliseconds{ms};
}

LedgerKind parse_kind(std::string_view name) {
  for (const auto kind : {LedgerKind::LevelChange, LedgerKind::Shed, LedgerKind::Restore,
                          LedgerKind::Alarm, LedgerKind::Notice}) {
    if (to_string(kind) == name) return kind;
  }
  return LedgerKind::Notice;
}

std::string text_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

template <class Number>
Number number_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return 0;
  boost::system::error_code code;
  const auto number = value->to_number<Number>(code);
  return code ? 0 : number;
}

// JSON allows them as they are, but they steer terminals: DEL, and C1 (U+0080 to U+009F).
std::string without_controls(std::string_view json_text) {
  std::string out;
  out.reserve(json_text.size());
  for (std::size_t i = 0; i < json_text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json_text[i]);
    const auto next = i + 1 < json_text.size() ? static_cast<unsigned char>(json_text[i + 1]) : 0U;
    if (byte == 0x7F) {
      out += "\\u007f";
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
      out += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      out += json_text[i];
    }
  }
  return out;
}

}  // namespace

json::object to_json(const LedgerEntry& entry) {
  return {{"number", entry.number},
          {"time", print_entry_time(entry.when)},
          {"kind", to_string(entry.kind)},
          {"subject", text_of(entry.subject)},
          {"outcome", text_of(entry.outcome)},
          {"reason", text_of(entry.reason)},
          {"keys", entry.keys},
          {"bytes", entry.bytes},
          {"usage_before_pct", pct_of(entry.usage_before_pct)},
          {"usage_after_pct", pct_of(entry.usage_after_pct)}};
}

std::string print_line(const LedgerEntry& entry) {
  return without_controls(sizes::print_json(to_json(entry)));
}

std::optional<LedgerEntry> parse_line(std::string_view line) {
  if (line.size() > kMostLineBytes) return std::nullopt;
  json::monotonic_resource memory;
  boost::system::error_code code;
  const json::value value = json::parse({line.data(), line.size()}, code, &memory);
  if (code || !value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  LedgerEntry entry;
  entry.number = number_at<std::uint64_t>(object, "number");
  const auto time = parse_time(text_at(object, "time"));
  const std::string kind = text_at(object, "kind");
  if (entry.number == 0 || !time || kind.empty()) return std::nullopt;
  entry.when = *time;
  entry.kind = parse_kind(kind);
  entry.subject = text_at(object, "subject");
  entry.outcome = text_at(object, "outcome");
  entry.reason = text_at(object, "reason");
  entry.keys = number_at<std::int64_t>(object, "keys");
  entry.bytes = number_at<std::int64_t>(object, "bytes");
  entry.usage_before_pct = number_at<double>(object, "usage_before_pct");
  entry.usage_after_pct = number_at<double>(object, "usage_after_pct");
  return entry;
}

}  // namespace redkeep::guard
