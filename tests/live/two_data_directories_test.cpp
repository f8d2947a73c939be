// Data directories that meet a Redis, or a process, that belongs to another one.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "live/journal_fixture.h"
#include "live/running_guard.h"
#include "live/running_up.h"

namespace redkeep::test {
namespace {

class TwoDataDirectories : public testing::Test {
 protected:
  std::string data(const std::string& name) const { return directory.file(name); }

  // A program that owns the directory for as long as it stores.
  static void store(const LiveRedis& server, const std::string& place, int from, int to) {
    Options options;
    options.endpoint = server.endpoint();
    options.data_directory = place;
    auto manager = BlockingMemoryManager::create(std::move(options));
    ASSERT_TRUE(manager.ok()) << manager.error().message;
    for (int number = from; number <= to; ++number) {
      const auto stored = (*manager)->store_entity(entity(number, "page"));
      ASSERT_TRUE(stored.ok()) << stored.error().message;
      EXPECT_EQ(*stored, StoreOutcome::Applied);
    }
  }
  static Contents graph_of(LiveRedis& server) {
    Contents contents = server.contents();
    std::erase_if(contents, [](const auto& entry) {
      return entry.first.starts_with("reed:guard:") && entry.first != "reed:guard:position";
    });
    return contents;
  }
  static Ended on(const LiveRedis& server, const std::string& command, const std::string& place,
                  const std::vector<std::string>& further = {}) {
    std::vector<std::string> arguments{command, "--data", place, "--url", server.url()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    return run_program(arguments);
  }

  TemporaryDirectory directory;
  TemporaryDirectory content;
  LiveRedis redis;
};

// By their length the longer one of them would go on where the other one ends.
TEST_F(TwoDataDirectories, AJournalIsNotAppliedOnTopOfWhatAnotherOneHasStored) {
  LiveRedis other;
  store(redis, data("p1"), 1, 2);
  store(other, data("p2"), 11, 14);
  ASSERT_EQ(on(other, "checkpoint", data("p2")).exit_code, 0);
  const Contents before = graph_of(redis);
  {
    const RunningGuard guard(redis.url(), {"--data", data("p2")});
    ASSERT_TRUE(eventually([&] { return guard.count("alarm", "journal-apply") > 0; }));
    const std::string why = guard.last("alarm", "journal-apply").at("reason").as_string().c_str();
    EXPECT_TRUE(has(why, "another data directory"));
    EXPECT_TRUE(has(why, data("p1"))) << "whose it is";
    EXPECT_FALSE(has(why, "stores are journaled"));
  }
  for (const char* command : {"checkpoint", "repair", "rebuild"}) {
    const Ended refused = on(redis, command, data("p2"));
    EXPECT_EQ(refused.exit_code, 4) << command << refused;
    EXPECT_TRUE(has(refused.err, data("p1"))) << command;
  }
  EXPECT_EQ(on(redis, "repair", data("p2"), {"--dry-run"}).exit_code, 4);
  const Ended verified = on(redis, "verify", data("p2"));
  EXPECT_EQ(verified.exit_code, 1) << verified;
  EXPECT_TRUE(has(verified.out, "Foreign: this Redis belongs to another data directory"))
      << verified;
  EXPECT_EQ(graph_of(redis), before) << "not one key of the other's";
  store(redis, data("p1"), 3, 3);
  store(other, data("p2"), 15, 15);
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "3");
  EXPECT_EQ(on(other, "verify", data("p2")).exit_code, 0) << "nothing of it was lost";
}

TEST_F(TwoDataDirectories, WhatIsGoneIsNotSaidToHaveNoDirectoryWhereThereIsOne) {
  store(redis, data("p1"), 1, 2);
  const RunningGuard guard(redis.url(), {"--data", data("p2")});
  ASSERT_TRUE(eventually([&] { return redis.text({"GET", "reed:guard:content"}) == "there"; }));
  redis.run({"FLUSHALL"});
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "content-gone") > 0; }));
  const std::string why = guard.last("alarm", "content-gone").at("reason").as_string().c_str();
  EXPECT_TRUE(has(why, data("p2"))) << "whatever it says of it";
}

TEST_F(TwoDataDirectories, OneThatWasMovedOrCopiedIsStillTheServers) {
  store(redis, data("p1"), 1, 2);
  std::filesystem::rename(data("p1"), data("moved"));
  store(redis, data("moved"), 3, 3);
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "3");
}

TEST_F(TwoDataDirectories, ThoseFromBeforeThereWasAnIdentityGoOnAndGetOne) {
  store(redis, data("p1"), 1, 2);
  redis.run({"DEL", "reed:guard:journal"});
  std::filesystem::remove(data("p1") + "/journal.id");
  store(redis, data("p1"), 3, 3);
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "3");
  EXPECT_EQ(redis.text({"GET", "reed:guard:journal"}) + "\n",
            read_file(data("p1") + "/journal.id"));
}

// It used to start a second Redis there, and to put its files beside the guard's.
TEST_F(TwoDataDirectories, UpIsRefusedTheDirectoryOfARunningGuardBeforeItWritesAnything) {
  RunningGuard guard(redis.url(), {"--data", data("p1")});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(data("p1") + "/redkeep.sock"); }));
  const auto names = [&] {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(data("p1"))) {
      found.insert(entry.path().filename().string());
    }
    return found;
  };
  const auto before = names();
  const Ended refused = run_program(RunningUp::arguments(data("p1"), free_port(), {}));
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_TRUE(has(refused.err, "process " + std::to_string(guard.program().pid()))) << refused;
  EXPECT_EQ(names(), before);
}

TEST_F(TwoDataDirectories, ACheckpointMakesNoParentsAndSaysThatADirectoryWasBegun) {
  store(redis, data("p1"), 1, 2);
  const Ended typo = on(redis, "checkpoint", directory.file("var/lib/typo"));
  EXPECT_EQ(typo.exit_code, 2) << typo;
  EXPECT_TRUE(has(typo.err, directory.file("var/lib"))) << typo;
  EXPECT_FALSE(std::filesystem::exists(directory.file("var")));
  const Ended of_another = on(redis, "checkpoint", data("typo"));
  EXPECT_EQ(of_another.exit_code, 4) << of_another;
  EXPECT_TRUE(has(of_another.err, data("p1"))) << of_another;
  const Ended own = on(redis, "checkpoint", data("p1"));
  EXPECT_EQ(own.exit_code, 0) << own;
  EXPECT_FALSE(has(own.out, "was begun")) << own;
  LiveRedis fresh;
  write_content(content, entity_row(1, "page", "$one", "first"), "");
  ASSERT_EQ(run_program({"load", content.path(), "--url", fresh.url()}).exit_code, 0);
  const Ended begun = on(fresh, "checkpoint", data("new"));
  EXPECT_EQ(begun.exit_code, 0) << begun;
  EXPECT_TRUE(has(begun.out, "a new data directory was begun")) << begun;
}

// A bit of the last record that was acknowledged; its line is whole.
TEST_F(TwoDataDirectories, ADamagedLastLineIsAnAlarmThatSaysWhatItIs) {
  store(redis, data("p1"), 1, 3);
  const std::string file = data("p1") + "/journal/00000000000000000001.csv";
  std::string bytes = read_file(file);
  bytes[bytes.size() - 20] ^= 1;
  directory.write("p1/journal/00000000000000000001.csv", bytes);
  const RunningGuard guard(redis.url(), {"--data", data("p1")});
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "journal-loss") == 1; }));
  const std::string why = guard.last("alarm", "journal-loss").at("reason").as_string().c_str();
  EXPECT_TRUE(has(why, "ends in a damaged line"));
  EXPECT_TRUE(has(why, "may have been acknowledged"));
}

TEST_F(TwoDataDirectories, AJournalThatIsGoneIsAnAlarm) {
  store(redis, data("p1"), 1, 3);
  std::filesystem::remove_all(data("p1") + "/journal");
  redis.run({"FLUSHALL"});
  const RunningGuard guard(redis.url(), {"--data", data("p1")});
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "journal-loss") == 1; }));
  EXPECT_TRUE(has(guard.last("alarm", "journal-loss").at("reason").as_string().c_str(), "is gone"));
}

}  // namespace
}  // namespace redkeep::test
