#pragma once
// Parsing and printing of sizes, percentages, durations and counts, as people write them. Pure.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "redkeep/result.h"

namespace redkeep::sizes {

/// "512MiB", "1.5GiB", "100MB", "4096B" -> bytes. The unit is mandatory (B, KB, KiB, ... TiB, any
/// case; "0" alone is allowed), the number must be finite, not negative and fit 63 bits.
Result<std::int64_t> parse_bytes(std::string_view text);

/// "85%", "85.5 %" -> 85.5. The sign is mandatory; 0 to 100.
Result<double> parse_pct(std::string_view text);

/// "250ms", "5s", "5m", "2h", "1d" -> milliseconds. The unit is mandatory.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "6379", the port of a URL: 1 to 65535. (Boost's url_view::port_number() takes 65536 more for the
/// same port.)
std::optional<std::uint16_t> parse_port(std::string_view text);

/// 536870912 -> "512.0 MiB"; below 1 KiB "17 B".
std::string print_bytes(std::int64_t bytes);

/// 83.25 -> "83.3 %".
std::string print_pct(double pct);

/// 90 s -> "1m 30s"; 250 ms -> "250 ms"; 3 days -> "3d 0h".
std::string print_duration(std::chrono::milliseconds duration);

/// 1234567 -> "1,234,567".
std::string print_count(std::int64_t count);

/// How many of something, in the right number: 1, "key" -> "1 key"; 2000, "entity" -> "2,000
/// entities". Regular nouns only.
std::string print_counted(std::int64_t count, std::string_view one);

/// The form of a word or verb that goes with the count: 1 -> `one`, everything else -> `many`.
constexpr std::string_view by_count(std::int64_t count, std::string_view one,
                                    std::string_view many) {
  return count == 1 ? one : many;
}

}  // namespace redkeep::sizes
