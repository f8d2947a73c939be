#include "sizes/sizes.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

namespace redkeep::sizes {
namespace {

constexpr std::string_view kDurations = "5s: one number and one unit, of ms, s, m, h and d";

struct NumberAndUnit {
  double number;
  std::string unit;  // lower case, without blanks
};

Error bad(std::string_view what, std::string_view text, std::string_view example) {
  return Error{ErrorKind::InvalidInput,
               fmt::format("\"{}\" is not a {}: write it like {}", text, what, example)};
}

bool split(std::string_view text, NumberAndUnit& out) {
  const auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), out.number, std::chars_format::fixed);
  if (failure != std::errc{} || !std::isfinite(out.number) || out.number < 0) return false;
  out.unit.clear();
  bool blank = false;
  for (const char* at = end; at != text.data() + text.size(); ++at) {
    if (*at == ' ' && out.unit.empty() && !std::exchange(blank, true)) continue;
    out.unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*at)));
  }
  return true;
}

}  // namespace

Result<std::int64_t> parse_bytes(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 10> kUnits{
      {{"b", 1},
       {"kb", 1e3},
       {"kib", 1024.0},
       {"mb", 1e6},
       {"mib", 1024.0 * 1024},
       {"gb", 1e9},
       {"gib", 1024.0 * 1024 * 1024},
       {"tb", 1e12},
       {"tib", 1024.0 * 1024 * 1024 * 1024},
       {"", 0}}};
  NumberAndUnit parsed;
  if (!split(text, parsed)) return bad("size", text, "512MiB");
  for (const auto& [unit, factor] : kUnits) {
    if (parsed.unit != unit) continue;
    if (factor == 0 && parsed.number != 0) break;  // "512": bytes or megabytes? Ask, never guess.
    const double bytes = parsed.number * factor;
    if (bytes >= 9.2e18) break;
    return static_cast<std::int64_t>(std::llround(bytes));
  }
  return bad("size", text, "512MiB");
}

Result<double> parse_pct(std::string_view text) {
  NumberAndUnit parsed;
  if (!split(text, parsed) || parsed.unit != "%") return bad("percentage", text, "85%");
  if (parsed.number > 100) {
    return Error{ErrorKind::InvalidInput,
                 fmt::format("\"{}\" is out of range: at most 100%", text)};
  }
  return parsed.number;
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
      {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}}};
  NumberAndUnit parsed;
  if (!split(text, parsed)) return bad("duration", text, kDurations);
  for (const auto& [unit, factor] : kUnits) {
    // A century is plenty, and keeps sums of durations far from overflow.
    if (parsed.unit != unit || parsed.number * factor > 3.2e12) continue;
    return std::chrono::milliseconds{std::llround(parsed.number * factor)};
  }
  return bad("duration", text, kDurations);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::string print_bytes(std::int64_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (std::fabs(value) >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string print_pct(double pct) { return fmt::format("{:.1f} %", pct); }

std::string print_duration(std::chrono::milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  const auto seconds = ms / 1000;
  if (seconds < 60) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86400, seconds / 3600 % 24);
}

std::string print_count(std::int64_t count) {
  std::string digits = fmt::format("{}", count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (count < 0 ? 1 : 0);
       at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string print_counted(std::int64_t count, std::string_view one) {
  if (count == 1) return fmt::format("1 {}", one);
  const bool has_ies = one.ends_with("ty") || one.ends_with("ry");  // entities, entries; but keys
  if (has_ies) one.remove_suffix(1);
  const std::string_view ending = has_ies ? "ies" : one.ends_with('s') ? "es" : "s";
  return fmt::format("{} {}{}", print_count(count), one, ending);
}

}  // namespace redkeep::sizes
