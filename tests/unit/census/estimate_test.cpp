// Whether the intervals of samples are honest: they hold the truth as often as they say.
#include "census/estimate.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "unit/census/populations.h"

namespace redkeep::census {
namespace {

constexpr std::size_t kGroups = 5;
constexpr int kSamples = 200;
constexpr int kLeastHits = kSamples * 93 / 100;

struct Truth {
  std::array<double, kGroups> keys{};
  std::array<double, kGroups> bytes{};
  double all_keys = 0;
  double all_bytes = 0;
};

Truth truth_of(const std::vector<MadeKey>& population) {
  Truth truth;
  for (const auto& key : population) {
    truth.keys[key.group] += 1;
    truth.bytes[key.group] += static_cast<double>(key.bytes);
    truth.all_bytes += static_cast<double>(key.bytes);
  }
  truth.all_keys = static_cast<double>(population.size());
  return truth;
}

bool holds(const Estimate& estimate, double truth) {
  const double slack = 1e-9 * truth;  // of rounding
  return estimate.low <= truth + slack && truth <= estimate.high + slack;
}

// How often the truth was inside, by group; and how wide the widest interval was.
struct Hits {
  std::array<int, kGroups> keys{};
  std::array<int, kGroups> key_shares{};
  std::array<int, kGroups> bytes{};
  std::array<int, kGroups> byte_shares{};
  int all_bytes = 0;
  double widest_key_share = 0;
  double widest_byte_share = 0;
};

void count(const SampleEstimate& estimate, const Truth& truth, Hits& hits) {
  hits.all_bytes += holds(estimate.bytes, truth.all_bytes);
  for (std::size_t group = 0; group < kGroups; ++group) {
    const auto& found = estimate.groups[group];
    hits.keys[group] += holds(found.keys, truth.keys[group]);
    hits.key_shares[group] += holds(found.key_share_pct, 100 * truth.keys[group] / truth.all_keys);
    hits.bytes[group] += holds(found.bytes, truth.bytes[group]);
    hits.byte_shares[group] +=
        holds(found.byte_share_pct, 100 * truth.bytes[group] / truth.all_bytes);
    hits.widest_key_share =
        std::max(hits.widest_key_share, found.key_share_pct.high - found.key_share_pct.low);
    hits.widest_byte_share =
        std::max(hits.widest_byte_share, found.byte_share_pct.high - found.byte_share_pct.low);
  }
}

void expect_honest(const Hits& hits) {
  EXPECT_GE(hits.all_bytes, kLeastHits);
  for (std::size_t group = 0; group < kGroups; ++group) {
    EXPECT_GE(hits.keys[group], kLeastHits) << "keys of group " << group;
    EXPECT_GE(hits.key_shares[group], kLeastHits) << "share of keys of group " << group;
    EXPECT_GE(hits.bytes[group], kLeastHits) << "bytes of group " << group;
    EXPECT_GE(hits.byte_shares[group], kLeastHits) << "share of bytes of group " << group;
  }
}

void expect_below_the_counter(const SampleEstimate& estimate, double counter) {
  double values = 0;
  for (const auto& group : estimate.groups) {
    values += group.bytes.value;
    EXPECT_LE(group.bytes.high, 1.000001 * counter);
  }
  EXPECT_LE(values, 1.000001 * counter);
  EXPECT_LE(estimate.bytes.high, 1.000001 * counter);
}

class Honesty : public testing::TestWithParam<std::tuple<Sizes, std::size_t>> {
 protected:
  // `counter` makes the server's counter out of the true bytes; nothing: it tells none.
  Hits repeat(const std::function<std::optional<double>(double)>& counter) {
    const auto [sizes, sampled] = GetParam();
    auto population = made_population(100'000, sizes, 11);
    const Truth truth = truth_of(population);
    Population known{static_cast<std::int64_t>(population.size()), {}};
    if (const auto most = counter(truth.all_bytes)) known.most_bytes = std::llround(*most);
    std::mt19937_64 random(7);
    Hits hits;
    for (int i = 0; i < kSamples; ++i) {
      auto sample = draw(population, sampled, random);
      for (auto& key : sample) key.is_sized = sized_one_in_ == 1 || random() % sized_one_in_ == 0;
      const auto estimate = estimate_groups(sample, kGroups, known);
      count(estimate, truth, hits);
      if (known.most_bytes) {
        expect_below_the_counter(estimate, static_cast<double>(*known.most_bytes));
      }
    }
    return hits;
  }

  std::uint64_t sized_one_in_ = 1;
};

TEST_P(Honesty, TheTruthLiesInsideWhereTheServersCounterIsNear) {
  const Hits hits = repeat([](double bytes) { return 1.03 * bytes; });
  expect_honest(hits);
  // Of what use would they be if they were wide enough for anything?
  const double root = std::sqrt(static_cast<double>(std::get<1>(GetParam())));
  EXPECT_LT(hits.widest_key_share, 3.4 * 100 / root);
  if (std::get<0>(GetParam()) == Sizes::Even) {
    // Beside the sample's error the 3 % that may be anywhere.
    EXPECT_LT(hits.widest_byte_share, 3 + 4.5 * 100 / root);
  }
}

TEST_P(Honesty, TheTruthLiesInsideWhereTheServersCounterIsFarAbove) {
  expect_honest(repeat([](double bytes) { return 1.5 * bytes; }));
}

TEST_P(Honesty, TheTruthLiesInsideWhereOnlySomeKeysHaveASize) {
  const auto near = [](double bytes) { return 1.03 * bytes; };
  const Hits whole = repeat(near);
  sized_one_in_ = 4;
  const Hits some = repeat(near);
  expect_honest(some);
  EXPECT_NEAR(some.widest_key_share, whole.widest_key_share, 0.2 * whole.widest_key_share)
      << "names alone tell how many keys there are";
}

TEST_P(Honesty, TheTruthLiesInsideWithoutTheServersCounter) {
  expect_honest(repeat([](double) { return std::nullopt; }));
}

std::string name_of(const testing::TestParamInfo<std::tuple<Sizes, std::size_t>>& chosen) {
  static constexpr const char* kNames[] = {"Even", "LogNormal", "WideLogNormal", "Pareto",
                                           "HeavyPareto"};
  return std::string(kNames[static_cast<int>(std::get<0>(chosen.param))]) +
         std::to_string(std::get<1>(chosen.param));
}

INSTANTIATE_TEST_SUITE_P(OfSkewedSizes, Honesty,
                         testing::Combine(testing::Values(Sizes::Even, Sizes::LogNormal,
                                                          Sizes::WideLogNormal, Sizes::Pareto,
                                                          Sizes::HeavyPareto),
                                          testing::Values(1'000U, 5'000U)),
                         name_of);

// A keyspace whose last key is much larger than others: in each sample, or in none.
struct HugeKey {
  const char* name;
  std::function<std::vector<MadeKey>()> made;
  bool is_met;
  double counter;  // the server's, as a part of the truth
};

void PrintTo(const HugeKey& chosen, std::ostream* out) { *out << chosen.name; }

class HugeKeys : public testing::TestWithParam<HugeKey> {};

TEST_P(HugeKeys, TheTruthLiesInsideWhetherTheyAreMetOrNot) {
  constexpr std::size_t kSampled = 4000;
  auto population = GetParam().made();
  const Truth truth = truth_of(population);
  const MadeKey huge = population.back();
  population.pop_back();
  const double counter = GetParam().counter * truth.all_bytes;
  const Population known{static_cast<std::int64_t>(population.size()) + 1, std::llround(counter)};
  std::mt19937_64 random(3);
  Hits hits;
  for (int i = 0; i < kSamples; ++i) {
    auto sample = draw(population, kSampled, random);
    if (GetParam().is_met) sample[kSampled / 2] = {kSampled / 200, huge.group, huge.bytes};
    const auto estimate = estimate_groups(sample, kGroups, known);
    count(estimate, truth, hits);
    expect_below_the_counter(estimate, counter);
    if (GetParam().is_met) {
      const double share = 100 * truth.bytes[huge.group] / truth.all_bytes;
      EXPECT_NEAR(estimate.groups[huge.group].byte_share_pct.value, share, 10) << "counted once";
    } else {
      EXPECT_GT(estimate.groups[huge.group].bytes.high, static_cast<double>(huge.bytes));
    }
  }
  expect_honest(hits);
}

std::vector<MadeKey> a_shop() { return with_a_huge_key(100'000, 5); }
std::vector<MadeKey> a_distribution() { return like_a_distribution(150'000, 5); }

INSTANTIATE_TEST_SUITE_P(OfSkewedSizes, HugeKeys,
                         testing::Values(HugeKey{"ShopMet", a_shop, true, 1.03},
                                         HugeKey{"ShopUnmet", a_shop, false, 1.03},
                                         HugeKey{"DistributionMet", a_distribution, true, 1.08},
                                         HugeKey{"DistributionUnmet", a_distribution, false, 1.08},
                                         HugeKey{"NearCounterUnmet", a_distribution, false, 1.005}),
                         [](const auto& chosen) { return std::string(chosen.param.name); });

std::vector<Observation> even_sample(std::size_t keys, std::int64_t bytes = 100) {
  std::vector<Observation> sample;
  for (std::size_t i = 0; i < keys; ++i) {
    sample.push_back(
        {static_cast<std::uint32_t>(i / 100), static_cast<std::uint32_t>(i % 2), bytes});
  }
  return sample;
}

TEST(Estimate, OfTheWholePopulationHasNoWidth) {
  const auto estimate = estimate_groups(even_sample(1000), 3, {1000, 1'000'000});
  EXPECT_EQ(estimate.groups[0].keys.low, 500);
  EXPECT_EQ(estimate.groups[0].keys.high, 500);
  EXPECT_EQ(estimate.groups[1].bytes.low, 50'000);
  EXPECT_EQ(estimate.groups[1].bytes.high, 50'000);
  EXPECT_EQ(estimate.groups[2].keys.high, 0);
  EXPECT_EQ(estimate.unexplained_bytes, 0);
}

TEST(Estimate, AGroupThatWasNotMetMayHaveAFewKeys) {
  const auto estimate = estimate_groups(even_sample(1000), 3, {1'000'000, {}});
  EXPECT_EQ(estimate.groups[2].keys.value, 0);
  EXPECT_NEAR(estimate.groups[2].keys.high, 3900, 200);
}

TEST(Estimate, TwelveThousandKeysGiveSharesWithinAPoint) {
  const auto estimate = estimate_groups(even_sample(12'000), 2, {1'000'000, {}});
  EXPECT_NEAR(estimate.groups[0].key_share_pct.low, 50, 1);
  EXPECT_NEAR(estimate.groups[0].key_share_pct.high, 50, 1);
}

// One key in a million that holds half of the memory: no sample meets it, but the counter knows.
TEST(Estimate, AHugeKeyThatWasMissedIsInsideAndTold) {
  const auto estimate = estimate_groups(even_sample(10'000), 2, {1'000'000, 200'000'000});
  EXPECT_NEAR(estimate.unexplained_bytes, 100e6, 1e6);
  EXPECT_GT(estimate.groups[0].bytes.high, 145e6);
  EXPECT_LT(estimate.groups[0].bytes.high, 155e6);
  EXPECT_GT(estimate.bytes.high, 199e6);
}

// 64 MiB in a class of 6,000 other keys: not times as many keys as one of the sample stands for.
TEST(Estimate, AHugeKeyThatWasMetIsCountedOnce) {
  auto sample = even_sample(12'000, 250);
  sample[500].bytes = 64 << 20;
  const auto estimate = estimate_groups(sample, 2, {280'000, 141 << 20});
  EXPECT_NEAR(estimate.groups[0].bytes.value, 67.1e6 + 35e6, 1e6);
  EXPECT_NEAR(estimate.groups[1].bytes.value, 35e6, 1e6);
  EXPECT_GE(estimate.groups[0].bytes.low, 67.1e6 + 33e6);
  EXPECT_LE(estimate.groups[0].bytes.high, 114e6);
  EXPECT_LE(estimate.bytes.high, 141 << 20);
}

TEST(Estimate, WhatTheCounterLeavesMayBeInAGroupThatWasNotMet) {
  const auto estimate = estimate_groups(even_sample(10'000), 3, {1'000'000, 110'000'000});
  EXPECT_EQ(estimate.groups[2].bytes.value, 0);
  EXPECT_NEAR(estimate.groups[2].bytes.high, 10e6, 1e6);
  EXPECT_EQ(estimate.unexplained_bytes, 0) << "less than a tenth";
}

TEST(Estimate, WithoutACounterNothingLimitsAGroupThatWasNotMet) {
  const auto estimate = estimate_groups(even_sample(10'000), 3, {1'000'000, {}});
  EXPECT_TRUE(std::isinf(estimate.groups[2].bytes.high));
  EXPECT_LT(estimate.groups[0].bytes.high, 60e6);
}

TEST(Estimate, ACounterThatIsTooLowIsNotBelieved) {
  const auto estimate = estimate_groups(even_sample(10'000), 2, {1'000'000, 5'000'000});
  EXPECT_NEAR(estimate.groups[0].bytes.value, 50e6, 1);
  EXPECT_GE(estimate.groups[0].bytes.high, 50e6);
}

TEST(Estimate, WithoutSizesNothingIsSaidOfTheServersMemory) {
  const auto estimate = estimate_groups(even_sample(10'000, 0), 2, {1'000'000, 200'000'000});
  EXPECT_EQ(estimate.unexplained_bytes, 0);
}

// Pages that hold one group each: as in a cluster whose hash tags keep a group together.
TEST(Estimate, NamesAloneTellHowManyKeysThereAreAndNothingOfTheirBytes) {
  auto sample = even_sample(1000);
  for (auto& key : sample) key.is_sized = false;
  const auto estimate = estimate_groups(sample, 2, {100'000, 50'000'000});
  EXPECT_EQ(estimate.groups[0].sampled_keys + estimate.groups[1].sampled_keys, 1000);
  EXPECT_NEAR(estimate.groups[0].keys.value + estimate.groups[1].keys.value, 100'000, 1);
  EXPECT_GT(estimate.groups[0].keys.low, 0);
  EXPECT_TRUE(std::isinf(estimate.bytes.high));
  EXPECT_TRUE(std::isinf(estimate.groups[0].bytes.high));
  EXPECT_EQ(estimate.groups[0].byte_share_pct.high, 100);
}

TEST(Estimate, KeysThatLieTogetherWidenTheIntervals) {
  std::vector<Observation> sample;
  for (std::uint32_t i = 0; i < 10'000; ++i) sample.push_back({i / 100, (i / 100) % 2, 100});
  const auto apart = estimate_groups(even_sample(10'000), 2, {1'000'000, {}});
  const auto together = estimate_groups(sample, 2, {1'000'000, {}});
  const auto width = [](const SampleEstimate& estimate) {
    const auto& share = estimate.groups[0].key_share_pct;
    return share.high - share.low;
  };
  EXPECT_GT(width(together), 8 * width(apart));
}

TEST(Estimate, OfNothingKnowsNothing) {
  const auto estimate = estimate_groups({}, 2, {1000, {}});
  ASSERT_EQ(estimate.groups.size(), 2U);
  EXPECT_EQ(estimate.groups[0].sampled_keys, 0);
  EXPECT_EQ(estimate_groups({}, 1, {0, {}}).groups[0].keys.high, 0);
}

}  // namespace
}  // namespace redkeep::census
