#pragma once
// From readings to a level: the state machine with hysteresis, the growth, and when to look again.
// Pure: time is an argument, so a year passes in a second of a test.
#include <chrono>
#include <cstdint>
#include <optional>

#include "pressure/memory_reading.h"
#include "redkeep/options.h"

namespace redkeep::pressure {

using TimePoint = std::chrono::steady_clock::time_point;

/// True if usage is down at a lower mark, by which a level, an emergency and an alert are left: at
/// it, or a hair above, since other clients go on while shedding that ends there is measured.
inline bool is_down_at(double usage_pct, double mark_pct) {
  constexpr double kTolerancePct = 0.1;
  return usage_pct <= mark_pct + kTolerancePct;
}

/// What the readings mean.
struct Pressure {
  PressureLevel level = PressureLevel::Blind;
  PressureLevel level_before = PressureLevel::Blind;
  MemoryReading reading;  ///< The last good one; not to be acted on while blind.
  double growth_bytes_per_s = 0;
  /// Memory is to be brought down to the stop mark: true from the start mark until the stop
  /// mark was reached.
  bool relieving = false;
  std::chrono::milliseconds next_reading_in{0};

  bool level_changed() const { return level != level_before; }
};

/// normal -> warning -> critical are entered as soon as a reading is at or above their mark, since
/// a flood does not wait. They are left only when usage is down at a lower mark (critical at
/// leave_emergency_pct, warning at stop_shedding_pct: where shedding ends) and after `dwell` in the
/// level; or, once shedding has reached stop_shedding_pct, wherever usage has come to rest below
/// the level's own mark, since nothing is done about it there. Without a reading the level is blind
/// at once; the first reading afterwards decides anew from what was before.
class PressureGauge {
 public:
  explicit PressureGauge(PressureOptions options) : options_(options) {}

  Pressure judge(const MemoryReading& reading, TimePoint now);
  /// Tells what was shed since the last reading: growth is what came in, not what is left of it.
  void note_shed(std::int64_t bytes) { shed_bytes_ += bytes; }
  /// Tells the usage that was measured after shedding. A level is left by it as by a reading, if
  /// the next reading finds little more.
  void note_measured(double usage_pct) { measured_pct_ = usage_pct; }
  /// Tells that the stop mark was reached; what has come in since is no reason to go on.
  void note_relieved() {
    relieving_ = false;
    was_relieved_ = true;
  }
  Pressure blind(TimePoint now);

  /// The level that one reading alone means, without a history.
  static PressureLevel instantaneous(double usage_pct, const PressureOptions& options);

 private:
  PressureLevel next_level(const MemoryReading& reading, TimePoint now) const;
  bool has_come_down_to(double mark_pct, double usage_pct) const;
  bool has_settled(const MemoryReading& reading) const;
  void follow_growth(const MemoryReading& reading, TimePoint now);
  std::chrono::milliseconds next_interval(const MemoryReading& reading) const;

  PressureOptions options_;
  PressureLevel level_ = PressureLevel::Normal;  // the last one that was not blind
  bool is_blind_ = true;
  TimePoint entered_{};
  std::optional<MemoryReading> last_;  // that growth is reckoned from
  TimePoint last_time_{};
  double growth_bytes_per_s_ = 0;
  std::int64_t shed_bytes_ = 0;
  std::optional<double> measured_pct_;  // after shedding, since the last reading
  bool relieving_ = false;
  bool was_relieved_ = false;  // since usage was at the start mark last
};

}  // namespace redkeep::pressure
