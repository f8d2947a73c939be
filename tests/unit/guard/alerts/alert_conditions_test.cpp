// When a mark of usage counts as crossed, and when as left.
#include "guard/alerts/alert_conditions.h"

#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using TimePoint = AlertPolicy::TimePoint;
using Texts = std::vector<std::string>;

// The default marks: 85 and 80, 95 and 90.
class Usage : public testing::Test {
 protected:
  // One tick a second: what was read, and what was left after shedding.
  void tick(double read_pct, double after_pct) {
    now_ += 1s;
    UsageSeen usage{use(read_pct), use(after_pct), "numbers", read_pct > after_pct ? "shed" : "",
                    now_};
    follow_usage(policy_, {}, usage, now_);
    const auto due = policy_.take(now_);
    for (const auto& alert : due.alerts) {
      told_.push_back((alert.is_over ? "-" : "") + alert.condition.subject);
    }
    for (const auto& one : due.brief) brief_.push_back(one.subject);
  }
  void ticks(int count, double pct) {
    for (int i = 0; i < count; ++i) tick(pct, pct);
  }
  static MemoryUse use(double pct) { return {static_cast<std::int64_t>(pct * 10), 1000, pct}; }

  AlertPolicy policy_{AlertOptions{}};
  TimePoint now_{};
  Texts told_;
  Texts brief_;
};

TEST_F(Usage, ACacheThatSheddingHoldsAtItsMarkIsNoAlert) {
  for (int i = 0; i < 600; ++i) tick(i % 3 == 0 ? 86 : 83, i % 3 == 0 ? 80.05 : 83);
  EXPECT_EQ(told_, Texts{});
  EXPECT_EQ(brief_, Texts(10, "warning")) << "one a minute";
}

TEST_F(Usage, SheddingThatDoesNotReachItsMarkWithinTheGraceIsAWarning) {
  for (int i = 0; i < 20; ++i) tick(i % 2 == 0 ? 86 : 84, i % 2 == 0 ? 83 : 82);
  EXPECT_EQ(told_, Texts{"warning"});
}

TEST_F(Usage, UsageThatHoversAboutTheMarkIsAWarning) {
  for (int i = 0; i < 20; ++i) ticks(1, i % 2 == 0 ? 85.1 : 84.9);
  EXPECT_EQ(told_, Texts{"warning"});
}

TEST_F(Usage, UpToCriticalAndDownAgainTellsEachStepOnce) {
  ticks(10, 86);
  EXPECT_EQ(told_, Texts{"warning"});
  ticks(10, 96);
  EXPECT_EQ(told_, (Texts{"warning", "critical"})) << "the warning is not over";
  ticks(10, 92);
  EXPECT_EQ(told_.size(), 2u) << "critical is left at 90 %";
  ticks(10, 89);
  EXPECT_EQ(told_, (Texts{"warning", "critical", "-critical"}));
  ticks(10, 79);
  EXPECT_EQ(told_, (Texts{"warning", "critical", "-critical", "-warning"}));
  ticks(600, 50);
  EXPECT_EQ(told_.size(), 4u);
}

TEST_F(Usage, ALeapToCriticalDoesNotTellTheWarningToo) {
  ticks(10, 97);
  EXPECT_EQ(told_, Texts{"critical"});
  ticks(10, 50);
  EXPECT_EQ(told_, (Texts{"critical", "-critical"}));
}

TEST_F(Usage, OnTheWayDownFromCriticalNoWarningBegins) {
  ticks(10, 97);
  ticks(30, 89);
  ticks(1, 79);
  EXPECT_EQ(told_, (Texts{"critical", "-critical"}));
  ticks(10, 86);
  EXPECT_EQ(told_, (Texts{"critical", "-critical", "warning"})) << "that is another crossing";
}

TEST_F(Usage, UsageThatDoesNotComeDownAfterCriticalIsAWarningAfterAMinute) {
  ticks(10, 97);
  ticks(59, 89);
  EXPECT_EQ(told_, (Texts{"critical", "-critical"}));
  ticks(10, 89);
  EXPECT_EQ(told_, (Texts{"critical", "-critical", "warning"}));
}

TEST_F(Usage, WithoutAGraceTheWayDownIsNoNewsEither) {
  AlertOptions at_once;
  at_once.grace = 0ms;
  policy_ = AlertPolicy(at_once);
  tick(96, 90);
  tick(90, 85);
  tick(85, 80);
  EXPECT_EQ(told_, (Texts{"critical", "-critical"}));
}

TEST_F(Usage, WhatDoesNotFitIsOverWhenCriticalIs) {
  ticks(6, 97);
  policy_.raise(condition_of("does-not-fit", "too big", use(97)), now_);
  ticks(3, 91);
  EXPECT_TRUE(policy_.is_raised("does-not-fit"));
  ticks(1, 70);
  EXPECT_EQ(told_, (Texts{"critical", "does-not-fit", "-critical", "-does-not-fit"}));
}

TEST_F(Usage, AReadingEndsBlindness) {
  policy_.raise(condition_of("blind", "no reading: LOADING", {}), now_);
  ticks(2, 50);
  EXPECT_EQ(told_, (Texts{"blind", "-blind"}));
}

TEST_F(Usage, WhileBlindNothingIsOver) {
  ticks(6, 97);
  now_ += 10min;
  const auto due = policy_.take(now_);
  EXPECT_TRUE(due.alerts.empty());
  EXPECT_TRUE(policy_.is_raised("critical"));
}

TEST(AlertConditions, KnowTheirSubjects) {
  EXPECT_EQ(condition_of("critical", "", {}).severity, AlertSeverity::Critical);
  EXPECT_EQ(condition_of("critical", "", {}).kind, AlertKind::Mark);
  EXPECT_EQ(condition_of("restart", "", {}).kind, AlertKind::Event);
  EXPECT_EQ(condition_of("journal-loss", "", {}).kind, AlertKind::Event);
  EXPECT_EQ(condition_of("journal-loss", "", {}).severity, AlertSeverity::Critical);
  for (const char* subject : {"content-missing", "append-only-failing", "snapshot-failing",
                              "journal-store", "journal-apply", "journal-unusable"}) {
    EXPECT_EQ(condition_of(subject, "", {}).kind, AlertKind::State)
        << subject << " is not over because nobody looks for a minute";
  }
  const auto other = condition_of("something-new", "why", {});
  EXPECT_EQ(other.subject, "something-new");
  EXPECT_EQ(other.kind, AlertKind::Recurring);
  EXPECT_EQ(other.cause, "why");
}

}  // namespace
}  // namespace redkeep::guard
