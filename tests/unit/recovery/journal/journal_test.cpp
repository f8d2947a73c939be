// Many writers, one journal.
#include "recovery/journal/journal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>

#include "recovery/journal/data_directory.h"
#include "unit/recovery/journal/journal_files_of_test.h"

namespace redkeep::recovery {
namespace {

// Its syncs wait while the gate is shut.
class GatedDisk : public Disk {
 public:
  int sync(int descriptor) override {
    std::unique_lock lock(mutex_);
    ++syncs_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !shut_; });
    if (fails_) return errno = EIO, -1;
    return Disk::sync(descriptor);
  }
  void set(bool shut, bool fails = false) {
    const std::lock_guard lock(mutex_);
    shut_ = shut;
    fails_ = fails;
    changed_.notify_all();
  }
  void wait_for_syncs(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return syncs_ >= count; });
  }
  int syncs() {
    const std::lock_guard lock(mutex_);
    return syncs_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool shut_ = false;
  bool fails_ = false;
  int syncs_ = 0;
};

using Answer = std::future<Result<std::int64_t>>;

Answer append(Journal& journal, JournalLine line) {
  const auto promise = std::make_shared<std::promise<Result<std::int64_t>>>();
  journal.append(std::move(line),
                 [promise](Result<std::int64_t> stored) { promise->set_value(std::move(stored)); });
  return promise->get_future();
}

TEST(Journal, WritersThatArriveTogetherShareOneSync) {
  const TemporaryDirectory directory;
  GatedDisk disk;
  auto journal = Journal::open(disk, directory.file("journal"));
  ASSERT_TRUE(journal.ok());
  const int before = disk.syncs();
  disk.set(true);
  std::vector<Answer> answers;
  auto lines = some_lines(65);
  answers.push_back(append(**journal, lines[0]));
  disk.wait_for_syncs(before + 1);
  for (std::size_t i = 1; i < lines.size(); ++i) answers.push_back(append(**journal, lines[i]));
  disk.set(false);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto stored = answers[i].get();
    ASSERT_TRUE(stored.ok()) << stored.error().message;
    EXPECT_EQ(*stored, static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(disk.syncs(), before + 2);
  EXPECT_EQ(read_journal(directory.file("journal")).ids, ids(65));
}

TEST(Journal, F38_WhoSharesASyncThatFailsIsToldAndSoIsEverybodyAfter) {
  const TemporaryDirectory directory;
  GatedDisk disk;
  auto journal = Journal::open(disk, directory.file("journal"));
  auto lines = some_lines(6);
  ASSERT_TRUE((*journal)->append_and_wait(lines[0]).ok());
  const int before = disk.syncs();
  disk.set(true);
  std::vector<Answer> answers;
  answers.push_back(append(**journal, lines[1]));
  disk.wait_for_syncs(before + 1);
  disk.set(false, true);
  for (std::size_t i = 2; i < lines.size(); ++i) answers.push_back(append(**journal, lines[i]));
  for (auto& answer : answers) EXPECT_FALSE(answer.get().ok());
  disk.set(false);
  EXPECT_FALSE((*journal)->append_and_wait(some_lines(1, 7).front()).ok()) << "the disk is well";
  journal->reset();
  auto opened = Journal::open(disk, directory.file("journal"));
  ASSERT_TRUE(opened.ok());
  ASSERT_TRUE((*opened)->append_and_wait(some_lines(1, 8).front()).ok());
  EXPECT_EQ(read_journal(directory.file("journal")).ids, (std::vector<std::string>{"id1", "id8"}));
}

TEST(Journal, ManyThreadsGetPositionsOfTheirOwnAndTheFilesStayWithinTheirSize) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("journal");
  auto journal = Journal::open(Disk::real(), path, {Durability::Os, 4096});
  std::vector<std::thread> threads;
  std::atomic<std::int64_t> sum = 0;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (auto& line : some_lines(100, thread * 100 + 1)) {
        const auto stored = (*journal)->append_and_wait(line);
        if (stored) sum += *stored;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 800 * 801 / 2);
  EXPECT_EQ(read_journal(path).ids.size(), 800U);
  const auto files = journal_files(path);
  ASSERT_GT(files->size(), 5U);
  for (const auto& file : *files) {
    EXPECT_LE(static_cast<std::int64_t>(std::filesystem::file_size(file.path)), 4096) << file.path;
  }
}

TEST(Journal, WhatWaitsWhenItIsClosedIsStoredFirst) {
  const TemporaryDirectory directory;
  GatedDisk disk;
  auto journal = Journal::open(disk, directory.file("journal"));
  std::vector<Answer> answers;
  for (auto& line : some_lines(20)) answers.push_back(append(**journal, line));
  journal->reset();
  for (auto& answer : answers) EXPECT_TRUE(answer.get().ok());
}

TEST(Journal, ALineLargerThanAFileIsRefusedAndNothingElseIs) {
  const TemporaryDirectory directory;
  auto journal = Journal::open(Disk::real(), directory.file("journal"), {Durability::Os, 4096});
  const auto refused = (*journal)->append_and_wait({0, "store", {std::string(5000, 'x')}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(*(*journal)->append_and_wait({0, "store", {std::string(3000, 'x')}}), 1);
  EXPECT_EQ(*(*journal)->append_and_wait({0, "store", {std::string(3000, 'y')}}), 2);
}

TEST(Journal, VoidedPositionsAreKnownAfterOpeningToo) {
  const TemporaryDirectory directory;
  auto journal = Journal::open(Disk::real(), directory.file("journal"));
  ASSERT_TRUE((*journal)->append_and_wait(some_lines(1).front()).ok());
  ASSERT_TRUE((*journal)->append_and_wait(some_lines(1).front()).ok());
  ASSERT_TRUE((*journal)->append_and_wait(void_line(2)).ok());
  EXPECT_TRUE((*journal)->is_voided(2));
  journal->reset();
  journal = Journal::open(Disk::real(), directory.file("journal"));
  EXPECT_TRUE((*journal)->is_voided(2));
  EXPECT_FALSE((*journal)->is_voided(1));
}

TEST(DataDirectory, F30_ASecondOwnerIsToldWhoTheFirstIs) {
  const TemporaryDirectory parent;
  const std::string path = parent.file("a/b");
  {
    const auto first = DataDirectory::own(path);
    ASSERT_TRUE(first.ok()) << first.error().message;
    const auto second = DataDirectory::own(path);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, ErrorKind::Refused);
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    const std::string owner = "process " + std::to_string(::getpid()) + " on host " + host;
    EXPECT_NE(second.error().message.find(owner), std::string::npos) << second.error().message;
  }
  EXPECT_TRUE(DataDirectory::own(path).ok()) << "it went with its owner";
}

}  // namespace
}  // namespace redkeep::recovery
