#pragma once
// Made-up keyspaces with skewed sizes, and samples from them as a server would give them.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "census/estimate.h"

namespace redkeep::census {

struct MadeKey {
  std::uint32_t group;
  std::int64_t bytes;
};

enum class Sizes { Even, LogNormal, WideLogNormal, Pareto, HeavyPareto };

inline std::int64_t made_size(Sizes sizes, std::mt19937_64& random) {
  std::uniform_real_distribution<double> part(0, 1);
  const auto pareto = [&](double index) { return 80 * std::pow(1 - part(random), -1 / index); };
  std::normal_distribution<double> normal;
  double bytes = 0;
  switch (sizes) {
    case Sizes::Even: bytes = 100 + 1400 * part(random); break;
    case Sizes::LogNormal: bytes = 300 * std::exp(normal(random)); break;
    case Sizes::WideLogNormal: bytes = 300 * std::exp(2 * normal(random)); break;
    case Sizes::Pareto: bytes = pareto(1.6); break;
    case Sizes::HeavyPareto: bytes = pareto(1.1); break;
  }
  return static_cast<std::int64_t>(std::min(bytes, 512.0 * 1024 * 1024));
}

/// Groups 0 to 4 hold 50, 30, 15, 4.5 and 0.5 % of the keys. All are of the same kind of sizes but
/// group 1, which is even: neighbours of a heavy tail must not suffer for it more than they have
/// to.
inline std::vector<MadeKey> made_population(std::size_t keys, Sizes sizes, std::uint64_t seed) {
  constexpr double kShares[] = {0.5, 0.3, 0.15, 0.045, 0.005};
  std::mt19937_64 random(seed);
  std::vector<MadeKey> population;
  for (std::uint32_t group = 0; group < 5; ++group) {
    const auto count = std::llround(kShares[group] * static_cast<double>(keys));
    for (long long i = 0; i < count; ++i) {
      population.push_back({group, made_size(group == 1 ? Sizes::Even : sizes, random)});
    }
  }
  return population;
}

/// As a shop's server: entities (group 0), pages with a tail (1), small sessions (2), a few locks
/// (3) and nothing else (4); one session takes as much as all other keys together.
inline std::vector<MadeKey> with_a_huge_key(std::size_t keys, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<MadeKey> population;
  std::int64_t all = 0;
  for (std::size_t i = 0; i < keys; ++i) {
    const std::uint32_t group = i % 1000 == 999 ? 3 : static_cast<std::uint32_t>(i % 10 / 4);
    const Sizes sizes = group == 1 ? Sizes::Pareto : Sizes::Even;
    population.push_back({group, made_size(sizes, random)});
    all += population.back().bytes;
  }
  population.push_back({2, all});
  return population;
}

/// As the content of a Linux distribution: records of one size (group 0), an index by word with a
/// heavy tail (1), links (2), 30 large sets of children (3), and an index by type (4): two keys,
/// one of them 2 % of everything.
inline std::vector<MadeKey> like_a_distribution(std::size_t keys, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<MadeKey> population;
  std::int64_t all = 0;
  const auto add = [&](std::uint32_t group, double bytes) {
    population.push_back({group, static_cast<std::int64_t>(std::min(bytes, 5e6))});
    all += population.back().bytes;
  };
  for (std::size_t i = 0; i < keys; ++i) {
    const std::size_t kind = i % 20;
    if (kind < 17) add(0, 150 + 150 * std::abs(normal(random)));
    if (kind == 17 || kind == 18) add(1, 20 * std::exp(1.9 * std::abs(normal(random))));
    if (kind == 19) add(2, 200 * std::exp(1.2 * normal(random)));
  }
  for (int i = 0; i < 30; ++i) add(3, 2000 * std::exp(2 * std::abs(normal(random))));
  add(4, 5000);
  add(4, static_cast<double>(all) / 50);
  return population;
}

/// Every key with the same chance, in pages of 100. Changes the population's order only.
inline std::vector<Observation> draw(std::vector<MadeKey>& population, std::size_t keys,
                                     std::mt19937_64& random) {
  constexpr std::size_t kPageKeys = 100;
  std::vector<Observation> sample;
  for (std::size_t i = 0; i < keys; ++i) {
    std::uniform_int_distribution<std::size_t> other(i, population.size() - 1);
    std::swap(population[i], population[other(random)]);
    sample.push_back(
        {static_cast<std::uint32_t>(i / kPageKeys), population[i].group, population[i].bytes});
  }
  return sample;
}

}  // namespace redkeep::census
