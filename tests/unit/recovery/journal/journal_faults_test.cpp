// A disk that fails, and a process that is killed, at every single call: what was acknowledged is
// there when the journal is opened again, once and in order, and nothing that nobody wrote.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "unit/recovery/disk/faulty_disk.h"
#include "unit/recovery/journal/journal_files_of_test.h"

namespace redkeep::recovery {
namespace {

struct Acknowledged {
  std::vector<std::string> ids;
  bool stopped = false;  // by a failed sync or one that could not be taken back
};

// Appends ids 1 to 18, by one, two and three, in the middle to a new file as a checkpoint does;
// goes on after what fails. `tell` gets each that was acknowledged.
Acknowledged append_all(Disk& disk, const std::string& directory,
                        const std::function<void(int)>& tell) {
  Acknowledged acknowledged;
  auto writer = JournalWriter::open(disk, directory, kSmallFiles);
  if (!writer) return acknowledged;
  bool is_in_second_half = false;
  for (int next = 1; next <= kLinesToAppend;) {
    if (next > kLinesToAppend / 2 && !std::exchange(is_in_second_half, true)) {
      static_cast<void>(writer->begin_next_file(kLinesToAppend));
    }
    auto lines = some_lines(std::min(1 + next % 3, kLinesToAppend - next + 1), next);
    const Status appended = writer->append(lines);
    for (const auto& line : lines) {
      if (appended) {
        acknowledged.ids.push_back(line.fields.front());
        tell(next);
      }
      ++next;
    }
  }
  acknowledged.stopped = writer->stopped().has_value();
  return acknowledged;
}

int calls_of_a_whole_run() {
  const TemporaryDirectory directory;
  FaultyDisk counting(0, DiskFault::Fails);
  append_all(counting, directory.file("journal"), [](int) {});
  return counting.calls();
}

// What is there after the journal was opened by a process with a good disk.
std::vector<std::string> reopened(const std::string& directory) {
  auto writer = JournalWriter::open(Disk::real(), directory, kSmallFiles);
  EXPECT_TRUE(writer.ok()) << writer.error().message;
  const Read read = read_journal(directory);
  EXPECT_EQ(read.error, "");
  return read.ids;
}

bool is_in_order(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  std::size_t at = 0;
  for (const auto& id : whole) at += at < part.size() && part[at] == id ? 1U : 0U;
  return at == part.size();
}

void expect_kept(const std::vector<std::string>& acknowledged,
                 const std::vector<std::string>& there) {
  EXPECT_TRUE(is_in_order(acknowledged, there)) << "lost, or out of order";
  EXPECT_TRUE(is_in_order(there, ids(kLinesToAppend))) << "invented, doubled, or out of order";
}

struct Fault {
  DiskFault fault;
  int error_number;
  bool stays;
};

class JournalDiskFaults : public testing::TestWithParam<Fault> {};

TEST_P(JournalDiskFaults, F38_F39_AtEveryCallNothingAcknowledgedIsLost) {
  const auto [fault, error_number, stays] = GetParam();
  const int calls = calls_of_a_whole_run();
  ASSERT_GT(calls, 40);
  for (int at = 1; at <= calls; ++at) {
    SCOPED_TRACE(at);
    const TemporaryDirectory directory;
    FaultyDisk disk(at, fault, error_number, stays);
    const auto acknowledged = append_all(disk, directory.file("journal"), [](int) {});
    disk.heal();
    const auto there = reopened(directory.file("journal"));
    expect_kept(acknowledged.ids, there);
    if (fault == DiskFault::Short || fault == DiskFault::Interrupted) {
      EXPECT_EQ(there, ids(kLinesToAppend)) << "nothing failed";
    }
    if (!acknowledged.stopped) {
      EXPECT_EQ(there, acknowledged.ids) << "what failed was taken back";
    }
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, JournalDiskFaults,
    testing::Values(Fault{DiskFault::Fails, EIO, false}, Fault{DiskFault::Fails, ENOSPC, true},
                    Fault{DiskFault::Fails, EROFS, true}, Fault{DiskFault::Half, ENOSPC, false},
                    Fault{DiskFault::Half, EDQUOT, true}, Fault{DiskFault::Short, 0, false},
                    Fault{DiskFault::Interrupted, 0, false}));

TEST(JournalFaults, F38_AfterAFailedSyncNothingIsAcknowledgedUntilItIsOpenedAnew) {
  class SyncFailsOnce : public Disk {
   public:
    int sync(int descriptor) override {
      if (++syncs_ != 4) return Disk::sync(descriptor);
      errno = EIO;
      return -1;
    }
    int syncs_ = 0;
  };
  const TemporaryDirectory directory;
  const std::string journal = directory.file("journal");
  SyncFailsOnce disk;
  auto writer = JournalWriter::open(disk, journal);
  std::vector<std::string> acknowledged;
  std::string last_error;
  for (auto& line : some_lines(10)) {
    const Status appended = writer->append({&line, 1});
    if (appended) acknowledged.push_back(line.fields.front());
    if (!appended) last_error = appended.error().message;
  }
  EXPECT_EQ(acknowledged, ids(3 - 1));  // the first sync is that of the heading
  EXPECT_NE(last_error.find("until it is opened anew"), std::string::npos) << last_error;
  EXPECT_EQ(disk.syncs_, 4) << "a failed sync is not repeated";
  EXPECT_EQ(reopened(journal), acknowledged);
}

TEST(JournalFaults, F38_AFullDiskIsOverWhenThereIsRoomAgain) {
  const TemporaryDirectory directory;
  class FullForAWhile : public Disk {
   public:
    ssize_t write(int descriptor, std::string_view bytes) override {
      if (!full_) return Disk::write(descriptor, bytes);
      Disk::write(descriptor, bytes.substr(0, bytes.size() / 3));
      errno = ENOSPC;
      return -1;
    }
    bool full_ = false;
  };
  FullForAWhile disk;
  auto writer = JournalWriter::open(disk, directory.file("journal"));
  auto lines = some_lines(3);
  ASSERT_TRUE(writer->append({&lines[0], 1}).ok());
  disk.full_ = true;
  const Status refused = writer->append({&lines[1], 1});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("nothing was stored"), std::string::npos);
  EXPECT_NE(refused.error().message.find("No space left"), std::string::npos);
  disk.full_ = false;
  ASSERT_TRUE(writer->append({&lines[2], 1}).ok());
  EXPECT_EQ(lines[2].position, 2);
  EXPECT_EQ(reopened(directory.file("journal")), (std::vector<std::string>{"id1", "id3"}));
}

TEST(JournalFaults, F39_AFileThatIsRemovedUnderItStopsIt) {
  const TemporaryDirectory directory;
  const std::string journal = directory.file("journal");
  auto writer = JournalWriter::open(Disk::real(), journal);
  auto lines = some_lines(2);
  ASSERT_TRUE(writer->append({&lines[0], 1}).ok());
  std::filesystem::remove_all(journal);
  EXPECT_FALSE(writer->append({&lines[1], 1}).ok());
  EXPECT_TRUE(writer->stopped().has_value());
}

// Runs `work` in a process of its own, which may end in the middle of it. Returns what it told.
std::vector<std::string> in_a_process(const std::function<void(std::function<void(int)>)>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    work([&](int number) {
      const auto byte = static_cast<unsigned char>(number);
      if (::write(ends[1], &byte, 1) != 1) ::_exit(1);
    });
    ::_exit(0);
  }
  ::close(ends[1]);
  std::vector<std::string> told;
  unsigned char byte = 0;
  while (::read(ends[0], &byte, 1) == 1) told.push_back("id" + std::to_string(byte));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  return told;
}

class JournalKills : public testing::TestWithParam<DiskFault> {};

TEST_P(JournalKills, F42_KilledAtEveryCallNothingAcknowledgedIsLost) {
  const int calls = calls_of_a_whole_run();
  for (int at = 1; at <= calls; ++at) {
    SCOPED_TRACE(at);
    const TemporaryDirectory directory;
    const std::string journal = directory.file("journal");
    const auto acknowledged = in_a_process([&](const std::function<void(int)>& tell) {
      FaultyDisk disk(at, GetParam());
      append_all(disk, journal, tell);
    });
    const auto there = reopened(journal);
    expect_kept(acknowledged, there);
    EXPECT_LE(there.size(), acknowledged.size() + 3) << "one append more at most";
    if (HasFailure()) return;
  }
}

// The one that opens it after a kill is killed, too, again and again.
TEST_P(JournalKills, F42_KilledWhileATailIsCutItIsCutNextTime) {
  for (int at = 1; at <= 20; ++at) {
    SCOPED_TRACE(at);
    const TemporaryDirectory directory;
    const std::string journal = directory.file("journal");
    append_all(Disk::real(), journal, [](int) {});
    const std::string last = journal_files(journal)->back().path;
    replace_file(last, bytes_of_file(last) + "18,store,half a li");
    in_a_process([&](const std::function<void(int)>&) {
      FaultyDisk disk(at, GetParam());
      static_cast<void>(JournalWriter::open(disk, journal, kSmallFiles));
    });
    EXPECT_EQ(reopened(journal), ids(kLinesToAppend));
    if (HasFailure()) return;
  }
}

// What a checkpoint does to the journal once it is written.
TEST_P(JournalKills, F42_KilledWhileAllItsFilesGoNoPositionIsGivenTwice) {
  for (int at = 1; at <= 24; ++at) {  // which is all there are, and more
    SCOPED_TRACE(at);
    const TemporaryDirectory directory;
    const std::string journal = directory.file("journal");
    append_all(Disk::real(), journal, [](int) {});
    in_a_process([&](const std::function<void(int)>&) {
      FaultyDisk disk(at, GetParam());
      auto writer = JournalWriter::open(disk, journal, kSmallFiles);
      if (writer && writer->begin_next_file(kLinesToAppend)) {
        static_cast<void>(writer->remove_files_up_to(kLinesToAppend));
      }
    });
    auto writer = JournalWriter::open(Disk::real(), journal, kSmallFiles);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    EXPECT_EQ(writer->last_position(), kLinesToAppend);
    ASSERT_TRUE(writer->begin_next_file(kLinesToAppend).ok());
    ASSERT_TRUE(writer->remove_files_up_to(kLinesToAppend).ok());
    EXPECT_EQ(journal_files(journal)->size(), 1U);
    auto more = some_lines(1, kLinesToAppend + 1);
    ASSERT_TRUE(writer->append(more).ok());
    EXPECT_EQ(read_journal(journal).positions, std::vector<std::int64_t>{kLinesToAppend + 1});
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, JournalKills,
                         testing::Values(DiskFault::EndsBefore, DiskFault::EndsHalfway,
                                         DiskFault::EndsAfter));

}  // namespace
}  // namespace redkeep::recovery
