#include "guard/emergency.h"

#include <gtest/gtest.h>

#include "guard/sweep_gate.h"

namespace redkeep::guard {
namespace {

using pressure::Pressure;
using shed::ShedEnd;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kLimitBytes = 1000;

Pressure pressure_at(PressureLevel level, std::int64_t used_bytes, std::int64_t keys_with_ttl = 0) {
  Pressure made;
  made.level = level;
  made.reading.used_bytes = used_bytes;
  made.reading.limit_bytes = kLimitBytes;
  made.reading.keyspace.with_ttl = keys_with_ttl;
  return made;
}

shed::ShedOutcome ended(ShedEnd end, std::int64_t used_after_bytes, std::int64_t keys = 0) {
  shed::ShedOutcome made;
  made.end = end;
  made.used_after_bytes = used_after_bytes;
  made.took = milliseconds{100};
  if (keys > 0) {
    made.classes.emplace_back();
    made.classes.back().keys = keys;
  }
  return made;
}

shed::ShedPlan some_plan() {
  shed::ShedPlan plan;
  plan.steps.emplace_back();
  return plan;
}

TEST(Emergency, IsWhenNothingIsLeftToShedAndUsageIsStillHigh) {
  const auto critical = pressure_at(PressureLevel::Critical, 960);
  const auto plan = some_plan();
  EXPECT_TRUE(is_still_critical(critical, plan, ended(ShedEnd::NothingLeft, 950), {}));
  EXPECT_TRUE(is_still_critical(critical, {}, ended(ShedEnd::TargetReached, 950), {}));
  EXPECT_FALSE(is_still_critical(critical, plan, ended(ShedEnd::NothingLeft, 900), {}));
  EXPECT_FALSE(is_still_critical(critical, plan, ended(ShedEnd::BudgetSpent, 950), {}));
  EXPECT_FALSE(is_still_critical(critical, plan, ended(ShedEnd::BrokenOff, 950), {}));
}

TEST(Emergency, IsNeverDeclaredBlindOrAtWarningOrWithoutALimit) {
  const auto outcome = ended(ShedEnd::NothingLeft, 990);
  EXPECT_FALSE(
      is_still_critical(pressure_at(PressureLevel::Warning, 940), some_plan(), outcome, {}));
  EXPECT_FALSE(is_still_critical(pressure_at(PressureLevel::Blind, 990), some_plan(), outcome, {}));
  auto unlimited = pressure_at(PressureLevel::Critical, 990);
  unlimited.reading.limit_bytes = 0;
  EXPECT_FALSE(is_still_critical(unlimited, some_plan(), outcome, {}));
}

TEST(Emergency, RoomEndsAtTheStopMark) {
  EXPECT_EQ(room_bytes(700, 1000, {}), 100);
  EXPECT_EQ(room_bytes(900, 1000, {}), -100);
  EXPECT_EQ(limit_needed_bytes(800, {}), 1000);
}

TEST(Emergency, ContentThatDidNotFitIsDueWhenThereIsRoom) {
  const auto normal = pressure_at(PressureLevel::Normal, 790);  // and something was shed since
  EXPECT_TRUE(has_room_again(normal, 700, 100, {}));
  EXPECT_FALSE(has_room_again(normal, 701, 100, {})) << "above the stop mark";
  EXPECT_FALSE(has_room_again(normal, 700, 0, {})) << "nothing is missing";
  EXPECT_FALSE(has_room_again(pressure_at(PressureLevel::Warning, 100), 100, 100, {}));
  EXPECT_FALSE(has_room_again(pressure_at(PressureLevel::Blind, 0), 0, 100, {}));
}

class Sweeps : public testing::Test {
 protected:
  bool may(const Pressure& pressure, milliseconds after) {
    return gate.may_sweep(pressure, now + after);
  }

  SweepGate gate;
  SweepGate::TimePoint now{seconds{1000}};
  const Pressure warning = pressure_at(PressureLevel::Warning, 900, 50);
};

TEST_F(Sweeps, AreNotRepeatedAfterARoundThatFoundNothing) {
  EXPECT_TRUE(may(warning, {}));
  gate.note(warning, ended(ShedEnd::NothingLeft, 900), now);
  EXPECT_FALSE(may(warning, seconds{30}));
  EXPECT_TRUE(may(warning, seconds{60}));
}

TEST_F(Sweeps, AreMadeAgainWhenKeysWithATtlHaveCome) {
  gate.note(warning, ended(ShedEnd::NothingLeft, 900), now);
  const auto more = pressure_at(PressureLevel::Warning, 901, 51);
  EXPECT_FALSE(may(more, milliseconds{900}));
  EXPECT_TRUE(may(more, seconds{1}));
}

TEST_F(Sweeps, TakeNoMoreThanATenthOfTheTime) {
  auto long_round = ended(ShedEnd::NothingLeft, 900);
  long_round.took = seconds{2};
  gate.note(warning, long_round, now);
  const auto more = pressure_at(PressureLevel::Warning, 901, 51);
  EXPECT_FALSE(may(more, seconds{17}));
  EXPECT_TRUE(may(more, seconds{18}));
}

TEST_F(Sweeps, AreMadeAtOnceWhenMemoryHasGrownByKeysThatMayGo) {
  gate.note(warning, ended(ShedEnd::NothingLeft, 900), now);
  EXPECT_TRUE(may(pressure_at(PressureLevel::Warning, 910, 51), milliseconds{10}));
  EXPECT_FALSE(may(pressure_at(PressureLevel::Warning, 910, 50), milliseconds{10}))
      << "what has grown has no TTL";
}

// More protected data than the mark allows, and pages that trickle in.
TEST_F(Sweeps, RestAlsoAfterARoundThatTookAllThereWas) {
  gate.note(warning, ended(ShedEnd::NothingLeft, 900, 50), now);
  EXPECT_FALSE(may(pressure_at(PressureLevel::Warning, 901, 3), milliseconds{500}));
  EXPECT_TRUE(may(pressure_at(PressureLevel::Warning, 901, 3), seconds{1}));
}

TEST_F(Sweeps, AreMadeAtOnceWhenTheLevelRises) {
  gate.note(warning, ended(ShedEnd::NothingLeft, 900), now);
  EXPECT_TRUE(may(pressure_at(PressureLevel::Critical, 960, 50), milliseconds{1}));
}

TEST_F(Sweeps, GoOnWhileSomethingIsLeft) {
  gate.note(warning, ended(ShedEnd::BudgetSpent, 900), now);
  EXPECT_TRUE(may(warning, milliseconds{1}));
}

// Locks expire by the thousand, or the server evicts, while pages come: all in all there are no
// more keys with a TTL than before.
TEST(SweepGate, KeysThatGoByThemselvesDoNotHideOthersThatCome) {
  SweepGate gate;
  const auto begun = SweepGate::TimePoint{seconds{1000}};
  gate.note(pressure_at(PressureLevel::Critical, 990, 1000), ended(ShedEnd::NothingLeft, 990),
            begun);
  auto later = pressure_at(PressureLevel::Critical, 990, 700);
  later.reading.expired_keys = 200;
  EXPECT_FALSE(gate.may_sweep(later, begun + seconds{2})) << "some were deleted, none came";
  later.reading.evicted_keys = 101;
  EXPECT_TRUE(gate.may_sweep(later, begun + seconds{2}));
}

TEST(SweepGate, KeysThatSomebodyDeletesDoNotHideOthersThatCome) {
  SweepGate gate;
  const auto begun = SweepGate::TimePoint{seconds{1000}};
  gate.note(pressure_at(PressureLevel::Critical, 990, 1000), ended(ShedEnd::NothingLeft, 990),
            begun);
  gate.see(pressure_at(PressureLevel::Critical, 990, 400).reading);
  EXPECT_TRUE(gate.may_sweep(pressure_at(PressureLevel::Critical, 990, 700), begun + seconds{2}));
}

}  // namespace
}  // namespace redkeep::guard
