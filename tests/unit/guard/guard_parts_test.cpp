// The guard's pure parts: alert rates, anomalies, the ledger.
#include <gtest/gtest.h>

#include "guard/alert_gate.h"
#include "guard/anomalies.h"
#include "guard/ledger.h"

namespace redkeep::guard {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(AlertGate, PassesOncePerMinuteAndSubject) {
  AlertGate gate(seconds{60});
  AlertGate::TimePoint now{};
  EXPECT_TRUE(gate.pass("warning", now));
  EXPECT_FALSE(gate.pass("warning", now + seconds{59}));
  EXPECT_TRUE(gate.pass("critical", now + seconds{1})) << "a warning hid the critical alert";
  EXPECT_TRUE(gate.pass("warning", now + seconds{60}));
}

pressure::MemoryReading calm() {
  pressure::MemoryReading reading;
  reading.used_bytes = 500;
  reading.limit_bytes = 1000;
  reading.eviction_policy = "volatile-lfu";
  reading.run_id = "a";
  return reading;
}

std::vector<std::string> subjects(const std::vector<Anomaly>& found) {
  std::vector<std::string> out;
  for (const auto& anomaly : found) out.push_back(anomaly.subject);
  return out;
}

TEST(Anomalies, FindsNothingInCalmReadings) {
  EXPECT_TRUE(find_anomalies(calm()).empty());
  EXPECT_TRUE(find_anomalies(calm(), calm()).empty());
}

TEST(Anomalies, NamesEachKindOfChange) {
  using Names = std::vector<std::string>;
  auto evicting = calm();
  evicting.evicted_keys = 3;
  EXPECT_EQ(subjects(find_anomalies(calm(), evicting)), Names{"server-eviction"});
  auto limited = calm();
  limited.limit_bytes = 2000;
  EXPECT_EQ(subjects(find_anomalies(calm(), limited)), Names{"limit"});
  auto other_policy = calm();
  other_policy.eviction_policy = "volatile-lru";
  EXPECT_EQ(subjects(find_anomalies(calm(), other_policy)), Names{"policy"});
  auto leapt = calm();
  leapt.used_bytes = 600;
  EXPECT_EQ(subjects(find_anomalies(calm(), leapt)), Names{"leap"});
  auto restarted = calm();
  restarted.run_id = "b";
  restarted.evicted_keys = 1;
  EXPECT_EQ(subjects(find_anomalies(calm(), restarted)), Names{"restart"});
}

// F21: the wrong policy at start.
TEST(Anomalies, TakesUnknownPoliciesAsUnsafe) {
  for (const char* policy : {"allkeys-lru", "allkeys-lrm", "eviction", "volatile"}) {
    auto reading = calm();
    reading.eviction_policy = policy;
    ASSERT_EQ(subjects(find_anomalies(reading)), std::vector<std::string>{"unsafe-policy"})
        << policy;
    EXPECT_TRUE(find_anomalies(reading)[0].alarming);
  }
  for (const char* policy : {"noeviction", "volatile-ttl", "volatile-lrm"}) {
    auto reading = calm();
    reading.eviction_policy = policy;
    EXPECT_TRUE(find_anomalies(reading).empty()) << policy;
  }
}

TEST(Anomalies, SaysThatThereIsNoLimit) {
  auto reading = calm();
  reading.limit_bytes = 0;
  EXPECT_EQ(subjects(find_anomalies(reading)), std::vector<std::string>{"no-limit"});
}

TEST(Ledger, NumbersEntriesAndForgetsTheOldest) {
  Ledger ledger(3);
  for (int i = 0; i < 5; ++i) ledger.add(LedgerKind::Notice, "x", std::to_string(i));
  EXPECT_EQ(ledger.total(), 5U);
  const auto newest = ledger.newest(10);
  ASSERT_EQ(newest.size(), 3U);
  EXPECT_EQ(newest[0].number, 5U);
  EXPECT_EQ(newest[2].number, 3U);
  EXPECT_EQ(ledger.newest(1).size(), 1U);
}

}  // namespace
}  // namespace redkeep::guard
