// What of the shedding gets into the ledger, and how often.
#include "guard/shed_log.h"

#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

using shed::ClassShed;
using shed::ShedEnd;
using std::chrono::milliseconds;

const ShedLog::TimePoint kStart{milliseconds{1'000'000}};

void add(ShedLog& log, const std::string& name, std::int64_t keys, double before, double after,
         ShedEnd end = ShedEnd::TargetReached) {
  log.add(ClassShed{name, keys, 100 * keys, 0, 0, 0}, end, "warning: full", before, after);
}

TEST(ShedLog, TheFirstActionIsToldAtOnce) {
  ShedLog log;
  EXPECT_TRUE(log.take_due(kStart).empty());
  add(log, "page_cache", 3, 85, 80);
  const auto told = log.take_due(kStart);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, LedgerKind::Shed);
  EXPECT_EQ(told[0].subject, "page_cache");
  EXPECT_EQ(told[0].outcome, "TargetReached");
  EXPECT_EQ(told[0].reason, "warning: full");
  EXPECT_EQ(told[0].keys, 3);
  EXPECT_EQ(told[0].bytes, 300);
  EXPECT_EQ(told[0].usage_before_pct, 85);
  EXPECT_EQ(told[0].usage_after_pct, 80);
  EXPECT_TRUE(log.take_all(kStart).empty()) << "told twice";
}

TEST(ShedLog, ThoseThatFollowAreOneEntryASecondLater) {
  ShedLog log;
  add(log, "page_cache", 1, 85, 84);
  EXPECT_EQ(log.take_due(kStart).size(), 1U);
  add(log, "page_cache", 10, 86, 83);
  EXPECT_TRUE(log.take_due(kStart + milliseconds{500}).empty());
  add(log, "page_cache", 5, 87, 82);
  EXPECT_TRUE(log.take_due(kStart + milliseconds{999}).empty());
  const auto told = log.take_due(kStart + milliseconds{1000});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].keys, 15);
  EXPECT_EQ(told[0].bytes, 1500);
  EXPECT_EQ(told[0].usage_before_pct, 86);
  EXPECT_EQ(told[0].usage_after_pct, 82);
  EXPECT_EQ(told[0].reason, "warning: full");
}

TEST(ShedLog, ADayOfSheddingIsOneEntryASecondOfEachClassAndNothingIsLost) {
  ShedLog log;
  std::int64_t entries = 0;
  std::int64_t keys = 0;
  const auto take = [&](const std::vector<LedgerEntry>& told) {
    for (const auto& entry : told) {
      ++entries;
      keys += entry.keys;
    }
  };
  constexpr int kSteps = 100'000;
  for (int step = 0; step < kSteps; ++step) {
    add(log, "page_cache", 1, 85, 84);
    add(log, "query_cache", 2, 85, 84);
    take(log.take_due(kStart + milliseconds{10} * step));
  }
  take(log.take_all(kStart + milliseconds{10} * kSteps));
  EXPECT_EQ(keys, 3 * kSteps);
  EXPECT_LE(entries, 2 * (kSteps / 100 + 1));
  EXPECT_GE(entries, 2 * (kSteps / 100 - 1));
}

TEST(ShedLog, OutcomesAndClassesAreNotMixed) {
  ShedLog log;
  add(log, "page_cache", 1, 85, 84);
  add(log, "page_cache", 2, 85, 84, ShedEnd::BudgetSpent);
  add(log, "query_cache", 4, 85, 84);
  EXPECT_EQ(log.take_due(kStart).size(), 3U);
}

TEST(ShedLog, TheEndOfALevelTellsWhatIsLeft) {
  ShedLog log;
  add(log, "page_cache", 1, 85, 84);
  EXPECT_EQ(log.take_due(kStart).size(), 1U);
  add(log, "page_cache", 2, 84, 83);
  EXPECT_EQ(log.take_all(kStart + milliseconds{1}).size(), 1U);
  add(log, "page_cache", 4, 86, 83);
  EXPECT_TRUE(log.take_due(kStart + milliseconds{900}).empty());
}

std::vector<std::string> told(const std::vector<LedgerEntry>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.subject + " " + entry.outcome);
  return names;
}

// The last run of a relief has another outcome than those before it, which wait for their second.
TEST(ShedLog, TheEndIsNotToldBeforeWhatLedToIt) {
  using Names = std::vector<std::string>;
  ShedLog log;
  add(log, "page_cache", 1, 85, 83, ShedEnd::BudgetSpent);
  EXPECT_EQ(told(log.take_due(kStart)), Names{"page_cache BudgetSpent"});
  add(log, "page_cache", 2, 83, 81.3, ShedEnd::BudgetSpent);
  EXPECT_TRUE(log.take_due(kStart + milliseconds{500}).empty());
  add(log, "page_cache", 4, 81.3, 80);
  EXPECT_TRUE(log.take_due(kStart + milliseconds{600}).empty()) << "the end came first";
  EXPECT_EQ(told(log.take_due(kStart + milliseconds{1000})),
            (Names{"page_cache BudgetSpent", "page_cache TargetReached"}));
}

TEST(ShedLog, AllThatIsLeftIsToldInTheOrderInWhichItBegan) {
  ShedLog log;
  add(log, "query_cache", 1, 85, 84, ShedEnd::NothingLeft);
  add(log, "page_cache", 1, 84, 83, ShedEnd::BudgetSpent);
  add(log, "query_cache", 1, 83, 82, ShedEnd::NothingLeft);
  add(log, "asset_bundles", 1, 82, 80);
  EXPECT_EQ(told(log.take_all(kStart)),
            (std::vector<std::string>{"query_cache NothingLeft", "page_cache BudgetSpent",
                                      "asset_bundles TargetReached"}));
}

TEST(ShedLog, KeysThatWereKeptAreAddedUpToo) {
  ShedLog log;
  ClassShed row{"page_cache", 0, 0, 2, 0, 1};
  log.add(row, ShedEnd::NothingLeft, "critical: full", 96, 96);
  log.add(row, ShedEnd::NothingLeft, "critical: still full", 96, 96);
  EXPECT_EQ(log.take_due(kStart)[0].reason,
            "critical: full; 4 keys had lost their TTL and were kept; 2 big collections were left");
}

TEST(ShedLog, KeysOfAnUnknownTypeThatWereLeftAreTold) {
  ShedLog log;
  ClassShed row{"page_cache"};
  row.type_unknown = 3;
  log.add(row, ShedEnd::NothingLeft, "critical: full", 96, 96);
  EXPECT_EQ(log.take_due(kStart)[0].reason,
            "critical: full; 3 keys were left, since TYPE is refused");
}

}  // namespace
}  // namespace redkeep::guard
