#include "pressure/trend.h"

#include <algorithm>
#include <cmath>

namespace redkeep::pressure {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::ptrdiff_t kFewestPoints = 6;
constexpr std::ptrdiff_t kFewestOfPart = 3;
constexpr std::chrono::hours kDay{24};
// A single step is in one of the differences a day of each point; with three days of points it is
// not yet in half of them.
constexpr std::chrono::hours kFewestDays{3 * 24};
// Growth has to be so many standard deviations of what noise alone would show as growth: noise
// passes once in some thousand independent looks.
constexpr double kDeviations = 3.5;
// For a normal distribution: standard deviation by median absolute deviation.
constexpr double kDeviationByMad = 1.4826;
// The newest part must show this share of the growth of the whole, or its own growth counts; unless
// noise alone may be why it does not.
constexpr double kGoesOn = 0.75;
constexpr double kMayBeNoise = 2;

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double deviation(std::vector<double> values) {
  const double middle = median(values);
  for (double& value : values) value = std::abs(value - middle);
  return kDeviationByMad * median(std::move(values));
}

// The standard deviation of the rise of a line fitted to so many evenly spaced points, from first
// to last, where each has this standard deviation.
double rise_by_noise(double deviation_bytes, std::ptrdiff_t points) {
  return deviation_bytes * std::sqrt(12.0 / static_cast<double>(points));
}

}  // namespace

void Trend::note(double bytes, TimePoint now) {
  const auto bucket_of = [&](TimePoint time) { return time.time_since_epoch() / bucket_; };
  if (!points_.empty()) {
    Point& last = points_.back();
    if (now < last.time) return;
    if (bucket_of(now) == bucket_of(last.time)) {
      if (bytes < last.bytes) last = {now, bytes};
      return;
    }
  }
  points_.push_back({now, bytes});
  if (points_.size() > buckets_) points_.pop_front();
}

std::vector<Trend::Point> Trend::points_within_horizon(TimePoint now) const {
  const auto horizon = bucket_ * static_cast<std::chrono::seconds::rep>(buckets_);
  const auto first = std::find_if(points_.begin(), points_.end(),
                                  [&](const Point& point) { return now - point.time <= horizon; });
  return std::vector<Point>(first, points_.end());
}

// In bytes a second.
double Trend::median_slope(Iterator begin, Iterator end) {
  std::vector<double> slopes;
  slopes.reserve(static_cast<std::size_t>((end - begin) * (end - begin - 1) / 2));
  for (auto later = begin; later != end; ++later) {
    for (auto earlier = begin; earlier != later; ++earlier) {
      slopes.push_back((later->bytes - earlier->bytes) /
                       Seconds(later->time - earlier->time).count());
    }
  }
  return median(std::move(slopes));
}

// Whether the points lie within a quarter of the height that they would have risen by.
bool Trend::stands_still(Iterator begin, Iterator end, double slope) {
  const auto [low, high] = std::minmax_element(
      begin, end, [](const Point& one, const Point& other) { return one.bytes < other.bytes; });
  const double would_rise = slope * Seconds((end - 1)->time - begin->time).count();
  return high->bytes - low->bytes < (1 - kGoesOn) * would_rise;
}

Growth Trend::line_through(Iterator begin, Iterator end, double least_bytes, TimePoint now) {
  const auto leveled = [&](Iterator from, double slope) {
    std::vector<double> levels;
    for (auto point = from; point != end; ++point) {
      levels.push_back(point->bytes + slope * Seconds(now - point->time).count());
    }
    return levels;
  };
  const auto last = end - 1;
  const double whole_slope = median_slope(begin, end);
  const double noise_bytes = deviation(leveled(begin, whole_slope));
  double slope = whole_slope;
  Iterator newest = begin;
  for (const std::ptrdiff_t part : {2, 4}) {
    if ((end - begin) / part < kFewestOfPart) break;
    newest = end - (end - begin) / part;
    const double part_slope = median_slope(newest, end);
    const double by_noise =
        rise_by_noise(noise_bytes, end - newest) / Seconds(last->time - newest->time).count();
    // A step or a flood that has ended passes for noise of the whole line; then that the newest
    // points keep to one height says more.
    if (part_slope + kMayBeNoise * by_noise < kGoesOn * whole_slope ||
        stands_still(newest, end, whole_slope)) {
      slope = std::min(slope, part_slope);
    }
  }
  Growth growth;
  growth.observed = last->time - begin->time;
  growth.level_bytes = median(leveled(newest, slope));
  const double rise = slope * growth.observed.count();
  if (rise >= std::max(least_bytes, kDeviations * rise_by_noise(noise_bytes, end - begin))) {
    growth.bytes_per_s = slope;
  }
  return growth;
}

std::vector<Growth> Trend::growths(double least_bytes, TimePoint now) const {
  const std::vector<Point> points = points_within_horizon(now);
  std::vector<Growth> lines;
  if (std::ssize(points) < kFewestPoints) return lines;
  for (std::ptrdiff_t count = kFewestPoints; count < std::ssize(points); count *= 2) {
    lines.push_back(line_through(points.end() - count, points.end(), least_bytes, now));
  }
  lines.push_back(line_through(points.begin(), points.end(), least_bytes, now));
  return lines;
}

std::optional<Growth> Trend::growth_by_day(double least_bytes, TimePoint now) const {
  const std::vector<Point> points = points_within_horizon(now);
  if (points.empty() || points.back().time - points.front().time < kFewestDays) return std::nullopt;
  std::vector<double> rises;   // from one day to the next
  std::vector<double> newest;  // those that end in the last day
  auto before = points.begin();
  for (const Point& point : points) {
    while (point.time - before->time > kDay + bucket_ / 2) ++before;
    if (point.time - before->time < kDay - bucket_ / 2) continue;
    rises.push_back((point.bytes - before->bytes) *
                    (Seconds(kDay) / Seconds(point.time - before->time)));
    if (now - point.time <= kDay) newest.push_back(rises.back());
  }
  if (std::ssize(newest) < kFewestPoints) return std::nullopt;

  Growth growth;
  growth.observed = points.back().time - points.front().time;
  const double days = growth.observed / Seconds(kDay);
  const double whole_rise = median(rises);
  const double newest_rise = median(newest);
  const double rise = newest_rise < kGoesOn * whole_rise ? newest_rise : whole_rise;
  // Of a median; differences within one day share that day's whims and count as one.
  const double by_noise = 1.25 * deviation(rises) / std::sqrt(days);
  if (rise * days >= least_bytes && rise >= kDeviations * by_noise) {
    growth.bytes_per_s = rise / Seconds(kDay).count();
  }
  std::vector<double> levels;
  for (const Point& point : points) {
    if (now - point.time > kDay) continue;
    levels.push_back(point.bytes + growth.bytes_per_s * Seconds(now - point.time).count());
  }
  const auto high = levels.begin() + std::ssize(levels) * 9 / 10;  // the high, not an outlier
  std::nth_element(levels.begin(), high, levels.end());
  growth.level_bytes = *high;
  return growth;
}

}  // namespace redkeep::pressure
