// When the classes are counted anew: about once a minute, and soon after much has changed.
#include "guard/census_turn.h"

#include <gtest/gtest.h>

#include "guard/snapshot.h"

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;

class CensusTurnTest : public testing::Test {
 protected:
  // Counts now, for so long, and not for the first time; then looks twice a second until it is due
  // again.
  std::chrono::milliseconds rests_after(std::chrono::microseconds busy, std::int64_t moves = 0) {
    for (int i = 0; i < 2; ++i) {
      turn_.begin(ground_);
      turn_.counted(busy, now_);
    }
    ground_.used_bytes += moves;
    return until_due();
  }
  std::chrono::milliseconds until_due() {
    const auto begun = now_;
    while (!turn_.is_due(ground_, now_)) now_ += 500ms;
    return std::chrono::duration_cast<std::chrono::milliseconds>(now_ - begun);
  }

  CensusTurn turn_;
  CensusGround ground_{40'000'000, 64'000'000, 0};
  CensusTurn::TimePoint now_{1000h};
};

TEST_F(CensusTurnTest, TheFirstOneIsDueAtOnce) { EXPECT_TRUE(turn_.is_due(ground_, now_)); }

TEST_F(CensusTurnTest, RestsForAMinuteAfterAsLittleAsASmallServerTakes) {
  EXPECT_EQ(rests_after(50ms), 60s);
  EXPECT_EQ(rests_after(1200ms, 700'000), 60s) << "a few hundred thousand keys, and some moved";
}

TEST_F(CensusTurnTest, ALargeServerIsAskedForAFiftiethOfTheTimeAndAThousandthAtRest) {
  EXPECT_EQ(rests_after(10s, 700'000), 500s);
  EXPECT_EQ(rests_after(10s), 10'000s);
}

TEST_F(CensusTurnTest, TheSecondOneComesSoonSinceAGrowthIsToldFromTwo) {
  turn_.begin(ground_);
  turn_.counted(2s, now_);
  EXPECT_EQ(until_due(), 100s);
}

TEST_F(CensusTurnTest, ComesSoonAfterUsageHasMovedByAGoodPartOfTheLimit) {
  turn_.begin(ground_);
  ground_.used_bytes += 3'000'000;
  turn_.counted(100ms, now_);
  EXPECT_EQ(until_due(), 60s) << "less than a twentieth";
  turn_.begin(ground_);
  ground_.used_bytes += 4'000'000;  // while it counted
  turn_.counted(100ms, now_);
  EXPECT_EQ(until_due(), 5s);
  turn_.begin(ground_);
  turn_.counted(1s, now_);
  ground_.used_bytes = 2'000'000;
  EXPECT_EQ(until_due(), 20s) << "no more than a twentieth of the time, however much changes";
}

TEST_F(CensusTurnTest, TheFirstReadingIsNoChange) {
  turn_.begin({});
  turn_.counted(100ms, now_);
  EXPECT_EQ(until_due(), 60s);
}

TEST_F(CensusTurnTest, ComesSoonAfterAShedding) {
  turn_.begin(ground_);
  turn_.counted(100ms, now_);
  now_ += 10s;
  ground_.shed_keys += 7'892;
  EXPECT_EQ(until_due(), 2s);
}

TEST_F(CensusTurnTest, WhatIsShedWhileItCountsMayNotBeInIt) {
  turn_.begin(ground_);
  ground_.shed_keys += 1;
  turn_.counted(100ms, now_);
  EXPECT_EQ(until_due(), 5s);
}

TEST_F(CensusTurnTest, ACacheThatIsHeldAtItsMarkIsCountedOnceAMinute) {
  turn_.begin(ground_);
  turn_.counted(100ms, now_);
  const auto begun = now_;
  while (!turn_.is_due(ground_, now_)) {
    ground_.shed_keys += 10;
    now_ += 500ms;
  }
  EXPECT_EQ(now_ - begun, 60s);
}

TEST_F(CensusTurnTest, AFailedOneIsTriedAgainSoon) {
  turn_.begin(ground_);
  turn_.failed(now_);
  EXPECT_EQ(until_due(), 10s);
}

TEST(LeastSizes, WhatIsShedWhileTheCensusCountsIsNotShedTwice) {
  Snapshot snapshot;
  EXPECT_TRUE(least_sizes(snapshot).empty());
  snapshot.shed["page_cache"] = {10, 1000};
  snapshot.shed_before_census = snapshot.shed;
  snapshot.census.emplace();
  snapshot.census->classes = {{"page_cache", KeyLevel::Evictable, 5, 500},
                              {"sessions", KeyLevel::Evictable, 5, 700}};
  EXPECT_EQ(least_sizes(snapshot)[0].bytes, 500) << "that was before it";
  snapshot.shed["page_cache"].bytes += 400;
  EXPECT_EQ(least_sizes(snapshot)[0].bytes, 100);
  EXPECT_EQ(least_sizes(snapshot)[1].bytes, 700);
}

}  // namespace
}  // namespace redkeep::guard
