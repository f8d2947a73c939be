// A server that refuses writes: the journal takes them, and they are applied when it is over.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <functional>

#include "live/journal_fixture.h"

namespace redkeep {
namespace {

using test::entity;
using test::id_of;

class JournalRefusals : public test::JournalFixture {
 protected:
  JournalRefusals()
      : JournalFixture({"--enable-protected-configs", "yes", "--save", "3600", "1000000",
                        "--stop-writes-on-bgsave-error", "yes"}) {}

  // Stores while writes are refused, heals, and expects all of it in Redis.
  void expect_journaled_until(const std::function<void()>& heal) {
    for (int i = 2; i <= 5; ++i) journaled(manager->store_entity(entity(i, "while refused")));
    EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "1");
    heal();
    wait_until_applied();
    for (int i = 1; i <= 5; ++i) EXPECT_TRUE(manager->entity(id_of(i)).ok()) << i;
  }
};

TEST_F(JournalRefusals, F13_MisconfAfterASnapshotThatFailed) {
  applied(manager->store_entity(entity(1, "before")));
  const std::string gone = directory.file("gone");
  const std::string kept = redis.list({"CONFIG", "GET", "dir"}).back();
  std::filesystem::create_directory(gone);
  redis.run({"CONFIG", "SET", "dir", gone});
  std::filesystem::remove(gone);
  redis.run({"BGSAVE"});
  ASSERT_TRUE(test::eventually([&] { return redis.info("rdb_last_bgsave_status") == "err"; }));
  ASSERT_NE(redis.error({"SET", "x", "1"}).find("MISCONF"), std::string::npos);
  expect_journaled_until([&] {
    redis.run({"CONFIG", "SET", "dir", kept});
    redis.run({"BGSAVE"});
  });
}

TEST_F(JournalRefusals, F14_TooFewReplicas) {
  applied(manager->store_entity(entity(1, "before")));
  redis.run({"CONFIG", "SET", "min-replicas-to-write", "1"});
  ASSERT_NE(redis.error({"SET", "x", "1"}).find("NOREPLICAS"), std::string::npos);
  expect_journaled_until([&] { redis.run({"CONFIG", "SET", "min-replicas-to-write", "0"}); });
}

TEST_F(JournalRefusals, F18_NoMemoryAndNothingThatMayGo) {
  applied(manager->store_entity(entity(1, "before")));
  redis.run({"CONFIG", "SET", "maxmemory", "1"});
  ASSERT_NE(redis.error({"SET", "x", "1"}).find("OOM"), std::string::npos);
  expect_journaled_until([&] { redis.run({"CONFIG", "SET", "maxmemory", "0"}); });
}

TEST_F(JournalRefusals, F18_ARemovalNeedsNoMemory) {
  applied(manager->store_entity(entity(1, "before")));
  redis.run({"CONFIG", "SET", "maxmemory", "1"});
  applied(manager->remove_entity(id_of(1)));
  applied(manager->remove_entity(id_of(2)));
  redis.run({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(redis.keys(), (std::vector<std::string>{"reed:guard:journal", "reed:guard:position"}));
}

TEST_F(JournalRefusals, F03_AServerThatHangsIsWaitedForAtMostUntilTheDeadline) {
  applied(manager->store_entity(entity(1, "before")));
  ::kill(redis.pid(), SIGSTOP);
  const auto begun = std::chrono::steady_clock::now();
  journaled(manager->store_entity(entity(2, "while it hangs")));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{10});
  ::kill(redis.pid(), SIGCONT);
  wait_until_applied();
  EXPECT_TRUE(manager->entity(id_of(2)).ok());
}

TEST_F(JournalRefusals, F29_AKeyOfTheWrongTypeHoldsUpNobodyElse) {
  redis.run({"LPUSH", "reed:type_of:" + id_of(1), "x"});
  const auto refused = manager->store_entity(entity(1, "wrong"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
  EXPECT_NE(refused.error().message.find("type_of"), std::string::npos) << refused.error().message;
  applied(manager->store_entity(entity(2, "right")));
}

}  // namespace
}  // namespace redkeep
