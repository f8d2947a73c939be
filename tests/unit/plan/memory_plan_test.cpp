#include "plan/memory_plan.h"

#include <gtest/gtest.h>

namespace redkeep::plan {
namespace {

// Half of the bytes give three quarters of the hits.
ReuseCurve some_curve() {
  std::vector<CountedKey> keys;
  for (int i = 0; i < 100; ++i) keys.push_back({10, i < 50 ? 8 : 6});
  return ReuseCurve::from_frequencies(keys, 0);
}

MemoryPicture some_picture() {
  MemoryPicture picture;
  picture.used_bytes = 2'000;
  picture.limit_bytes = 4'000;
  picture.entities = 10;
  picture.protected_bytes = 500;
  picture.caches = {{"pages", 100, 1'000, some_curve()}};
  picture.all_caches = some_curve();
  picture.hit_ratio = 0.8;
  return picture;
}

TEST(MemoryPlan, ALimitLeavesForCachesWhatOthersDoNotNeedBelowTheStopMark) {
  const auto outcome = at_limit(some_picture(), 1'875, {});  // 1,500 below the mark of 80 %
  EXPECT_EQ(outcome.cache_bytes, 500);
  ASSERT_TRUE(outcome.hit_ratio);
  EXPECT_NEAR(*outcome.hit_ratio, 0.8 * 3.5 / 5, 0.001);
  EXPECT_FALSE(outcome.has_more);
}

TEST(MemoryPlan, WithMoreThanNowTheHitRatioIsAtLeastThatOfNow) {
  const auto outcome = at_limit(some_picture(), 8'000, {});
  EXPECT_TRUE(outcome.has_more);
  EXPECT_EQ(outcome.hit_ratio, 0.8);
}

TEST(MemoryPlan, WhatHasToStayMayNotFit) {
  const auto outcome = at_limit(some_picture(), 1'000, {});
  EXPECT_EQ(outcome.cache_bytes, -200);
  EXPECT_EQ(outcome.hit_ratio, 0);
  EXPECT_EQ(limit_for(some_picture(), 0, {}), 1'250);
}

TEST(MemoryPlan, TheLimitForAHitRatioGivesThatHitRatio) {
  const auto picture = some_picture();
  const auto limit = limit_for_hit_ratio(picture, 0.6, {});
  ASSERT_TRUE(limit);
  EXPECT_NEAR(at_limit(picture, *limit, {}).hit_ratio.value_or(0), 0.6, 0.01);
  EXPECT_FALSE(limit_for_hit_ratio(picture, 0.81, {})) << "more than there is now";
}

TEST(MemoryPlan, MoreEntitiesTakeMoreAndNothingElseChanges) {
  const auto twice = with_entities(some_picture(), 20);
  EXPECT_EQ(twice.protected_bytes, 1'000);
  EXPECT_EQ(twice.used_bytes, 2'500);
  EXPECT_EQ(twice.cache_bytes(), 1'000);
  EXPECT_EQ(twice.other_bytes(), some_picture().other_bytes());
}

TEST(MemoryPlan, HowFarTheSampleLeavesCachesOpenIsHowFarALimitIsOpen) {
  auto picture = some_picture();
  picture.ranges.used_bytes = {2'000, 2'000};
  picture.ranges.protected_bytes = {400, 700};
  picture.ranges.cache_bytes = {800, 1'300};
  picture.ranges.entities = {10, 10};
  const auto outcome = at_limit(picture, 1'875, {});  // 1,500 below the mark of 80 %
  EXPECT_DOUBLE_EQ(outcome.cache_bytes_range.low, 300);
  EXPECT_DOUBLE_EQ(outcome.cache_bytes_range.high, 800);
  EXPECT_DOUBLE_EQ(least_limit_range(picture, {}).low, 875);
  EXPECT_DOUBLE_EQ(least_limit_range(picture, {}).high, 1'500);
  EXPECT_DOUBLE_EQ(picture.bytes_per_entity_range().high, 70);
  const auto same = with_entities(picture, 10);
  EXPECT_DOUBLE_EQ(same.ranges.used_bytes.high, 2'000) << "nothing comes to it";
  const auto twice = with_entities(picture, 20);
  EXPECT_DOUBLE_EQ(twice.ranges.protected_bytes.high, 1'400);
  EXPECT_DOUBLE_EQ(twice.ranges.used_bytes.low, 2'400);
  EXPECT_DOUBLE_EQ(twice.ranges.used_bytes.high, 2'700);
}

TEST(MemoryPlan, WithoutAnythingKnownOfUseNothingIsSaidOfHits) {
  auto picture = some_picture();
  picture.all_caches = {};
  EXPECT_FALSE(at_limit(picture, 1'875, {}).hit_ratio);
  EXPECT_FALSE(limit_for_hit_ratio(picture, 0.5, {}));
  picture.hit_ratio.reset();
  EXPECT_FALSE(at_limit(picture, 8'000, {}).hit_ratio);
}

}  // namespace
}  // namespace redkeep::plan
