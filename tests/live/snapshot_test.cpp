// `up` on a new data directory: the server begins with the content as its snapshot, and holds the
// same as after a load.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "live/running_up.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

class SnapshotLive : public testing::Test {
 protected:
  std::string data() const { return directory.path() + "/data"; }
  std::string manifest() const { return data() + "/appendonlydir/appendonly.aof.manifest"; }
  static Contents without_guard(Contents contents) {
    std::erase_if(contents, [](const auto& pair) { return pair.first.starts_with("reed:guard:"); });
    return contents;
  }
  // What a load writes into a server that is empty.
  Contents loaded() {
    LiveRedis redis;
    const Ended done = run_program({"load", content.path(), "--url", redis.url()});
    EXPECT_EQ(done.exit_code, 0) << done;
    return without_guard(redis.contents());
  }
  // The server was not sent the content by commands.
  static void expect_snapshot(RunningUp& up) {
    const auto restores = up.redis().text({"INFO", "commandstats"});
    EXPECT_FALSE(has(restores, "cmdstat_restore")) << restores;
    EXPECT_FALSE(has(restores, "cmdstat_mset")) << restores;
  }

  TemporaryDirectory directory;
  TemporaryDirectory content;
};

TEST_F(SnapshotLive, HoldsKeyByKeyWhatALoadWrites) {
  write_made_up_content(content, 400, 1);
  RunningUp up(data(), {"--content", content.path()});
  expect_snapshot(up);
  EXPECT_EQ(without_guard(up.redis().contents()), loaded());
}

// Lengths around each form of a length, names with every kind of character, and a set of one.
TEST_F(SnapshotLive, TakesEveryLengthAndCharacter) {
  std::string rows;
  int number = 1;
  for (const int bytes : {1, 40, 63, 64, 127, 128, 4095, 4096, 16383, 16384, 70000}) {
    rows += entity_row(number++, "page", "", std::string(static_cast<std::size_t>(bytes), 'x'));
  }
  rows += entity_row(number++, "page", "$odd", "höhle 東京 ไทย 'quoted'");
  write_content(content, rows,
                association_row(1, 2, "odd path: {x} %") + association_row(2, 3, "a") +
                    association_row(3, 4, "b", "references"));
  RunningUp up(data(), {"--content", content.path()});
  expect_snapshot(up);
  EXPECT_EQ(without_guard(up.redis().contents()), loaded());
}

TEST_F(SnapshotLive, TakesASearchIndexOfItsOwn) {
  write_content(content, entity_row(1, "page", "", "first") + entity_row(2, "page", "", "second"),
                "");
  content.write("search_index.csv", "word,entity_ids\nalpha," + id_of(1) + " " + id_of(2) +
                                        "\nbeta," + id_of(1) + "\n");
  RunningUp up(data(), {"--content", content.path()});
  EXPECT_EQ(without_guard(up.redis().contents()), loaded());
  EXPECT_EQ(up.redis().integer({"SCARD", "reed:word:alpha"}), 2);
}

TEST_F(SnapshotLive, IsDurableSoonAndLeavesNoPipe) {
  write_made_up_content(content, 300, 1);
  Contents before;
  {
    RunningUp up(data(), {"--content", content.path()});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(manifest()); }));
    up.redis().run({"SET", "reed:queue:mine", "1"});
    before = without_guard(up.redis().contents());
    EXPECT_FALSE(std::filesystem::exists(data() + "/dump.rdb"));
    EXPECT_EQ(up.redis().list({"CONFIG", "GET", "appendonly"}).back(), "yes");
    up.stop();
  }
  RunningUp again(data(), {"--content", content.path()});
  EXPECT_EQ(without_guard(again.redis().contents()), before);
}

// Asked to end while the first append-only file is written, it does not lose what it holds.
TEST_F(SnapshotLive, StoppedAtOnceItHasEverythingAtTheNextStart) {
  write_made_up_content(content, 2000, 1);
  Contents before;
  {
    RunningUp up(data(), {"--content", content.path()});
    up.redis().run({"SET", "reed:queue:mine", "1"});
    before = without_guard(up.redis().contents());
    up.stop();
  }
  RunningUp again(data(), {"--content", content.path()});
  EXPECT_EQ(without_guard(again.redis().contents()), before);
}

// Killed while it begins, with a pipe and half a server left: the next one begins anew.
TEST_F(SnapshotLive, APipeThatAKilledRunLeftIsReplaced) {
  write_made_up_content(content, 300, 1);
  std::filesystem::create_directories(data());
  ASSERT_EQ(::mkfifo((data() + "/dump.rdb").c_str(), 0600), 0);
  RunningUp up(data(), {"--content", content.path()});
  expect_snapshot(up);
  EXPECT_EQ(without_guard(up.redis().contents()), loaded());
}

TEST_F(SnapshotLive, ContentThatMayNotFitIsLoadedByCommandsAndTheServerSaysWhere) {
  write_made_up_content(content, 30'000, 1);
  const Ended ended = run_program(RunningUp::arguments(
      data(), free_port(), {"--content", content.path(), "--maxmemory", "8MiB"}));
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_TRUE(has(ended.err, "memory")) << ended;
}

}  // namespace
}  // namespace redkeep::test
