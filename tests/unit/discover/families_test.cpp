// The families of unknown applications, found in their keys alone.
#include "discover/families.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "error/error.h"
#include "keys/class_table.h"
#include "unit/discover/key_styles.h"

namespace redkeep::discover {
namespace {

using Patterns = std::set<std::string>;

// What a variable is called does not matter for what it matches.
std::string without_names(const std::string& pattern) {
  return std::regex_replace(pattern, std::regex("\\{[a-z]*\\}"), "{}");
}
Patterns without_names(const std::vector<std::string>& patterns) {
  Patterns plain;
  for (const auto& pattern : patterns) plain.insert(without_names(pattern));
  return plain;
}

Patterns found_in(const std::vector<KeyFact>& keys) { return without_names(find_patterns(keys)); }

class MixedApplications : public testing::TestWithParam<std::uint64_t> {};

TEST_P(MixedApplications, AllFamiliesAreFoundWithAtMostOneWrong) {
  KeyMaker made(GetParam());
  add_redkeep(made, 400);
  add_rails(made, 500);
  add_laravel_and_celery(made, 300);
  add_spring(made, 200);
  std::vector<std::string> expected;
  for (const auto& families :
       {redkeep_families(), rails_families(), laravel_and_celery_families(), spring_families()}) {
    expected.insert(expected.end(), families.begin(), families.end());
  }
  const Patterns wanted = without_names(expected);
  const Patterns found = found_in(made.facts);
  std::vector<std::string> missing;
  std::vector<std::string> beside;
  std::set_difference(wanted.begin(), wanted.end(), found.begin(), found.end(),
                      std::back_inserter(missing));
  std::set_difference(found.begin(), found.end(), wanted.begin(), wanted.end(),
                      std::back_inserter(beside));
  EXPECT_LE(std::max(missing.size(), beside.size()), 1U)
      << "missing " << testing::PrintToString(missing) << ", instead "
      << testing::PrintToString(beside);
}

INSTANTIATE_TEST_SUITE_P(Seeds, MixedApplications, testing::Range<std::uint64_t>(1, 21));

TEST(Families, AttributesOfAnEntityAreFamiliesOfTheirOwn) {
  KeyMaker made(1);
  for (int i = 0; i < 200; ++i) {
    made.add(fmt::format("user:{}:cart", i), "hash", 3600);
    made.add(fmt::format("user:{}:profile", i), "hash");
    made.add(fmt::format("user:{}:name", i), "string");
    made.add(fmt::format("user:{}:mail", i), "string");
  }
  EXPECT_EQ(found_in(made.facts),
            (Patterns{"user:{}:cart", "user:{}:profile", "user:{}:name", "user:{}:mail"}));
}

// As in a small site beside large applications: five sections among a thousand of other keys.
TEST(Families, ASmallFamilyAmongLargeOnesIsFound) {
  KeyMaker made(1);
  add_redkeep(made, 100);
  add_spring(made, 1000);
  for (int i = 0; i < 5; ++i) made.add("reed:sections:" + made.uuid(), "list");
  const Patterns found = found_in(made.facts);
  EXPECT_TRUE(found.contains("reed:sections:{}")) << testing::PrintToString(found);
  EXPECT_TRUE(found.contains("reed:type_index:{}")) << testing::PrintToString(found);
}

TEST(Families, LocalesBehindAnIdAreAVariable) {
  KeyMaker made(1);
  for (int i = 0; i < 200; ++i) {
    for (const char* locale : {"de", "en", "pt-br"}) {
      made.add(fmt::format("product:{}:{}", i, locale), "string", 60);
    }
  }
  EXPECT_EQ(found_in(made.facts), (Patterns{"product:{}:{}"}));
}

TEST(Families, PathsAreAVariable) {
  KeyMaker made(1);
  for (int i = 0; i < 300; ++i) {
    made.add("page:/" + made.one_of({"news", "shop", "about"}) + "/" + made.word(), "string", 300);
    made.add("user:" + std::to_string(i), "hash");
  }
  EXPECT_EQ(found_in(made.facts), (Patterns{"page:{}", "user:{}"}));
}

TEST(Families, OneApplicationsPrefixIsNotAFamily) {
  KeyMaker made(1);
  for (int i = 0; i < 100; ++i) {
    made.add(fmt::format("shop:product:{}", i), "hash");
    made.add(fmt::format("shop:order:{}", i), "hash");
  }
  EXPECT_EQ(found_in(made.facts), (Patterns{"shop:product:{}", "shop:order:{}"}));
}

TEST(Families, TenantsAreAVariableIfThereAreMany) {
  KeyMaker made(1);
  for (int i = 0; i < 2000; ++i) {
    made.add(fmt::format("app:{}:user:{}", made.word(), i), "hash");
    made.add(fmt::format("app:{}:page:{}", made.word(), i), "string", 60);
  }
  EXPECT_EQ(found_in(made.facts), (Patterns{"app:{}:user:{}", "app:{}:page:{}"}));
}

TEST(Families, OtherSeparatorsThanColonsAreSeen) {
  KeyMaker made(1);
  for (int i = 0; i < 100; ++i) {
    made.add(fmt::format("app/users/{}/profile", i), "hash");
    made.add(fmt::format("cache.block.{}", i), "string", 60);
    made.add(fmt::format("order_{}", i), "hash");
    made.add(fmt::format("user{}", i), "hash");
  }
  EXPECT_EQ(found_in(made.facts),
            (Patterns{"app/users/{}/profile", "cache.block.{}", "order_{}", "user{}"}));
}

TEST(Families, FreeTextWithColonsEndsInAStar) {
  KeyMaker made(1);
  for (int i = 0; i < 300; ++i) {
    std::string key = "search:" + made.word();
    for (std::int64_t j = made.below(5); j > 0; --j) key += ":" + made.word();
    made.add(std::move(key), "string", 60);
    made.add("user:" + std::to_string(i), "hash");
  }
  EXPECT_EQ(found_in(made.facts), (Patterns{"search:*", "user:{}"}));
}

TEST(Families, KeysWithoutAnythingInCommonAreNone) {
  KeyMaker made(1);
  for (int i = 0; i < 200; ++i) made.add(made.hex(16), "string");
  EXPECT_TRUE(find_patterns(made.facts).empty());
  EXPECT_TRUE(find_patterns({}).empty());
}

TEST(Families, ASingleKeyThatHoldsMuchHasANameUnlessItIsInAFamily) {
  KeyMaker made(1);
  for (int i = 0; i < 100; ++i) {
    made.add("user:" + std::to_string(i), "hash");
    made.add("word:" + made.word(), "set");
  }
  made.add("leaderboard", "zset", 0, 1'000'000);
  made.add("small", "zset", 0, 1000);
  made.add("word:dev", "set", 0, 1'000'000);
  EXPECT_EQ(without_names(find_patterns(made.facts, 500'000)),
            (Patterns{"user:{}", "word:{}", "leaderboard"}));
}

// Two keys of an index by type and some of a guard's, among the names of other families.
TEST(Families, ARareNameIsNoValueOfAVariable) {
  KeyMaker made(1);
  add_redkeep(made, 500);
  std::erase_if(made.facts, [](const KeyFact& key) {
    return key.key.starts_with("reed:type_index:") || key.key.starts_with("reed:children:");
  });
  for (const char* key : {"reed:type_index:page", "reed:type_index:user", "reed:guard:lease",
                          "reed:guard:content", "reed:level:now"}) {
    made.add(key, "string");
  }
  for (const char* name : {"reed:children:", "reed:parts:", "reed:rights:", "reed:drafts:"}) {
    made.add(name + made.uuid(), "set");
    made.add(name + made.uuid(), "set");
  }
  for (const auto& pattern : found_in(made.facts)) {
    EXPECT_FALSE(pattern.starts_with("reed:{}")) << pattern;
  }
}

// Whatever keys hold: every pattern can be a class's, and can stand in a line of a TOML file.
TEST(Families, HostileNamesGivePatternsThatAClassMayHave) {
  KeyMaker made(3);
  const std::vector<std::string> parts{
      "user",     ":",    "{",     "}",  "*", "\"", "\\", "\n", "\x1b[31m", std::string(1, '\0'),
      "\xff\xfe", "é",    "[",     "?",  " ", "-",  "12", "{}", "{{",       "}{",
      "::",       "\xc3", "cache", "\r", "#", ""};
  for (int i = 0; i < 5000; ++i) {
    std::string key;
    for (std::int64_t j = made.below(8); j >= 0; --j) key += made.one_of(parts);
    made.add(std::move(key), made.one_of({"string", "hash"}));
  }
  for (int i = 0; i < 5; ++i) {
    made.add("long:" + std::string(100'000, 'x') + std::to_string(i), "string");
  }
  const auto patterns = find_patterns(made.facts);
  EXPECT_FALSE(patterns.empty());
  for (const auto& pattern : patterns) {
    KeyClass made_of{"family", {pattern}, KeyLevel::Protected, {}, ShedAt::Never, 0, {}, {}};
    const auto table = keys::ClassTable::compile("", {made_of});
    EXPECT_TRUE(table) << pattern;
    for (const char c : pattern) {
      EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') << pattern;
    }
  }
}

// No pattern of what was looked at would match them.
TEST(Families, KeysThatAreLongerThanWhatIsLookedAtEndInAStar) {
  KeyMaker made(4);
  for (int i = 0; i < 20; ++i) {
    made.add("long:" + std::string(100'000, 'L') + std::to_string(i), "string");
    made.add(std::string(600, 'k') + std::to_string(i), "string");
    std::string deep = "deep";
    for (int j = 0; j < 20; ++j) deep += ":" + std::to_string(i + j);
    made.add(std::move(deep), "string");
  }
  const auto patterns = find_patterns(made.facts);
  ASSERT_EQ(patterns.size(), 2U);
  EXPECT_TRUE(std::count(patterns.begin(), patterns.end(), "long:*"));
  std::vector<KeyClass> classes;
  for (const auto& pattern : patterns) {
    const std::string name = std::to_string(classes.size());
    classes.push_back({name, {pattern}, KeyLevel::Protected, {}, ShedAt::Never, 0, {}, {}});
  }
  const auto table = keys::ClassTable::compile("", classes);
  ASSERT_TRUE(table);
  for (const auto& fact : made.facts) {
    EXPECT_EQ(table->classify(fact.key).has_value(), !fact.key.starts_with("k"));
  }
}

TEST(Families, EmptyComponentsArePartsOfPatterns) {
  KeyMaker made(6);
  for (int i = 0; i < 400; ++i) {
    const std::string number = std::to_string(i);
    made.add("trail:" + number + ":", "string");
    made.add("dd::" + number, "string");
    made.add("dd:x:" + number, "string");
    made.add(":lead:" + number, "string");
  }
  const auto found = found_in(made.facts);
  EXPECT_TRUE(found.contains("trail:{}:"));
  EXPECT_TRUE(found.contains("dd::{}"));
  EXPECT_TRUE(found.contains("dd:x:{}"));
  EXPECT_TRUE(found.contains(":lead:{}"));
  EXPECT_EQ(found.size(), 4U);
}

TEST(Families, WhatCannotBeSeenIsInNoPattern) {
  KeyMaker made(7);
  for (int i = 0; i < 100; ++i) {
    made.add("user\u202e:" + std::to_string(i), "string");
    made.add("us\u200ber:" + std::to_string(i), "string");
  }
  const auto patterns = find_patterns(made.facts);
  EXPECT_FALSE(patterns.empty());
  for (const auto& pattern : patterns) EXPECT_EQ(printable(pattern, 1000), pattern);
}

TEST(Families, AKeyOfAFamilyMatchesItsPattern) {
  KeyMaker made(5);
  add_redkeep(made, 100);
  add_rails(made, 100);
  add_spring(made, 100);
  std::vector<KeyClass> classes;
  for (const auto& pattern : find_patterns(made.facts)) {
    classes.push_back({std::to_string(classes.size()),
                       {pattern},
                       KeyLevel::Protected,
                       {},
                       ShedAt::Never,
                       0,
                       {},
                       {}});
  }
  const auto table = keys::ClassTable::compile("", classes);
  ASSERT_TRUE(table);
  std::size_t unmatched = 0;
  for (const auto& key : made.facts) unmatched += table->classify(key.key) ? 0 : 1;
  EXPECT_LE(unmatched, 2U) << "retry and schedule are keys of their own";
}

}  // namespace
}  // namespace redkeep::discover
