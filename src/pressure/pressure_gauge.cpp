#include "pressure/pressure_gauge.h"

#include <algorithm>
#include <utility>

namespace redkeep::pressure {
namespace {

// Looking four times on the way to the next mark leaves room for three wrong guesses of the growth.
constexpr double kReadingsUntilMark = 4;
// Growth follows rises at once and forgets them over some seconds: a flood is seen in one interval,
// and the pause between two bursts does not slow the readings down.
constexpr double kGrowthMemorySeconds = 3;
// Between readings that are closer, what clients have in flight would pass for growth.
constexpr std::chrono::milliseconds kLeastGrowthTime{50};
// No more than this can be written to one server in a second over a pipelining connection or two:
// the limit is never reached unseen between two readings.
constexpr double kFastestFloodBytesPerS = 200e6;
// Without any growth, nothing is gained by looking more often than this.
constexpr double kUnawaresMs = 100;

// What trickles in between a measurement and the next reading. With more than that it is a flood,
// and the level has not ended.
constexpr double kLittlePct = 1;

// With less than so long to go to the start mark, usage has not come to rest.
constexpr double kSettledSeconds = 60;

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

PressureLevel PressureGauge::instantaneous(double usage_pct, const PressureOptions& options) {
  if (usage_pct >= options.emergency_pct) return PressureLevel::Critical;
  if (usage_pct >= options.start_shedding_pct) return PressureLevel::Warning;
  return PressureLevel::Normal;
}

Pressure PressureGauge::judge(const MemoryReading& reading, TimePoint now) {
  const PressureLevel before = is_blind_ ? PressureLevel::Blind : level_;
  follow_growth(reading, now);
  const PressureLevel next = next_level(reading, now);
  measured_pct_.reset();
  if (next != level_ || is_blind_) entered_ = now;
  level_ = next;
  is_blind_ = false;
  if (level_ == PressureLevel::Normal || reading.usage_pct() <= options_.stop_shedding_pct) {
    relieving_ = false;
  } else if (reading.usage_pct() >= options_.start_shedding_pct) {
    relieving_ = true;
    was_relieved_ = false;
  }
  return Pressure{level_, before, reading, growth_bytes_per_s_, relieving_, next_interval(reading)};
}

Pressure PressureGauge::blind(TimePoint now) {
  const PressureLevel before = is_blind_ ? PressureLevel::Blind : level_;
  if (!is_blind_) entered_ = now;
  is_blind_ = true;
  growth_bytes_per_s_ = 0;
  Pressure pressure{PressureLevel::Blind, before, last_.value_or(MemoryReading{}), 0, false,
                    options_.interval};
  last_.reset();  // growth across a blind time would be a guess
  measured_pct_.reset();
  return pressure;
}

PressureLevel PressureGauge::next_level(const MemoryReading& reading, TimePoint now) const {
  const double usage_pct = reading.usage_pct();
  const PressureLevel entering = instantaneous(usage_pct, options_);
  if (entering >= level_) return entering;
  if (now - entered_ < options_.dwell) return level_;
  if (level_ == PressureLevel::Critical &&
      !has_come_down_to(options_.leave_emergency_pct, usage_pct)) {
    return PressureLevel::Critical;
  }
  const bool is_over = has_come_down_to(options_.stop_shedding_pct, usage_pct) ||
                       (was_relieved_ && has_settled(reading));
  return is_over ? PressureLevel::Normal : PressureLevel::Warning;
}

bool PressureGauge::has_come_down_to(double mark_pct, double usage_pct) const {
  const bool was_down = measured_pct_ && is_down_at(*measured_pct_, mark_pct);
  return is_down_at(usage_pct, mark_pct) || (was_down && usage_pct <= mark_pct + kLittlePct);
}

bool PressureGauge::has_settled(const MemoryReading& reading) const {
  const double room_pct = options_.start_shedding_pct - reading.usage_pct();
  if (room_pct <= 0) return false;
  const auto room_bytes = static_cast<double>(bytes_at_mark(room_pct, reading.limit_bytes));
  return growth_bytes_per_s_ * kSettledSeconds < room_bytes;
}

void PressureGauge::follow_growth(const MemoryReading& reading, TimePoint now) {
  if (last_ && now - last_time_ < kLeastGrowthTime) return;
  const std::int64_t shed_bytes = std::exchange(shed_bytes_, 0);
  const auto before = std::exchange(last_, reading);
  const auto before_time = std::exchange(last_time_, now);
  if (!before) return;
  const double elapsed = seconds(now - before_time);
  const double rate =
      static_cast<double>(reading.used_bytes - before->used_bytes + shed_bytes) / elapsed;
  const double kept = std::max(0.0, 1.0 - elapsed / kGrowthMemorySeconds);
  // A fall by more than the growth would make good in that time ends it: what was deleted, or
  // expired at once, does not come back by the same means.
  const bool has_fallen = -rate * elapsed > growth_bytes_per_s_ * kGrowthMemorySeconds;
  growth_bytes_per_s_ = has_fallen ? 0 : std::max(rate, growth_bytes_per_s_ * kept);
}

std::chrono::milliseconds PressureGauge::next_interval(const MemoryReading& reading) const {
  if (reading.limit_bytes == 0) return options_.interval;
  const double usage = reading.usage_pct();
  const double mark = usage < options_.start_shedding_pct ? options_.start_shedding_pct
                      : usage < options_.emergency_pct    ? options_.emergency_pct
                                                          : 100.0;
  const auto room_bytes =
      static_cast<double>(bytes_at_mark(std::max(0.0, mark - usage), reading.limit_bytes));
  double ms = static_cast<double>(options_.interval.count());
  if (growth_bytes_per_s_ > 0) {
    ms = std::min(ms, 1000.0 * room_bytes / growth_bytes_per_s_ / kReadingsUntilMark);
  }
  // A flood gives no notice.
  const auto to_limit =
      static_cast<double>(bytes_at_mark(std::max(0.0, 100.0 - usage), reading.limit_bytes));
  const auto bounded =
      std::min(ms, std::max(kUnawaresMs, 1000.0 * to_limit / kFastestFloodBytesPerS));
  return std::max(options_.min_interval,
                  std::chrono::milliseconds{static_cast<std::int64_t>(bounded)});
}

}  // namespace redkeep::pressure
