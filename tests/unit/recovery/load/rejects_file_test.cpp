// Where rejected rows go must never be a file that somebody needs.
#include "recovery/load/rejects_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "recovery/csv/content_directory.h"
#include "temporary_directory.h"

namespace redkeep::recovery {
namespace {

namespace fs = std::filesystem;

class RejectsFileTest : public testing::Test {
 protected:
  RejectsFileTest() {
    content_.write("entities.csv", kEntities);
    content_.write("associations.csv", "");
  }

  std::string text(const std::string& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void expect_refused(const std::string& path) const {
    const auto file = RejectsFile::create(path, content_.path());
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error().kind, ErrorKind::Refused) << file.error().message;
    EXPECT_NE(file.error().message.find("--rejects"), std::string::npos) << file.error().message;
  }

  const std::string kEntities = "id,type,semantic_name,data\nx,page,,{}\ny,page,,{}\n";
  TemporaryDirectory content_;
  TemporaryDirectory elsewhere_;
};

TEST_F(RejectsFileTest, AFileOfTheContentDirectoryIsRefusedHoweverItIsCalled) {
  const std::string link = elsewhere_.file("link");
  fs::create_directory_symlink(content_.path(), link);
  const std::string file_link = elsewhere_.file("rows.csv");
  fs::create_symlink(content_.file("associations.csv"), file_link);
  for (const std::string& path :
       {content_.file("entities.csv"), content_.file("associations.csv"),
        content_.file("search_index.csv"), link + "/search_index.csv",
        elsewhere_.path() + "/../" + fs::path(content_.path()).filename().string() +
            "/search_index.csv",
        file_link}) {
    expect_refused(path);
  }
  EXPECT_EQ(text(content_.file("entities.csv")), kEntities);
  EXPECT_FALSE(fs::exists(content_.file("search_index.csv")));
}

TEST_F(RejectsFileTest, AFileThatHoldsSomethingIsLeftAsItIs) {
  const std::string path = elsewhere_.write("rejects.csv", "the rows of yesterday\n");
  expect_refused(path);
  EXPECT_EQ(text(path), "the rows of yesterday\n");
}

TEST_F(RejectsFileTest, OneThatCannotBeMadeIsTold) {
  const auto file = RejectsFile::create("/nonexistent/x.csv", content_.path());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::Io);
  EXPECT_NE(file.error().message.find("/nonexistent/x.csv"), std::string::npos);
}

TEST_F(RejectsFileTest, WithoutARowNoFileIsLeftButOneThatWasThereStays) {
  const std::string fresh = elsewhere_.file("fresh.csv");
  const std::string empty = elsewhere_.write("empty.csv", "");
  for (const auto& path : {fresh, empty}) {
    auto file = RejectsFile::create(path, content_.path());
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_TRUE(file->finish());
  }
  EXPECT_FALSE(fs::exists(fresh));
  EXPECT_TRUE(fs::exists(empty));
}

TEST_F(RejectsFileTest, RowsComeWithTheHeaderOfTheirFileAndTheirReasons) {
  auto rows = EntityFile::open(content_.path());
  ASSERT_TRUE(rows) << rows.error().message;
  const std::vector<std::string> problems{"entities.csv:3:1: the id y is there twice"};
  const RejectReasons reasons(problems);
  const std::string path = elsewhere_.file("rejects.csv");
  auto file = RejectsFile::create(path, content_.path());
  ASSERT_TRUE(file) << file.error().message;
  content::EntityView row;
  while (rows->next_unchecked(row) == CsvReader::Next::Row) {
    file->add(rows->reader(), reasons.of(rows->reader()));
  }
  ASSERT_TRUE(file->finish());
  EXPECT_EQ(text(path),
            "id,type,semantic_name,data,reason\n"
            "x,page,,{},\"entities.csv:2:1: its id, or its semantic name for this type, is there "
            "already in another row\"\n"
            "y,page,,{},entities.csv:3:1: the id y is there twice\n");
}

TEST_F(RejectsFileTest, AFullDiskIsTold) {
  auto rows = EntityFile::open(content_.path());
  ASSERT_TRUE(rows);
  content::EntityView row;
  ASSERT_EQ(rows->next_unchecked(row), CsvReader::Next::Row);
  auto file = RejectsFile::create("/dev/full", content_.path());
  ASSERT_TRUE(file) << file.error().message;
  file->add(rows->reader(), "some reason");
  EXPECT_FALSE(file->finish());
}

TEST(BadLines, AreFoundAsTheLinesGoBy) {
  const std::vector<std::int64_t> lines{3, 4, 9};
  BadLines bad(lines);
  for (std::int64_t line = 2; line <= 10; ++line) {
    EXPECT_EQ(bad.contains(line), line == 3 || line == 4 || line == 9) << line;
  }
}

}  // namespace
}  // namespace redkeep::recovery
