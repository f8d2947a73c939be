// examples/site: what ./run loads is right, and holds what its README says it shows.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "recovery/csv/content_check.h"

namespace redkeep::recovery {
namespace {

const std::string kSite = REDKEEP_SOURCE_DIR "/examples/site";

TEST(ExampleSite, PassesTheContentCheck) {
  const auto check = check_content(kSite, {});
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_EQ(check->problems.count, 0) << testing::PrintToString(check->problems.first);
  EXPECT_EQ(check->entities, 88);
  EXPECT_EQ(check->associations, 185);
}

TEST(ExampleSite, IsOneTreeOfContainment) {
  auto associations = AssociationFile::open(kSite);
  ASSERT_TRUE(associations);
  std::set<std::string> contained;
  std::map<std::string, int> types;
  content::AssociationView association;
  while (associations->next(association) == CsvReader::Next::Row) {
    ++types[std::string(association.type)];
    if (association.is_containment()) contained.emplace(association.child_id);
  }
  EXPECT_EQ(contained.size(), 87u) << "all but the root";
  for (const char* type : {"contains", "references", "extends", "translation_of"}) {
    EXPECT_GT(types[type], 0) << type;
  }
  EXPECT_EQ(types.size(), 4u);
}

TEST(ExampleSite, HasEachTypeBothLanguagesAndWhatCsvIsQuotedFor) {
  auto entities = EntityFile::open(kSite);
  ASSERT_TRUE(entities);
  std::map<std::string, int> types;
  std::string all;
  content::EntityView entity;
  while (entities->next(entity) == CsvReader::Next::Row) {
    EXPECT_FALSE(entity.semantic_name.empty());
    ++types[std::string(entity.type)];
    all += entity.data;
  }
  EXPECT_EQ(types, (std::map<std::string, int>{
                       {"page", 55}, {"plugin", 2}, {"snippet", 24}, {"theme", 4}, {"user", 3}}));
  for (const char* part :
       {"\"locale\": \"eu\"", "\"locale\": \"de_DE\"", "ü", "ß", "'", ",", "\n", "Ongi etorri"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace redkeep::recovery
