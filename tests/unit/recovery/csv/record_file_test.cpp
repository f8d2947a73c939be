// A file's header says which records it has; what was checked is what is read afterwards.
#include "recovery/csv/record_file.h"

#include <gtest/gtest.h>

#include "temporary_directory.h"

namespace redkeep::recovery {
namespace {

constexpr const char* kOneId = "0b6f3c1e-5a0e-4a44-9d3c-2f9c5b1e7a10";
constexpr const char* kOtherId = "0b6f3c1e-5a0e-4a44-9d3c-2f9c5b1e7a11";

class RecordFiles : public testing::Test {
 protected:
  Result<RecordFile> look_at(const std::string& text) {
    return RecordFile::look_at(directory.write("x.csv", text), "the input");
  }
  std::string problem_of(const std::string& text) {
    const auto file = look_at(text);
    EXPECT_FALSE(file.ok());
    return file ? "" : file.error().message;
  }

  TemporaryDirectory directory;
};

TEST_F(RecordFiles, AreToldApartByTheirHeaderWhateverItsOrder) {
  EXPECT_EQ(look_at("data,type,id\n")->form(), RecordFile::Form::Entities);
  EXPECT_EQ(look_at("id,\"type\",semantic_name,data,created_by,created_at,updated_at\n")->form(),
            RecordFile::Form::Entities);
  EXPECT_EQ(look_at("weight,type,path,child_id,parent_id\n")->form(),
            RecordFile::Form::Associations);
}

TEST_F(RecordFiles, AHeaderOfNeitherFormIsNamed) {
  EXPECT_EQ(problem_of("id,type\n"), "the input:1:1: the column \"data\" is missing");
  EXPECT_EQ(problem_of("path,type\n"), "the input:1:1: the column \"parent_id\" is missing");
  EXPECT_EQ(problem_of("id,type,data,size\n"), "the input:1:14: unknown column \"size\"");
  EXPECT_EQ(problem_of(""), "the input:1:1: the file is empty: it needs a header");
}

TEST_F(RecordFiles, BadRowsAreCountedAndNamedByThePlaceOfTheFault) {
  const auto file = look_at(std::string("id,type,data\n") + kOneId + ",page,{}\nx,page,{}\n");
  ASSERT_TRUE(file.ok());
  ContentProblems problems;
  EXPECT_EQ(*file->check(problems, {}), 2);
  ASSERT_EQ(problems.count, 1);
  EXPECT_TRUE(problems.first[0].starts_with("the input:3:1: id ")) << problems.first[0];
}

TEST_F(RecordFiles, RowsAreRecords) {
  const auto file = look_at(std::string("weight,type,path,child_id,parent_id\n7,contains,/a,") +
                            kOneId + "," + kOtherId + "\n");
  ASSERT_TRUE(file.ok());
  auto rows = RecordRows::open(*file);
  ASSERT_TRUE(rows.ok());
  const auto first = rows->next_association();
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_EQ(**first, (Association{kOtherId, kOneId, "/a", "contains", 7}));
  const auto end = rows->next_association();
  EXPECT_TRUE(end.ok() && !end->has_value());
}

TEST_F(RecordFiles, AFileThatWasChangedAfterItWasCheckedIsNotRead) {
  const auto file = look_at("id,type,data\n");
  ASSERT_TRUE(file.ok());
  directory.write("x.csv", std::string("id,type,data\n") + kOneId + ",page,{}\n");
  const auto rows = RecordRows::open(*file);
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().kind, ErrorKind::Io);
}

}  // namespace
}  // namespace redkeep::recovery
