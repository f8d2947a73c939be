// What is said of a family, and the class that is proposed for it.
#include "discover/discovery.h"

#include <gtest/gtest.h>

#include "unit/discover/key_styles.h"

namespace redkeep::discover {
namespace {

Discovery discover(const std::vector<KeyFact>& keys) {
  return discover_families(keys, {static_cast<std::int64_t>(keys.size()), {}});
}

const Family& find(const Discovery& discovery, const std::string& pattern) {
  for (const auto& family : discovery.families) {
    if (family.pattern == pattern) return family;
  }
  ADD_FAILURE() << pattern << " was not found";
  return discovery.rest;
}

Proposal proposal_for(const Family& family) {
  std::vector<std::string> taken;
  return propose_class(family, taken);
}

std::string reasons(const Proposal& proposal) {
  std::string text;
  for (const auto& reason : proposal.reasons) text += reason + "\n";
  return text;
}

std::vector<KeyFact> some_of_each() {
  KeyMaker made(1);
  for (int i = 0; i < 100; ++i) {
    made.add(fmt::format("user:{}", i), "hash");
    made.add(fmt::format("page:{}", i), "string", 300, 5000);
    made.add(fmt::format("session:{}", i), "string", 86400);
    made.add(fmt::format("lock:{}", i), "string", 30);
    made.add(fmt::format("thing:{}", i), "string", 7200);
    made.add(fmt::format("fragment:{}", i), "string");
    made.add(fmt::format("half:{}", i), "string", i % 2 == 0 ? 60 : 0);
    made.add(made.hex(16), "string");
  }
  return made.facts;
}

TEST(Discovery, CountsEveryKeyOnce) {
  const auto discovery = discover(some_of_each());
  EXPECT_EQ(discovery.families.size(), 7U);
  double keys = discovery.rest.estimate.keys.value;
  for (const auto& family : discovery.families) {
    EXPECT_EQ(family.estimate.keys.value, 100);
    keys += family.estimate.keys.value;
  }
  EXPECT_EQ(keys, 800);
  EXPECT_EQ(discovery.families.front().pattern, "page:{number}") << "the most bytes first";
}

TEST(Discovery, KnowsTypesTtlsAndAnExample) {
  const auto discovery = discover(some_of_each());
  const auto& users = find(discovery, "user:{number}");
  EXPECT_EQ(users.types, (std::map<std::string, std::int64_t>{{"hash", 100}}));
  EXPECT_EQ(users.detail.ttl.without, 100);
  EXPECT_EQ(users.example, "user:0");
  EXPECT_EQ(find(discovery, "half:{number}").detail.ttl.without, 50);
}

// Of 10,000 keys 1,000 were looked at, among them one that is half of the server.
TEST(Discovery, APatternOfOneKeyIsOneKeyWithItsOwnBytes) {
  KeyMaker made(1);
  for (int i = 0; i < 999; ++i) made.add(fmt::format("user:{}", i), "hash");
  made.add("leaderboard", "zset", 0, 5'000'000);
  const auto bytes = made.facts.back().bytes;
  const auto discovery = discover_families(made.facts, {10'000, 2 * bytes});
  const auto& single = find(discovery, "leaderboard").estimate;
  EXPECT_EQ(single.keys.low, 1);
  EXPECT_EQ(single.keys.value, 1);
  EXPECT_EQ(single.keys.high, 1);
  EXPECT_EQ(single.bytes.value, static_cast<double>(bytes));
  EXPECT_EQ(single.bytes.high, static_cast<double>(bytes));
  EXPECT_NEAR(single.byte_share_pct.low, 50, 0.1);
  const auto& users = find(discovery, "user:{number}").estimate;
  EXPECT_NEAR(users.keys.value, 9999, 0.1);
  EXPECT_NEAR(users.byte_share_pct.high, 50, 0.1);
  EXPECT_NEAR(users.bytes.value, 4.5e6, 0.3e6);
}

// A key over 1 % of the sampled bytes is nothing special in a sample of 1 key in 100.
TEST(Discovery, AKeyThatIsLargeInTheSampleOnlyHasNoClassOfItsOwn) {
  KeyMaker made(1);
  for (int i = 0; i < 999; ++i) made.add(fmt::format("user:{}", i), "hash");
  made.add("settings", "hash", 0, 20'000);
  const auto discovery = discover_families(made.facts, {100'000, {}});
  EXPECT_EQ(discovery.families.size(), 1U);
  EXPECT_EQ(discovery.rest.estimate.sampled_keys, 1);
}

TEST(Discovery, FamiliesBeyondTheMostAreCountedInTheRest) {
  constexpr const char* kKept[] = {"cart", "name", "mail", "last", "wish"};
  KeyMaker made(1);
  for (int i = 0; i < 46; ++i) {
    const std::string name = made.word() + made.word();
    for (int j = 0; j < 30; ++j) {
      made.add(fmt::format("{}:{}:{}", name, j, kKept[j % 5]), "hash");
    }
  }
  const auto discovery = discover(made.facts);
  EXPECT_EQ(discovery.families.size(), 200U);
  EXPECT_EQ(discovery.left_out_families, 30U);
  EXPECT_EQ(discovery.rest.estimate.keys.value, 180) << "six of each";
}

TEST(Proposal, KeysWithoutATtlAreProtected) {
  const auto proposal = proposal_for(find(discover(some_of_each()), "user:{number}"));
  EXPECT_EQ(proposal.key_class.name, "user");
  EXPECT_EQ(proposal.key_class.level, KeyLevel::Protected);
  EXPECT_FALSE(proposal.key_class.ttl.has_value());
}

TEST(Proposal, CachesMayGoSessionsLateAndLocksNever) {
  const auto discovery = discover(some_of_each());
  const auto page = proposal_for(find(discovery, "page:{number}")).key_class;
  EXPECT_EQ(page.level, KeyLevel::Evictable);
  EXPECT_EQ(page.ttl, std::chrono::minutes{5});
  EXPECT_EQ(page.shed_at, ShedAt::Warning);
  EXPECT_EQ(proposal_for(find(discovery, "session:{number}")).key_class.shed_at, ShedAt::Critical);
  EXPECT_EQ(proposal_for(find(discovery, "lock:{number}")).key_class.shed_at, ShedAt::Never);
}

TEST(Proposal, ATtlAloneDoesNotMakeACache) {
  const auto proposal = proposal_for(find(discover(some_of_each()), "thing:{number}"));
  EXPECT_EQ(proposal.key_class.level, KeyLevel::Evictable);
  EXPECT_EQ(proposal.key_class.shed_at, ShedAt::Never);
  EXPECT_NE(reasons(proposal).find("its name says nothing"), std::string::npos);
}

TEST(Proposal, ACacheWithoutATtlIsAskedAbout) {
  const auto proposal = proposal_for(find(discover(some_of_each()), "fragment:{number}"));
  EXPECT_EQ(proposal.key_class.level, KeyLevel::Protected);
  EXPECT_NE(reasons(proposal).find("is that meant?"), std::string::npos);
}

TEST(Proposal, WhatHasATtlInPartIsLeftToAPersonWithItsNumbers) {
  const auto discovery = discover(some_of_each());
  const auto& half = find(discovery, "half:{number}");
  EXPECT_TRUE(half.is_undecided);
  EXPECT_FALSE(find(discovery, "user:{number}").is_undecided);
  EXPECT_FALSE(find(discovery, "page:{number}").is_undecided);
  const std::string text = reasons(proposal_for(half));
  EXPECT_NE(text.find("50 of 100 keys looked at have a TTL (50 %)"), std::string::npos) << text;
  EXPECT_NE(text.find("protected takes the TTL off about 50 keys (such as \"half:0\")"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("evictable puts one on about 50 keys (such as \"half:1\")"),
            std::string::npos)
      << text;
}

TEST(Proposal, AFewKeysThatAreNotLikeTheOthersAreTold) {
  KeyMaker made(1);
  for (int i = 0; i < 1000; ++i) {
    made.add(fmt::format("view:{}", i), "string", i >= 20 ? 300 : 0);
    made.add(fmt::format("user:{}", i), "hash", i < 10 ? 300 : 0);
  }
  const auto discovery = discover(made.facts);
  const auto view = proposal_for(find(discovery, "view:{number}"));
  EXPECT_EQ(view.key_class.level, KeyLevel::Evictable);
  EXPECT_NE(reasons(view).find("about 20 of them have none (such as \"view:0\")"),
            std::string::npos)
      << reasons(view);
  const auto user = proposal_for(find(discovery, "user:{number}"));
  EXPECT_EQ(user.key_class.level, KeyLevel::Protected);
  EXPECT_NE(reasons(user).find("about 10 of them have one (such as \"user:0\")"), std::string::npos)
      << reasons(user);
}

// Twelve keys with a TTL of some 120: a quarter of these may have none.
TEST(Proposal, OfAFewKeysItIsSaidHowManyOthersMayBeOtherwise) {
  KeyMaker made(1);
  for (int i = 0; i < 988; ++i) made.add(fmt::format("user:{}", i), "hash");
  for (int i = 0; i < 12; ++i) made.add(fmt::format("page:{}", i), "string", 300);
  const auto sampled = discover_families(made.facts, {10'000, {}});
  const std::string text = reasons(proposal_for(find(sampled, "page:{number}")));
  EXPECT_NE(text.find("only 12 keys were looked at"), std::string::npos) << text;
  EXPECT_EQ(reasons(proposal_for(find(sampled, "user:{number}"))).find("only"), std::string::npos);
  const auto whole = discover(made.facts);
  EXPECT_EQ(reasons(proposal_for(find(whole, "page:{number}"))).find("only"), std::string::npos);
}

// Without a class of its own a key would be in the one with fewer literal characters.
TEST(Proposal, AClassThatWouldTakeUndecidedKeysIsNotDecidedEither) {
  KeyMaker made(1);
  for (int i = 0; i < 1000; ++i) {
    std::string text = "search:" + made.word();
    for (std::int64_t j = made.below(5); j > 0; --j) text += ":" + made.word();
    made.add(std::move(text), "string", 60);
    made.add(fmt::format("search:recent:{}", i), "list", i % 2 == 0 ? 60 : 0);
    made.add(fmt::format("user:{}", i), "hash");
  }
  const auto discovery = discover(made.facts);
  for (const auto& family : discovery.families) {
    const bool is_search = family.pattern.starts_with("search:");
    EXPECT_EQ(family.is_undecided, is_search) << family.pattern;
    if (!family.would_take.empty()) {
      EXPECT_NE(reasons(proposal_for(family)).find("holds the keys of"), std::string::npos);
    }
  }
}

TEST(Proposal, ARateLimitIsNeverShedHoweverItIsWritten) {
  KeyMaker made(1);
  for (int i = 0; i < 100; ++i) made.add(fmt::format("ratelimit:{}", i), "string", 60);
  const auto proposal = proposal_for(find(discover(made.facts), "ratelimit:{number}"));
  EXPECT_EQ(proposal.key_class.shed_at, ShedAt::Never);
  EXPECT_NE(reasons(proposal).find("its name says \"ratelimit\""), std::string::npos);
}

TEST(Proposal, NamesAreUnique) {
  Family family;
  family.pattern = "user:{id}";
  std::vector<std::string> taken;
  EXPECT_EQ(propose_class(family, taken).key_class.name, "user");
  EXPECT_EQ(propose_class(family, taken).key_class.name, "user_2");
  family.pattern = "größe-{id}";
  EXPECT_EQ(propose_class(family, taken).key_class.name, "gr_e");
}

}  // namespace
}  // namespace redkeep::discover
