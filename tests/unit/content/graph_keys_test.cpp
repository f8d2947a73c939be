#include "content/graph_keys.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace redkeep::content {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields list(const HashFields& fields) {
  Fields listed;
  for (const auto& field : fields) listed.emplace_back(field.name, field.value);
  return listed;
}

const EntityView kWhole{"id", "page", "$hut", "{\"a\": 1}", "eva", "2025", "2026"};

TEST(GraphKeys, GiveAnEntityTheFieldsThatItHas) {
  EXPECT_EQ(list(entity_fields(kWhole, "/hut")), (Fields{{"type", "page"},
                                                         {"data", "{\"a\": 1}"},
                                                         {"semantic_name", "$hut"},
                                                         {"created_by", "eva"},
                                                         {"created_at", "2025"},
                                                         {"updated_at", "2026"},
                                                         {"path", "/hut"}}));
  EXPECT_EQ(list(entity_fields({"id", "page", "", "{}", "", "", ""}, "")),
            (Fields{{"type", "page"}, {"data", "{}"}}));
  EXPECT_EQ(entity_fields(kWhole, "/hut").size(), 7U);
}

TEST(GraphKeys, GiveAnAssociationAllItsFields) {
  EXPECT_EQ(
      list(association_fields({"p", "c", "/p/c", "contains", "-7"})),
      (Fields{{"parent_id", "p"}, {"child_id", "c"}, {"type", "contains"}, {"weight", "-7"}}));
}

// Everything that a record is spread to, as Redis would have it.
struct Pieces {
  std::map<std::string, Fields> hashes;
  std::map<std::string, std::string> strings;
  std::map<std::string, std::set<std::string>> sets;

  void hash(const std::string& key, const HashFields& fields) { hashes[key] = list(fields); }
  void string(const std::string& key, std::string_view value) { strings[key] = value; }
  std::string member(std::string_view bytes) { return std::string(bytes); }
  void in_set(const std::string& key, const std::string& member) { sets[key].insert(member); }
};

const keys::KeySchema kSchema("reed:");

TEST(GraphKeys, SpreadAnEntityToEveryKeyOfTheTable) {
  Pieces pieces;
  const std::vector<std::string_view> words{"hut", "menu"};
  spread(kSchema, kWhole, "/hut", words, pieces);
  EXPECT_EQ(pieces.hashes.size(), 1U);
  EXPECT_EQ(pieces.hashes["reed:entity:page:id"].size(), 7U);
  EXPECT_EQ(pieces.strings, (std::map<std::string, std::string>{
                                {"reed:type_of:id", "page"}, {"reed:semantic:page:$hut", "id"}}));
  EXPECT_EQ(pieces.sets,
            (std::map<std::string, std::set<std::string>>{{"reed:type_index:page", {"id"}},
                                                          {"reed:word:hut", {"id"}},
                                                          {"reed:word:menu", {"id"}}}));
}

TEST(GraphKeys, SpreadAnEntityWithoutANameToNoName) {
  Pieces pieces;
  spread(kSchema, {"id", "page", "", "{}", "", "", ""}, "", {}, pieces);
  EXPECT_EQ(pieces.strings, (std::map<std::string, std::string>{{"reed:type_of:id", "page"}}));
  EXPECT_EQ(pieces.sets.size(), 1U);
}

// Only `contains` writes children, parent and path; every other type is in the links of both ends.
TEST(GraphKeys, SpreadAssociationsByWhetherTheyContain) {
  Pieces contained;
  spread(kSchema, {"p", "c", "/p:c", "contains", "0"}, contained);
  EXPECT_EQ(contained.hashes.count("reed:assoc:/p%3Ac"), 1U);
  EXPECT_EQ(contained.strings, (std::map<std::string, std::string>{{"reed:parent:c", "p"}}));
  EXPECT_EQ(contained.sets,
            (std::map<std::string, std::set<std::string>>{{"reed:children:p", {"c"}}}));

  for (const std::string_view type : {"references", "extends", "contains_not"}) {
    Pieces linked;
    spread(kSchema, {"p", "c", "/p:c", type, "0"}, linked);
    EXPECT_EQ(linked.hashes.count("reed:assoc:/p%3Ac"), 1U);
    EXPECT_TRUE(linked.strings.empty()) << type;
    EXPECT_EQ(linked.sets, (std::map<std::string, std::set<std::string>>{
                               {"reed:links:p", {"/p:c"}}, {"reed:links:c", {"/p:c"}}}));
  }
}

}  // namespace
}  // namespace redkeep::content
