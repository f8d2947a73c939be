// The ledger's file: what survives, what is bounded, and what happens when a disk does not do as it
// should.
#include "guard/ledger_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <numeric>
#include <set>

#include "guard/ledger_line.h"
#include "temporary_directory.h"
#include "unit/guard/ledger_entries.h"

namespace redkeep::guard {
namespace {

namespace fs = std::filesystem;
using Numbers = std::vector<std::uint64_t>;

Numbers from_to(std::uint64_t first, std::uint64_t last) {
  Numbers numbers(last - first + 1);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

LedgerReading damage_in(const std::string& directory) {
  const TakeEntry ignore = [](std::string_view, const LedgerEntry&) {};
  const auto reading = read_ledger(directory, ignore);
  EXPECT_TRUE(reading);
  return reading ? *reading : LedgerReading{};
}

// A limit of this process while it lives. RLIMIT_FSIZE: no file may grow beyond so many bytes, as
// on a disk that is full at that very byte. RLIMIT_NOFILE: no descriptor may have so high a number.
class Limit {
 public:
  Limit(__rlimit_resource_t resource, std::int64_t most) : resource_(resource) {
    ::getrlimit(resource_, &before_);
    const rlimit limit{static_cast<rlim_t>(most), before_.rlim_max};
    ::setrlimit(resource_, &limit);
  }
  ~Limit() { ::setrlimit(resource_, &before_); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  __rlimit_resource_t resource_;
  rlimit before_{};
};

class LedgerFileOf : public testing::Test {
 protected:
  LedgerFileOf() : signal_before_(std::signal(SIGXFSZ, SIG_IGN)) {}
  ~LedgerFileOf() override { std::signal(SIGXFSZ, signal_before_); }

  const std::string& directory() const { return directory_.path(); }
  std::string path() const { return ledger_path(directory_.path()); }
  void append(LedgerFile& file, std::uint64_t first, std::uint64_t last) {
    for (auto number = first; number <= last; ++number) {
      const Status done = file.append(entry_of(number));
      ASSERT_TRUE(done) << done.error().message;
    }
  }

  TemporaryDirectory directory_;

 private:
  void (*signal_before_)(int);
};

TEST_F(LedgerFileOf, WhatIsAppendedIsReadInOrder) {
  LedgerFile file(directory());
  append(file, 1, 3);
  EXPECT_EQ(numbers_in(directory()), from_to(1, 3));
  EXPECT_EQ(text_of(path()), print_line(entry_of(1)) + "\n" + print_line(entry_of(2)) + "\n" +
                                 print_line(entry_of(3)) + "\n");
}

TEST_F(LedgerFileOf, WithoutAFileThereIsNothingToRead) {
  const TakeEntry ignore = [](std::string_view, const LedgerEntry&) {};
  for (const std::string& where : {directory(), directory() + "/missing"}) {
    const auto reading = read_ledger(where, ignore);
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().kind, ErrorKind::NotFound);
  }
}

TEST_F(LedgerFileOf, ALineCutAtAnyLengthIsPassedOverAndTheNextOneIsWhole) {
  const std::string whole = print_line(entry_of(1)) + "\n" + print_line(entry_of(2)) + "\n";
  const std::string last = print_line(entry_of(3));
  for (std::size_t kept = 0; kept <= last.size(); ++kept) {
    directory_.write("ledger.jsonl", whole + last.substr(0, kept));
    const bool cut = kept > 0 && kept < last.size();
    EXPECT_EQ(damage_in(directory()).torn_bytes, cut ? static_cast<std::int64_t>(kept) : 0);
    EXPECT_EQ(numbers_in(directory()), from_to(1, kept == last.size() ? 3 : 2));
    LedgerFile file(directory());
    ASSERT_TRUE(file.append(entry_of(4)));
    const Numbers expected = kept == last.size() ? Numbers{1, 2, 3, 4} : Numbers{1, 2, 4};
    ASSERT_EQ(numbers_in(directory()), expected) << kept;
    EXPECT_EQ(damage_in(directory()).bad_lines, cut ? 1 : 0);
    EXPECT_EQ(damage_in(directory()).torn_bytes, 0);
  }
}

TEST_F(LedgerFileOf, ATailOfZerosOrRubbishIsPassedOver) {
  const std::string whole = print_line(entry_of(1)) + "\n";
  for (const std::string& tail : {std::string(4096, '\0'), std::string(200'000, 'x'),
                                  std::string("\n\n\xff\xfe\n"), std::string("{\"number\":9}\n")}) {
    directory_.write("ledger.jsonl", whole + tail);
    LedgerFile file(directory());
    ASSERT_TRUE(file.append(entry_of(2)));
    EXPECT_EQ(numbers_in(directory()), from_to(1, 2));
  }
}

TEST_F(LedgerFileOf, NumbersGoOnAfterTheLastOneInTheFile) {
  {
    LedgerFile file(directory());
    append(file, 1, 3);
  }
  LedgerFile file(directory());
  ASSERT_TRUE(file.append(entry_of(1)));  // as from a process that has not read what was there
  ASSERT_TRUE(file.append(entry_of(2)));
  ASSERT_TRUE(file.append(entry_of(9)));
  EXPECT_EQ(numbers_in(directory()), (Numbers{1, 2, 3, 4, 5, 9}));
}

TEST_F(LedgerFileOf, TwoFilesAreKeptAndNeitherGrowsBeyondItsSize) {
  constexpr std::int64_t kMost = 4096;
  LedgerFile file(directory(), kMost);
  for (std::uint64_t number = 1; number <= 500; ++number) {
    ASSERT_TRUE(file.append(entry_of(number)));
    ASSERT_LE(fs::file_size(path()), kMost);
  }
  ASSERT_LE(fs::file_size(older_ledger_path(directory())), kMost);
  EXPECT_GT(fs::file_size(older_ledger_path(directory())), kMost - 400);
  const auto kept = numbers_in(directory());
  EXPECT_EQ(kept, from_to(kept.front(), 500));
  EXPECT_GE(kept.size(), 13U);
  std::set<std::string> names;
  for (const auto& item : fs::directory_iterator(directory())) names.insert(item.path().filename());
  EXPECT_EQ(names, (std::set<std::string>{"ledger.jsonl", "ledger.1.jsonl", "ledger.lock"}));
}

TEST_F(LedgerFileOf, AKillBetweenTheTwoFilesLosesNothing) {
  {
    LedgerFile file(directory());
    append(file, 1, 3);
  }
  fs::rename(path(), older_ledger_path(directory()));
  EXPECT_EQ(numbers_in(directory()), from_to(1, 3));
  LedgerFile file(directory());
  ASSERT_TRUE(file.append(entry_of(1)));
  EXPECT_EQ(numbers_in(directory()), from_to(1, 4));
}

TEST_F(LedgerFileOf, AFullDiskLeavesWholeLinesAndIsWrittenToWhenThereIsRoom) {
  const std::int64_t line_bytes = std::ssize(print_line(entry_of(1))) + 1;
  for (std::int64_t room = 2 * line_bytes; room < 3 * line_bytes; ++room) {
    fs::remove(path());
    LedgerFile file(directory());
    append(file, 1, 2);
    {
      const Limit full(RLIMIT_FSIZE, room);
      for (int attempt = 0; attempt < 2; ++attempt) {
        const Status failed = file.append(entry_of(3));
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().kind, ErrorKind::Io);
        EXPECT_NE(failed.error().message.find(path()), std::string::npos);
        EXPECT_EQ(std::ssize(text_of(path())), 2 * line_bytes) << "a piece was left";
      }
    }
    ASSERT_TRUE(file.append(entry_of(3)));
    ASSERT_EQ(numbers_in(directory()), from_to(1, 3)) << room;
  }
}

TEST_F(LedgerFileOf, ADirectoryThatIsTakenAwayIsMadeAgain) {
  const std::string inner = directory() + "/a/b";
  LedgerFile file(inner);
  append(file, 1, 2);
  fs::remove_all(directory() + "/a");
  append(file, 3, 4);
  EXPECT_EQ(numbers_in(inner), from_to(3, 4));
  fs::remove(ledger_path(inner));
  append(file, 5, 5);
  EXPECT_EQ(numbers_in(inner), from_to(5, 5));
  EXPECT_TRUE(is_ledger_in_use(inner));
}

TEST_F(LedgerFileOf, WhatCannotBeADirectoryOrAFileIsNamedAndTriedAgain) {
  const std::string in_the_way = directory_.write("file", "x");
  LedgerFile file(in_the_way);
  const Status failed = file.append(entry_of(1));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::Io);
  EXPECT_NE(failed.error().message.find(in_the_way), std::string::npos);
  fs::remove(in_the_way);
  ASSERT_TRUE(file.append(entry_of(1)));

  const std::string other = directory() + "/other";
  fs::create_directories(other + "/ledger.jsonl");
  LedgerFile blocked(other);
  ASSERT_FALSE(blocked.append(entry_of(1)));
  EXPECT_EQ(blocked.append(entry_of(1)).error().kind, ErrorKind::Io) << "its own lock refused it";
  fs::remove(other + "/ledger.jsonl");
  ASSERT_TRUE(blocked.append(entry_of(1)));
}

TEST_F(LedgerFileOf, ARenameThatFailsKeepsTheBoundAndTheLock) {
  LedgerFile file(directory(), 700);
  append(file, 1, 3);
  fs::create_directories(older_ledger_path(directory()) + "/in the way");
  ASSERT_FALSE(file.append(entry_of(4)));
  ASSERT_FALSE(file.append(entry_of(4)));
  EXPECT_LE(fs::file_size(path()), 700U);
  fs::remove_all(older_ledger_path(directory()));
  append(file, 4, 4);
  EXPECT_EQ(numbers_in(directory()), from_to(1, 4));
}

TEST_F(LedgerFileOf, AFileThatCannotBeMadeAfterTheRenameIsMadeLater) {
  LedgerFile file(directory(), 700);
  append(file, 1, 3);
  {
    const Limit none(RLIMIT_NOFILE, 3);
    ASSERT_FALSE(file.append(entry_of(4)));
    ASSERT_FALSE(file.append(entry_of(4)));
  }
  append(file, 4, 4);
  EXPECT_EQ(numbers_in(directory()), from_to(1, 4));
}

TEST_F(LedgerFileOf, TwoNamesForOneFileAreReadOnce) {
  LedgerFile file(directory());
  append(file, 1, 3);
  fs::create_hard_link(path(), older_ledger_path(directory()));
  EXPECT_EQ(numbers_in(directory()), from_to(1, 3));
}

TEST_F(LedgerFileOf, OnlyOneProcessWritesAndTheOtherTakesOverWhenItHasGone) {
  EXPECT_FALSE(is_ledger_in_use(directory()));
  auto first = std::make_unique<LedgerFile>(directory());
  append(*first, 1, 2);
  EXPECT_TRUE(is_ledger_in_use(directory()));
  LedgerFile second(directory());
  const Status refused = second.append(entry_of(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Refused);
  append(*first, 3, 3);
  first.reset();
  EXPECT_FALSE(is_ledger_in_use(directory()));
  ASSERT_TRUE(second.append(entry_of(2)));
  EXPECT_EQ(numbers_in(directory()), from_to(1, 4));
}

TEST_F(LedgerFileOf, ReadersDoNotDisturbTheWriter) {
  LedgerFile file(directory(), 2000);
  for (std::uint64_t number = 1; number <= 60; ++number) {
    ASSERT_TRUE(file.append(entry_of(number)));
    EXPECT_TRUE(is_ledger_in_use(directory()));
    ASSERT_EQ(numbers_in(directory()).back(), number);
  }
}

}  // namespace
}  // namespace redkeep::guard
