#pragma once
// How long until memory is full, as far as that can be told from what was observed.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace redkeep {

enum class Outlook {
  NotKnown,  ///< Not observed for long enough.
  Steady,    ///< No growth that stands out from the ups and downs.
  Growing,   ///< It grows; the times are there as far as one can see.
  Held,      ///< Full, and kept at the warning mark by shedding: it does not go on to the limit.
};

/// What one quantity of bytes will come to if it goes on as it did.
struct GrowthOutlook {
  Outlook outlook = Outlook::NotKnown;
  std::int64_t bytes = 0;            ///< As observed last.
  double growth_bytes_per_hour = 0;  ///< 0 unless Growing.
  /// Until the warning mark; zero where it is reached. Nothing where it is not known, further away
  /// than can be seen, or not to be reached.
  std::optional<std::chrono::seconds> warning_in;
  std::optional<std::chrono::seconds> limit_in;  ///< The same for the limit.
  std::chrono::seconds observed{0};              ///< How far back the observation goes.
};

struct Forecast {
  GrowthOutlook total;  ///< Used memory, if nothing but what was shed so far is shed.
  /// The keys of protected and rebuildable classes alone: what shedding cannot help against.
  GrowthOutlook protected_data;
};

/// "not known", "steady", "growing", "held".
std::string_view to_string(Outlook outlook);

}  // namespace redkeep
