// A machine that loses its power at every single call: what was never synced is gone, or half
// there, or there in another order.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>

#include "unit/recovery/disk/faulty_disk.h"
#include "unit/recovery/journal/journal_files_of_test.h"

namespace redkeep::recovery {
namespace {

namespace fs = std::filesystem;

enum class WhatWasUnsynced {
  Gone,
  Half,       // the first half of what was added
  Reordered,  // the second half, and zeros where the first one was
  There,      // all of it, as after a kill
};

// Remembers what would outlive a power loss: a file's bytes as of its last sync, if its name was
// there at the last sync of its directory. From call `at` on there is no power.
class ForgetfulDisk : public FaultyDisk {
 public:
  explicit ForgetfulDisk(int at) : FaultyDisk(at, DiskFault::Fails, EIO, true) {}

  int open(const std::string& path, int flags) override {
    const int descriptor = FaultyDisk::open(path, flags);
    if (descriptor >= 0) paths_[descriptor] = path;
    return descriptor;
  }
  int sync(int descriptor) override {
    const int result = FaultyDisk::sync(descriptor);
    const std::string& path = paths_[descriptor];
    if (result == 0 && fs::exists(path)) synced_[path] = bytes_of_file(path);
    return result;
  }
  int sync_directory(const std::string& path) override {
    const int result = FaultyDisk::sync_directory(path);
    if (result != 0) return result;
    for (const auto& entry : fs::directory_iterator(path)) names_.insert(entry.path().string());
    std::erase_if(names_, [&](const std::string& name) {
      return fs::path(name).parent_path() == path && !fs::exists(name);
    });
    return result;
  }

  void lose_power(const std::string& directory, WhatWasUnsynced unsynced) {
    std::set<std::string> files = names_;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(directory, code)) {
      files.insert(entry.path().string());
    }
    for (const auto& path : files) {
      if (fs::is_directory(path)) continue;
      if (!names_.contains(path)) {
        fs::remove(path);
      } else {
        replace_file(path, after_loss(synced_[path], bytes_of_file(path), unsynced));
      }
    }
    if (!names_.contains(directory)) fs::remove_all(directory);
  }

 private:
  static std::string after_loss(const std::string& synced, const std::string& written,
                                WhatWasUnsynced unsynced) {
    if (!written.starts_with(synced)) return synced;  // a cut that was never synced
    const std::string added = written.substr(synced.size());
    const std::string half = added.substr(0, added.size() / 2);
    switch (unsynced) {
      case WhatWasUnsynced::Gone: return synced;
      case WhatWasUnsynced::Half: return synced + half;
      case WhatWasUnsynced::Reordered:
        return synced + std::string(half.size(), '\0') + added.substr(half.size());
      case WhatWasUnsynced::There: break;
    }
    return written;
  }

  std::map<int, std::string> paths_;
  std::map<std::string, std::string> synced_;
  std::set<std::string> names_;
};

// How many were acknowledged: the first so many.
int append_until_it_fails(Disk& disk, const std::string& directory, int first) {
  auto writer = JournalWriter::open(disk, directory, kSmallFiles);
  int next = first;
  bool is_in_second_half = false;
  while (writer && next <= kLinesToAppend) {
    // As a checkpoint does.
    if (next > kLinesToAppend / 2 && !std::exchange(is_in_second_half, true)) {
      if (!writer->begin_next_file(kLinesToAppend)) break;
    }
    auto lines = some_lines(std::min(1 + next % 3, kLinesToAppend - next + 1), next);
    if (!writer->append(lines)) break;
    next += static_cast<int>(lines.size());
  }
  return next - first;
}

class JournalPowerLoss : public testing::TestWithParam<WhatWasUnsynced> {};

TEST_P(JournalPowerLoss, F44_AtEveryCallNothingAcknowledgedIsLost) {
  const TemporaryDirectory counted;
  ForgetfulDisk whole(0);
  ASSERT_EQ(append_until_it_fails(whole, counted.file("journal"), 1), kLinesToAppend);
  ASSERT_GT(whole.calls(), 40);
  for (int at = 1; at <= whole.calls(); ++at) {
    SCOPED_TRACE(at);
    const TemporaryDirectory directory;
    const std::string journal = directory.file("journal");
    ForgetfulDisk disk(at);
    const int acknowledged = append_until_it_fails(disk, journal, 1);
    disk.lose_power(journal, GetParam());
    auto writer = JournalWriter::open(Disk::real(), journal, kSmallFiles);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    const Read read = read_journal(journal);
    ASSERT_EQ(read.error, "");
    ASSERT_GE(static_cast<int>(read.ids.size()), acknowledged);
    ASSERT_EQ(read.ids, ids(static_cast<int>(read.ids.size()))) << "invented or out of order";
    auto more = some_lines(2, kLinesToAppend + 1);
    ASSERT_TRUE(writer->append(more).ok());
    ASSERT_EQ(read_journal(journal).ids.size(), read.ids.size() + 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, JournalPowerLoss,
                         testing::Values(WhatWasUnsynced::Gone, WhatWasUnsynced::Half,
                                         WhatWasUnsynced::Reordered, WhatWasUnsynced::There));

}  // namespace
}  // namespace redkeep::recovery
