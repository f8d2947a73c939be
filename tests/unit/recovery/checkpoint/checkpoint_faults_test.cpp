// A checkpoint whose writing fails or is killed at each of its calls, and one that was damaged.
// Whatever happens, a reader finds the old state or the new one, and the next run works.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <functional>

#include "temporary_directory.h"
#include "unit/recovery/checkpoint/sample_checkpoint.h"
#include "unit/recovery/disk/faulty_disk.h"

namespace redkeep::recovery {
namespace {

constexpr int kOld = 2;
constexpr int kNew = 5;
constexpr int kNext = 7;

template <class DiskType>
class CheckpointFaults : public testing::Test {
 protected:
  // Each with a directory that has an old one, and with none.
  void for_each_call(const std::function<void(int calls, int old)>& each) {
    for (const int old : {0, kOld}) {
      SCOPED_TRACE(old == 0 ? "there was none" : "there was one");
      prepare(old);
      DiskType counts(0, DiskFault::Fails);
      ASSERT_TRUE(write_sample(counts, directory, kNew).status.ok());
      ASSERT_GT(counts.calls(), 15);
      for (int call = 1; call <= counts.calls() && !this->HasFailure(); ++call) {
        SCOPED_TRACE("call " + std::to_string(call));
        prepare(old);
        each(call, old);
      }
    }
  }

  void prepare(int old) {
    for (const char* suffix : {"", ".next", ".replaced"}) {
      std::filesystem::remove_all(directory + suffix);
    }
    if (old == 0) return;
    Unsynced<Disk> disk;
    ASSERT_TRUE(write_sample(disk, directory, old).status.ok());
  }

  // Writes in a process of its own that ends there; true if it did.
  static bool ends_at(const std::string& directory, int version, int call, DiskFault fault) {
    const pid_t child = ::fork();
    if (child == 0) {
      DiskType disk(call, fault);
      ::_exit(write_sample(disk, directory, version).status ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_NE(WEXITSTATUS(status), 1);
    return WEXITSTATUS(status) == FaultyDisk::kEnded;
  }

  void expect_the_next_run_works() {
    Unsynced<DiskType> disk(0, DiskFault::Fails);
    const SampleEnd next = write_sample(disk, directory, kNext);
    EXPECT_TRUE(next.status.ok()) << next.status.error().message;
    EXPECT_EQ(sample_version(directory), kNext);
    EXPECT_FALSE(has_leftovers(directory));
  }

  TemporaryDirectory parent;
  std::string directory = parent.file("checkpoint");
};

using Disks = testing::Types<FaultyDisk, PlainDisk>;
TYPED_TEST_SUITE(CheckpointFaults, Disks);

// F38: once, and from then on.
TYPED_TEST(CheckpointFaults, ACallThatFailsLeavesTheOldStateOrTheNewOne) {
  for (const bool stays : {false, true}) {
    const int error_number = stays ? ENOSPC : EIO;
    this->for_each_call([&](int call, int old) {
      TypeParam disk(call, DiskFault::Fails, error_number, stays);
      const SampleEnd end = write_sample(disk, this->directory, kNew);
      EXPECT_EQ(sample_version(this->directory), end.status || end.is_put ? kNew : old);
      if (!end.status) {
        const std::string& message = end.status.error().message;
        EXPECT_EQ(end.status.error().kind, ErrorKind::Io) << message;
        EXPECT_NE(message.find(this->directory), std::string::npos) << message;
        EXPECT_NE(message.find(stays ? "No space left" : "Input/output"), std::string::npos)
            << message;
      }
      this->expect_the_next_run_works();
    });
  }
}

// F38: a write that stops in the middle.
TYPED_TEST(CheckpointFaults, HalfAWriteIsNoCheckpoint) {
  this->for_each_call([&](int call, int old) {
    TypeParam disk(call, DiskFault::Half, ENOSPC);
    const SampleEnd end = write_sample(disk, this->directory, kNew);
    EXPECT_EQ(sample_version(this->directory), end.status || end.is_put ? kNew : old);
    this->expect_the_next_run_works();
  });
}

// F39.
TYPED_TEST(CheckpointFaults, ShortWritesAndInterruptionsLoseNothing) {
  for (const DiskFault fault : {DiskFault::Short, DiskFault::Interrupted}) {
    this->for_each_call([&](int call, int) {
      TypeParam disk(call, fault);
      const SampleEnd end = write_sample(disk, this->directory, kNew);
      ASSERT_TRUE(end.status.ok()) << end.status.error().message;
      EXPECT_EQ(sample_version(this->directory), kNew);
      EXPECT_FALSE(has_leftovers(this->directory));
    });
  }
}

// F42.
TYPED_TEST(CheckpointFaults, KilledAtAnyCallItLeavesTheOldStateOrTheNewOne) {
  for (const DiskFault fault :
       {DiskFault::EndsBefore, DiskFault::EndsHalfway, DiskFault::EndsAfter}) {
    bool was_new = false;
    this->for_each_call([&](int call, int old) {
      ASSERT_TRUE(this->ends_at(this->directory, kNew, call, fault));
      const int found = sample_version(this->directory);
      EXPECT_TRUE(found == old || found == kNew) << found;
      // Once a reader has seen the new state it does not go away.
      if (call == 1) was_new = false;
      EXPECT_TRUE(!was_new || found == kNew);
      was_new = found == kNew;
      this->expect_the_next_run_works();
    });
  }
}

// F42: what a killed run has left does not add up.
TYPED_TEST(CheckpointFaults, RepeatedKillsConverge) {
  this->prepare(kOld);
  int call = 0;
  int version = kOld;
  while (this->ends_at(this->directory, version + 1, ++call, DiskFault::EndsAfter)) {
    ASSERT_LT(call, 100);
    const int found = sample_version(this->directory);
    EXPECT_TRUE(found == version || found == version + 1) << call;
    version = found;
  }
  EXPECT_EQ(sample_version(this->directory), version + 1);
  EXPECT_FALSE(has_leftovers(this->directory));
}

class DamagedCheckpoint : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(write_sample(Disk::real(), directory, 300).status.ok()); }

  // Expects it to be refused with the name of the file.
  void expect_refused(const std::string& file) {
    const auto opened = open_checkpoint(directory);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().kind, ErrorKind::Io);
    EXPECT_NE(opened.error().message.find(directory + "/" + file), std::string::npos)
        << opened.error().message;
  }

  void flip(const std::string& file, std::size_t at, int bit) {
    std::fstream out(directory + "/" + file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(out.get() ^ (1 << bit));
    out.seekp(static_cast<std::streamoff>(at));
    out.put(byte);
    ASSERT_TRUE(out.flush().good());
  }

  TemporaryDirectory parent;
  std::string directory = parent.file("checkpoint");
};

// F41.
TEST_F(DamagedCheckpoint, AFlippedBitAnywhereIsRefusedAndTheFileIsNamed) {
  for (const char* file : {"entities.csv", "associations.csv", "manifest.json"}) {
    const auto bytes = static_cast<std::size_t>(std::filesystem::file_size(directory + "/" + file));
    for (const std::size_t at : {std::size_t{0}, bytes / 7, bytes / 3, bytes / 2, bytes - 1}) {
      for (const int bit : {0, 4}) {
        SCOPED_TRACE(std::string(file) + " at " + std::to_string(at));
        flip(file, at, bit);
        const auto opened = open_checkpoint(directory);
        ASSERT_FALSE(opened.ok());
        EXPECT_NE(opened.error().message.find(directory + "/" + file), std::string::npos)
            << opened.error().message;
        flip(file, at, bit);
        EXPECT_EQ(sample_version(directory), 300);
      }
    }
  }
}

TEST_F(DamagedCheckpoint, AFileThatIsCutOrLongerOrMissingIsNamed) {
  for (const char* file : {"entities.csv", "associations.csv"}) {
    SCOPED_TRACE(file);
    const std::string path = directory + "/" + file;
    const auto bytes = std::filesystem::file_size(path);
    std::filesystem::resize_file(path, bytes - 1);
    expect_refused(file);
    std::filesystem::resize_file(path, bytes + 1);
    expect_refused(file);
    std::filesystem::remove(path);
    expect_refused(file);
    std::filesystem::remove_all(directory);
    SetUp();
  }
}

TEST_F(DamagedCheckpoint, OneWithoutItsManifestIsNone) {
  std::filesystem::remove(directory + "/manifest.json");
  const auto opened = open_checkpoint(directory);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::NotFound);
}

TEST_F(DamagedCheckpoint, AnIndexThatIsNotOfItIsNotTaken) {
  parent.write("checkpoint/search_index.csv", "word,entity_ids\n");
  expect_refused("search_index.csv");
}

TEST_F(DamagedCheckpoint, ItIsNotWrittenOverUnseen) {
  flip("manifest.json", 100, 0);
  const SampleEnd end = write_sample(Disk::real(), directory, 5);
  ASSERT_FALSE(end.status.ok());
  EXPECT_EQ(end.status.error().kind, ErrorKind::Refused);
  EXPECT_NE(end.status.error().message.find("remove " + directory), std::string::npos);
}

}  // namespace
}  // namespace redkeep::recovery
