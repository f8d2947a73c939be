#include "recovery/journal/content_changes.h"

#include <gtest/gtest.h>

namespace redkeep::recovery {
namespace {

Entity entity(const std::string& id, const std::string& data = "{}") {
  return {id, "page", "", data, "", "", ""};
}
Association link(const std::string& parent, const std::string& child, const std::string& path) {
  return {parent, child, path, "contains", 0};
}

class ContentChangesTest : public testing::Test {
 protected:
  bool leaves(const Entity& record) const { return changes.leaves(content::view_of(record)); }
  bool leaves(const Association& record) const {
    return changes.leaves(content::view_of(record, "0"));
  }
  ContentChanges changes;
};

TEST_F(ContentChangesTest, NothingLeavesEverythingAsItWas) {
  EXPECT_TRUE(changes.empty());
  EXPECT_TRUE(leaves(entity("a")));
  EXPECT_TRUE(leaves(link("a", "b", "/b")));
}

TEST_F(ContentChangesTest, AStoreTakesTheRecordsPlaceAndTheLastOneCounts) {
  changes.apply(entity("a", "1"));
  changes.apply(entity("a", "2"));
  changes.apply(link("a", "b", "/b"));
  EXPECT_FALSE(leaves(entity("a")));
  EXPECT_TRUE(leaves(entity("b")));
  EXPECT_FALSE(leaves(link("x", "y", "/b"))) << "the same path";
  ASSERT_EQ(changes.entities().size(), 1U);
  EXPECT_EQ(changes.entities().at("a").data, "2");
  EXPECT_EQ(changes.associations().at("/b").child_id, "b");
}

TEST_F(ContentChangesTest, WithAnEntityGoItsAssociations) {
  changes.apply(link("a", "b", "/b"));
  changes.apply(link("c", "d", "/d"));
  changes.apply(RemoveEntity{"b"});
  EXPECT_FALSE(leaves(entity("b")));
  EXPECT_FALSE(leaves(link("x", "b", "/old"))) << "of the content";
  EXPECT_FALSE(leaves(link("b", "x", "/old"))) << "of the content";
  EXPECT_FALSE(leaves(link("x", "y", "/b"))) << "it was replaced before it went";
  EXPECT_EQ(changes.associations().size(), 1U);
  EXPECT_TRUE(changes.associations().contains("/d"));
}

TEST_F(ContentChangesTest, AnEntityThatIsStoredAgainDoesNotBringItsAssociationsBack) {
  changes.apply(RemoveEntity{"b"});
  changes.apply(entity("b", "new"));
  EXPECT_FALSE(leaves(entity("b"))) << "the old one";
  EXPECT_EQ(changes.entities().at("b").data, "new");
  EXPECT_FALSE(leaves(link("a", "b", "/b")));
  changes.apply(link("a", "b", "/b"));
  EXPECT_EQ(changes.associations().size(), 1U);
}

TEST_F(ContentChangesTest, APathThatWasGivenToOthersIsNotTakenWithItsFormerEnds) {
  changes.apply(link("a", "b", "/p"));
  changes.apply(link("c", "d", "/p"));
  changes.apply(RemoveEntity{"b"});
  ASSERT_TRUE(changes.associations().contains("/p"));
  EXPECT_EQ(changes.associations().at("/p").child_id, "d");
}

TEST_F(ContentChangesTest, ARemovedAssociationIsGoneHoweverItCame) {
  changes.apply(RemoveAssociation{"/b"});
  EXPECT_FALSE(leaves(link("a", "b", "/b")));
  EXPECT_FALSE(changes.empty());
  changes.apply(link("a", "b", "/b"));
  EXPECT_TRUE(changes.associations().contains("/b"));
  changes.apply(RemoveAssociation{"/b"});
  EXPECT_TRUE(changes.associations().empty());
}

TEST_F(ContentChangesTest, WordsAreRememberedAndNoChangeOfRecords) {
  changes.apply(AddWord{"red", {"a"}});
  changes.apply(RemoveWord{"blue", {"a"}});
  EXPECT_EQ(changes.words(), (std::set<std::string, std::less<>>{"blue", "red"}));
  EXPECT_TRUE(changes.empty());
}

}  // namespace
}  // namespace redkeep::recovery
