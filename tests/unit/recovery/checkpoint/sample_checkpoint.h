#pragma once
// Checkpoints whose content follows from a number, so that old and new are told apart whole.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "content/record_view.h"
#include "recovery/checkpoint/checkpoint_reader.h"
#include "recovery/checkpoint/checkpoint_writer.h"
#include "recovery/csv/content_check.h"
#include "unit/recovery/disk/faulty_disk.h"

namespace redkeep::recovery {

inline std::string sample_id(int number) {
  return fmt::format("00000000-0000-4000-8000-{:012}", number);
}

/// `version` + 1 entities and as many associations among them, with all that has to be quoted.
inline Status add_sample(CheckpointWriter& writer, int version) {
  for (int i = 0; i <= version; ++i) {
    const std::string id = sample_id(i);
    const std::string data =
        fmt::format("{{\"title\": \"version {}, \u00fcn\u0131\",\n\"n\":{}}}", version, i);
    const content::EntityView entity{id, "page", "", data, "a \"b\", c", "", ""};
    if (const Status added = writer.add(entity); !added) return added;
  }
  for (int i = 0; i < version; ++i) {
    const std::string parent = sample_id(0);
    const std::string child = sample_id(i + 1);
    const std::string path = fmt::format("/\"{},{}\"", version, i);
    const content::AssociationView association{parent, child, path, "contains", "-7"};
    if (const Status added = writer.add(association); !added) return added;
  }
  return {};
}

/// Does not wait for the machine's disk, where nothing depends on it.
template <class DiskType>
class Unsynced : public DiskType {
 public:
  using DiskType::DiskType;
  int sync(int) override { return 0; }
  int sync_directory(const std::string&) override { return 0; }
};

// A file system that cannot exchange names: two renames instead.
class PlainDisk : public FaultyDisk {
 public:
  using FaultyDisk::FaultyDisk;
  int exchange(const std::string&, const std::string&) override {
    errno = EINVAL;
    return -1;
  }
};

struct SampleEnd {
  Status status;
  bool is_put = false;
};

/// The version is the position, too. After an error it is abandoned, as an export does.
inline SampleEnd write_sample(Disk& disk, const std::string& directory, int version) {
  auto writer = CheckpointWriter::create(disk, directory, true);
  if (!writer) return {writer.error(), false};
  Status status = writer->begin();
  if (status) status = add_sample(*writer, version);
  const std::chrono::sys_seconds time{std::chrono::seconds{1'790'000'000 + version}};
  if (status) status = writer->finish(time, version);
  if (!status) writer->abandon();
  return {status, writer->is_put()};
}

/// The version of the checkpoint that a reader finds; 0 if there is none. Anything but a whole one
/// fails the test.
inline int sample_version(const std::string& directory) {
  const auto opened = open_checkpoint(directory);
  if (!opened) {
    EXPECT_EQ(opened.error().kind, ErrorKind::NotFound) << opened.error().message;
    return 0;
  }
  const auto check = check_content(opened->directory, {});
  EXPECT_TRUE(check.ok());
  if (!check) return -1;
  const int version = static_cast<int>(opened->manifest.position.value_or(-1));
  EXPECT_EQ(check->problems.count, 0);
  EXPECT_EQ(check->entities, version + 1);
  EXPECT_EQ(check->associations, version);
  return version;
}

/// The names beside and in a directory's parent, for "nothing is left".
inline bool has_leftovers(const std::string& directory) {
  return std::filesystem::exists(directory + ".next") ||
         std::filesystem::exists(directory + ".replaced") ||
         std::filesystem::exists(directory + "/manifest.json.part");
}

}  // namespace redkeep::recovery
