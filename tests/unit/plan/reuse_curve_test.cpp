// What the curve foretells from a glance at a cache, against what a simulated cache of less memory
// really gives.
#include "plan/reuse_curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <list>
#include <random>
#include <unordered_map>

namespace redkeep::plan {
namespace {

constexpr int kKeys = 20'000;
constexpr double kRequestsPerSecond = 100;

// Requests for keys by Zipf's law, keys of different sizes.
class Requests {
 public:
  explicit Requests(double exponent, unsigned seed) : random_(seed) {
    std::vector<double> weights;
    for (int i = 0; i < kKeys; ++i) {
      weights.push_back(1 / std::pow(i + 1, exponent));
      bytes_.push_back(500 + (7919 * i) % 3500);
    }
    pick_ = std::discrete_distribution<int>(weights.begin(), weights.end());
  }
  int next() { return pick_(random_); }
  double bytes(int key) const { return bytes_[static_cast<std::size_t>(key)]; }
  double all_bytes() const {
    double sum = 0;
    for (const double bytes : bytes_) sum += bytes;
    return sum;
  }

 private:
  std::mt19937 random_;
  std::discrete_distribution<int> pick_;
  std::vector<double> bytes_;
};

// Least recently used goes first.
class LruCache {
 public:
  LruCache(Requests& requests, double most_bytes) : requests_(requests), most_bytes_(most_bytes) {}

  double hit_ratio(int warm, int measured) {
    for (int i = 0; i < warm; ++i) request(i);
    int hits = 0;
    for (int i = 0; i < measured; ++i) hits += request(warm + i) ? 1 : 0;
    now_ = warm + measured;
    return static_cast<double>(hits) / measured;
  }
  std::vector<IdleKey> keys() const {
    std::vector<IdleKey> out;
    for (const auto& [key, used] : order_) {
      out.push_back({requests_.bytes(key), std::floor((now_ - used) / kRequestsPerSecond)});
    }
    return out;
  }
  double bytes() const { return bytes_; }

 private:
  bool request(int now) {
    const int key = requests_.next();
    const auto found = places_.find(key);
    const bool is_hit = found != places_.end();
    if (is_hit) {
      order_.erase(found->second);
    } else {
      bytes_ += requests_.bytes(key);
    }
    order_.emplace_front(key, now);
    places_[key] = order_.begin();
    while (bytes_ > most_bytes_) {
      bytes_ -= requests_.bytes(order_.back().first);
      places_.erase(order_.back().first);
      order_.pop_back();
    }
    return is_hit;
  }

  Requests& requests_;
  double most_bytes_;
  double bytes_ = 0;
  int now_ = 0;
  std::list<std::pair<int, int>> order_;
  std::unordered_map<int, std::list<std::pair<int, int>>::iterator> places_;
};

TEST(ReuseCurve, FromIdleTimesForetellsASmallerLruCache) {
  for (const double exponent : {0.6, 0.9}) {
    Requests requests(exponent, 1);
    const double all = requests.all_bytes();
    LruCache now(requests, 0.8 * all);
    const double hits_now = now.hit_ratio(400'000, 100'000);
    const auto curve = ReuseCurve::from_idle_times(now.keys(), hits_now);
    for (const double share : {0.25, 0.5, 0.75}) {
      LruCache smaller(requests, share * now.bytes());
      const double truth = smaller.hit_ratio(200'000, 100'000);
      EXPECT_NEAR(hits_now * curve.hits_at(share), truth, 0.07)
          << "zipf " << exponent << ", " << share << " of the memory";
    }
  }
}

TEST(ReuseCurve, FromFrequenciesForetellsWhatTheBestKeysGive) {
  Requests requests(0.9, 2);
  std::mt19937 random(3);
  std::uniform_real_distribution<double> chance(0, 1);
  std::vector<int> counters(kKeys, 5);
  std::vector<double> truth(kKeys, 0);
  constexpr double kLogFactor = 10;
  for (int i = 0; i < 1'000'000; ++i) {
    const auto key = static_cast<std::size_t>(requests.next());
    ++truth[key];
    if (chance(random) < 1 / ((counters[key] - 5) * kLogFactor + 1)) ++counters[key];
  }
  std::vector<CountedKey> keys;
  std::vector<std::pair<double, double>> best;  // hits and bytes
  for (int i = 0; i < kKeys; ++i) {
    keys.push_back({requests.bytes(i), counters[static_cast<std::size_t>(i)]});
    best.emplace_back(truth[static_cast<std::size_t>(i)], requests.bytes(i));
  }
  std::sort(best.begin(), best.end(),
            [](const auto& a, const auto& b) { return a.first * b.second > b.first * a.second; });
  const auto curve = ReuseCurve::from_frequencies(keys, kLogFactor);
  for (const double share : {0.1, 0.3, 0.6}) {
    double bytes = 0;
    double hits = 0;
    for (const auto& [one_hits, one_bytes] : best) {
      if (bytes + one_bytes > share * requests.all_bytes()) break;
      bytes += one_bytes;
      hits += one_hits;
    }
    EXPECT_NEAR(curve.hits_at(share), hits / 1'000'000, 0.06) << share << " of the memory";
  }
}

TEST(ReuseCurve, IsReadInBothDirections) {
  Requests requests(0.9, 1);
  LruCache cache(requests, requests.all_bytes());
  const double hits_now = cache.hit_ratio(200'000, 100'000);
  const auto curve = ReuseCurve::from_idle_times(cache.keys(), hits_now);
  double before = 0;
  for (const double hits : {0.1, 0.3, 0.5, 0.7, 0.9, 0.99}) {
    const double bytes = curve.bytes_for(hits);
    EXPECT_NEAR(curve.hits_at(bytes), hits, 0.001);
    EXPECT_GE(bytes, before);
    before = bytes;
  }
  EXPECT_EQ(curve.hits_at(1), 1);
  EXPECT_EQ(curve.hits_at(0), 0);
  EXPECT_EQ(curve.bytes_for(1), 1);
}

TEST(ReuseCurve, SaysNothingOfNothing) {
  EXPECT_TRUE(ReuseCurve::from_idle_times({}, 0.5).empty());
  EXPECT_TRUE(ReuseCurve::from_frequencies({}, 10).empty());
  const std::vector<IdleKey> at_once(100, IdleKey{10, 0});
  EXPECT_TRUE(ReuseCurve::from_idle_times(at_once, 0.5).empty());
  EXPECT_EQ(ReuseCurve().hits_at(0.3), 1);
}

TEST(ReuseCurve, AnLfuCounterStandsForTheHitsThatItTakes) {
  EXPECT_EQ(hits_of_counter(5, 10), 0.5);
  EXPECT_EQ(hits_of_counter(6, 10), 1.5);
  EXPECT_EQ(hits_of_counter(7, 10), 12.5);
  EXPECT_EQ(hits_of_counter(8, 0), 3.5);
  EXPECT_EQ(hits_of_counter(0, 10), 0.5) << "one that has decayed";
}

}  // namespace
}  // namespace redkeep::plan
