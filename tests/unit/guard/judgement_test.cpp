#include "guard/judgement.h"

#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

using shed::ShedEnd;
using std::chrono::minutes;
using std::chrono::seconds;

class JudgementTest : public testing::Test {
 protected:
  pressure::Pressure read(std::int64_t used_bytes) {
    pressure::MemoryReading reading;
    reading.used_bytes = used_bytes;
    reading.limit_bytes = 1000;
    return judgement.judge(reading, now);
  }
  static shed::ShedOutcome ended(ShedEnd end, std::int64_t used_after_bytes) {
    shed::ShedOutcome outcome;
    outcome.end = end;
    outcome.used_after_bytes = used_after_bytes;
    return outcome;
  }

  Result<keys::ClassTable> table = keys::ClassTable::compile("reed:", default_key_classes());
  Judgement judgement{*table, {}};
  pressure::TimePoint now{seconds{1000}};
};

TEST_F(JudgementTest, MakesRoomForMissingContentAndThenItIsUsed) {
  const auto pressure = read(750);
  EXPECT_TRUE(judgement.plan(pressure, now).empty());
  judgement.note_missing(100);
  const auto plan = judgement.plan(pressure, now);
  ASSERT_FALSE(plan.empty());
  EXPECT_TRUE(plan.for_room);
  const auto partly = ended(ShedEnd::BudgetSpent, 720);
  judgement.note_shed(pressure, plan, partly, now);
  EXPECT_FALSE(judgement.take_content_turn(pressure, plan, partly, now));
  EXPECT_FALSE(judgement.plan(read(720), now).empty()) << "it goes on";
  const auto enough = ended(ShedEnd::TargetReached, 700);
  judgement.note_shed(pressure, plan, enough, now);
  EXPECT_TRUE(judgement.take_content_turn(pressure, plan, enough, now));
}

// Applications skip cache writes as long as it is critical.
TEST_F(JudgementTest, CriticalIsLeftWhenSheddingHasReachedItsMarkAndTheDwellIsOver) {
  const auto critical = read(960);
  ASSERT_EQ(critical.level, PressureLevel::Critical);
  now += PressureOptions{}.dwell;
  const auto plan = judgement.plan(critical, now);
  ASSERT_FALSE(plan.empty());
  EXPECT_EQ(plan.steps.back().stop_at_bytes, 900);
  judgement.note_shed(critical, plan, ended(ShedEnd::TargetReached, 900), now);
  EXPECT_EQ(read(905).level, PressureLevel::Warning);
}

TEST_F(JudgementTest, DoesNotMakeRoomAgainAndAgainWhereNothingIsLeftToShed) {
  const auto pressure = read(750);
  judgement.note_missing(100);
  judgement.note_shed(pressure, judgement.plan(pressure, now), ended(ShedEnd::NothingLeft, 740),
                      now);
  EXPECT_TRUE(judgement.plan(read(750), now).empty());
  now += PressureOptions{}.restore_cool_down;
  EXPECT_FALSE(judgement.plan(read(750), now).empty());
}

}  // namespace
}  // namespace redkeep::guard
