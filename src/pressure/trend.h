#pragma once
// The growth of one quantity over one horizon, by robust lines through its low points. Pure: time
// is an argument. See forecast.h for what is made of it.
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "pressure/pressure_gauge.h"

namespace redkeep::pressure {

/// A line through what was observed of late.
struct Growth {
  double bytes_per_s = 0;  ///< Zero where no growth stands out.
  double level_bytes = 0;  ///< Where the line is now.
  std::chrono::duration<double> observed{0};
};

/// Keeps the lowest value of each bucket of time, as many buckets as the horizon has. Low points,
/// because what shedding, expiry or a deletion takes away again has not grown.
class Trend {
 public:
  Trend(std::chrono::seconds bucket, std::size_t buckets) : bucket_(bucket), buckets_(buckets) {}

  /// A value of the past is ignored.
  void note(double bytes, TimePoint now);
  void forget() { points_.clear(); }

  /// Lines through the last 6, 12, 24 ... points and, last, through all of the horizon. So what
  /// came before a step, a deletion or a change of growth is soon behind. Each line is the median
  /// of the slopes between all pairs of its points (Theil 1950, Sen 1968), which no minority of
  /// outliers bends, and is less steep if its newest half or quarter says so. Growth below
  /// `least_bytes` in all, or within what noise makes, is none. Empty with fewer than six points.
  std::vector<Growth> growths(double least_bytes, TimePoint now) const;

  /// The growth from each day's point to that of the next, so that a daily cycle cancels out; the
  /// level is that of the day's high. Nothing with less than three days.
  std::optional<Growth> growth_by_day(double least_bytes, TimePoint now) const;

 private:
  struct Point {
    TimePoint time;
    double bytes;
  };
  using Iterator = std::vector<Point>::const_iterator;

  static double median_slope(Iterator begin, Iterator end);
  static bool stands_still(Iterator begin, Iterator end, double slope);
  static Growth line_through(Iterator begin, Iterator end, double least_bytes, TimePoint now);
  std::vector<Point> points_within_horizon(TimePoint now) const;

  std::chrono::seconds bucket_;
  std::size_t buckets_;
  std::deque<Point> points_;  // the lowest of each bucket, oldest first
};

}  // namespace redkeep::pressure
