#include "recovery/verify/saved_rows.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "temporary_directory.h"
#include "unit/recovery/disk/faulty_disk.h"
#include "unit/recovery/hut_page.h"

namespace redkeep::recovery {
namespace {

const std::string kHutId(kHut);

std::vector<redis::Reply> fields(const std::vector<std::string>& names_and_values) {
  std::vector<redis::Reply> replies;
  for (const auto& text : names_and_values) {
    replies.push_back({redis::Reply::Type::String, 0, text, {}});
  }
  return replies;
}

class SavedRowsTest : public testing::Test {
 protected:
  std::string file(const std::string& name) const {
    std::ifstream stream(rows.directory() + "/" + name, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }

  TemporaryDirectory directory;
  SavedRows rows{kSchema, Disk::real(), directory.path()};
};

TEST_F(SavedRowsTest, NothingIsMadeWhereNothingIsSaved) {
  ASSERT_TRUE(rows.finish().ok());
  EXPECT_EQ(rows.directory(), "");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(SavedRowsTest, AnEntityIsARowOfTheContentsForm) {
  const auto kept = rows.hash("reed:entity:page:" + kHutId,
                              fields({"data", R"({"title":"a, b"})", "type", "page", "path", "/a",
                                      "semantic_name", "$hut", "version", "7"}));
  ASSERT_TRUE(kept.ok());
  EXPECT_TRUE(*kept);
  ASSERT_TRUE(rows.finish().ok());
  EXPECT_EQ(file("entities.csv"), "id,type,semantic_name,data,created_by,created_at,updated_at\n" +
                                      kHutId + ",page,$hut,\"{\"\"title\"\":\"\"a, b\"\"}\",,,\n");
  EXPECT_EQ(rows.rows(), 1);
}

TEST_F(SavedRowsTest, AnAssociationIsARowWithItsPathAsItWas) {
  const auto kept = rows.hash("reed:assoc:/a%3Ab", fields({"parent_id", kHutId, "child_id", kHutId,
                                                           "type", "references", "weight", "-3"}));
  ASSERT_TRUE(kept.ok() && *kept);
  ASSERT_TRUE(rows.finish().ok());
  EXPECT_EQ(file("associations.csv"), "parent_id,child_id,path,type,weight\n" + kHutId + "," +
                                          kHutId + ",/a:b,references,-3\n");
}

TEST_F(SavedRowsTest, AHashThatMakesNoRowIsNotTakenForOne) {
  for (const auto& strange :
       {fields({"data", "{}", "type", "user"}), fields({"data", "{}", "type", "page", "more", "1"}),
        fields({"type", "page"}), fields({"data", "\xFF", "type", "page"})}) {
    const auto kept = rows.hash("reed:entity:page:" + kHutId, strange);
    ASSERT_TRUE(kept.ok());
    EXPECT_FALSE(*kept);
  }
  const auto other = rows.hash("reed:word:hut", fields({"a", "1"}));
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(*other);
  EXPECT_EQ(rows.rows(), 0);
}

TEST_F(SavedRowsTest, WhatHasNoRowIsSavedByKeyAndType) {
  ASSERT_TRUE(rows.string("reed:type_of:1", "page,\n\"x\"").ok());
  ASSERT_TRUE(rows.member("reed:word:hut", kHutId).ok());
  ASSERT_TRUE(rows.member("reed:word:hut", "\xFF\x01").ok());
  ASSERT_TRUE(rows.dump("reed:word:list", std::string("\x00\x0a", 2)).ok());
  ASSERT_TRUE(rows.finish().ok());
  EXPECT_EQ(file("other_keys.csv"),
            "key,type,value\n"
            "reed:type_of:1,string,\"page,\n\"\"x\"\"\"\n"
            "reed:word:hut,member," +
                kHutId +
                "\n"
                "reed:word:hut,member-hex,ff01\n"
                "reed:word:list,dump-hex,000a\n");
}

TEST_F(SavedRowsTest, TwoInOneSecondDoNotMix) {
  ASSERT_TRUE(rows.string("a", "1").ok());
  SavedRows second(kSchema, Disk::real(), directory.path());
  ASSERT_TRUE(second.string("a", "2").ok());
  EXPECT_NE(rows.directory(), second.directory());
}

// F38: wherever the disk fails, somebody is told before anything is overwritten.
TEST(SavedRowsFaults, EachFailingCallIsAnError) {
  const auto save = [](Disk& disk) {
    const TemporaryDirectory directory;
    SavedRows rows(kSchema, disk, directory.path());
    if (const Status saved = rows.string("key", "value"); !saved) return saved;
    return rows.finish();
  };
  FaultyDisk counting(0, DiskFault::Fails);
  ASSERT_TRUE(save(counting).ok());
  ASSERT_GE(counting.calls(), 5);
  for (int call = 1; call <= counting.calls(); ++call) {
    FaultyDisk disk(call, DiskFault::Fails, ENOSPC);
    EXPECT_FALSE(save(disk).ok()) << "call " << call;
  }
}

}  // namespace
}  // namespace redkeep::recovery
