// The borders of what is told; the kinds themselves are in guard_parts_test.cpp.
#include "guard/anomalies.h"

#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

pressure::MemoryReading reading(std::int64_t used_mib, std::int64_t resident_mib = 0) {
  pressure::MemoryReading made;
  made.used_bytes = used_mib * kMebibyte;
  made.resident_bytes = resident_mib * kMebibyte;
  made.limit_bytes = 1000 * kMebibyte;
  made.eviction_policy = "volatile-lfu";
  made.run_id = "a";
  return made;
}

bool tells(const std::vector<Anomaly>& found, std::string_view subject) {
  return std::any_of(found.begin(), found.end(),
                     [&](const Anomaly& anomaly) { return anomaly.subject == subject; });
}

TEST(Anomalies, TellFragmentationOnlyWhereMuchMemoryIsLost) {
  EXPECT_FALSE(tells(find_anomalies(reading(10, 138)), "fragmentation")) << "128 MiB is slack";
  EXPECT_TRUE(tells(find_anomalies(reading(10, 139)), "fragmentation"));
  EXPECT_FALSE(tells(find_anomalies(reading(400, 600)), "fragmentation")) << "half as much again";
  EXPECT_TRUE(tells(find_anomalies(reading(400, 601)), "fragmentation"));
  EXPECT_FALSE(tells(find_anomalies(reading(400, 0)), "fragmentation")) << "not told by the server";
}

TEST(Anomalies, TellALeapOfATenthOfTheLimit) {
  EXPECT_FALSE(tells(find_anomalies(reading(100), reading(199)), "leap"));
  EXPECT_TRUE(tells(find_anomalies(reading(100), reading(200)), "leap"));
  EXPECT_FALSE(tells(find_anomalies(reading(500), reading(100)), "leap")) << "falling is no leap";
  auto without_limit = reading(900);
  without_limit.limit_bytes = 0;
  EXPECT_FALSE(tells(find_anomalies(without_limit, without_limit), "leap"));
}

TEST(Anomalies, DoNotTakeAnotherLimitForALeap) {
  auto smaller = reading(100);
  smaller.limit_bytes = 200 * kMebibyte;
  const auto found = find_anomalies(reading(100), smaller);
  EXPECT_TRUE(tells(found, "limit"));
  EXPECT_FALSE(tells(found, "leap"));
}

TEST(Anomalies, NoLimitIsNotOneOfZeroBytes) {
  auto without_limit = reading(100);
  without_limit.limit_bytes = 0;
  const auto found = find_anomalies(reading(100), without_limit);
  const auto limit = std::find_if(found.begin(), found.end(),
                                  [](const Anomaly& one) { return one.subject == "limit"; });
  ASSERT_NE(limit, found.end());
  EXPECT_EQ(limit->reason, "the limit changed from 1000.0 MiB to none");
}

TEST(Anomalies, DoNotCompareCountersAcrossARestart) {
  auto before = reading(100);
  before.evicted_keys = 50;
  auto restarted = reading(300);
  restarted.run_id = "b";
  restarted.evicted_keys = 60;
  restarted.keyspace.keys = 1234;
  const auto found = find_anomalies(before, restarted);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "restart");
  EXPECT_TRUE(found[0].alarming);
  EXPECT_NE(found[0].reason.find("1,234 keys"), std::string::npos) << found[0].reason;
}

TEST(Anomalies, CountWhatTheServerEvicted) {
  auto before = reading(100);
  before.evicted_keys = 50;
  auto after = before;
  EXPECT_TRUE(find_anomalies(before, after).empty());
  after.evicted_keys = 53;
  const auto found = find_anomalies(before, after);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].alarming);
  EXPECT_EQ(found[0].reason, "the server itself evicted 3 keys under the policy \"volatile-lfu\"");
  after.evicted_keys = 10;  // CONFIG RESETSTAT
  EXPECT_TRUE(find_anomalies(before, after).empty());
}

TEST(Anomalies, TellThatTheServerCannotWriteToItsDiskAndWhatToDo) {
  auto full = reading(100);
  full.persistence.appends = false;
  full.persistence.rewrites = false;
  auto found = find_anomalies(reading(100), full);
  ASSERT_EQ(found.size(), 1U) << "one disk is told twice";
  EXPECT_EQ(found[0].subject, "append-only-failing");
  EXPECT_TRUE(found[0].alarming);
  EXPECT_NE(found[0].reason.find("MISCONF"), std::string::npos) << found[0].reason;
  full.persistence.appends = true;
  found = find_anomalies(full, full);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "append-only-failing");
  EXPECT_NE(found[0].reason.find("BGREWRITEAOF"), std::string::npos) << found[0].reason;
  auto unsaved = reading(100);
  unsaved.persistence.snapshots = false;
  unsaved.persistence.unsaved_changes = 12'345;
  found = find_anomalies(reading(100), unsaved);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "snapshot-failing");
  EXPECT_NE(found[0].reason.find("12,345 changes"), std::string::npos) << found[0].reason;
  EXPECT_TRUE(find_anomalies(unsaved, reading(100)).empty());
}

TEST(Anomalies, TellAnUnsafePolicyAlsoWhenItIsNew) {
  auto unsafe = reading(100);
  unsafe.eviction_policy = "allkeys-lru";
  const auto found = find_anomalies(reading(100), unsafe);
  EXPECT_TRUE(tells(found, "unsafe-policy"));
  EXPECT_TRUE(tells(found, "policy"));
}

}  // namespace
}  // namespace redkeep::guard
