#pragma once
// How much memory a server needs, and what another limit would do: from what its keys take, how
// they are used, and the marks of the guard. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "census/estimate.h"
#include "plan/reuse_curve.h"
#include "redkeep/options.h"

namespace redkeep::plan {

/// Where a number of a picture lies in 95 of 100 samples; `high` may be infinite (see
/// census::Estimate).
struct Range {
  double low = 0;
  double high = 0;
};

/// A cache of one class.
struct CacheUse {
  std::string name;
  std::int64_t keys = 0;
  std::int64_t bytes = 0;
  ReuseCurve curve = {};  ///< Empty where nothing tells how its keys are used.
  Range bytes_range = {};
};

/// How far a sample leaves the bytes of a picture open. Sums of classes are estimated as such: the
/// ends of their classes' ranges do not add up.
struct PictureRanges {
  Range used_bytes;  ///< Without width, unless the picture is of another number of entities.
  Range protected_bytes;
  Range cache_bytes;
  Range entities;
  double unexplained_bytes = 0;  ///< See census::SampleEstimate.
  std::int64_t sampled_keys = 0;
  bool is_whole = false;  ///< All keys were looked at: no range has a width.
};

/// A server as it is now; bytes of keys are estimates.
struct MemoryPicture {
  std::int64_t used_bytes = 0;   ///< As eviction counts.
  std::int64_t limit_bytes = 0;  ///< 0: none.
  std::int64_t entities = 0;
  std::int64_t protected_bytes = 0;  ///< All that has to stay: entities and what belongs to them.
  std::vector<CacheUse> caches;      ///< What may go.
  ReuseCurve all_caches;             ///< Of their keys together.
  /// Of all reads since the server's start, 0 to 1. Nothing before the first.
  std::optional<double> hit_ratio;
  PictureRanges ranges;

  std::int64_t cache_bytes() const;
  /// Keys of no class, and what the server needs beside the keys.
  std::int64_t other_bytes() const;
  /// Bytes of content for each entity; 0 where there is none.
  double bytes_per_entity() const;
  Range bytes_per_entity_range() const;
};

/// The same server with so many entities of the kind that it has.
MemoryPicture with_entities(MemoryPicture picture, std::int64_t entities);

/// What a limit would do.
struct LimitOutcome {
  std::int64_t limit_bytes = 0;
  /// Room for caches below the mark at which shedding stops; below zero: what has to stay does not
  /// fit.
  std::int64_t cache_bytes = 0;
  Range cache_bytes_range;
  /// Expected; nothing where nothing tells. At least that where `has_more` is set: caches would
  /// have more than they take now.
  std::optional<double> hit_ratio;
  bool has_more = false;
};
LimitOutcome at_limit(const MemoryPicture& picture, std::int64_t limit_bytes,
                      const PressureOptions& marks);

/// The least limit below whose stop mark all that has to stay fits, with so many bytes of caches.
std::int64_t limit_for(const MemoryPicture& picture, std::int64_t cache_bytes,
                       const PressureOptions& marks);
/// Where that limit lies, without any cache.
Range least_limit_range(const MemoryPicture& picture, const PressureOptions& marks);

/// The least limit that gives this hit ratio (0 to 1). Nothing where nothing tells, or where it is
/// more than the caches give now.
std::optional<std::int64_t> limit_for_hit_ratio(const MemoryPicture& picture, double hit_ratio,
                                                const PressureOptions& marks);

}  // namespace redkeep::plan
