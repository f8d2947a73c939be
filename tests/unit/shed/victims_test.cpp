#include "shed/victims.h"

#include <gtest/gtest.h>

namespace redkeep::shed {
namespace {

using By = Ranking::By;

Candidate candidate(std::string key, std::int64_t bytes, std::int64_t use) {
  Candidate made;
  made.key = std::move(key);
  made.bytes = bytes;
  made.use = use;
  return made;
}

std::vector<std::string> taken(std::vector<Candidate> candidates, Ranking ranking, double share = 1,
                               std::int64_t to_free_bytes = 1'000'000,
                               std::int64_t most_keys = 1000) {
  VictimPool pool;
  for (auto& one : candidates) pool.add(std::move(one));
  std::vector<std::string> keys;
  for (const auto& victim : pool.take(share, to_free_bytes, most_keys, ranking)) {
    keys.push_back(victim.key);
  }
  EXPECT_EQ(pool.size(), 0u) << "a sample ages: what was not taken is forgotten";
  return keys;
}

using Keys = std::vector<std::string>;

TEST(Victims, ByFrequencyThoseGoFirstThatHoldMostForEachUse) {
  EXPECT_EQ(taken({candidate("hot", 1000, 100), candidate("new", 1000, 5),
                   candidate("big and new", 4000, 5), candidate("big and warm", 4000, 7)},
                  {By::Frequency, 0}),
            (Keys{"big and new", "big and warm", "new", "hot"}));
}

TEST(Victims, AKeyThatWasNotUsedForMinutesGoesBeforeANewOneOfItsSize) {
  EXPECT_EQ(taken({candidate("new", 1000, 5), candidate("decayed", 1000, 1)}, {By::Frequency, 0}),
            (Keys{"decayed", "new"}));
}

TEST(Victims, TheCounterIsReadAsTheServerCounts) {
  EXPECT_EQ(uses_of(5, 10), 0);
  EXPECT_EQ(uses_of(6, 10), 1);
  EXPECT_EQ(uses_of(7, 10), 12);  // the second step has a chance of 1 in 11
  EXPECT_EQ(uses_of(105, 0), 100);
  EXPECT_EQ(uses_of(2, 10), -3);
}

TEST(Victims, ByIdleTimeLargerBeforeSmallerAtEqualColdness) {
  EXPECT_EQ(taken({candidate("small", 1000, 10), candidate("large", 2000, 10),
                   candidate("idle", 1000, 60)},
                  {By::IdleTime}),
            (Keys{"idle", "large", "small"}));
}

TEST(Victims, ByTimeToLiveThoseThatExpireSoonest) {
  EXPECT_EQ(taken({candidate("late", 9000, 60'000), candidate("soon", 10, 5000)}, {By::TimeToLive}),
            (Keys{"soon", "late"}));
}

TEST(Victims, TheSizeOfHotKeysIsNotAskedFor) {
  std::vector<Candidate> keys;
  for (int i = 0; i < 8; ++i) keys.push_back(candidate(std::to_string(i), 0, 5 + i / 2));
  EXPECT_EQ(take_out_hot(keys, 0.375, {By::Frequency, 0}), 4u);  // the colder three, and an equal
  EXPECT_EQ(keys.back().key, "3");
  EXPECT_EQ(take_out_hot(keys, 1, {By::Frequency, 0}), 0u);
  EXPECT_EQ(take_out_hot(keys, 0.25, {By::Size}), 0u) << "nothing is known of their use";
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i].use = static_cast<std::int64_t>(10 * i);
  EXPECT_EQ(take_out_hot(keys, 0.25, {By::IdleTime}), 2u);
  EXPECT_EQ(keys.front().key, "2") << "idle for longer is colder";
}

TEST(Victims, TheShareIsOfAllThatWereLookedAt) {
  VictimPool pool;
  for (int i = 0; i < 4; ++i) pool.add(candidate(std::to_string(i), 100, 5));
  pool.note_hot(12);
  EXPECT_EQ(pool.size(), 16u);
  EXPECT_EQ(pool.take(0.125, 1000, 1000, {By::Size}).size(), 2u);
  EXPECT_EQ(pool.size(), 0u);
}

TEST(Victims, TheShareIsRoundedUpAndAtMostAllGo) {
  std::vector<Candidate> ten;
  for (int i = 0; i < 10; ++i) ten.push_back(candidate(std::to_string(i), 100, 5));
  EXPECT_EQ(taken(ten, {By::Size}, 0.125).size(), 2u);
  EXPECT_EQ(taken(ten, {By::Size}, 0.0001).size(), 1u);
  EXPECT_EQ(taken(ten, {By::Size}, 1).size(), 10u);
  EXPECT_TRUE(taken({}, {By::Size}, 1).empty());
}

TEST(Victims, NoneGoesBeyondTheOneThatCompletesTheBytesOrTheBudget) {
  std::vector<Candidate> ten;
  for (int i = 0; i < 10; ++i) ten.push_back(candidate(std::to_string(i), 100, 5));
  EXPECT_EQ(taken(ten, {By::Size}, 1, 250).size(), 3u);
  EXPECT_TRUE(taken(ten, {By::Size}, 1, 0).empty());
  EXPECT_EQ(taken(ten, {By::Size}, 1, 1'000'000, 4).size(), 4u);
  EXPECT_TRUE(taken(ten, {By::Size}, 1, 1'000'000, 0).empty());
}

}  // namespace
}  // namespace redkeep::shed
