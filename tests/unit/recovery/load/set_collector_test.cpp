#include "recovery/load/set_collector.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace redkeep::recovery {
namespace {

using Members = std::vector<std::string>;
using Sets = std::vector<std::pair<std::string, Members>>;

Sets take_all(SetCollector& collector) {
  Sets sets;
  collector.sort();
  std::string_view key;
  std::span<const std::string_view> members;
  while (collector.next(key, members)) {
    sets.emplace_back(key, Members(members.begin(), members.end()));
  }
  return sets;
}

TEST(SetCollector, GivesEachSetWholeInTheOrderOfTheirKeys) {
  SetCollector collector;
  const auto hut = collector.member("hut");
  collector.add(collector.key("b"), hut);
  collector.add(collector.key("a"), hut);
  const auto lake = collector.member("lake");
  collector.add(collector.key("a"), lake);
  collector.add(collector.key("c"), lake);
  EXPECT_EQ(take_all(collector), (Sets{{"b", {"hut"}}, {"a", {"hut", "lake"}}, {"c", {"lake"}}}));
}

TEST(SetCollector, TakesAMembershipThatIsToldAgainOnce) {
  SetCollector collector;
  const auto a = collector.key("a");
  const auto b = collector.key("b");
  for (const auto* name : {"hut", "lake"}) {
    const auto member = collector.member(name);
    for (const auto key : {a, b, a}) collector.add(key, member);
  }
  EXPECT_EQ(take_all(collector), (Sets{{"a", {"hut", "lake"}}, {"b", {"hut", "lake"}}}));
}

TEST(SetCollector, NumbersAKeyOnce) {
  SetCollector collector;
  const auto a = collector.key("a");
  EXPECT_NE(collector.key("b"), a);
  EXPECT_EQ(collector.key("a"), a);
  EXPECT_NE(collector.key(""), a);
  EXPECT_EQ(collector.key(std::string_view("a\0", 2)), collector.key(std::string_view("a\0", 2)));
  EXPECT_NE(collector.key(std::string_view("a\0", 2)), a);
}

TEST(SetCollector, BeginsAnewAfterTheLastSet) {
  SetCollector collector;
  EXPECT_TRUE(collector.empty());
  EXPECT_EQ(take_all(collector), Sets{});
  const auto empty_bytes = collector.bytes();
  for (int round = 0; round < 3; ++round) {
    collector.add(collector.key("k" + std::to_string(round)), collector.member("m"));
    EXPECT_FALSE(collector.empty());
    EXPECT_GT(collector.bytes(), empty_bytes);
    EXPECT_EQ(take_all(collector), (Sets{{"k" + std::to_string(round), {"m"}}}));
    EXPECT_TRUE(collector.empty());
    EXPECT_EQ(collector.bytes(), empty_bytes) << "memory is given back";
  }
}

TEST(SetCollector, CountsTheBytesThatItTakes) {
  SetCollector collector;
  const auto key = collector.key("k");
  const auto before = collector.bytes();
  collector.add(key, collector.member(std::string(1000, 'x')));
  EXPECT_GE(collector.bytes(), before + 1000);
  EXPECT_LT(collector.bytes(), before + 1100);
}

TEST(SetCollector, AgreesWithAMapOfSets) {
  std::mt19937 random(3);
  SetCollector collector;
  std::map<std::string, std::set<std::string>> expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string member = "member " + std::to_string(i);
    const auto number = collector.member(member);
    std::set<std::string> keys;  // a member belongs to a set once
    for (auto left = random() % 4; left > 0; --left) {
      keys.insert("key " + std::to_string(random() % 9000));
    }
    for (const auto& key : keys) {
      collector.add(collector.key(key), number);
      expected[key].insert(member);
    }
  }
  const Sets sets = take_all(collector);
  ASSERT_EQ(sets.size(), expected.size());
  for (const auto& [key, members] : sets) {
    ASSERT_EQ(members.size(), expected[key].size()) << key;
    ASSERT_EQ(std::set<std::string>(members.begin(), members.end()), expected[key]) << key;
  }
}

}  // namespace
}  // namespace redkeep::recovery
