#include "shed/shed_pace.h"

#include <gtest/gtest.h>

#include "shed/deletion_budget.h"

namespace redkeep::shed {
namespace {

using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

ShedStep step_between(std::int64_t calm, std::int64_t urgent) {
  ShedStep step;
  step.calm_at_bytes = calm;
  step.urgent_at_bytes = urgent;
  return step;
}

TEST(ShedPace, UrgencyRisesFromTheCalmToTheUrgentMark) {
  const auto step = step_between(800, 1000);
  EXPECT_EQ(urgency(step, 700), 0);
  EXPECT_EQ(urgency(step, 900), 0.5);
  EXPECT_EQ(urgency(step, 2000), 1);
  EXPECT_EQ(urgency(step_between(0, 0), 2000), 0) << "a quota is no hurry";
}

TEST(ShedPace, FirstPausesGrowShorterThenTheChoiceGoesAndThenThePauses) {
  const microseconds took{900};
  const auto calm = slice_for(0, 0, took);
  EXPECT_EQ(calm.share, 0.1875);
  EXPECT_EQ(calm.pause, 4 * took) << "a fifth of the time";
  EXPECT_EQ(calm.weighed_share, 3 * calm.share);
  const auto busy = slice_for(0.25, 0, took);
  EXPECT_EQ(busy.share, calm.share);
  EXPECT_EQ(calm.sample_keys, 16u);
  EXPECT_EQ(busy.sample_keys, 24u);
  EXPECT_EQ(busy.pause, microseconds{1100});
  const auto flood = slice_for(0.6, 0, took);
  EXPECT_DOUBLE_EQ(flood.share, 0.45);
  EXPECT_EQ(flood.pause, busy.pause);
  const auto hurry = slice_for(0.85, 0, took);
  EXPECT_EQ(hurry.share, 0.75);
  EXPECT_EQ(hurry.pause.count(), 0);
  const auto urgent = slice_for(1, 0, took);
  EXPECT_EQ(urgent.share, 1) << "no choice any more";
  EXPECT_GT(urgent.sample_keys, calm.sample_keys);
}

TEST(ShedPace, EveryStepOfUrgencyDeletesFaster) {
  double before = 0;
  for (double u = 0; u <= 0.85; u += 0.05) {
    const auto slice = slice_for(u, 0, microseconds{500});
    const double keys_per_us = slice.share * static_cast<double>(slice.sample_keys) /
                               static_cast<double>(500 + slice.pause.count());
    EXPECT_GT(keys_per_us, before) << u;
    before = keys_per_us;
  }
}

TEST(ShedPace, WhereAllHasToGoThereIsNoChoice) {
  EXPECT_EQ(slice_for(0, 1, microseconds{200}).share, 1);
  EXPECT_EQ(slice_for(0.85, 0.1, microseconds{200}).share, 0.75);
}

TEST(ShedPace, AServerThatAnswersSlowlyIsLeftAloneLonger) {
  EXPECT_GT(slice_for(0, 0, microseconds{20'000}).pause, slice_for(0, 0, microseconds{200}).pause);
  EXPECT_LE(slice_for(0, 0, seconds{5}).pause, microseconds{100'000});
  EXPECT_EQ(slice_on_request(1, microseconds{500}).pause.count(), 0);
  EXPECT_GT(slice_on_request(1, microseconds{50'000}).pause.count(), 0);
}

TEST(RoundEstimate, TellsTheShareFromThePartOfTheKeyspaceBehind) {
  RoundEstimate estimate(1000);
  estimate.note_page(100);
  for (int i = 0; i < 50; ++i) estimate.note_candidate(10);
  // 500 bytes in a tenth: 4,500 ahead, and the 500 at hand.
  EXPECT_DOUBLE_EQ(estimate.share(2500, 500), 0.5);
  EXPECT_EQ(estimate.share(1'000'000, 500), 1);
  EXPECT_EQ(RoundEstimate(1000).share(100, 0), 0) << "nothing was seen yet";
  RoundEstimate unknown(0);
  unknown.note_candidate(1000);
  EXPECT_EQ(unknown.share(100, 1000), 0.1) << "the size of the keyspace is not known";
}

TEST(Density, PagesGrowWhereCandidatesAreRare) {
  Density density;
  EXPECT_EQ(density.page_keys_for(64), 64u);
  for (int i = 0; i < 50; ++i) density.note(100, 10);
  EXPECT_NEAR(static_cast<double>(density.page_keys_for(64)), 640, 10);
  for (int i = 0; i < 100; ++i) density.note(1000, 0);
  EXPECT_EQ(density.page_keys_for(64), 1000u) << "no command of the server gets long";
}

TEST(DeletionBudget, IsOneOfAnyMinute) {
  DeletionBudget budget(100);
  auto now = DeletionBudget::TimePoint{minutes{10}};
  EXPECT_EQ(budget.left(now), 100);
  budget.spend(60, now);
  EXPECT_EQ(budget.left(now + seconds{30}), 40);
  budget.spend(50, now + seconds{30});
  EXPECT_EQ(budget.left(now + seconds{30}), 0) << "never below zero";
  EXPECT_EQ(budget.left(now + seconds{59}), 0);
  EXPECT_EQ(budget.left(now + seconds{62}), 50);
  EXPECT_EQ(budget.left(now + minutes{5}), 100);
}

}  // namespace
}  // namespace redkeep::shed
