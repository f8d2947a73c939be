// Design: one robust line for each horizon, and the soonest crossing that is within its sight.
//
// Rejected: least squares (one deletion bends it), one smoothed rate (a sawtooth rises most of the
// time, so its rate is always positive), and a model with trend and season (Holt-Winters: it needs
// weeks, and nobody can tell why it says what it says).
#include "pressure/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sizes/sizes.h"

namespace redkeep::pressure {
namespace {

using Seconds = std::chrono::duration<double>;

// How far a line is trusted into the future: half of its past, and with less than three days of it
// not over three hours, since the steep part of a daily cycle looks like growth for ten.
constexpr double kSight = 0.5;
constexpr std::chrono::hours kSightWithoutDays{3};
constexpr std::chrono::hours kEnoughDays{3 * 24};
constexpr double kSightByDay = 10;
// Of the limit: less growth than this in all that was observed is none.
constexpr double kLeastGrowth = 0.001;
constexpr std::chrono::hours kHeldFor{7 * 24};
constexpr std::chrono::seconds kLongestAbove{60};

// Of the limit: memory that is so far from where it was foreseen to be has leapt.
constexpr double kLeap = 0.02;

double as_double(std::int64_t bytes) { return static_cast<double>(bytes); }

Seconds sight_of(const Growth& line) {
  const Seconds sight = line.observed * kSight;
  return line.observed < kEnoughDays ? std::min<Seconds>(sight, kSightWithoutDays) : sight;
}

// When the line crosses the mark; nothing if it does not, or not within sight.
std::optional<std::chrono::seconds> crossing(const Growth& growth, double mark_bytes,
                                             Seconds sight) {
  if (growth.bytes_per_s <= 0) return std::nullopt;
  const Seconds in{std::max(0.0, mark_bytes - growth.level_bytes) / growth.bytes_per_s};
  if (in > sight) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(in);  // 0 is for what is reached
}

// Puts what one line says into the outlook, if it is sooner than what is there. Called with short
// lines first, so that the growth that is shown is that of the longest, or of the soonest crossing.
void weigh(const Growth& growth, double warning_bytes, double limit_bytes, Seconds sight,
           GrowthOutlook& outlook) {
  outlook.observed =
      std::max(outlook.observed, std::chrono::duration_cast<std::chrono::seconds>(growth.observed));
  const auto warning_in = crossing(growth, warning_bytes, sight);
  const auto limit_in = crossing(growth, limit_bytes, sight);
  const bool known = outlook.warning_in || outlook.limit_in;
  const bool sooner = (warning_in && (!outlook.warning_in || *warning_in < *outlook.warning_in)) ||
                      (limit_in && (!outlook.limit_in || *limit_in < *outlook.limit_in));
  if (sooner || !known) {
    outlook.growth_bytes_per_hour = growth.bytes_per_s * 3600;
    outlook.outlook = growth.bytes_per_s > 0 ? Outlook::Growing : Outlook::Steady;
  }
  if (warning_in)
    outlook.warning_in = std::min(*warning_in, outlook.warning_in.value_or(*warning_in));
  if (limit_in) outlook.limit_in = std::min(*limit_in, outlook.limit_in.value_or(*limit_in));
}

// The time to a mark, seen so much later.
void come_nearer(std::optional<std::chrono::seconds>& mark_in, std::chrono::milliseconds age,
                 bool is_reached) {
  if (!mark_in) return;
  const auto left = std::chrono::ceil<std::chrono::seconds>(*mark_in - age);
  mark_in = is_reached ? std::chrono::seconds{0} : std::max(left, std::chrono::seconds{1});
}

bool is_where_foreseen(const GrowthOutlook& total, const MemoryUse& now,
                       std::chrono::milliseconds age, const PressureOptions& marks) {
  const double tooth = marks.start_shedding_pct - marks.stop_shedding_pct;
  if (total.outlook == Outlook::Held) {
    return now.usage_pct >= marks.stop_shedding_pct - tooth && now.usage_pct < marks.emergency_pct;
  }
  if (total.outlook != Outlook::Growing) return true;
  const double foreseen =
      as_double(total.bytes) + total.growth_bytes_per_hour / 3600 * Seconds(age).count();
  return std::abs(as_double(now.used_bytes) - foreseen) <= kLeap * as_double(now.limit_bytes);
}

}  // namespace

void Trends::note(std::int64_t bytes, TimePoint now) {
  bytes_ = bytes;
  noted_ = now;
  for (Trend& trend : trends_) trend.note(as_double(bytes), now);
}

void Trends::forget() {
  for (Trend& trend : trends_) trend.forget();
  bytes_ = 0;
}

GrowthOutlook Trends::outlook(std::int64_t limit_bytes, const PressureOptions& marks,
                              TimePoint now) const {
  GrowthOutlook outlook;
  outlook.bytes = bytes_;
  if (limit_bytes == 0) return outlook;
  const double limit = as_double(limit_bytes);
  const double warning = limit * marks.start_shedding_pct / 100;
  const double least = kLeastGrowth * limit;
  for (const Trend& trend : trends_) {
    for (Growth growth : trend.growths(least, now)) {
      // The way to a mark begins no higher than memory is: a line goes on where growth has ended.
      const double since = growth.bytes_per_s * Seconds(now - noted_).count();
      growth.level_bytes = std::min(growth.level_bytes, as_double(bytes_) + since);
      weigh(growth, warning, limit, sight_of(growth), outlook);
    }
  }
  if (const auto growth = trends_.back().growth_by_day(least, now)) {
    weigh(*growth, warning, limit, growth->observed * kSightByDay, outlook);
  }
  if (outlook.outlook != Outlook::NotKnown && as_double(bytes_) >= warning) {
    outlook.warning_in = std::chrono::seconds{0};
  }
  return outlook;
}

void HeldAtMark::note(double usage_pct, const PressureOptions& marks, TimePoint now) {
  const double tooth = marks.start_shedding_pct - marks.stop_shedding_pct;
  if (usage_pct >= marks.start_shedding_pct) {
    if (!above_since_) above_since_ = now;
  } else if (above_since_ && usage_pct <= marks.stop_shedding_pct + tooth / 2) {
    above_since_.reset();
    came_back_ = now;
  }
  within_ = usage_pct >= marks.stop_shedding_pct - tooth && usage_pct < marks.emergency_pct;
}

bool HeldAtMark::holds(TimePoint now) const {
  return within_ && came_back_ && now - *came_back_ <= kHeldFor &&
         !(above_since_ && now - *above_since_ > kLongestAbove);
}

void Forecaster::note(const MemoryReading& reading, TimePoint now) {
  if (reading.run_id != run_id_) {
    total_.forget();
    protected_.forget();
    held_.forget();
    run_id_ = reading.run_id;
  }
  if (reading.limit_bytes != limit_bytes_) {
    total_.forget();
    held_.forget();
    limit_bytes_ = reading.limit_bytes;
  }
  total_.note(reading.used_bytes, now);
  held_.note(reading.usage_pct(), marks_, now);
}

void Forecaster::note_protected(std::int64_t bytes, TimePoint now) { protected_.note(bytes, now); }

Forecast Forecaster::judge(TimePoint now) const {
  Forecast forecast{total_.outlook(limit_bytes_, marks_, now),
                    protected_.outlook(limit_bytes_, marks_, now)};
  if (held_.holds(now)) {
    forecast.total.outlook = Outlook::Held;
    forecast.total.growth_bytes_per_hour = 0;
    forecast.total.warning_in.reset();
    forecast.total.limit_in.reset();
  }
  return forecast;
}

Forecast seen_later(Forecast forecast, const MemoryUse& now, std::chrono::milliseconds age,
                    const PressureOptions& marks) {
  if (!is_where_foreseen(forecast.total, now, age, marks)) forecast.total = {};
  if (forecast.protected_data.bytes > now.used_bytes) forecast.protected_data = {};
  const bool is_at_warning = now.usage_pct >= marks.start_shedding_pct;
  const bool is_at_limit = now.limit_bytes > 0 && now.used_bytes >= now.limit_bytes;
  GrowthOutlook& total = forecast.total;
  if (total.warning_in && total.warning_in->count() == 0 && !is_at_warning)
    total.warning_in.reset();
  if (total.limit_in && total.limit_in->count() == 0 && !is_at_limit) total.limit_in.reset();
  come_nearer(total.warning_in, age, is_at_warning);
  come_nearer(total.limit_in, age, is_at_limit);
  GrowthOutlook& lasting = forecast.protected_data;  // what was reached stays so
  come_nearer(lasting.warning_in, age, lasting.warning_in && lasting.warning_in->count() == 0);
  come_nearer(lasting.limit_in, age, lasting.limit_in && lasting.limit_in->count() == 0);
  return forecast;
}

std::string describe(const GrowthOutlook& outlook) {
  switch (outlook.outlook) {
    case Outlook::NotKnown: return "not known yet";
    case Outlook::Steady: return "does not grow";
    case Outlook::Held: return "held at the warning mark";
    case Outlook::Growing: break;
  }
  std::string text =
      fmt::format("grows by {} an hour",
                  sizes::print_bytes(static_cast<std::int64_t>(outlook.growth_bytes_per_hour)));
  if (outlook.warning_in && outlook.warning_in->count() > 0) {
    text += fmt::format(", at the warning mark in {}", sizes::print_duration(*outlook.warning_in));
  }
  if (outlook.limit_in && outlook.limit_in->count() == 0) {
    text += ", and has reached the limit";
  } else if (outlook.limit_in) {
    text += fmt::format(", at the limit in {}", sizes::print_duration(*outlook.limit_in));
  }
  return text;
}

std::optional<std::string> protected_growth_alarm(const Forecast& forecast,
                                                  std::int64_t limit_bytes,
                                                  const PressureOptions& options) {
  const GrowthOutlook& outlook = forecast.protected_data;
  if (!outlook.limit_in || *outlook.limit_in > options.protected_full_within) return std::nullopt;
  return fmt::format(
      "protected data reaches the limit of {} in {}: it takes {} and grows by {} an hour "
      "(observed for {}); shedding cannot help against that",
      sizes::print_bytes(limit_bytes), sizes::print_duration(*outlook.limit_in),
      sizes::print_bytes(outlook.bytes),
      sizes::print_bytes(static_cast<std::int64_t>(outlook.growth_bytes_per_hour)),
      sizes::print_duration(outlook.observed));
}

}  // namespace redkeep::pressure
