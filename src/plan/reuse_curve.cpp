#include "plan/reuse_curve.h"

#include <algorithm>
#include <cmath>

namespace redkeep::plan {
namespace {

// A new key's counter (LFU_INIT_VAL of redis).
constexpr int kNewKey = 5;

// Fewer sets have more keys each, so that their slopes are less noisy.
constexpr double kMostSets = 16;

// How many keys were used within the last `seconds`, and what they take.
struct WorkingSet {
  double seconds;
  double keys;
  double bytes;
};

// Idle times are told in whole seconds: a key with 0 was used within the last one.
std::vector<WorkingSet> working_sets(std::span<const IdleKey> keys) {
  std::vector<IdleKey> by_idle(keys.begin(), keys.end());
  std::sort(by_idle.begin(), by_idle.end(),
            [](const IdleKey& a, const IdleKey& b) { return a.idle_seconds < b.idle_seconds; });
  std::vector<WorkingSet> sets{{0, 0, 0}};
  WorkingSet now{0, 0, 0};
  const double fewest = static_cast<double>(keys.size()) / kMostSets;
  for (const auto& key : by_idle) {
    const double seconds = std::floor(key.idle_seconds) + 1;
    if (seconds > now.seconds && now.keys - sets.back().keys >= fewest) sets.push_back(now);
    now.seconds = seconds;
    ++now.keys;
    now.bytes += key.bytes;
  }
  if (now.seconds > sets.back().seconds) sets.push_back(now);
  return sets;
}

double slope(const WorkingSet& from, const WorkingSet& to) {
  return (to.keys - from.keys) / (to.seconds - from.seconds);
}

// The corners of the least concave majorant of keys over seconds.
std::vector<WorkingSet> concave(const std::vector<WorkingSet>& sets) {
  std::vector<WorkingSet> corners;
  for (const auto& set : sets) {
    while (corners.size() >= 2 &&
           slope(corners[corners.size() - 2], corners.back()) <= slope(corners.back(), set)) {
      corners.pop_back();
    }
    corners.push_back(set);
  }
  return corners;
}

}  // namespace

ReuseCurve ReuseCurve::of(std::vector<Point> sums) {
  ReuseCurve curve;
  if (sums.empty() || sums.back().bytes <= 0 || sums.back().hits <= 0) return curve;
  const Point whole = sums.back();
  curve.points_.push_back({0, 0});
  for (const auto& sum : sums) {
    curve.points_.push_back({sum.bytes / whole.bytes, sum.hits / whole.hits});
  }
  return curve;
}

ReuseCurve ReuseCurve::from_idle_times(std::span<const IdleKey> keys, double hit_ratio) {
  const auto corners = concave(working_sets(keys));
  if (corners.size() < 3) return {};  // used all at once: nothing tells them apart
  const double misses_now = slope(corners[corners.size() - 2], corners.back());
  const double requests = misses_now / (1 - hit_ratio);
  std::vector<Point> sums;
  for (std::size_t i = 1; i < corners.size(); ++i) {
    // At a corner the slope is between that before and that behind it.
    const double before = slope(corners[i - 1], corners[i]);
    const double behind = i + 1 < corners.size() ? slope(corners[i], corners[i + 1]) : before;
    sums.push_back({corners[i].bytes, std::max(0.0, requests - (before + behind) / 2)});
  }
  return of(std::move(sums));
}

double hits_of_counter(int counter, double log_factor) {
  double hits = 0.5;  // of a key that has not been counted up yet
  for (int at = kNewKey; at < counter; ++at) hits += (at - kNewKey) * log_factor + 1;
  return hits;
}

ReuseCurve ReuseCurve::from_frequencies(std::span<const CountedKey> keys, double log_factor) {
  std::vector<Point> single;
  for (const auto& key : keys) {
    if (key.bytes > 0) single.push_back({key.bytes, hits_of_counter(key.counter, log_factor)});
  }
  std::sort(single.begin(), single.end(),
            [](const Point& a, const Point& b) { return a.hits * b.bytes > b.hits * a.bytes; });
  std::vector<Point> sums;
  Point sum{0, 0};
  for (const auto& one : single) {
    sum.bytes += one.bytes;
    sum.hits += one.hits;
    sums.push_back(sum);
  }
  return of(std::move(sums));
}

double ReuseCurve::hits_at(double bytes_share) const {
  if (empty() || bytes_share >= 1) return 1;
  const auto above =
      std::upper_bound(points_.begin() + 1, points_.end() - 1, bytes_share,
                       [](double share, const Point& point) { return share < point.bytes; });
  const Point& from = *(above - 1);
  const double part = (bytes_share - from.bytes) / std::max(above->bytes - from.bytes, 1e-12);
  return std::clamp(from.hits + part * (above->hits - from.hits), 0.0, 1.0);
}

double ReuseCurve::bytes_for(double hits_share) const {
  if (empty() || hits_share >= 1) return 1;
  const auto above =
      std::lower_bound(points_.begin() + 1, points_.end() - 1, hits_share,
                       [](const Point& point, double share) { return point.hits < share; });
  const Point& from = *(above - 1);
  const double part = (hits_share - from.hits) / std::max(above->hits - from.hits, 1e-12);
  return std::clamp(from.bytes + part * (above->bytes - from.bytes), 0.0, 1.0);
}

}  // namespace redkeep::plan
