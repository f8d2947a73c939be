#pragma once
// Feeds the forecast with the guard's readings and the census, shows it in the snapshot and in the
// server, and says when protected data is going to reach the limit.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "guard/snapshot.h"
#include "pressure/forecast.h"
#include "redis/client.h"

namespace redkeep::guard {

/// What a person has to be told about the growth of protected data.
struct GrowthNews {
  std::optional<std::string> alarm;  ///< It is going to reach the limit; the reason.
  bool is_over = false;              ///< It is not any more.
};

/// A forecast of days is not news every minute, and one that wavers is not over: alarms are an hour
/// apart, and what was not foreseen for an hour is over. Pure.
class GrowthAlarm {
 public:
  using TimePoint = pressure::TimePoint;

  /// `reason` as protected_growth_alarm() gives it; not to be called while nothing is known.
  GrowthNews note(std::optional<std::string> reason, TimePoint now);

 private:
  std::optional<TimePoint> told_;
  TimePoint foreseen_{};
};

class ForecastKeeper {
 public:
  using TimePoint = pressure::TimePoint;

  /// `snapshot` must outlive it.
  ForecastKeeper(const PressureOptions& options, Snapshot& snapshot)
      : options_(options), snapshot_(snapshot), forecaster_(options) {}

  /// A good reading, as often as there is one. The forecast is made anew every five seconds, and
  /// soon after memory has leapt: a time that is shown follows from the room that there is.
  GrowthNews note(const pressure::MemoryReading& reading, TimePoint now);

  /// Writes the forecast into the server every kForecastEvery, and soon after memory has leapt,
  /// from when something is known; that nothing is known any more is written, too.
  redis::awaitable<void> publish(std::shared_ptr<redis::Client> client, std::string key);
  /// Takes it away again, if it was written.
  redis::awaitable<void> withdraw(std::shared_ptr<redis::Client> client, std::string key);

 private:
  bool has_leapt(const pressure::MemoryReading& reading) const;

  PressureOptions options_;
  Snapshot& snapshot_;
  pressure::Forecaster forecaster_;
  TimePoint census_noted_{};
  std::optional<TimePoint> judged_;
  std::int64_t judged_bytes_ = 0;  // what was used then
  bool leap_is_untold_ = false;
  GrowthAlarm alarm_;
  std::optional<TimePoint> published_;
  std::optional<TimePoint> logged_;
};

}  // namespace redkeep::guard
