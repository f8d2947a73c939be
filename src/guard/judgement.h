#pragma once
// What the guard decides, from readings and outcomes alone: the level, what to shed, when to use
// the content directory, when to look again. Pure: time is an argument. tests/storm runs it over
// years.
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "guard/emergency.h"
#include "guard/sweep_gate.h"
#include "keys/class_table.h"
#include "pressure/pressure_gauge.h"
#include "redkeep/options.h"
#include "shed/shed_outcome.h"
#include "shed/shed_plan.h"

namespace redkeep::guard {

class Judgement {
 public:
  using TimePoint = pressure::TimePoint;

  /// `table` must outlive it.
  Judgement(const keys::ClassTable& table, const PressureOptions& options)
      : table_(table), options_(options), gauge_(options) {}

  /// What a reading means, or that there was none.
  pressure::Pressure judge(const pressure::MemoryReading& reading, TimePoint now);
  pressure::Pressure blind(TimePoint now);

  /// What the classes are known to hold, as a census counted them: quotas are kept by it.
  void note_sizes(std::vector<ClassUse> sizes) { sizes_ = std::move(sizes); }

  /// What to shed now. Empty while blind; while memory needs no relief, no content waits for room
  /// and all quotas are kept; and while another round of the keyspace would find no more than the
  /// one before.
  shed::ShedPlan plan(const pressure::Pressure& pressure, TimePoint now) const;

  /// What came of a plan.
  void note_shed(const pressure::Pressure& pressure, const shed::ShedPlan& plan,
                 const shed::ShedOutcome& outcome, TimePoint now);

  /// True while memory is to be relieved at warning and nothing is left that may go there.
  bool nothing_left_at_warning(const pressure::Pressure& pressure) const {
    return pressure.level == PressureLevel::Warning && pressure.relieving && sweeps_.took_all();
  }

  /// True if the content directory is to be used now: still critical with nothing left to shed, or
  /// room again for what was missing and did not fit. It is then taken as used.
  bool take_content_turn(const pressure::Pressure& pressure, const shed::ShedPlan& plan,
                         const shed::ShedOutcome& outcome, TimePoint now);
  /// What of the content did not fit when it was used; 0: it is all there.
  void note_missing(std::int64_t bytes) { missing_bytes_ = bytes; }
  std::int64_t missing_bytes() const { return missing_bytes_; }

  /// From now until the next reading.
  std::chrono::milliseconds next_reading_in() const { return next_reading_in_; }

 private:
  const keys::ClassTable& table_;
  PressureOptions options_;
  pressure::PressureGauge gauge_;
  SweepGate sweeps_;
  std::vector<ClassUse> sizes_;  // of the last census, less what was shed since
  std::chrono::milliseconds next_reading_in_{0};
  std::optional<TimePoint> content_used_;
  std::int64_t missing_bytes_ = 0;
  TimePoint room_not_before_{};  // made for it
};

}  // namespace redkeep::guard
