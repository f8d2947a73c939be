// A ledger that is kept in a directory: from one life of the guard to the next, and while the disk
// refuses.
#include <gtest/gtest.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "guard/ledger_file.h"
#include "guard/ledger_queue.h"
#include "guard/ledger_writer.h"
#include "temporary_directory.h"
#include "unit/guard/ledger_entries.h"

namespace redkeep::guard {
namespace {

using Numbers = std::vector<std::uint64_t>;

Numbers drained(LedgerQueue& queue) {
  Numbers numbers;
  for (; !queue.empty(); queue.pop()) numbers.push_back(queue.front().number);
  return numbers;
}

std::vector<std::string> reasons_in(const std::string& directory) {
  std::vector<std::string> reasons;
  const TakeEntry take = [&](std::string_view, const LedgerEntry& entry) {
    reasons.push_back(entry.reason);
  };
  static_cast<void>(read_ledger(directory, take));
  return reasons;
}

// What the program's log says, from any thread.
class LogOf {
 public:
  LogOf() : before_(spdlog::default_logger()) {
    const auto sink = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(100);
    sink_ = sink;
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
  }
  ~LogOf() { spdlog::set_default_logger(before_); }
  LogOf(const LogOf&) = delete;
  LogOf& operator=(const LogOf&) = delete;

  int count(const std::string& text) const {
    int found = 0;
    for (const auto& line : sink_->last_formatted()) {
      if (line.find(text) != std::string::npos) ++found;
    }
    return found;
  }

 private:
  std::shared_ptr<spdlog::logger> before_;
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_;
};

bool eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(LedgerQueue, KeepsOrder) {
  LedgerQueue queue(3);
  for (std::uint64_t number = 1; number <= 3; ++number) queue.push(entry_of(number));
  EXPECT_EQ(drained(queue), (Numbers{1, 2, 3}));
}

TEST(LedgerQueue, WhatDoesNotFitIsToldInItsPlace) {
  LedgerQueue queue(2);
  for (std::uint64_t number = 1; number <= 5; ++number) queue.push(entry_of(number));
  EXPECT_EQ(queue.size(), 2U);
  queue.pop();
  queue.push(entry_of(6));  // there is no room: 2, and the entry that tells of 3 to 5
  queue.pop();
  EXPECT_EQ(queue.front().kind, LedgerKind::Notice);
  EXPECT_EQ(queue.front().reason, "3 entries could not be written: numbers 3 to 5");
  EXPECT_EQ(queue.front().number, 5U);
  queue.pop();
  EXPECT_EQ(queue.front().reason, "an entry could not be written: number 6");
  queue.pop();
  queue.push(entry_of(7));
  EXPECT_EQ(drained(queue), Numbers{7});
}

TEST(LedgerQueue, ClearForgetsWhatWasLostToo) {
  LedgerQueue queue(1);
  queue.push(entry_of(1));
  queue.push(entry_of(2));
  queue.clear();
  queue.push(entry_of(3));
  EXPECT_EQ(drained(queue), Numbers{3});
}

TEST(KeptLedger, GoesOnWithItsNumbersAfterARestart) {
  const TemporaryDirectory directory;
  {
    Ledger ledger;
    ledger.keep_in(directory.path());
    ledger.add(LedgerKind::Alarm, "warning", "first life");
    ledger.end();
  }
  Ledger ledger;
  ledger.keep_in(directory.path());
  ledger.add(LedgerKind::Alarm, "warning", "second life");
  EXPECT_EQ(ledger.total(), 5U);
  const auto newest = ledger.newest(10);
  ASSERT_EQ(newest.size(), 5U);
  EXPECT_EQ(newest[0].reason, "second life");
  EXPECT_EQ(newest[1].subject, kGuardStarts);
  EXPECT_EQ(newest[2].subject, kGuardEnds);
  EXPECT_EQ(newest[3].reason, "first life");
  for (std::size_t i = 0; i < newest.size(); ++i) EXPECT_EQ(newest[i].number, 5 - i);
}

TEST(KeptLedger, TakesOverNoMoreThanItMayRemember) {
  const TemporaryDirectory directory;
  {
    LedgerFile file(directory.path());
    for (std::uint64_t number = 1; number <= 20; ++number) {
      ASSERT_TRUE(file.append(entry_of(number)));
    }
  }
  Ledger ledger(5);
  ledger.keep_in(directory.path());
  EXPECT_EQ(ledger.newest(100).size(), 5U);
  EXPECT_EQ(ledger.newest(1)[0].number, 21U);
}

TEST(KeptLedger, ALineThatWasCutIsToldAtTheNextStart) {
  const TemporaryDirectory directory;
  {
    LedgerFile file(directory.path());
    ASSERT_TRUE(file.append(entry_of(1)));
  }
  std::ofstream(ledger_path(directory.path()), std::ios::app) << "{\"number\":2,";
  {
    Ledger ledger;
    ledger.keep_in(directory.path());
    EXPECT_EQ(ledger.newest(1)[0].reason,
              "the last line of the ledger was cut after 12 bytes, as by a kill or a full disk; it "
              "is passed over");
  }
  EXPECT_EQ(numbers_in(directory.path()), (Numbers{1, 2, 3}));
  Ledger ledger;
  ledger.keep_in(directory.path());
  EXPECT_EQ(ledger.newest(1)[0].subject, kGuardStarts) << "told a second time";
}

TEST(KeptLedger, WithoutADirectoryThatCanBeUsedItIsInMemory) {
  const TemporaryDirectory directory;
  Ledger ledger;
  ledger.keep_in(directory.write("file", "in the way"));
  ledger.add(LedgerKind::Alarm, "warning", "all the same");
  EXPECT_EQ(ledger.newest(1)[0].reason, "all the same");
}

TEST(KeptLedger, WhatCouldNotBeWrittenIsWrittenWhenItCan) {
  const TemporaryDirectory directory;
  const std::string place = directory.write("place", "in the way");
  LedgerWriter writer(place, std::chrono::milliseconds{1});
  for (std::uint64_t number = 1; number <= 1500; ++number) writer.add(entry_of(number));
  std::filesystem::remove(place);
  ASSERT_TRUE(eventually([&] { return numbers_in(place).size() == 1001; }));
  const auto numbers = numbers_in(place);
  EXPECT_EQ(numbers[999], 1000U);
  EXPECT_EQ(numbers[1000], 1500U);
  EXPECT_EQ(reasons_in(place).back(), "500 entries could not be written: numbers 1001 to 1500");
}

TEST(KeptLedger, EntriesOfTheTimeOfAnotherProcessLedgerAreNotWrittenIntoItLater) {
  const TemporaryDirectory directory;
  const LogOf log;
  auto other = std::make_unique<LedgerFile>(directory.path());
  ASSERT_TRUE(other->append(entry_of(1)));
  LedgerWriter writer(directory.path(), std::chrono::milliseconds{1});
  writer.add(entry_of(5));
  ASSERT_TRUE(eventually([&] { return log.count("another process keeps its ledger") > 0; }));
  other.reset();
  writer.add(entry_of(6));
  ASSERT_TRUE(eventually([&] { return numbers_in(directory.path()).size() > 1; }));
  EXPECT_EQ(numbers_in(directory.path()), (Numbers{1, 6}));
  ASSERT_TRUE(eventually([&] { return log.count("the ledger is written again") == 1; }));
}

TEST(KeptLedger, TheLogIsToldOnceAMinuteThatItCannotBeWritten) {
  const TemporaryDirectory directory;
  const LogOf log;
  {
    LedgerWriter writer(directory.write("file", ""), std::chrono::milliseconds{1});
    for (std::uint64_t number = 1; number <= 100; ++number) writer.add(entry_of(number));
    ASSERT_TRUE(eventually([&] { return log.count("Not a directory") > 0; }));
  }  // it tried again at least when it ended
  EXPECT_EQ(log.count("the ledger is kept in memory only"), 1);
}

TEST(KeptLedger, EntriesAreWrittenBeforeTheWriterEnds) {
  const TemporaryDirectory directory;
  {
    LedgerWriter writer(directory.path());
    for (std::uint64_t number = 1; number <= 100; ++number) writer.add(entry_of(number));
  }
  EXPECT_EQ(numbers_in(directory.path()).size(), 100U);
}

}  // namespace
}  // namespace redkeep::guard
