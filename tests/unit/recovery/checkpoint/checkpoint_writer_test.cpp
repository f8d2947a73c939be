// A checkpoint takes its place whole, and only where nothing of anybody else's is.
#include "recovery/checkpoint/checkpoint_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "recovery/checkpoint/name_list.h"
#include "temporary_directory.h"
#include "unit/recovery/checkpoint/sample_checkpoint.h"
#include "unit/recovery/disk/faulty_disk.h"

namespace redkeep::recovery {
namespace {

namespace fs = std::filesystem;

class CheckpointWriterTest : public testing::Test {
 protected:
  // The error of a claim that has to be refused.
  std::string refusal(const std::string& path, bool replace = true) {
    const auto writer = CheckpointWriter::create(Disk::real(), path, replace);
    EXPECT_FALSE(writer.ok());
    if (writer) return {};
    EXPECT_EQ(writer.error().kind, ErrorKind::Refused);
    EXPECT_FALSE(fs::exists(path + ".next") && fs::is_empty(path + ".next"));
    return writer.error().message;
  }

  TemporaryDirectory parent;
  std::string directory = parent.file("content");
};

TEST_F(CheckpointWriterTest, WhatItWritesIsFoundWhole) {
  ASSERT_TRUE(write_sample(Disk::real(), directory, 5).status.ok());
  EXPECT_EQ(sample_version(directory), 5);
  EXPECT_FALSE(has_leftovers(directory));
  const auto opened = open_checkpoint(directory);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->manifest.files[0].rows, 6);
  EXPECT_EQ(opened->manifest.files[1].rows, 5);
  EXPECT_EQ(opened->manifest.files[0].bytes,
            static_cast<std::int64_t>(fs::file_size(directory + "/entities.csv")));
}

TEST_F(CheckpointWriterTest, ANewOneTakesTheOldOnesPlace) {
  ASSERT_TRUE(write_sample(Disk::real(), directory, 5).status.ok());
  ASSERT_TRUE(write_sample(Disk::real(), directory, 2).status.ok());
  EXPECT_EQ(sample_version(directory), 2);
  EXPECT_FALSE(has_leftovers(directory));
}

TEST_F(CheckpointWriterTest, BeginningAnewForgetsWhatWasAdded) {
  auto writer = CheckpointWriter::create(Disk::real(), directory, false);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->begin().ok());
  ASSERT_TRUE(add_sample(*writer, 9).ok());
  ASSERT_TRUE(writer->begin().ok());
  ASSERT_TRUE(add_sample(*writer, 3).ok());
  ASSERT_TRUE(writer->finish({}, 3).ok());
  EXPECT_EQ(sample_version(directory), 3);
}

TEST_F(CheckpointWriterTest, AnEmptyOneIsAValidOne) {
  auto writer = CheckpointWriter::create(Disk::real(), directory, false);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->begin().ok());
  ASSERT_TRUE(writer->finish({}, std::nullopt).ok());
  const auto opened = open_checkpoint(directory);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_FALSE(opened->manifest.position.has_value());
  EXPECT_EQ(check_content(directory, {})->problems.count, 0);
}

TEST_F(CheckpointWriterTest, ADirectoryIsNamedInAnyWay) {
  ASSERT_TRUE(write_sample(Disk::real(), directory + "/", 1).status.ok());
  ASSERT_TRUE(write_sample(Disk::real(), parent.path() + "/./content//", 2).status.ok());
  fs::create_symlink(directory, parent.file("link"));
  ASSERT_TRUE(write_sample(Disk::real(), parent.file("link"), 3).status.ok());
  EXPECT_EQ(sample_version(directory), 3);
  EXPECT_TRUE(fs::is_symlink(parent.file("link")));
  EXPECT_FALSE(has_leftovers(directory));
  for (const char* wrong : {"", "/"}) {
    const auto writer = CheckpointWriter::create(Disk::real(), wrong, true);
    ASSERT_FALSE(writer.ok());
    EXPECT_EQ(writer.error().kind, ErrorKind::InvalidInput);
  }
}

TEST_F(CheckpointWriterTest, AUsersContentIsNeverWrittenOver) {
  parent.write("content/entities.csv", "id,type,data\n");
  EXPECT_NE(refusal(directory).find("has no manifest.json"), std::string::npos);
  EXPECT_EQ(fs::file_size(directory + "/entities.csv"), 13U);
  EXPECT_FALSE(fs::exists(directory + ".next"));
}

TEST_F(CheckpointWriterTest, AnotherProgramsManifestIsNotOurs) {
  parent.write("content/manifest.json", "{\"name\": \"My App\"}");
  EXPECT_NE(refusal(directory).find("redkeep_checkpoint"), std::string::npos);
  EXPECT_TRUE(fs::exists(directory + "/manifest.json"));
}

TEST_F(CheckpointWriterTest, AFileOfThatNameIsRefused) {
  parent.write("content", "a file");
  EXPECT_NE(refusal(directory).find(directory), std::string::npos);
}

TEST_F(CheckpointWriterTest, AnExportIsWrittenOverOnlyIfThatIsAskedFor) {
  ASSERT_TRUE(write_sample(Disk::real(), directory, 4).status.ok());
  EXPECT_NE(refusal(directory, false).find("--replace"), std::string::npos);
  EXPECT_EQ(sample_version(directory), 4);
}

TEST_F(CheckpointWriterTest, WhatSomebodyPutBesideTheFilesIsNotLost) {
  ASSERT_TRUE(write_sample(Disk::real(), directory, 4).status.ok());
  parent.write("content/.git/config", "theirs");
  EXPECT_NE(refusal(directory).find("\".git\""), std::string::npos);
  EXPECT_TRUE(fs::exists(directory + "/.git/config"));
  EXPECT_EQ(sample_version(directory), 4);
}

TEST_F(CheckpointWriterTest, ADirectoryBesideThatIsNotOursIsRefusedAndNotTouched) {
  parent.write("content.next/entities.csv", "a user's\n");
  EXPECT_NE(refusal(directory).find("content.next"), std::string::npos);
  EXPECT_TRUE(fs::exists(directory + ".next/entities.csv"));
  parent.write("content.next/manifest.json.part", "");
  parent.write("content.next/notes.txt", "mine");
  EXPECT_NE(refusal(directory).find("notes.txt"), std::string::npos);
  EXPECT_TRUE(fs::exists(directory + ".next/entities.csv"));
}

TEST_F(CheckpointWriterTest, OneAtATimeWritesADirectory) {
  ASSERT_TRUE(write_sample(Disk::real(), directory, 1).status.ok());
  auto first = CheckpointWriter::create(Disk::real(), directory, true);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(first->begin().ok());
  ASSERT_TRUE(add_sample(*first, 2).ok());
  EXPECT_NE(refusal(directory).find("another process"), std::string::npos);
  ASSERT_TRUE(first->finish({}, 2).ok());
  EXPECT_EQ(sample_version(directory), 2);
  EXPECT_NE(refusal(directory).find("another process"), std::string::npos)
      << "it may still be removing the old one";
  { const auto ended = std::move(*first); }
  EXPECT_TRUE(write_sample(Disk::real(), directory, 3).status.ok());
  EXPECT_EQ(sample_version(directory), 3);
}

TEST_F(CheckpointWriterTest, AbandonedItLeavesTheOldStateAndNothingElse) {
  ASSERT_TRUE(write_sample(Disk::real(), directory, 1).status.ok());
  auto writer = CheckpointWriter::create(Disk::real(), directory, true);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->begin().ok());
  ASSERT_TRUE(add_sample(*writer, 2).ok());
  writer->abandon();
  EXPECT_EQ(sample_version(directory), 1);
  EXPECT_FALSE(has_leftovers(directory));
}

TEST_F(CheckpointWriterTest, WhoReadsWhileItIsReplacedFindsOneOrTheOther) {
  Disk exchanging;
  PlainDisk renaming(0, DiskFault::Fails);
  for (Disk* disk : {&exchanging, static_cast<Disk*>(&renaming)}) {
    ASSERT_TRUE(write_sample(*disk, directory, 1).status.ok());
    std::atomic<bool> is_over = false;
    std::atomic<int> read = 0;
    std::thread reader([&] {
      while (!is_over || read == 0) {
        const auto opened = open_checkpoint(directory);
        EXPECT_TRUE(opened.ok()) << opened.error().message;
        if (!opened) return;
        ++read;
      }
    });
    for (int version = 2; version < 60; ++version) {
      EXPECT_TRUE(write_sample(*disk, directory, version).status.ok());
    }
    is_over = true;
    reader.join();
    EXPECT_GT(read, 0);
  }
}

TEST(NameList, GivesEachNameOnceInOrderOfBytes) {
  NameList names;
  for (const char* name : {"b", "a", "", "b", "\xC3\xA9", "ab", "a"}) names.add(name);
  names.sort();
  std::vector<std::string_view> sorted;
  for (std::size_t i = 0; i < names.size(); ++i) sorted.push_back(names[i]);
  EXPECT_EQ(sorted, (std::vector<std::string_view>{"", "a", "ab", "b", "\xC3\xA9"}));
}

}  // namespace
}  // namespace redkeep::recovery
