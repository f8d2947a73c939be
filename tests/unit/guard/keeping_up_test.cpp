#include "guard/keeping_up.h"

#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

using shed::ShedEnd;

// Of a limit of 100 bytes, with the default marks.
bool keeps_up(PressureLevel level, ShedEnd end, std::int64_t used_after_bytes,
              std::int64_t limit_bytes = 100) {
  pressure::Pressure pressure;
  pressure.level = level;
  pressure.reading.limit_bytes = limit_bytes;
  shed::ShedOutcome outcome;
  outcome.end = end;
  outcome.used_after_bytes = used_after_bytes;
  return shedding_keeps_up(pressure, outcome, PressureOptions{});
}

TEST(SheddingKeepsUp, WhenItReachesItsTarget) {
  EXPECT_TRUE(keeps_up(PressureLevel::Warning, ShedEnd::TargetReached, 80));
  EXPECT_TRUE(keeps_up(PressureLevel::Critical, ShedEnd::TargetReached, 80));
}

TEST(SheddingKeepsUp, AlsoWhenItGoesOnInTheNextTickWithMemoryNearTheWarningMark) {
  EXPECT_TRUE(keeps_up(PressureLevel::Warning, ShedEnd::BudgetSpent, 86));
  EXPECT_TRUE(keeps_up(PressureLevel::Warning, ShedEnd::NothingLeft, 89));
}

TEST(SheddingKeepsUp, NotFromHalfWayToTheCriticalMarkOn) {
  EXPECT_FALSE(keeps_up(PressureLevel::Warning, ShedEnd::BudgetSpent, 90));
  EXPECT_FALSE(keeps_up(PressureLevel::Critical, ShedEnd::NothingLeft, 91));
  EXPECT_FALSE(keeps_up(PressureLevel::Critical, ShedEnd::BrokenOff, 97));
}

TEST(SheddingKeepsUp, WhereNothingIsShed) {
  EXPECT_TRUE(keeps_up(PressureLevel::Normal, ShedEnd::BudgetSpent, 99));
  EXPECT_TRUE(keeps_up(PressureLevel::Blind, ShedEnd::BudgetSpent, 99));
  EXPECT_TRUE(keeps_up(PressureLevel::Warning, ShedEnd::TargetReached, 99, 0));
}

}  // namespace
}  // namespace redkeep::guard
