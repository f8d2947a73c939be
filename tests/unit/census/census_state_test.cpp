// A census that was stopped, kept in a file and gone on with.
#include "census/census_state.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace redkeep::census {
namespace {

const keys::ClassTable& table() {
  static const auto compiled = keys::ClassTable::compile("reed:", default_key_classes());
  return *compiled;
}

const CensusSubject kSubject{"f00d", 3, "reed:", true, true};

CensusState example() {
  CensusState state;
  state.cursor = "12345678901234567890";
  state.counted.took = std::chrono::milliseconds{77};
  state.counted.unclassified_keys = 5;
  for (const auto& key_class : table().classes()) {
    state.counted.classes.push_back({key_class.name, key_class.level, 10, 1000});
  }
  state.counted.classes[1].bytes.reset();
  state.counted.details.resize(state.counted.classes.size() + 1);
  auto& detail = state.counted.details[2];
  detail.add_size(500, "key \"with\"\n\x1b[31m\xff");
  detail.ttl.add(std::chrono::seconds{30});
  detail.ttl.add(std::nullopt);
  return state;
}

TEST(CensusState, IsReadAsItWasWritten) {
  const auto read = parse_state(print_state(kSubject, example()), kSubject, table());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->cursor, example().cursor);
  EXPECT_EQ(read->counted.took.count(), 77);
  EXPECT_EQ(read->counted.unclassified_keys, 5);
  EXPECT_EQ(read->counted.classes[0].keys, 10);
  EXPECT_EQ(read->counted.classes[0].bytes, 1000);
  EXPECT_FALSE(read->counted.classes[1].bytes.has_value());
  const auto& detail = read->counted.details[2];
  EXPECT_EQ(detail.largest_bytes, 500);
  EXPECT_EQ(detail.largest_key, example().counted.details[2].largest_key);
  EXPECT_EQ(detail.ttl.keys[0], 1);
  EXPECT_EQ(detail.ttl.without, 1);
  EXPECT_EQ(detail.ttl.longest, std::chrono::seconds{30});
}

TEST(CensusState, OfAnotherServerDatabasePrefixOrFlagsIsRefused) {
  const std::string text = print_state(kSubject, example());
  const std::vector<CensusSubject> others{
      {"beef", 3, "reed:", true, true},  {"f00d", 4, "reed:", true, true},
      {"f00d", 3, "blog:", true, true},  {"f00d", 3, "reed:", false, true},
      {"f00d", 3, "reed:", true, false}, {"", 3, "reed:", true, true}};
  for (const auto& other : others) {
    const auto read = parse_state(text, other, table());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::Refused) << read.error().message;
  }
}

TEST(CensusState, OfOtherClassesIsRefused) {
  auto classes = default_key_classes();
  classes[3].name = "other";
  const auto other = keys::ClassTable::compile("reed:", classes);
  const auto read = parse_state(print_state(kSubject, example()), kSubject, *other);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::Refused);
}

TEST(CensusState, AnythingElseIsRefusedWithASentence) {
  const std::string whole = print_state(kSubject, example());
  std::vector<std::string> texts{"", "[]", "{}", "null", "{\"redkeep_census\":2}", "\xff"};
  for (std::size_t cut = 1; cut < whole.size(); cut += 7) texts.push_back(whole.substr(0, cut));
  // Each member once missing, and once of another kind.
  const auto object = boost::json::parse(whole).as_object();
  for (const auto& member : object) {
    auto other = object;
    other.erase(member.key());
    texts.push_back(boost::json::serialize(other));
    other = object;
    other[member.key()] = boost::json::array{nullptr};
    texts.push_back(boost::json::serialize(other));
  }
  for (const auto& text : texts) {
    const auto read = parse_state(text, kSubject, table());
    ASSERT_FALSE(read) << text;
    EXPECT_GT(read.error().message.size(), 20U);
  }
}

TEST(CensusState, ACursorThatIsNoneIsRefused) {
  auto state = example();
  state.cursor = "1\r\nFLUSHALL";
  EXPECT_FALSE(parse_state(print_state(kSubject, state), kSubject, table()));
}

TEST(TtlHistogram, CountsByWhatIsLeft) {
  TtlHistogram ttl;
  ttl.add(std::nullopt);
  ttl.add(std::chrono::milliseconds{0});
  ttl.add(std::chrono::minutes{1});
  ttl.add(std::chrono::minutes{1} + std::chrono::milliseconds{1});
  ttl.add(std::chrono::hours{24 * 400});
  EXPECT_EQ(ttl.without, 1);
  EXPECT_EQ(ttl.keys[0], 2);
  EXPECT_EQ(ttl.keys[1], 1);
  EXPECT_EQ(ttl.keys.back(), 1);
  EXPECT_EQ(ttl.with(), 4);
  EXPECT_EQ(ttl.counted(), 5);
  EXPECT_EQ(ttl.longest, std::chrono::hours{24 * 400});
}

}  // namespace
}  // namespace redkeep::census
