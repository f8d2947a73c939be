// Which conditions become alerts: rates, the grace of a mark, and recovery.
#include "guard/alerts/alert_policy.h"

#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using TimePoint = AlertPolicy::TimePoint;
using Texts = std::vector<std::string>;

// Every minute, with five seconds of grace.
class Policy : public testing::Test {
 protected:
  void raise(const std::string& subject, AlertKind kind, TimePoint::duration at,
             AlertSeverity severity = AlertSeverity::Warning, const std::string& action = "") {
    policy_.raise({subject, kind, severity, "because", action, {850, 1000, 85}}, TimePoint{at});
  }
  void clear(const std::string& subject, TimePoint::duration at) {
    policy_.clear(subject, {700, 1000, 70}, TimePoint{at});
  }
  // "warning" for an alert, "-warning" for one that it is over.
  Texts told(TimePoint::duration at) {
    due_ = policy_.take(TimePoint{at});
    Texts out;
    for (const auto& alert : due_.alerts) {
      out.push_back((alert.is_over ? "-" : "") + alert.condition.subject);
    }
    return out;
  }
  // The same for what is not sent.
  Texts unsent() const {
    Texts out;
    for (const auto& alert : due_.unsent) {
      out.push_back((alert.is_over ? "-" : "") + alert.condition.subject);
    }
    return out;
  }
  Texts brief() const {
    Texts out;
    for (const auto& one : due_.brief) out.push_back(one.subject + ": " + one.sentence());
    return out;
  }

  static AlertOptions options(std::chrono::milliseconds grace = 5s) {
    AlertOptions out;
    out.grace = grace;
    return out;
  }

  AlertPolicy policy_{options()};
  AlertPolicy::Due due_;
};

TEST_F(Policy, AMarkIsToldOnceItHasHeldForTheGrace) {
  raise("warning", AlertKind::Mark, 0s);
  raise("warning", AlertKind::Mark, 4999ms);
  EXPECT_EQ(told(4999ms), Texts{});
  raise("warning", AlertKind::Mark, 5s);
  ASSERT_EQ(told(5s), Texts{"warning"});
  EXPECT_EQ(due_.alerts[0].lasted, 5s);
  EXPECT_EQ(told(5s), Texts{}) << "what was taken is not told again";
}

TEST_F(Policy, WithoutAGraceAMarkIsToldAtOnce) {
  policy_ = AlertPolicy(options(0ms));
  raise("warning", AlertKind::Mark, 7s);
  clear("warning", 8s);
  EXPECT_EQ(told(8s), (Texts{"warning", "-warning"}));
  EXPECT_EQ(due_.alerts[0].since, TimePoint{7s});
  EXPECT_EQ(due_.alerts[1].since, TimePoint{7s}) << "of both, when the mark was crossed";
  EXPECT_EQ(brief(), Texts{});
}

TEST_F(Policy, ACrossingUndoneWithinTheGraceIsNoAlertButSomethingForTheLedger) {
  raise("warning", AlertKind::Mark, 10s);
  raise("warning", AlertKind::Mark, 11s, AlertSeverity::Warning, "shed 12 keys");
  clear("warning", 11200ms);
  EXPECT_EQ(told(12s), Texts{});
  EXPECT_EQ(brief(), Texts{"warning: the mark was crossed for 1.2 s; undone by: shed 12 keys"});
  raise("warning", AlertKind::Mark, 100s);
  clear("warning", 101s);
  EXPECT_EQ(told(101s), Texts{}) << "the time of the first crossing does not count for the second";
  EXPECT_EQ(brief(), Texts{"warning: the mark was crossed for 1.0 s; usage fell by itself"});
}

TEST_F(Policy, ManyBriefCrossingsAreOneEntryAMinute) {
  for (int i = 0; i < 100; ++i) {
    raise("warning", AlertKind::Mark, i * 100ms);
    clear("warning", i * 100ms + (i == 70 ? 90ms : 50ms));
    told(i * 100ms);
    EXPECT_EQ(brief().size(), i == 0 ? 1u : 0u);
  }
  EXPECT_EQ(told(61s), Texts{});
  EXPECT_EQ(
      brief(),
      Texts{"warning: the mark was crossed 99 times, for 90 ms at most; usage fell by itself"});
  told(200s);
  EXPECT_EQ(brief(), Texts{});
}

TEST_F(Policy, WhatHoldsIsToldOnceAMinute) {
  Texts all;
  for (int s = 0; s <= 150; ++s) {
    raise("unsafe-policy", AlertKind::State, s * 1s);
    for (const auto& one : told(s * 1s)) all.push_back(one + "@" + std::to_string(s));
  }
  EXPECT_EQ(all, (Texts{"unsafe-policy@0", "unsafe-policy@60", "unsafe-policy@120"}));
}

TEST_F(Policy, AWarningDoesNotHideTheCriticalAlert) {
  for (const auto at : {0s, 5s}) raise("warning", AlertKind::Mark, at);
  for (const auto at : {6s, 11s}) {
    raise("critical", AlertKind::Mark, at, AlertSeverity::Critical);
  }
  EXPECT_EQ(told(11s), (Texts{"warning", "critical"}));
}

TEST_F(Policy, ASubjectThatBecomesCriticalIsToldAtOnceAndEndsOnce) {
  raise("growth", AlertKind::State, 0s, AlertSeverity::Warning);
  raise("growth", AlertKind::State, 1s, AlertSeverity::Critical);
  raise("growth", AlertKind::State, 2s, AlertSeverity::Warning);
  EXPECT_EQ(told(2s), (Texts{"growth", "growth"}));
  clear("growth", 3s);
  EXPECT_EQ(told(3s), Texts{"-growth"});
}

TEST_F(Policy, RecoveryIsToldOnceWithHowLongItWasAndWhatIsUsedNow) {
  raise("blind", AlertKind::State, 0s);
  clear("blind", 90s);
  clear("blind", 91s);
  ASSERT_EQ(told(91s), (Texts{"blind", "-blind"}));
  EXPECT_EQ(due_.alerts[1].condition.cause, "over after 1m 30s; it was: because");
  EXPECT_EQ(due_.alerts[1].condition.memory.used_bytes, 700);
  EXPECT_EQ(due_.alerts[1].lasted, 90s);
}

TEST_F(Policy, ThereIsNoRecoveryOfWhatWasNotTold) {
  clear("blind", 0s);
  raise("blind", AlertKind::State, 1s);
  clear("blind", 2s);
  EXPECT_EQ(told(2s), (Texts{"blind", "-blind"}));
  raise("blind", AlertKind::State, 3s);  // within the minute: not told
  clear("blind", 4s);
  EXPECT_EQ(told(4s), Texts{});
}

// A second FLUSHALL within the minute.
TEST_F(Policy, WhatComesBackWithinTheMinuteIsForTheLedgerAndSoIsItsEnd) {
  raise("content-gone", AlertKind::State, 0s);
  clear("content-gone", 1s);
  EXPECT_EQ(told(1s), (Texts{"content-gone", "-content-gone"}));
  EXPECT_EQ(unsent(), Texts{});
  for (const auto at : {10s, 11s, 12s}) raise("content-gone", AlertKind::State, at);
  EXPECT_EQ(told(12s), Texts{});
  EXPECT_EQ(unsent(), Texts{"content-gone"}) << "once, however often it is raised";
  clear("content-gone", 13s);
  EXPECT_EQ(told(13s), Texts{});
  EXPECT_EQ(unsent(), Texts{"-content-gone"});
  EXPECT_EQ(due_.unsent[0].condition.cause, "over after 3.0 s; it was: because");
}

TEST_F(Policy, OneThatStaysIsSentWhenItMayBeAndEndsAsOneThatWasSent) {
  raise("blind", AlertKind::State, 0s);
  clear("blind", 10s);
  for (const auto at : {20s, 59s, 60s}) raise("blind", AlertKind::State, at);
  clear("blind", 61s);
  EXPECT_EQ(told(61s), (Texts{"blind", "-blind", "blind", "-blind"}));
  EXPECT_EQ(unsent(), Texts{"blind"});
}

TEST_F(Policy, ASecondEventWithinTheMinuteIsForTheLedger) {
  raise("restart", AlertKind::Event, 0s);
  raise("restart", AlertKind::Event, 30s);
  EXPECT_EQ(told(30s), Texts{"restart"});
  EXPECT_EQ(unsent(), Texts{"restart"});
}

TEST_F(Policy, WhatComesBackWithinTheMinuteAndStaysIsToldAfterIt) {
  raise("blind", AlertKind::State, 0s);
  clear("blind", 10s);
  raise("blind", AlertKind::State, 20s);
  EXPECT_EQ(told(20s), (Texts{"blind", "-blind"}));
  raise("blind", AlertKind::State, 60s);
  ASSERT_EQ(told(60s), Texts{"blind"});
  EXPECT_EQ(due_.alerts[0].lasted, 40s);
}

TEST_F(Policy, WhatIsNeitherRaisedNorClearedStaysAsItWas) {
  raise("critical", AlertKind::Mark, 0s);
  EXPECT_EQ(told(1h), Texts{}) << "not known to have held for the grace";
  EXPECT_TRUE(policy_.is_raised("critical"));
  raise("critical", AlertKind::Mark, 1h);
  EXPECT_EQ(told(1h), Texts{"critical"});
  EXPECT_EQ(told(3h), Texts{}) << "nothing is known of it, so nothing is told";
}

TEST_F(Policy, WhatRecursIsOverWhenItHasNotComeAgainForAMinute) {
  for (const auto at : {0s, 30s, 60s}) raise("server-eviction", AlertKind::Recurring, at);
  EXPECT_EQ(told(119s), (Texts{"server-eviction", "server-eviction"}));
  ASSERT_EQ(told(120s), Texts{"-server-eviction"});
  EXPECT_EQ(due_.alerts[0].condition.cause, "not seen again for 1m 0s; it was: because");
  EXPECT_EQ(told(1h), Texts{});
}

TEST_F(Policy, AnEventHasNoRecovery) {
  raise("restart", AlertKind::Event, 0s);
  raise("restart", AlertKind::Event, 1s);
  EXPECT_EQ(told(1s), Texts{"restart"});
  clear("restart", 2s);
  EXPECT_EQ(told(1h), Texts{});
  raise("restart", AlertKind::Event, 2h);
  EXPECT_EQ(told(2h), Texts{"restart"});
}

TEST_F(Policy, WhatWasDoneBeforeIsStillNamedWhenItIsTold) {
  raise("warning", AlertKind::Mark, 0s, AlertSeverity::Warning, "shed 12 keys");
  raise("warning", AlertKind::Mark, 6s);
  ASSERT_EQ(told(6s), Texts{"warning"});
  EXPECT_EQ(due_.alerts[0].condition.action, "shed 12 keys");
}

TEST_F(Policy, WhatWasDoneIsToldOnceAndNotLongAfterwards) {
  raise("warning", AlertKind::Mark, 0s, AlertSeverity::Warning, "shed 12 keys");
  raise("warning", AlertKind::Mark, 6s);
  told(6s);
  raise("warning", AlertKind::Mark, 66s);
  ASSERT_EQ(told(66s), Texts{"warning"});
  EXPECT_EQ(due_.alerts[0].condition.action, "") << "it is a minute old and was told";
  raise("warning", AlertKind::Mark, 100s, AlertSeverity::Warning, "shed 3 keys");
  EXPECT_EQ(policy_.done_about("warning", TimePoint{130s}), "shed 3 keys");
  raise("warning", AlertKind::Mark, 126s);
  ASSERT_EQ(told(126s), Texts{"warning"});
  EXPECT_EQ(due_.alerts[0].condition.action, "shed 3 keys");
  EXPECT_EQ(policy_.done_about("warning", TimePoint{161s}), "");
}

}  // namespace
}  // namespace redkeep::guard
