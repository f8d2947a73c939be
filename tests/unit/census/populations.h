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
