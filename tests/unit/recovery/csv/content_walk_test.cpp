// A content that was checked, spread by parts and with only those sets that a sink wants.
#include "recovery/csv/content_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "temporary_directory.h"

namespace redkeep::recovery {
namespace {

using Pieces = std::multiset<std::string>;

constexpr std::string_view kFirst = "00000000-0000-4000-8000-000000000001";
constexpr std::string_view kSecond = "00000000-0000-4000-8000-000000000002";

// Takes everything, each piece as a line.
struct Everything {
  Pieces pieces = {};
  void hash(std::string_view key, const content::HashFields&) { pieces.emplace(key); }
  void string(std::string_view key, std::string_view value) {
    pieces.insert(std::string(key) + "=" + std::string(value));
  }
  std::string_view member(std::string_view bytes) const { return bytes; }
  void in_set(std::string_view key, std::string_view member) {
    pieces.insert(std::string(key) + " has " + std::string(member));
  }
};

struct WithOneWord : Everything {
  bool wants_word(std::string_view word) const { return word == "ham"; }
};

struct WithLinksOfOne : Everything {
  bool wants_links(std::string_view id) const { return id == kSecond; }
};

class ContentWalkTest : public testing::Test {
 protected:
  void write_content(const std::string& index = "") {
    const std::string first(kFirst);
    const std::string second(kSecond);
    directory.write("entities.csv", "id,type,semantic_name,data\n" + first +
                                        R"(,page,,"{""title"":""ham eggs ham""}")" + "\n" + second +
                                        R"(,page,$two,"{""title"":""ham""}")" + "\n");
    directory.write("associations.csv", "parent_id,child_id,path,type,weight\n" + first + "," +
                                            second + ",/a,contains,0\n" + second + "," + first +
                                            ",b/a,references,0\n");
    if (!index.empty()) directory.write("search_index.csv", index);
  }

  template <class Sink>
  Pieces walk(Sink sink, WalkPart part = WalkPart::All) {
    const auto check = check_content(directory.path(), {});
    EXPECT_TRUE(check && check->problems.count == 0) << testing::PrintToString(
        check ? check->problems.first : std::vector{check.error().message});
    ContentWalk walk(schema, *check, directory.path(), WalkWords::Cut, part);
    const auto more = walk.next(1000, sink);
    EXPECT_TRUE(more && !*more);
    return sink.pieces;
  }

  TemporaryDirectory directory;
  keys::KeySchema schema{"p:"};
};

std::int64_t with(const Pieces& pieces, std::string_view start) {
  return std::count_if(pieces.begin(), pieces.end(),
                       [start](const std::string& piece) { return piece.starts_with(start); });
}

TEST_F(ContentWalkTest, ItsTwoPartsHaveNoKeyInCommonAndAreTheWhole) {
  for (const std::string index :
       {"", "word,entity_ids\nspam,00000000-0000-4000-8000-000000000002\n"}) {
    write_content(index);
    Pieces parts = walk(Everything{}, WalkPart::Entities);
    EXPECT_EQ(with(parts, "p:word:"), index.empty() ? 4 : 1);
    EXPECT_EQ(with(parts, "p:links:") + with(parts, "p:assoc:"), 0);
    const Pieces associations = walk(Everything{}, WalkPart::Associations);
    EXPECT_EQ(with(associations, "p:links:"), 2);
    EXPECT_EQ(with(associations, "p:entity:") + with(associations, "p:word:"), 0);
    parts.insert(associations.begin(), associations.end());
    EXPECT_EQ(parts, walk(Everything{}));
  }
}

TEST_F(ContentWalkTest, ASinkThatChoosesWordsIsGivenThoseAsOftenAsTheyOccur) {
  write_content();
  const Pieces pieces = walk(WithOneWord{});
  EXPECT_EQ(pieces.count("p:word:ham has " + std::string(kFirst)), 2);
  EXPECT_EQ(pieces.count("p:word:ham has " + std::string(kSecond)), 1);
  EXPECT_EQ(with(pieces, "p:word:"), 3);
  EXPECT_EQ(with(pieces, "p:entity:"), 2);
}

TEST_F(ContentWalkTest, OfASearchIndexToo) {
  write_content(
      "word,entity_ids\nham,00000000-0000-4000-8000-000000000001\n"
      "spam,00000000-0000-4000-8000-000000000002\n");
  const Pieces pieces = walk(WithOneWord{});
  EXPECT_EQ(pieces.count("p:word:ham has " + std::string(kFirst)), 1);
  EXPECT_EQ(with(pieces, "p:word:"), 1);
}

TEST_F(ContentWalkTest, ASinkThatChoosesLinksIsGivenThose) {
  write_content();
  const Pieces pieces = walk(WithLinksOfOne{});
  EXPECT_EQ(pieces.count("p:links:" + std::string(kSecond) + " has b/a"), 1);
  EXPECT_EQ(with(pieces, "p:links:"), 1);
  EXPECT_EQ(with(pieces, "p:assoc:"), 2);
}

}  // namespace
}  // namespace redkeep::recovery
