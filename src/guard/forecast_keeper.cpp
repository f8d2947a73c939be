#include "guard/forecast_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>

#include "guard/forecast_key.h"

namespace redkeep::guard {
namespace {

constexpr std::chrono::milliseconds kJudgeEvery{5000};
constexpr std::chrono::milliseconds kJudgeLeapsEvery{250};
constexpr std::chrono::seconds kTellLeapsEvery{1};
constexpr std::int64_t kForecastLeap = 100;  // a hundredth of the limit
constexpr std::chrono::minutes kLogForecastEvery{1};
constexpr std::chrono::hours kAlarmEvery{1};
constexpr std::chrono::hours kOverAfter{1};

// Nothing where the bytes of a class are not known.
std::optional<std::int64_t> bytes_without_ttl(const Statistics& census) {
  std::int64_t sum = 0;
  for (const ClassUse& use : census.classes) {
    if (use.level == KeyLevel::Evictable) continue;
    if (!use.bytes) return std::nullopt;
    sum += *use.bytes;
  }
  return sum;
}

bool is_known(const Forecast& forecast) {
  return forecast.total.outlook != Outlook::NotKnown ||
         forecast.protected_data.outlook != Outlook::NotKnown;
}

}  // namespace

GrowthNews GrowthAlarm::note(std::optional<std::string> reason, TimePoint now) {
  if (reason) {
    foreseen_ = now;
    if (told_ && now - *told_ < kAlarmEvery) return {};
    told_ = now;
    return {std::move(reason), false};
  }
  if (!told_ || now - foreseen_ < kOverAfter) return {};
  told_.reset();
  return {std::nullopt, true};
}

GrowthNews ForecastKeeper::note(const pressure::MemoryReading& reading, TimePoint now) {
  forecaster_.note(reading, now);
  if (snapshot_.census && snapshot_.census_time != census_noted_) {
    census_noted_ = snapshot_.census_time;
    const auto bytes = bytes_without_ttl(*snapshot_.census);
    if (bytes) forecaster_.note_protected(*bytes, census_noted_);
  }
  const bool leapt = judged_ && has_leapt(reading);
  if (judged_ && now - *judged_ < (leapt ? kJudgeLeapsEvery : kJudgeEvery)) return {};
  judged_ = now;
  judged_bytes_ = reading.used_bytes;
  leap_is_untold_ |= leapt;
  snapshot_.forecast = forecaster_.judge(now);
  if (snapshot_.forecast.protected_data.outlook == Outlook::NotKnown) return {};
  return alarm_.note(
      pressure::protected_growth_alarm(snapshot_.forecast, reading.limit_bytes, options_), now);
}

// By so much that a forecast of before is none of now, or over the mark.
bool ForecastKeeper::has_leapt(const pressure::MemoryReading& reading) const {
  const auto mark = pressure::bytes_at_mark(options_.start_shedding_pct, reading.limit_bytes);
  const bool crossed = (reading.used_bytes >= mark) != (judged_bytes_ >= mark);
  return crossed || std::abs(reading.used_bytes - judged_bytes_) * kForecastLeap >
                        std::max<std::int64_t>(reading.limit_bytes, 1);
}

redis::awaitable<void> ForecastKeeper::publish(std::shared_ptr<redis::Client> client,
                                               std::string key) {
  const auto now = std::chrono::steady_clock::now();
  const auto every = leap_is_untold_ ? kTellLeapsEvery : kForecastEvery;
  if (published_ && now - *published_ < every) co_return;
  if (!is_known(snapshot_.forecast) && !published_) co_return;
  published_ = now;
  leap_is_untold_ = false;
  if (is_known(snapshot_.forecast) && (!logged_ || now - *logged_ >= kLogForecastEvery)) {
    logged_ = now;
    spdlog::info("forecast: used memory {}; protected data {}",
                 pressure::describe(snapshot_.forecast.total),
                 pressure::describe(snapshot_.forecast.protected_data));
  }
  const Status done = co_await publish_forecast(client, std::move(key), snapshot_.forecast);
  if (!done) spdlog::debug("the forecast was not published: {}", done.error().message);
}

redis::awaitable<void> ForecastKeeper::withdraw(std::shared_ptr<redis::Client> client,
                                                std::string key) {
  if (!published_) co_return;
  std::vector<std::string> unlink{"UNLINK", std::move(key)};
  const auto done = co_await client->call(std::move(unlink));
  if (!done) spdlog::debug("the forecast was not withdrawn: {}", done.error().message);
}

}  // namespace redkeep::guard
