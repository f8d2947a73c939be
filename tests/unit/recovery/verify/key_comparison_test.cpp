#include "recovery/verify/key_comparison.h"

#include <gtest/gtest.h>

#include <set>

#include "unit/recovery/hut_page.h"

namespace redkeep::recovery {
namespace {

using State = SeenKey::State;
using Prints = std::set<std::uint64_t>;

ExpectedKeys expected() {
  ExpectedKeys keys;
  const std::vector<std::string_view> words{"hut", "soup"};
  content::spread(kSchema, kPage, "/hut", words, keys);
  return keys;
}

std::uint64_t sum_of(const content::HashFields& fields) {
  std::uint64_t sum = 0;
  for (const auto& field : fields) sum += field_digest(field.name, field.value);
  return sum;
}

// What a server that holds exactly the page gives.
std::vector<SeenKey> right() {
  static const std::vector<std::string> keys{
      kSchema.entity("page", kHut), kSchema.type_of(kHut), kSchema.semantic("page", "$hut"),
      kSchema.type_index("page"),   kSchema.word("hut"),   kSchema.word("soup")};
  const std::uint64_t member = member_digest(kHut);
  return {{keys[0], State::There, sum_of(content::entity_fields(kPage, "/hut")), false},
          {keys[1], State::There, string_digest("page"), false},
          {keys[2], State::There, string_digest(kHut), false},
          {keys[3], State::There, member, false},
          {keys[4], State::There, member, false},
          {keys[5], State::There, member, false}};
}

Damage damage_of(const std::vector<SeenKey>& seen) {
  SeenKeys all;
  for (const auto& key : seen) all.add(key);
  return compare(expected(), all);
}

struct Counts {
  std::size_t missing = 0, changed = 0, orphaned = 0, with_ttl = 0, wrong_type = 0;
  bool operator==(const Counts&) const = default;
};

Counts counts(const Damage& damage) {
  return {damage.missing.size(), damage.changed.size(), damage.orphaned.size(),
          damage.with_ttl.size(), damage.wrong_type.size()};
}

TEST(KeyComparison, NothingDiffersWhereEverythingIsRight) {
  const Damage damage = damage_of(right());
  EXPECT_FALSE(damage.any());
  EXPECT_EQ(expected().size(), 6U);
}

TEST(KeyComparison, AKeyThatIsGivenTwiceIsOneKey) {
  auto seen = right();
  const auto again = right();
  seen.insert(seen.end(), again.begin(), again.end());
  EXPECT_FALSE(damage_of(seen).any());
}

TEST(KeyComparison, EachKeyThatIsNotThereIsMissing) {
  for (std::size_t i = 0; i < right().size(); ++i) {
    auto seen = right();
    seen.erase(seen.begin() + static_cast<std::ptrdiff_t>(i));
    const Damage damage = damage_of(seen);
    EXPECT_EQ(counts(damage), (Counts{.missing = 1})) << i;
    EXPECT_TRUE(damage.missing.contains(key_print(right()[i].key)));
    EXPECT_TRUE(damage.any());
  }
}

TEST(KeyComparison, AKeyThatWentSinceItWasNamedIsMissing) {
  auto seen = right();
  seen[1].state = State::NotThere;
  EXPECT_EQ(counts(damage_of(seen)), (Counts{.missing = 1}));
}

TEST(KeyComparison, AnotherValueIsAChange) {
  for (std::size_t i = 0; i < right().size(); ++i) {
    auto seen = right();
    seen[i].digest += 1;
    const Damage damage = damage_of(seen);
    EXPECT_EQ(counts(damage), (Counts{.changed = 1})) << i;
    EXPECT_TRUE(damage.changed.contains(key_print(right()[i].key)));
  }
}

TEST(KeyComparison, WhatIsNotExpectedIsOrphanedWhateverItsType) {
  auto seen = right();
  seen.push_back({"reed:word:old", State::There, 1, false});
  seen.push_back({"reed:word:list", State::WrongType, 0, false});
  EXPECT_EQ(counts(damage_of(seen)), (Counts{.orphaned = 2}));
}

TEST(KeyComparison, AWrongTypeIsNeitherMissingNorChanged) {
  auto seen = right();
  seen[0].state = State::WrongType;
  EXPECT_EQ(counts(damage_of(seen)), (Counts{.wrong_type = 1}));
}

TEST(KeyComparison, ATtlIsCountedBesideOtherDamage) {
  auto seen = right();
  seen[2].has_ttl = true;
  EXPECT_EQ(counts(damage_of(seen)), (Counts{.with_ttl = 1}));
  seen[2].digest += 1;
  EXPECT_EQ(counts(damage_of(seen)), (Counts{.changed = 1, .with_ttl = 1}));
}

TEST(KeyComparison, EverythingIsMissingFromAnEmptyServer) {
  EXPECT_EQ(counts(damage_of({})), (Counts{.missing = 6}));
}

TEST(KeyComparison, NothingIsExpectedOfNoContent) {
  SeenKeys seen;
  seen.add({"reed:word:old", State::There, 1, false});
  EXPECT_EQ(counts(compare(ExpectedKeys{}, seen)), (Counts{.orphaned = 1}));
}

TEST(ExpectedKeys, AreAllFoundHoweverMany) {
  ExpectedKeys keys;
  for (int i = 0; i < 20'000; ++i) {
    keys.string("key" + std::to_string(i), std::to_string(i));
    keys.in_set("set" + std::to_string(i % 1000), member_digest(std::to_string(i)));
  }
  EXPECT_EQ(keys.size(), 21'000U);
  for (int i = 0; i < 20'000; ++i) {
    const auto place = keys.find(key_print("key" + std::to_string(i)));
    ASSERT_NE(place, ExpectedKeys::kNone) << i;
    ASSERT_EQ(keys.digest_at(place), string_digest(std::to_string(i))) << i;
  }
  EXPECT_EQ(keys.find(key_print("another")), ExpectedKeys::kNone);
  std::uint64_t sum = 0;
  for (int i = 0; i < 20'000; i += 1000) sum += member_digest(std::to_string(i));
  EXPECT_EQ(keys.digest_at(keys.find(key_print("set0"))), sum);
}

TEST(ValueDigest, TellsValuesApartButNotTheirOrder) {
  EXPECT_EQ(field_digest("a", "1") + field_digest("b", "2"),
            field_digest("b", "2") + field_digest("a", "1"));
  EXPECT_NE(field_digest("a", "1") + field_digest("b", "2"),
            field_digest("a", "2") + field_digest("b", "1"));
  EXPECT_NE(field_digest("a", "1"), field_digest("a", "1 "));
  EXPECT_NE(member_digest("a") + member_digest("b"), member_digest("ab"));
  EXPECT_NE(member_digest("a"), string_digest("a"));
  EXPECT_NE(string_digest(""), string_digest(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace redkeep::recovery
