#include "shed/shed_pace.h"

#include <algorithm>
#include <cmath>

namespace redkeep::shed {
namespace {

using std::chrono::microseconds;

// How a slice changes with the urgency: how many keys are looked at, which share of them goes, and
// which part of the time the server works for us. Between two points it is interpolated. Each key
// that is looked at costs the server more than a write of the application does, half of it for
// SCAN: so the share decides what a flood costs. Of 20,000 operations a second (bench/flood), two
// of sixteen keep 0.733 of the hits and take 21 % of the server's time, three of sixteen 0.732 and
// 16 %; one of three costs half a point more, one of two costs two. A calm server gives its time
// first; in a flood the choice goes before more of the application's time does; the last pauses go
// before the urgent mark, so that a steady flood settles below it, and at the mark there is no
// choice any more. 16 keys take some 70 microseconds of the server's time. Each command of the
// application may wait for a slice, so calm slices are short: with 48 keys the 99th percentile of
// single requests is twice as high. Shorter ones cost this process a third more, and a flood needs
// long ones to keep up.
struct Point {
  double urgency;
  double keys;
  double share;
  double duty;
};
constexpr Point kPoints[] = {{0, 16, 0.1875, 0.2},
                             {0.25, 24, 0.1875, 0.45},
                             {0.6, 64, 0.45, 0.45},
                             {0.85, 192, 0.75, 1},
                             {1, 256, 1, 1}};

// Of those that may be among the victims, few are among the hotter of three times as many.
constexpr double kWeighedToTaken = 3;
// SCAN looks at 1,000 keys in about 0.3 ms, and in 0.9 ms where there are a million. Larger pages
// made `redkeep shed` no faster, only its steps longer.
constexpr std::size_t kMostPageKeys = 1000;
constexpr std::size_t kLeastPageKeys = 16;
// An answer that takes longer than this comes from a server in trouble.
constexpr microseconds kSlow{5000};
constexpr microseconds kLongestPause{100'000};

}  // namespace

double urgency(const ShedStep& step, std::int64_t used_bytes) {
  const auto span = static_cast<double>(step.urgent_at_bytes - step.calm_at_bytes);
  if (span <= 0) return 0;
  return std::clamp(static_cast<double>(used_bytes - step.calm_at_bytes) / span, 0.0, 1.0);
}

Slice slice_for(double urgency, double least_share, microseconds last_took) {
  const auto* to = std::begin(kPoints) + 1;
  while (to + 1 != std::end(kPoints) && to->urgency < urgency) ++to;
  const Point& from = *(to - 1);
  const double way = std::clamp((urgency - from.urgency) / (to->urgency - from.urgency), 0.0, 1.0);
  const double duty = std::lerp(from.duty, to->duty, way);
  Slice slice;
  slice.share = std::max(std::lerp(from.share, to->share, way), least_share);
  slice.weighed_share = std::min(1.0, kWeighedToTaken * slice.share);
  slice.sample_keys = static_cast<std::size_t>(std::lerp(from.keys, to->keys, way));
  slice.pause =
      std::min(kLongestPause, microseconds{static_cast<std::int64_t>(
                                  static_cast<double>(last_took.count()) * (1 / duty - 1))});
  return slice;
}

Slice slice_on_request(double share, microseconds last_took) {
  Slice slice;
  slice.share = std::clamp(share, kPoints[0].share, 1.0);
  slice.sample_keys = kMostPageKeys;
  slice.pause = last_took > kSlow ? std::min(kLongestPause, last_took) : microseconds{0};
  return slice;
}

double RoundEstimate::share(std::int64_t to_free_bytes, std::int64_t at_hand_bytes) const {
  const double part =
      keys_in_all_ > 0 ? std::min(1.0, keys_behind_ / static_cast<double>(keys_in_all_)) : 1.0;
  if (part <= 0 || candidates_ == 0) return 0;
  const double behind = bytes_behind_ * (1 + alike_ / candidates_);
  const double ahead = behind / part - behind + static_cast<double>(at_hand_bytes);
  return ahead > 0 ? std::min(1.0, static_cast<double>(to_free_bytes) / ahead) : 1.0;
}

void Density::note(std::size_t page_keys, std::size_t candidates) {
  if (page_keys == 0) return;
  const double found = static_cast<double>(candidates) / static_cast<double>(page_keys);
  candidates_per_key_ += 0.2 * (found - candidates_per_key_);
}

std::size_t Density::page_keys_for(std::size_t candidates) const {
  const double keys = static_cast<double>(candidates) / std::max(candidates_per_key_, 1e-6);
  return std::clamp(static_cast<std::size_t>(keys), kLeastPageKeys, kMostPageKeys);
}

}  // namespace redkeep::shed
