// Servers that answer, but not as one would wish; and limits of the process itself.
#include <csignal>
#include <thread>

#include "live/filling.h"
#include "live/journal_fixture.h"
#include "live/running_guard.h"

namespace redkeep::test {
namespace {

using ServerFaults = JournalFixture;

// A primary that was demoted: what is stored meanwhile waits in the journal.
TEST_F(ServerFaults, F12StoresWaitWhileTheServerIsAReplica) {
  applied(manager->store_entity(entity(1, "before")));
  redis.run({"REPLICAOF", "127.0.0.1", "1"});  // where nobody is
  journaled(manager->store_entity(entity(2, "meanwhile")));
  EXPECT_EQ(redis.text({"GET", "reed:type_of:" + id_of(2)}), "");
  redis.run({"REPLICAOF", "NO", "ONE"});
  wait_until_applied();
  EXPECT_TRUE(has(title_of(1), "before"));
  EXPECT_TRUE(has(title_of(2), "meanwhile"));
}

TEST_F(ServerFaults, F17WhileAScriptBlocksTheServerTheGuardIsBlindAndDoesNotKillIt) {
  redis.run({"CONFIG", "SET", "maxmemory", "24mb"});
  redis.run({"CONFIG", "SET", "lua-time-limit", "100"});
  const auto pages = fill_to(redis, kPages, 90);
  const TemporaryDirectory outputs;
  Process::Start start;
  start.executable = "redis-cli";
  start.arguments = {"-s", redis.socket_path(), "EVAL", "while true do end", "0"};
  start.environment = {{"PATH", "/usr/bin:/bin"}};
  start.directory = outputs.path();
  start.out_file = outputs.write("out", "");
  start.err_file = outputs.write("err", "");
  const Process script(start);
  ASSERT_TRUE(eventually([&] { return has(redis.error({"DBSIZE"}), "BUSY"); }));
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually(
      [&] { return has(guard.status().at("blind_reason").as_string().c_str(), "BUSY"); }));
  EXPECT_EQ(guard.level(), "blind");
  EXPECT_TRUE(has(redis.error({"DBSIZE"}), "BUSY")) << "somebody ended the script";
  redis.run({"SCRIPT", "KILL"});
  ASSERT_TRUE(eventually([&] { return redis.error({"DBSIZE"}).empty(); }));
  EXPECT_TRUE(eventually([&] { return redis.usage_pct() < 80.5; }));
  EXPECT_GT(redis.existing(pages), 0);
}

TEST_F(ServerFaults, F15APasswordThatIsChangedMeanwhileBlindsTheGuardUntilItIsBack) {
  const std::string secret = "open-sesame-7431";
  redis.run({"CONFIG", "SET", "requirepass", secret});
  RunningGuard guard(redis.url(), {}, {{"REDKEEP_PASSWORD", secret}});
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  redis.run({"CONFIG", "SET", "requirepass", "another"});
  redis.run({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  ASSERT_TRUE(eventually([&] { return guard.level() == "blind"; }));
  EXPECT_TRUE(has(guard.status().at("blind_reason").as_string().c_str(), "password"));
  redis.run({"CONFIG", "SET", "requirepass", secret});
  EXPECT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  EXPECT_FALSE(has(guard.program().err(), secret));
}

// What was acknowledged when the daemon was asked to stop is there when the next one has begun.
TEST_F(ServerFaults, F47WhatWasAcknowledgedWhileTheDaemonStoppedIsKept) {
  manager.reset();
  for (const int signal : {SIGTERM, SIGHUP, SIGKILL}) {
    auto guard =
        std::make_unique<RunningGuard>(redis.url(), std::vector<std::string>{"--data", data()});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(data() + "/redkeep.sock"); }));
    open();
    std::atomic<int> acknowledged = 0;
    std::thread writer([&] {
      for (int number = 1;; ++number) {
        const auto stored =
            manager->store_entity(entity(1000 * signal + number, "of " + std::to_string(signal)));
        if (!stored) return;
        ++acknowledged;
      }
    });
    ASSERT_TRUE(eventually([&] { return acknowledged > 20; }));
    guard->program().signal(signal);
    const Ended ended = guard->program().wait(std::chrono::seconds{10});
    EXPECT_EQ(ended.exit_code, signal == SIGKILL ? -SIGKILL : 0) << ended;
    writer.join();
    manager.reset();
    open();  // now the owner itself
    wait_until_applied();
    for (int number = 1; number <= acknowledged; ++number) {
      EXPECT_TRUE(manager->entity(id_of(1000 * signal + number)).ok()) << number;
    }
    manager.reset();
  }
}

// Sixteen descriptors are too few for all that a guard opens; it says so, or does without.
TEST_F(ServerFaults, F46WithFewDescriptorsTheGuardEndsWithASentenceOrWorks) {
  manager.reset();
  const TemporaryDirectory outputs;
  Process::Start start;
  start.executable = "sh";
  start.arguments = {"-c", "ulimit -n 16; exec \"$0\" guard --http off --url \"$1\" --data \"$2\"",
                     REDKEEP_PROGRAM, redis.url(), data()};
  start.environment = {{"PATH", "/usr/bin:/bin"}};
  start.directory = outputs.path();
  start.out_file = outputs.write("out", "");
  start.err_file = outputs.write("err", "");
  Process guard(start);
  const bool has_acted = eventually(
      [&] {
        return !redis.text({"GET", "reed:guard:lease"}).empty();
      },
      std::chrono::seconds{5});
  guard.signal(SIGTERM);
  const auto ended = guard.wait(std::chrono::seconds{10});
  ASSERT_TRUE(ended.has_value());
  EXPECT_GE(*ended, 0) << "a signal ended it";
  const std::string err = read_file(start.err_file);
  EXPECT_TRUE(has_acted || has(err, "Too many open files")) << err;
}

}  // namespace
}  // namespace redkeep::test
