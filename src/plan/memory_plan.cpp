#include "plan/memory_plan.h"

#include <algorithm>
#include <cmath>

#include "pressure/memory_reading.h"

namespace redkeep::plan {
namespace {

double as_double(std::int64_t bytes) { return static_cast<double>(bytes); }

// What is used beside the caches. What the server uses is known, so how it is parted between
// content and the rest does not matter.
Range beside_caches(const PictureRanges& ranges) {
  return {std::max(0.0, ranges.used_bytes.low - ranges.cache_bytes.high),
          std::max(0.0, ranges.used_bytes.high - ranges.cache_bytes.low)};
}

PictureRanges with_entities(PictureRanges ranges, double entities) {
  const Range now = ranges.protected_bytes;
  const double least_times = entities / std::max(1.0, ranges.entities.high);
  const double most_times = entities / std::max(1.0, ranges.entities.low);
  // What comes to the bytes that are used, or goes from them.
  const auto [least, most] = std::minmax({(least_times - 1) * now.low, (least_times - 1) * now.high,
                                          (most_times - 1) * now.low, (most_times - 1) * now.high});
  ranges.used_bytes.low = std::max(0.0, ranges.used_bytes.low + least);
  ranges.used_bytes.high += most;
  ranges.protected_bytes = {least_times * now.low, most_times * now.high};
  ranges.entities = {entities, entities};
  return ranges;
}

}  // namespace

std::int64_t MemoryPicture::cache_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& cache : caches) bytes += cache.bytes;
  return bytes;
}

std::int64_t MemoryPicture::other_bytes() const {
  return std::max<std::int64_t>(0, used_bytes - protected_bytes - cache_bytes());
}

double MemoryPicture::bytes_per_entity() const {
  return entities > 0 ? as_double(protected_bytes) / as_double(entities) : 0;
}

Range MemoryPicture::bytes_per_entity_range() const {
  if (entities <= 0) return {};
  return {ranges.protected_bytes.low / std::max(1.0, ranges.entities.high),
          ranges.protected_bytes.high / std::max(1.0, ranges.entities.low)};
}

MemoryPicture with_entities(MemoryPicture picture, std::int64_t entities) {
  const auto bytes = static_cast<std::int64_t>(picture.bytes_per_entity() * as_double(entities));
  picture.ranges = with_entities(picture.ranges, as_double(entities));
  picture.used_bytes += bytes - picture.protected_bytes;
  picture.protected_bytes = bytes;
  picture.entities = entities;
  return picture;
}

LimitOutcome at_limit(const MemoryPicture& picture, std::int64_t limit_bytes,
                      const PressureOptions& marks) {
  LimitOutcome outcome;
  outcome.limit_bytes = limit_bytes;
  outcome.cache_bytes = pressure::bytes_at_mark(marks.stop_shedding_pct, limit_bytes) -
                        picture.protected_bytes - picture.other_bytes();
  const Range beside = beside_caches(picture.ranges);
  const double room = as_double(pressure::bytes_at_mark(marks.stop_shedding_pct, limit_bytes));
  outcome.cache_bytes_range = {room - beside.high, room - beside.low};
  const std::int64_t now = picture.cache_bytes();
  outcome.has_more = outcome.cache_bytes > now;
  if (!picture.hit_ratio || now == 0) return outcome;
  if (outcome.cache_bytes >= now) {
    outcome.hit_ratio = picture.hit_ratio;
  } else if (outcome.cache_bytes <= 0) {
    outcome.hit_ratio = 0;
  } else if (!picture.all_caches.empty()) {
    const double share = as_double(outcome.cache_bytes) / as_double(now);
    outcome.hit_ratio = *picture.hit_ratio * picture.all_caches.hits_at(share);
  }
  return outcome;
}

std::int64_t limit_for(const MemoryPicture& picture, std::int64_t cache_bytes,
                       const PressureOptions& marks) {
  const auto below = picture.protected_bytes + picture.other_bytes() + cache_bytes;
  return static_cast<std::int64_t>(std::ceil(as_double(below) * 100 / marks.stop_shedding_pct));
}

Range least_limit_range(const MemoryPicture& picture, const PressureOptions& marks) {
  const Range beside = beside_caches(picture.ranges);
  return {beside.low * 100 / marks.stop_shedding_pct, beside.high * 100 / marks.stop_shedding_pct};
}

std::optional<std::int64_t> limit_for_hit_ratio(const MemoryPicture& picture, double hit_ratio,
                                                const PressureOptions& marks) {
  if (!picture.hit_ratio || picture.all_caches.empty() || hit_ratio > *picture.hit_ratio) {
    return std::nullopt;
  }
  const double share = picture.all_caches.bytes_for(hit_ratio / *picture.hit_ratio);
  const double bytes = share * as_double(picture.cache_bytes());
  return limit_for(picture, static_cast<std::int64_t>(std::ceil(bytes)), marks);
}

}  // namespace redkeep::plan
