#pragma once
// Parsing and printing of sizes, percentages and durations, as people write them. Pure.
#include <chrono>
#include <cstdint>
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

/// 536870912 -> "512.0 MiB"; below 1 KiB "17 B".
std::string print_bytes(std::int64_t bytes);

/// 83.25 -> "83.3 %".
std::string print_pct(double pct);

/// 90 s -> "1m 30s"; 250 ms -> "250 ms"; 3 days -> "3d 0h".
std::string print_duration(std::chrono::milliseconds duration);

/// 1234567 -> "1,234,567".
std::string print_count(std::int64_t count);

}  // namespace redkeep::sizes
