// What INFO says of the server's disk.
#include "pressure/persistence.h"

#include <gtest/gtest.h>

#include "pressure/memory_reading.h"

namespace redkeep::pressure {
namespace {

Persistence of(std::string_view info) { return read_persistence(redis::ServerInfo::parse(info)); }

TEST(Persistence, EachKindOfWriteIsTold) {
  const auto failing =
      of("rdb_changes_since_last_save:7\r\nrdb_last_bgsave_status:err\r\n"
         "aof_enabled:1\r\naof_last_bgrewrite_status:err\r\n"
         "aof_last_write_status:err\r\n");
  EXPECT_FALSE(failing.appends);
  EXPECT_FALSE(failing.rewrites);
  EXPECT_FALSE(failing.snapshots);
  EXPECT_EQ(failing.unsaved_changes, 7);
  const auto fine =
      of("rdb_last_bgsave_status:ok\r\naof_enabled:1\r\n"
         "aof_last_bgrewrite_status:ok\r\naof_last_write_status:ok\r\n");
  EXPECT_TRUE(fine.appends && fine.rewrites && fine.snapshots);
}

TEST(Persistence, AFirstAppendOnlyFileThatNeverCameIsNone) {
  const std::string failed = "aof_enabled:1\r\naof_last_bgrewrite_status:err\r\n";
  EXPECT_FALSE(of(failed + "aof_current_size:0\r\naof_base_size:0\r\n").has_file);
  EXPECT_FALSE(of(failed + "aof_current_size:300\r\naof_base_size:0\r\n"
                           "used_memory_dataset:1000000\r\n")
                   .has_file)
      << "what came while it was tried is thrown away with it";
}

TEST(Persistence, AFileThatOnlyCannotBeRewrittenIsThere) {
  const std::string failed = "aof_enabled:1\r\naof_last_bgrewrite_status:err\r\n";
  EXPECT_TRUE(of(failed + "aof_current_size:900\r\naof_base_size:88\r\n").has_file);
  EXPECT_TRUE(of(failed + "aof_current_size:500000\r\naof_base_size:0\r\n"
                          "used_memory_dataset:1000000\r\n")
                  .has_file)
      << "begun with an empty server, and never rewritten yet";
  EXPECT_TRUE(of(failed).has_file) << "an old server that does not say";
  EXPECT_TRUE(of("aof_enabled:1\r\naof_last_bgrewrite_status:ok\r\naof_current_size:0\r\n"
                 "aof_base_size:0\r\n")
                  .has_file)
      << "an empty server";
}

TEST(Persistence, AnAppendOnlyFileThatIsOffCannotFail) {
  const auto off =
      of("rdb_last_bgsave_status:err\r\naof_enabled:0\r\n"
         "aof_last_bgrewrite_status:err\r\naof_last_write_status:err\r\n");
  EXPECT_TRUE(off.appends && off.rewrites);
  EXPECT_FALSE(off.snapshots) << "snapshots are taken without one too";
}

TEST(Persistence, AServerThatDoesNotSayIsFine) {
  const auto silent = of("used_memory:100\r\n");
  EXPECT_TRUE(silent.appends && silent.rewrites && silent.snapshots);
}

TEST(Persistence, AReadingOfMemoryHasIt) {
  const auto info =
      redis::ServerInfo::parse("used_memory:100\r\naof_enabled:1\r\naof_last_write_status:err\r\n");
  EXPECT_FALSE(read_memory(info, 0, 0).value().persistence.appends);
}

}  // namespace
}  // namespace redkeep::pressure
