#pragma once
// How long until the warning mark and until the limit, for everything and for protected data alone.
// Pure: time is an argument; memory is bounded (400 points).
//
// What is promised, and what it rests on:
// - Nothing is said before there are six points; a server that restarts starts anew, and so does
//   the total when the limit changes (the growth of protected data does not depend on the limit).
// - Lines are laid through the last minute, two minutes, four ... up to seven days; so what came
//   before a deletion or a step is soon behind. Each is trusted for half as much future as it has
//   past, and with less than three days for three hours at most, so that the rising half of a daily
//   cycle raises no alarm. From three days on, days are compared with days, a cycle cancels out,
//   and the sight is ten times the past.
// - The soonest crossing that is in sight counts.
// - A total that was at the warning mark and has come back is held there: it has no growth, however
//   steep the teeth are.
// Steady growth is met within a few percent. Bytes of classes are sums of MEMORY USAGE, without
// what the server needs beside the keys, so protected data is full a few percent sooner than said.
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "pressure/memory_reading.h"
#include "pressure/trend.h"
#include "redkeep/forecast.h"
#include "redkeep/options.h"

namespace redkeep::pressure {

/// One quantity over all horizons.
class Trends {
 public:
  void note(std::int64_t bytes, TimePoint now);
  void forget();

  /// Growing, steady or not known; without a limit nothing is known.
  GrowthOutlook outlook(std::int64_t limit_bytes, const PressureOptions& marks,
                        TimePoint now) const;

 private:
  std::array<Trend, 3> trends_{Trend{std::chrono::seconds{10}, 48},
                               Trend{std::chrono::minutes{5}, 60},
                               Trend{std::chrono::hours{2}, 84}};
  std::int64_t bytes_ = 0;
  TimePoint noted_{};  // when it was so
};

/// Whether the total is held at its mark: it has come back from there below the middle of the start
/// and the stop mark, not more than seven days ago; it is not far below the stop mark, not in an
/// emergency, and not above the start mark for more than a minute.
class HeldAtMark {
 public:
  void note(double usage_pct, const PressureOptions& marks, TimePoint now);
  void forget() { *this = HeldAtMark{}; }
  bool holds(TimePoint now) const;

 private:
  std::optional<TimePoint> above_since_;  // at the start mark, and not back from there
  std::optional<TimePoint> came_back_;
  bool within_ = false;
};

class Forecaster {
 public:
  explicit Forecaster(const PressureOptions& marks) : marks_(marks) {}

  /// A good reading; any number of them a second.
  void note(const MemoryReading& reading, TimePoint now);
  /// The bytes of protected and rebuildable classes, as a census counted them.
  void note_protected(std::int64_t bytes, TimePoint now);
  /// Takes about 0.2 ms.
  Forecast judge(TimePoint now) const;

 private:
  PressureOptions marks_;
  std::int64_t limit_bytes_ = 0;
  std::string run_id_;
  Trends total_;
  Trends protected_;
  HeldAtMark held_;
};

/// What a forecast that is so old comes to beside the use of now: its times are nearer by its age,
/// and a mark is reached if it is reached now. Where memory is not where it was foreseen to be by
/// now (something was deleted, or a flood came), no growth is known and no time.
Forecast seen_later(Forecast forecast, const MemoryUse& now, std::chrono::milliseconds age,
                    const PressureOptions& marks);

/// "grows by 12.0 MiB an hour, at the warning mark in 3h 20m, at the limit in 9d 3h".
std::string describe(const GrowthOutlook& outlook);

/// Why a person has to know of it: protected data reaches the limit within protected_full_within.
/// Nothing otherwise.
std::optional<std::string> protected_growth_alarm(const Forecast& forecast,
                                                  std::int64_t limit_bytes,
                                                  const PressureOptions& options);

}  // namespace redkeep::pressure
