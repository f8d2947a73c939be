#pragma once
// How many of the hits that caches give now they would give with less memory, out of a sample of
// keys and what the server knows of their use. Pure.
//
// By idle times (any LRU or TTL policy): the keys that were used within the last T seconds are the
// working set of T, and the rate of misses of a cache that keeps just those is the slope of its
// size over T (Denning and Schwartz 1972). At the oldest key that is the rate of misses now, so the
// share of hits now tells how many requests a slope stands for. The size as sampled is made concave
// first (its least concave majorant, Grenander 1956), since it is for requests that come at random.
//
// By frequency (LFU policies): the counter of a key stands for a number of hits, and what a cache
// keeps best are the keys with the most hits for their bytes.
#include <cstdint>
#include <span>
#include <vector>

namespace redkeep::plan {

struct IdleKey {
  double bytes = 0;
  double idle_seconds = 0;
};

struct CountedKey {
  double bytes = 0;
  int counter = 0;  ///< OBJECT FREQ.
};

/// From nothing kept to everything kept. Both shares are of what the sampled keys take and give
/// now.
class ReuseCurve {
 public:
  /// `hit_ratio` is that of now, above 0 and below 1.
  static ReuseCurve from_idle_times(std::span<const IdleKey> keys, double hit_ratio);
  /// `log_factor` is the server's lfu-log-factor.
  static ReuseCurve from_frequencies(std::span<const CountedKey> keys, double log_factor);

  /// The share of the hits, 0 to 1, when this share of the bytes is kept. Between points as on a
  /// straight line. 1 where nothing is known.
  double hits_at(double bytes_share) const;
  /// The least share of the bytes that gives this share of the hits.
  double bytes_for(double hits_share) const;

  bool empty() const { return points_.size() < 2; }

 private:
  struct Point {
    double bytes;
    double hits;
  };
  static ReuseCurve of(std::vector<Point> sums);

  std::vector<Point> points_;  // both rising, from 0 to 1
};

/// How many hits an LFU counter stands for: what it takes on average to bring a new key there.
double hits_of_counter(int counter, double log_factor);

}  // namespace redkeep::plan
