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

// Whoever opens it has the reason in the column of that name, whatever the row is like.
TEST_F(RejectsFileTest, ARowThatIsBrokenIsOneFieldAndItsReasonInItsColumn) {
  content_.write("entities.csv",
                 "id,type,semantic_name,data\nx,page\ny,page,,{}\nz,\"open,{}\nmore\n");
  content_.write("associations.csv", "parent_id,child_id,path,type,weight\na,b\n");
  const std::string path = elsewhere_.file("rejects.csv");
  {
    auto file = RejectsFile::create(path, content_.path());
    ASSERT_TRUE(file) << file.error().message;
    auto rows = EntityFile::open(content_.path());
    ASSERT_TRUE(rows);
    content::EntityView row;
    for (auto next = CsvReader::Next::Row; next != CsvReader::Next::Broken;) {
      next = rows->next_unchecked(row);
      ASSERT_NE(next, CsvReader::Next::End);
      file->add(rows->reader(), "why, and \"how\"");
    }
    auto links = AssociationFile::open(content_.path());
    ASSERT_TRUE(links);
    content::AssociationView link;
    ASSERT_EQ(links->next_unchecked(link), CsvReader::Next::BadRow);
    file->add(links->reader(), "short");
    ASSERT_TRUE(file->finish());
  }
  auto kept = CsvReader::open(path, {{"id"}, {"type"}, {"semantic_name"}, {"data"}, {"reason"}});
  ASSERT_TRUE(kept) << kept.error().message;
  std::vector<std::string> first;
  while (kept->next() == CsvReader::Next::Row) {
    first.emplace_back(kept->field(0));
    EXPECT_EQ(kept->field(4), "why, and \"how\"");
  }
  EXPECT_EQ(kept->next(), CsvReader::Next::End) << kept->problem();
  ASSERT_EQ(first.size(), 3U);
  EXPECT_EQ(first[0], "x,page");
  EXPECT_EQ(first[1], "y");
  EXPECT_TRUE(first[2].starts_with("z,\"open,{}\nmore")) << first[2];
  EXPECT_EQ(text(elsewhere_.file("rejects-associations.csv")),
            "parent_id,child_id,path,type,weight,reason\n\"a,b\",,,,,short\n");
  EXPECT_FALSE(fs::exists(elsewhere_.file("rejects-search_index.csv")));
  EXPECT_EQ(name_rejects(path), path + " and " + elsewhere_.file("rejects-associations.csv"));
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
