// Who may act, and when a lease may be taken over: at no moment two, whatever the clocks say.
#include "guard/lease_rule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

const std::string kMe = "01@here:1";
const std::string kOther = "02@there:2";

BootTime at(milliseconds time) { return BootTime{time}; }

std::string lease_of(const std::string& owner, milliseconds renewed, int fencing = 1,
                     const std::string& leaving = "-") {
  return fmt::format("{} {} 1000 {} {}", owner, fencing, renewed.count(), leaving);
}

class Leases : public testing::Test {
 protected:
  // What the server says, at its time `server_time`, to what was asked from `sent` to `received`.
  void answer(std::string text, milliseconds server_time, milliseconds sent,
              milliseconds received) {
    rule.answered({server_time, std::move(text)}, at(sent), at(received));
  }
  // A server that answers at once, and whose clock is an hour before ours.
  void answer(std::string text, milliseconds now) { answer(std::move(text), 1h + now, now, now); }

  LeaseRule rule{kMe};
};

TEST_F(Leases, NobodyActsBeforeTheServerHasAnswered) {
  EXPECT_FALSE(rule.may_act(at(0s)));
  EXPECT_EQ(rule.stand(at(0s)), LeaseStand::Unknown);
  EXPECT_EQ(rule.may_take(at(1h)), "");
}

TEST_F(Leases, AHolderActsForALimitedTimeThatCountsFromBeforeItAsked) {
  answer(lease_of(kMe, 12s), 12s, 10s, 13s);
  EXPECT_TRUE(rule.may_act(at(13s)));
  EXPECT_TRUE(rule.may_act(at(10s + kLeaseActsFor - 1ms)));
  EXPECT_FALSE(rule.may_act(at(10s + kLeaseActsFor)));
  EXPECT_EQ(rule.stand(at(10s + kLeaseActsFor)), LeaseStand::Unknown);
}

TEST_F(Leases, AnAnswerThatComesTooLateLetsNobodyAct) {
  answer(lease_of(kMe, 0s), 0s, 0s, kLeaseActsFor);
  EXPECT_FALSE(rule.may_act(at(kLeaseActsFor)));
}

TEST_F(Leases, ARenewalLetsItActOn) {
  answer(lease_of(kMe, 0s), 0s);
  answer(lease_of(kMe, 3s), 3s);
  EXPECT_TRUE(rule.may_act(at(6s)));
}

TEST_F(Leases, WhoSeesAnotherOwnerStopsAtOnce) {
  answer(lease_of(kMe, 0s), 0s);
  answer(lease_of(kOther, 1s, 2), 1s);
  EXPECT_FALSE(rule.may_act(at(1s)));
  EXPECT_EQ(rule.stand(at(1s)), LeaseStand::Watching);
  EXPECT_EQ(rule.fencing_seen(), 2);
}

TEST_F(Leases, ALeaseThatIsRenewedIsNeverTaken) {
  for (auto now = 0s; now < 100s; ++now) {
    answer(lease_of(kOther, 1h + now), now);
    EXPECT_EQ(rule.may_take(at(now + 900ms)), "") << now.count();
  }
}

TEST_F(Leases, OneThatIsNoLongerRenewedMayBeTakenAfterItsTimeAndNotBefore) {
  const auto text = lease_of(kOther, 1h);
  for (auto now = 0ms; now < kLeaseTakenAfter; now += 1000ms) {
    answer(text, now);
    EXPECT_EQ(rule.may_take(at(now)), "") << now.count();
  }
  EXPECT_EQ(rule.may_take(at(kLeaseTakenAfter - 1ms)), "");
  EXPECT_EQ(rule.may_take(at(kLeaseTakenAfter)), text);
}

TEST_F(Leases, F45OneOfLongAgoMayBeTakenSoonButNotAtFirstSight) {
  const auto text = lease_of(kOther, 1s);
  answer(text, 1h, 0s, 0s);
  EXPECT_EQ(rule.may_take(at(0s)), "") << "the server's clock may have jumped";
  EXPECT_EQ(rule.may_take(at(kLeaseSeenFor - 1ms)), "");
  EXPECT_EQ(rule.may_take(at(kLeaseSeenFor)), text);
}

TEST_F(Leases, OneOfAHolderThatIsKnownToBeGoneMayBeTakenAtOnce) {
  rule.know_gone("there:2");
  const auto text = lease_of(kOther, 1h);
  answer(text, 0s);
  EXPECT_EQ(rule.may_take(at(0s)), text);
  for (const char* other : {"03@there:22", "03@elsewhere:2", "03@there:2/shed", "there:2x"}) {
    answer(lease_of(other, 1h + 1s), 1s);
    EXPECT_EQ(rule.may_take(at(1s)), "") << other;
  }
  answer(lease_of(kMe, 1h + 2s), 2s);
  EXPECT_EQ(rule.may_take(at(2s)), "") << "it is ours";
}

TEST_F(Leases, F45AServersClockThatJumpsForwardTakesNoLeaseFromWhoRenewsIt) {
  answer(lease_of(kOther, 10s), 10s, 0s, 0s);
  answer(lease_of(kOther, 10s), 2h, 1s, 1s);
  EXPECT_EQ(rule.may_take(at(1900ms)), "");
  answer(lease_of(kOther, 2h), 2h, 2s, 2s);
  EXPECT_EQ(rule.may_take(at(2900ms)), "");
}

TEST_F(Leases, AServersClockThatJumpsBackDoesNotKeepADeadGuardInOffice) {
  const auto text = lease_of(kOther, 2h);
  answer(text, 2h, 0s, 0s);
  answer(text, 1h, 1s, 1s);
  answer(text, 1h + 3s, 4s, 4s);
  EXPECT_EQ(rule.may_take(at(4999ms)), "");
  EXPECT_EQ(rule.may_take(at(5s)), text);
}

// The point of it all, for every delay on the way there and back.
TEST_F(Leases, TheHolderHasStoppedBeforeAnyWatcherMayBegin) {
  for (auto there = 0ms; there <= 4000ms; there += 500ms) {
    for (auto back = 0ms; back <= 4000ms; back += 500ms) {
      LeaseRule holder{kOther};
      const auto done = there;  // when the server carried out what was sent at 0
      const auto text = lease_of(kOther, 1h + done);
      holder.answered({1h + done, text}, at(0s), at(there + back));
      LeaseRule watcher{kMe};
      watcher.answered({1h + done, text}, at(done), at(done));
      for (auto now = done; now < 20s; now += 250ms) {
        watcher.answered({1h + now, text}, at(now), at(now));
        const bool two = holder.may_act(at(now)) && !watcher.may_take(at(now)).empty();
        EXPECT_FALSE(two) << there.count() << " " << back.count() << " " << now.count();
      }
    }
  }
}

TEST_F(Leases, OneTakenByHandIsWaitedForUntilTheHolderBeforeHasSteppedBack) {
  answer(lease_of(kMe, 1h, 2, kOther), 0s, 0s, 1s);
  EXPECT_EQ(rule.stand(at(1s)), LeaseStand::Awaiting);
  EXPECT_FALSE(rule.may_act(at(1s)));
  answer(lease_of(kMe, 1h, 2), 2s);
  EXPECT_TRUE(rule.may_act(at(2s)));
}

TEST_F(Leases, OrUntilItsTimeIsOver) {
  answer(lease_of(kMe, 1h, 2, kOther), 0s, 0s, 1s);
  for (auto now = 1500ms; now < 1s + kLeaseActsFor; now += 500ms) {
    answer(lease_of(kMe, 1h + now, 2, kOther), now);
    EXPECT_FALSE(rule.may_act(at(now))) << now.count();
  }
  answer(lease_of(kMe, 1h, 2, kOther), 1s + kLeaseActsFor);
  EXPECT_TRUE(rule.may_act(at(1s + kLeaseActsFor)));
}

TEST_F(Leases, WhereItIsRefusedItActsAloneAndOnlyAsLongAsThatIsNew) {
  rule.refused("NOPERM", at(0s));
  EXPECT_TRUE(rule.may_act(at(1s)));
  EXPECT_NE(describe(rule.view(at(1s))).find("(NOPERM)"), std::string::npos);
  EXPECT_FALSE(rule.may_act(at(kLeaseActsFor)));
  answer(lease_of(kOther, 1h), 2s);
  EXPECT_FALSE(rule.may_act(at(2s)));
}

TEST_F(Leases, WhatWasKnownOfAnotherServerIsForgotten) {
  answer(lease_of(kMe, 1h, 5), 0s);
  rule.forget();
  EXPECT_FALSE(rule.may_act(at(0s)));
  EXPECT_EQ(rule.fencing_seen(), 5) << "fencing numbers only grow";
}

TEST_F(Leases, OneThatWasGivenBackIsNobodysAndKeepsItsNumber) {
  answer(lease_of(std::string(kLeaseOfNobody), 1h, 7), 0s);
  EXPECT_EQ(rule.stand(at(0s)), LeaseStand::Unknown);
  EXPECT_FALSE(rule.may_act(at(0s)));
  EXPECT_EQ(rule.fencing_seen(), 7);
  EXPECT_EQ(rule.may_take(at(1h)), "") << "the server gives it to whoever asks first";
}

TEST_F(Leases, SayWhoActs) {
  answer(lease_of(kMe, 1h, 3), 0s);
  EXPECT_EQ(describe(rule.view(at(0s))), "held by here:1 since 1970-01-01T00:00:01Z, fencing 3");
  answer(lease_of(kOther + std::string(kLeaseByHand), 1h, 4), 0s);
  EXPECT_EQ(describe(rule.view(at(0s))),
            "watching; there:2/shed acts since 1970-01-01T00:00:01Z, fencing 4");
  EXPECT_TRUE(rule.held_by_hand());
}

TEST(LeaseValue, IsReadOnlyIfItIsWhole) {
  const auto read = parse_lease("01@host:1 7 5 6 -");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->owner, "01@host:1");
  EXPECT_EQ(read->fencing, 7);
  EXPECT_EQ(read->since, 5ms);
  EXPECT_EQ(read->renewed, 6ms);
  EXPECT_EQ(read->leaving, "-");
  for (const char* text :
       {"", " ", "a", "a 1 2 3", "a 1 2 3 ", " 1 2 3 -", "a 1 2 3 - ", "a 1 2 3 - b", "a -1 2 3 -",
        "a x 2 3 -", "a 1 2.5 3 -", "a 1  3 -", "a 1 2 99999999999999999999 -"}) {
    EXPECT_FALSE(parse_lease(text)) << text;
  }
}

TEST(LeaseValue, SaysThatItIsOverdueAndNotAsIfItsHolderWereAlive) {
  auto record = *parse_lease("01@web1:7 3 1000 2000 -");
  record.age = kLeaseTakenAfter - 1ms;
  EXPECT_EQ(describe(record),
            "held by web1:7 since 1970-01-01T00:00:01Z, renewed 1970-01-01T00:00:02Z, fencing 3");
  record.age = 17s;
  EXPECT_EQ(describe(record),
            "held by web1:7 since 1970-01-01T00:00:01Z, fencing 3, but overdue: not renewed for "
            "17.0 s, so its holder is stopped, gone or cut off, and does not act");
}

TEST(LeaseValue, CannotSteerATerminalOrAskACalendarForTheImpossible) {
  const auto text = describe(*parse_lease("x@\x1b[31m\xff 1 9223372036854775807 0 -"));
  EXPECT_EQ(text.find_first_of("\x1b\xff"), std::string::npos) << text;
}

}  // namespace
}  // namespace redkeep::guard
