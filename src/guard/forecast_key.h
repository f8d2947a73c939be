#pragma once
// The key `guard:forecast`, by which a running guard tells `redkeep status` what it foresees. Like
// `guard:level` it has no TTL and carries the server's time.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "redis/client.h"
#include "redkeep/forecast.h"
#include "redkeep/options.h"
#include "redkeep/statistics.h"

namespace redkeep::guard {

/// Older than this, it is not shown any more. Guards write every kForecastEvery.
inline constexpr std::chrono::seconds kForecastGoodFor{20};
inline constexpr std::chrono::seconds kForecastEvery{5};

struct PublishedForecast {
  Forecast forecast;
  std::chrono::milliseconds server_time{0};  ///< Since 1970, by the server's clock.
};

/// "1732390000123 held 900 0 - - 7200 growing 300 12 3600 7200 86400": the server's time in
/// milliseconds; then for the total and for protected data the outlook, bytes, growth in bytes an
/// hour, and the seconds to the warning mark, to the limit, and observed. Pure.
std::string print_forecast(const PublishedForecast& published);
std::optional<PublishedForecast> parse_forecast(std::string_view text);

/// Writes it, with the server's time of now. What cannot be written is written the next time.
redis::awaitable<Status> publish_forecast(std::shared_ptr<redis::Client> client, std::string key,
                                          Forecast forecast);

/// A forecast of which the age is known; at least zero.
struct AgedForecast {
  Forecast forecast;
  std::chrono::milliseconds age{0};
};

/// Out of the replies to GET and TIME; nothing if there is no guard, or one that is gone. Pure.
std::optional<AgedForecast> aged_forecast(const redis::Reply& text, const redis::Reply& time);

/// As pressure::seen_later() has it beside the use of now. Pure.
std::optional<Forecast> seen_now(const std::optional<AgedForecast>& aged, const MemoryUse& now,
                                 const PressureOptions& marks);

/// What a guard that is alive foresees; nothing if there is none. To be shown by seen_now().
redis::awaitable<Result<std::optional<AgedForecast>>> read_forecast(
    std::shared_ptr<redis::Client> client, std::string key);

}  // namespace redkeep::guard
