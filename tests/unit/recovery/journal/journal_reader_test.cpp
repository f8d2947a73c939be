// Reading a journal: a tail that was torn is cut, and everything else that is wrong is refused.
#include "recovery/journal/journal_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "unit/recovery/journal/journal_files_of_test.h"

namespace redkeep::recovery {
namespace {

class JournalReaderTest : public testing::Test {
 protected:
  // Five lines in one file.
  void SetUp() override {
    append(some_lines(5));
    path_ = journal_file_path(journal(), 1);
    good_ = bytes_of_file(path_);
    for (std::size_t i = 0; i < good_.size(); ++i) {
      if (good_[i] == '\n') ends_.push_back(i + 1);
    }
    ASSERT_EQ(ends_.size(), 6U);
  }

  std::string journal() const { return directory_.file("journal"); }

  void append(std::vector<JournalLine> lines, std::int64_t most_file_bytes = 1 << 20) {
    auto writer = JournalWriter::open(Disk::real(), journal(), {Durability::Os, most_file_bytes});
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    for (auto& line : lines) {
      const Status appended = writer->append({&line, 1});
      ASSERT_TRUE(appended.ok()) << appended.error().message;
    }
  }

  // How many lines are whole in the first `bytes`.
  int whole_lines(std::size_t bytes) const {
    const auto behind = std::upper_bound(ends_.begin(), ends_.end(), bytes);
    return std::max(0, static_cast<int>(behind - ends_.begin()) - 1);
  }

  // After opening for writing: the tail is gone and kept aside, and the journal goes on.
  void expect_cut_to(int lines, const std::string& tail, std::size_t offset) {
    append(some_lines(1, 6));
    const Read read = read_journal(journal());
    EXPECT_EQ(read.error, "");
    EXPECT_FALSE(read.torn.has_value());
    auto wanted = ids(lines);
    wanted.push_back("id6");
    EXPECT_EQ(read.ids, wanted);
    EXPECT_EQ(read.positions.back(), lines + 1);
    if (!tail.empty()) {
      EXPECT_EQ(bytes_of_file(path_ + "." + std::to_string(offset) + ".torn"), tail);
    }
  }

  void start_over(const std::string& bytes) {
    std::filesystem::remove_all(journal());
    std::filesystem::create_directory(journal());
    replace_file(path_, bytes);
  }

  TemporaryDirectory directory_;
  std::string path_;
  std::string good_;
  std::vector<std::size_t> ends_;
};

TEST_F(JournalReaderTest, WhatWasAppendedIsReadInOrder) {
  const Read read = read_journal(journal());
  EXPECT_EQ(read.ids, ids(5));
  EXPECT_EQ(read.positions, (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(read_journal(journal(), 3).ids, ids(2, 4));
  EXPECT_TRUE(read_journal(journal(), 5).ids.empty());
}

TEST_F(JournalReaderTest, ADirectoryThatIsNotThereIsAnEmptyJournal) {
  const Read read = read_journal(directory_.file("nowhere"), 0);
  EXPECT_TRUE(read.ids.empty());
  EXPECT_EQ(read.error, "");
}

TEST_F(JournalReaderTest, F40_EveryLengthOfATornTailIsCutAfterTheLastGoodLine) {
  for (std::size_t bytes = 0; bytes < good_.size(); ++bytes) {
    SCOPED_TRACE(bytes);
    start_over(good_.substr(0, bytes));
    const int lines = whole_lines(bytes);
    const Read read = read_journal(journal());
    ASSERT_EQ(read.error, "");
    ASSERT_EQ(read.ids, ids(lines));
    const std::size_t end = bytes < ends_[0] ? 0 : ends_[static_cast<std::size_t>(lines)];
    ASSERT_EQ(read.torn.has_value(), end < bytes || bytes == 0);
    if (read.torn) {
      ASSERT_EQ(read.torn->offset, static_cast<std::int64_t>(end));
      ASSERT_EQ(read.torn->bytes, static_cast<std::int64_t>(bytes - end));
    }
    expect_cut_to(lines, good_.substr(end, bytes - end), end);
    if (HasFailure()) return;
  }
}

TEST_F(JournalReaderTest, F40_ZeroedAndRandomTailsAreCut) {
  std::mt19937 random(20261127);
  for (const std::size_t kept : {ends_[0], ends_[2], ends_[2] + 5, ends_[4] - 1, ends_[5]}) {
    for (const std::size_t length : {1U, 7U, 512U, 4096U, 70'000U}) {
      for (const bool zeroed : {true, false}) {
        SCOPED_TRACE(testing::Message() << kept << " " << length << " " << zeroed);
        std::string tail(length, '\0');
        if (!zeroed) {
          for (char& c : tail) c = static_cast<char>(random());
        }
        start_over(good_.substr(0, kept) + tail);
        const int lines = whole_lines(kept);
        const std::size_t end = ends_[static_cast<std::size_t>(lines)];
        expect_cut_to(lines, good_.substr(end, kept - end) + tail, end);
        if (HasFailure()) return;
      }
    }
  }
}

// In the last line it cannot be told from a write that was torn.
TEST_F(JournalReaderTest, F41_EachFlippedBitBeforeTheLastLineIsRefusedWithItsPlace) {
  for (std::size_t byte = 0; byte < ends_[4]; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good_;
      bad[byte] = static_cast<char>(bad[byte] ^ (1 << bit));
      replace_file(path_, bad);
      const Read read = read_journal(journal());
      const auto line = std::upper_bound(ends_.begin(), ends_.end(), byte) - ends_.begin();
      const std::size_t start = line == 0 ? 0 : ends_[static_cast<std::size_t>(line) - 1];
      ASSERT_NE(read.error.find(path_), std::string::npos) << byte << ":" << bit << read.error;
      ASSERT_NE(read.error.find("at byte " + std::to_string(start) + ","), std::string::npos)
          << byte << ":" << bit << ": " << read.error;
      ASSERT_FALSE(JournalWriter::open(Disk::real(), journal()).ok());
      ASSERT_EQ(bytes_of_file(path_), bad) << "what is damaged must not be touched";
    }
  }
}

TEST_F(JournalReaderTest, F41_ALineThatIsGoneDoubledOrMovedIsRefused) {
  const auto line = [&](std::size_t i) { return good_.substr(ends_[i], ends_[i + 1] - ends_[i]); };
  const std::string heading = good_.substr(0, ends_[0]);
  for (const std::string& bad :
       {heading + line(0) + line(2) + line(3) + line(4),
        heading + line(0) + line(1) + line(1) + line(2) + line(3),
        heading + line(1) + line(0) + line(2) + line(3) + line(4), line(0) + line(1) + line(2)}) {
    replace_file(path_, bad);
    EXPECT_NE(read_journal(journal()).error.find("is damaged at byte"), std::string::npos) << bad;
  }
}

TEST_F(JournalReaderTest, F41_AFileThatIsGoneOrWrongInTheMiddleIsRefused) {
  std::filesystem::remove_all(journal());
  append(some_lines(30), 300);
  const auto files = journal_files(journal());
  ASSERT_GT(files->size(), 5U);
  EXPECT_EQ(read_journal(journal()).ids, ids(30));
  const std::string& second = (*files)[1].path;
  const std::string bytes = bytes_of_file(second);
  replace_file(second, bytes.substr(0, bytes.size() - 3));
  const Read torn = read_journal(journal());
  EXPECT_NE(torn.error.find(second), std::string::npos) << torn.error;
  std::filesystem::remove(second);
  const Read gone = read_journal(journal());
  EXPECT_NE(gone.error.find((*files)[2].path), std::string::npos) << gone.error;
  EXPECT_NE(gone.error.find("does not continue"), std::string::npos) << gone.error;
}

TEST_F(JournalReaderTest, WhatWasFoldedAwayIsNotAskedForInVain) {
  std::filesystem::remove_all(journal());
  append(some_lines(30), 300);
  auto writer = JournalWriter::open(Disk::real(), journal(), {Durability::Os, 300});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->remove_files_up_to(15).ok());
  const auto first = writer->first_position();
  EXPECT_GT(first, 1);
  EXPECT_LE(first, 16) << "position 16 must still be there";
  EXPECT_EQ(read_journal(journal()).positions.front(), first);
  EXPECT_EQ(read_journal(journal(), 20).ids, ids(10, 21));
  EXPECT_NE(read_journal(journal(), 0).error.find("in a checkpoint only"), std::string::npos);
  ASSERT_TRUE(writer->remove_files_up_to(1000).ok());
  EXPECT_EQ(writer->last_position(), 30) << "positions are never given twice";
  auto line = some_lines(1, 31);
  ASSERT_TRUE(writer->append(line).ok());
  EXPECT_EQ(line.front().position, 31);
  EXPECT_EQ(read_journal(journal()).positions.back(), 31);
}

TEST_F(JournalReaderTest, AFileWithoutALineIsToldAsWhatItIs) {
  start_over("");
  auto empty = JournalWriter::open(Disk::real(), journal());
  ASSERT_TRUE(empty.ok() && empty->torn_tail());
  const std::string told = describe_cut(*empty->torn_tail());
  EXPECT_NE(told.find("was empty"), std::string::npos) << told;
  EXPECT_EQ(told.find("kept aside"), std::string::npos) << told;
  start_over(good_.substr(0, 5));
  auto begun = JournalWriter::open(Disk::real(), journal());
  ASSERT_TRUE(begun.ok() && begun->torn_tail());
  EXPECT_NE(describe_cut(*begun->torn_tail()).find("its 5 bytes are kept aside"),
            std::string::npos);
}

// What was being written has no end yet; a line that has one may have been acknowledged.
TEST_F(JournalReaderTest, ADamagedLastLineIsNotToldAsOneThatWasBeingWritten) {
  std::string damaged = good_;
  damaged[(ends_[4] + ends_[5]) / 2] ^= 1;
  start_over(damaged);
  auto cut = JournalWriter::open(Disk::real(), journal());
  ASSERT_TRUE(cut.ok() && cut->torn_tail());
  EXPECT_EQ(cut->last_position(), 4);
  const std::string told = describe_cut(*cut->torn_tail());
  EXPECT_NE(told.find("ends in a damaged line"), std::string::npos) << told;
  EXPECT_NE(told.find("may have been acknowledged"), std::string::npos) << told;
  EXPECT_EQ(told.find("ended within"), std::string::npos) << told;
  start_over(good_.substr(0, good_.size() - 3));
  auto torn = JournalWriter::open(Disk::real(), journal());
  ASSERT_TRUE(torn.ok() && torn->torn_tail());
  EXPECT_NE(describe_cut(*torn->torn_tail()).find("ended within a line"), std::string::npos);
}

TEST_F(JournalReaderTest, PositionsThatACheckpointHasAreNotGivenAgain) {
  const auto open_beside = [&](std::int64_t taken) {
    return JournalWriter::open(Disk::real(), journal(), {}, taken);
  };
  EXPECT_EQ(open_beside(3)->last_position(), 5);
  EXPECT_EQ(read_journal(journal()).ids, ids(5)) << "it is as it was";
  // Its end was lost.
  EXPECT_EQ(open_beside(7)->last_position(), 7);
  EXPECT_TRUE(read_journal(journal()).ids.empty());
  std::filesystem::remove_all(journal());
  auto writer = open_beside(9);
  auto line = some_lines(1);
  ASSERT_TRUE(writer->append(line).ok());
  EXPECT_EQ(writer->first_position(), 10);
  EXPECT_EQ(read_journal(journal(), 9).positions, std::vector<std::int64_t>{10});
}

}  // namespace
}  // namespace redkeep::recovery
