#include "drift/references.h"

#include <gtest/gtest.h>

#include "drift/confirm.h"

namespace redkeep::drift {
namespace {

class ReferencesTest : public testing::Test {
 protected:
  ReferencesTest() {
    known.add(Role::Entity, "reed:entity:page:1", 5);
    known.add(Role::Entity, "reed:entity:user:2", 5);
    known.add(Role::Association, "reed:assoc:/a%3Ab", 5);
    known.add(Role::EntityType, "reed:type_of:9", 5);  // a type alone is no entity
  }

  std::vector<Link> string(Role role, const std::string& key, const std::string& value) {
    std::vector<Suspicion> found;
    references.string(role, key, value, found);
    return links_of(found);
  }
  std::vector<Link> member(Role role, const std::string& key, const std::string& value) {
    std::vector<Suspicion> found;
    references.member(role, key, value, found);
    return links_of(found);
  }
  static std::vector<Link> links_of(const std::vector<Suspicion>& found) {
    std::vector<Link> links;
    for (const auto& suspicion : found) links.push_back(suspicion.link);
    return links;
  }

  using Links = std::vector<Link>;
  KnownRecords known;
  keys::KeySchema schema{"reed:"};
  References references{known, schema};
};

TEST_F(ReferencesTest, WhatIsThereIsNotSuspected) {
  EXPECT_EQ(string(Role::EntityType, "reed:type_of:1", "page"), Links{});
  EXPECT_EQ(string(Role::SemanticName, "reed:semantic:page:$home", "1"), Links{});
  EXPECT_EQ(string(Role::Parent, "reed:parent:2", "1"), Links{});
  EXPECT_EQ(member(Role::Children, "reed:children:1", "2"), Links{});
  EXPECT_EQ(member(Role::Words, "reed:word:owl", "1"), Links{});
  EXPECT_EQ(member(Role::TypeIndex, "reed:type_index:user", "2"), Links{});
  EXPECT_EQ(member(Role::Links, "reed:links:1", "/a:b"), Links{}) << "a path is encoded in its key";
}

TEST_F(ReferencesTest, WhatIsNotThereIs) {
  EXPECT_EQ(string(Role::EntityType, "reed:type_of:9", "page"), Links{Link::TypeOfEntity});
  EXPECT_EQ(string(Role::EntityType, "reed:type_of:1", "user"), Links{Link::TypeOfEntity});
  EXPECT_EQ(string(Role::SemanticName, "reed:semantic:user:$home", "1"), Links{Link::NameOfEntity})
      << "an entity of another type";
  EXPECT_EQ(string(Role::Parent, "reed:parent:9", "1"), Links{Link::ParentOfEntity});
  EXPECT_EQ(string(Role::Parent, "reed:parent:2", "9"), Links{Link::ParentMissing});
  EXPECT_EQ(member(Role::Children, "reed:children:1", "9"), Links{Link::MemberOfEntity});
  EXPECT_EQ(member(Role::Words, "reed:word:owl", ""), Links{Link::MemberOfEntity});
  EXPECT_EQ(member(Role::TypeIndex, "reed:type_index:page", "2"), Links{Link::MemberOfType});
  EXPECT_EQ(member(Role::Links, "reed:links:1", "/gone"), Links{Link::MemberOfPath});
}

TEST_F(ReferencesTest, ASetWhoseOwnerIsNotThereIsSuspectedAsAWhole) {
  std::vector<Suspicion> found;
  EXPECT_FALSE(references.set(Role::Children, "reed:children:1", found));
  EXPECT_FALSE(references.set(Role::Links, "reed:links:2", found));
  EXPECT_FALSE(references.set(Role::Words, "reed:word:9", found)) << "a word is no id";
  EXPECT_FALSE(references.set(Role::TypeIndex, "reed:type_index:9", found));
  EXPECT_TRUE(found.empty());
  EXPECT_TRUE(references.set(Role::Children, "reed:children:9", found));
  EXPECT_TRUE(references.set(Role::Links, "reed:links:9", found));
  ASSERT_EQ(found.size(), 2U);
  for (const auto& suspicion : found) {
    EXPECT_EQ(suspicion.link, Link::SetOfEntity);
    EXPECT_EQ(suspicion.target, "9");
    EXPECT_EQ(kind_of(suspicion.link), DriftKind::DanglingKey);
  }
}

TEST_F(ReferencesTest, AnAssociationIsSuspectedOnceThoughBothItsEndsAreLost) {
  std::vector<Suspicion> found;
  references.association("reed:assoc:/x", "1", "2", found);
  EXPECT_TRUE(found.empty());
  references.association("reed:assoc:/x", "8", "9", found);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].link, Link::EndMissing);
}

TEST_F(ReferencesTest, OnlyWhatIsDerivedIsEverRemoved) {
  for (const Link link : {Link::ParentMissing, Link::EndMissing}) {
    EXPECT_FALSE(is_mendable(kind_of(link)));
    redis::CommandBuffer commands;
    add_confirmation({link, "k", "v", "t"}, schema, Look::AndMend, commands);
    EXPECT_EQ(commands.wire().find("\r\nfix\r\n"), std::string_view::npos);
  }
  redis::CommandBuffer commands;
  add_confirmation({Link::MemberOfPath, "k", "v", "t"}, schema, Look::AndMend, commands);
  EXPECT_NE(commands.wire().find("\r\nfix\r\n"), std::string_view::npos);
  for (const Look look : {Look::Only, Look::ReadOnly}) {
    commands.clear();
    add_confirmation({Link::MemberOfPath, "k", "v", "t"}, schema, look, commands);
    EXPECT_EQ(commands.wire().find("\r\nfix\r\n"), std::string_view::npos);
  }
}

}  // namespace
}  // namespace redkeep::drift
