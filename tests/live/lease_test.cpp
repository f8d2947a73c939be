// Two guards on one server: one acts, the other watches, and never both.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

#include "guard/lease_rule.h"
#include "live/filling.h"
#include "live/live_redis.h"
#include "live/running_guard.h"

namespace redkeep::test {
namespace {

constexpr const char* kLease = "reed:guard:lease";

class LeaseLive : public testing::Test {
 protected:
  static boost::json::object lease(const RunningGuard& guard) {
    return guard.status().at("lease").as_object();
  }
  static std::string stand(const RunningGuard& guard) {
    return lease(guard).at("stand").as_string().c_str();
  }
  static bool holds(const RunningGuard& guard, std::int64_t fencing) {
    return stand(guard) == "held" && lease(guard).at("fencing") == fencing;
  }
  static std::int64_t shed_by(const RunningGuard& guard) {
    std::int64_t keys = 0;
    for (const auto& entry : guard.ledger()) {
      if (entry.at("kind") == "shed") keys += entry.at("keys").as_int64();
    }
    return keys;
  }
  // By the server's clock.
  std::int64_t seconds_since_renewal() {
    const auto lease = guard::parse_lease(redis.text({"GET", kLease}));
    return std::stoll(redis.list({"TIME"}).front()) - lease.value().renewed.count() / 1000;
  }
  // A guard of another host, alive for as long as this is called.
  void renew_as_another() {
    redis.run({"SET", kLease, fmt::format("feed@elsewhere:1 9 1 {} -", ++renewals)});
  }
  bool while_another_acts(const std::function<bool()>& holds) {
    return eventually([&] {
      renew_as_another();
      return holds();
    });
  }

  LiveRedis redis{{"--maxmemory", "24mb", "--maxmemory-policy", "noeviction"}};
  std::int64_t renewals = 0;
};

TEST_F(LeaseLive, OneActsTheOtherWatchesAndThereIsOneKeyWithoutATtl) {
  RunningGuard first(redis.url());
  ASSERT_TRUE(eventually([&] { return holds(first, 1); }));
  RunningGuard second(redis.url());
  ASSERT_TRUE(
      eventually([&] { return stand(second) == "watching" && second.level() == "normal"; }));
  const auto pages = fill_to(redis, kPages, 87);
  ASSERT_TRUE(eventually([&] { return redis.usage_pct() < 80.5; }));
  ASSERT_TRUE(
      eventually([&] { return shed_by(first) == std::ssize(pages) - redis.existing(pages); }));
  EXPECT_EQ(shed_by(second), 0);
  auto keys = redis.keys("reed:guard:*");
  std::erase(keys, "reed:guard:forecast");  // there while the filling passes for growth
  EXPECT_EQ(keys, (std::vector<std::string>{"reed:guard:lease", "reed:guard:level"}));
  EXPECT_EQ(redis.integer({"PTTL", kLease}), -1);
  EXPECT_TRUE(has(http_get(second.http(), "/metrics").body, "redkeep_lease{stand=\"watching\"} 1"));
  EXPECT_TRUE(has(run_program({"status", "--url", redis.url()}).out, "lease      held by "));
}

TEST_F(LeaseLive, AWatcherReadsAndAlertsAndSaysWhoActs) {
  const auto pages = fill_to(redis, kPages, 87);
  renew_as_another();
  RunningGuard guard(redis.url());
  ASSERT_TRUE(while_another_acts([&] { return guard.count("alarm", "warning") > 1; }));
  EXPECT_TRUE(has(guard.last("alarm", "warning").at("reason").as_string().c_str(),
                  "; watching; elsewhere:1 acts since "));
  EXPECT_EQ(redis.existing(pages), std::ssize(pages));
  EXPECT_EQ(redis.keys("reed:guard:*"), std::vector<std::string>{kLease}) << "its level is told";
}

TEST_F(LeaseLive, WhenTheHolderIsKilledTheOtherActsWithinSeconds) {
  RunningGuard first(redis.url());
  ASSERT_TRUE(eventually([&] { return holds(first, 1); }));
  RunningGuard second(redis.url());
  ASSERT_TRUE(eventually([&] { return stand(second) == "watching"; }));
  first.program().signal(SIGKILL);
  fill_to(redis, kPages, 87);
  EXPECT_TRUE(eventually([&] { return holds(second, 2); }, std::chrono::seconds{8}));
  EXPECT_TRUE(eventually([&] { return redis.usage_pct() < 80.5; }));
  EXPECT_TRUE(eventually([&] { return shed_by(second) > 0; }));
}

TEST_F(LeaseLive, AStoppedGuardGivesItBackAtOnce) {
  RunningGuard first(redis.url());
  ASSERT_TRUE(eventually([&] { return holds(first, 1); }));
  RunningGuard second(redis.url());
  ASSERT_TRUE(eventually([&] { return stand(second) == "watching"; }));
  first.program().signal(SIGTERM);
  EXPECT_EQ(first.program().wait().exit_code, 0);
  EXPECT_TRUE(eventually([&] { return holds(second, 2); }, std::chrono::seconds{3}));
  second.program().signal(SIGTERM);
  EXPECT_EQ(second.program().wait().exit_code, 0);
  EXPECT_EQ(redis.keys("reed:guard:*"), std::vector<std::string>{kLease});
  EXPECT_TRUE(redis.text({"GET", kLease}).starts_with("- 2 ")) << redis.text({"GET", kLease});
  EXPECT_TRUE(has(run_program({"status", "--url", redis.url()}).out, "lease      held by nobody"));
}

TEST_F(LeaseLive, AHolderThatWasPausedDoesNothingWhenItWakesUp) {
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return holds(guard, 1); }));
  guard.program().signal(SIGSTOP);
  const auto pages = fill_to(redis, kPages, 87);
  ASSERT_TRUE(eventually([&] { return seconds_since_renewal() >= 5; }));
  renew_as_another();
  guard.program().signal(SIGCONT);
  ASSERT_TRUE(
      while_another_acts([&] { return stand(guard) == "watching" && guard.level() == "warning"; }));
  EXPECT_EQ(redis.existing(pages), std::ssize(pages));
  EXPECT_EQ(shed_by(guard), 0);
}

TEST_F(LeaseLive, APausedHolderIsReplacedAndWatchesWhenItWakesUp) {
  RunningGuard first(redis.url());
  ASSERT_TRUE(eventually([&] { return holds(first, 1); }));
  RunningGuard second(redis.url());
  ASSERT_TRUE(eventually([&] { return stand(second) == "watching"; }));
  first.program().signal(SIGSTOP);
  EXPECT_TRUE(eventually([&] { return holds(second, 2); }, std::chrono::seconds{8}));
  first.program().signal(SIGCONT);
  ASSERT_TRUE(eventually([&] { return stand(first) == "watching"; }));
  const auto pages = fill_to(redis, kPages, 87);
  ASSERT_TRUE(eventually([&] { return redis.usage_pct() < 80.5; }));
  ASSERT_TRUE(
      eventually([&] { return shed_by(second) == std::ssize(pages) - redis.existing(pages); }));
  EXPECT_EQ(shed_by(first), 0);
  EXPECT_TRUE(holds(second, 2));
}

TEST_F(LeaseLive, StatusSaysThatTheLeaseOfAKilledGuardIsOverdue) {
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return holds(guard, 1); }));
  guard.program().signal(SIGKILL);
  ASSERT_TRUE(eventually([&] { return seconds_since_renewal() > 6; }));
  EXPECT_TRUE(has(run_program({"status", "--url", redis.url()}).out, "overdue: not renewed for "));
}

TEST_F(LeaseLive, IsTakenAndRenewedOnAServerThatRefusesEveryWrite) {
  fill_until(redis, kProtected, [&] { return redis.usage_pct() > 99; });
  const Command big{"SETRANGE", "reed:entity:page:big", "2000000", "x"};
  while (redis.error(big).empty() && redis.usage_pct() < 100) redis.run({"INCR", "reed:entity:n"});
  ASSERT_TRUE(has(redis.error({"SET", "x", "y"}), "OOM"));
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return holds(guard, 1); }));
  const auto before = redis.text({"GET", kLease});
  EXPECT_TRUE(eventually([&] { return redis.text({"GET", kLease}) != before; }));
  EXPECT_TRUE(has(redis.error({"SET", "x", "y"}), "OOM"));
  EXPECT_TRUE(holds(guard, 1));
}

TEST_F(LeaseLive, SheddingByHandTakesItFromTheGuardForAsLongAsItRuns) {
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return holds(guard, 1); }));
  const auto pages = write_keys(redis, kPages, 500);
  const Ended shed = run_program({"shed", "--free", "200kB", "--url", redis.url()});
  EXPECT_EQ(shed.exit_code, 0) << shed;
  EXPECT_TRUE(has(shed.err, "the lease was taken from "));
  EXPECT_LT(redis.existing(pages), 500);
  EXPECT_TRUE(eventually([&] { return holds(guard, 3); }, std::chrono::seconds{3}));
  EXPECT_EQ(shed_by(guard), 0);
}

// Whoever takes the number for a fence relies on it.
TEST_F(LeaseLive, TheFencingNumberNeverGoesDownWhoeverGivesItBack) {
  write_keys(redis, kPages, 500);
  for (int fencing = 1; fencing <= 6; fencing += 2) {
    const Ended shed = run_program({"shed", "--free", "200kB", "--url", redis.url()});
    EXPECT_EQ(shed.exit_code, 0) << shed;
    RunningGuard guard(redis.url());
    EXPECT_TRUE(eventually([&] { return holds(guard, fencing + 1); })) << fencing;
    guard.program().signal(SIGTERM);
    EXPECT_EQ(guard.program().wait().exit_code, 0);
  }
}

TEST_F(LeaseLive, SheddingByHandWithoutAGuardLeavesOnlyTheNumberBehind) {
  write_keys(redis, kPages, 500);
  const Ended shed = run_program({"shed", "--free", "200kB", "--url", redis.url()});
  EXPECT_EQ(shed.exit_code, 0) << shed;
  EXPECT_FALSE(has(shed.err, "lease"));
  EXPECT_EQ(redis.keys("reed:guard:*"), std::vector<std::string>{kLease});
  EXPECT_TRUE(redis.text({"GET", kLease}).starts_with("- 1 "));
}

// Stopped in the middle of its work, for longer than the lease lasts: a guard has it by then.
TEST(PausedShed, DeletesNothingMoreWhenItWakesUp) {
  LiveRedis redis;
  KeyKind small = kPages;
  small.bytes = 10;
  constexpr int kKeys = 200'000;
  write_keys(redis, small, kKeys);
  RunningGuard guard(redis.url());
  const auto acts = [&](std::int64_t fencing) {
    const auto lease = guard.status().at("lease").as_object();
    return lease.at("stand") == "held" && lease.at("fencing") == fencing;
  };
  ASSERT_TRUE(eventually([&] { return acts(1); }));
  Program shed({"shed", "--class", "page_cache", "--free", "1GiB", "--url", redis.url()});
  ASSERT_TRUE(eventually([&] { return redis.integer({"DBSIZE"}) < kKeys; }));
  shed.signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return acts(3); }));
  const auto left = redis.keys("reed:page:*").size();
  ASSERT_GT(left, 0U) << "it had ended before it was stopped";
  shed.signal(SIGCONT);
  const Ended ended = shed.wait();
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.out, "LeaseLost"));
  EXPECT_EQ(redis.keys("reed:page:*").size(), left);
}

TEST_F(LeaseLive, WithoutScriptsTheGuardActsAloneAndSaysSo) {
  redis.run({"ACL", "SETUSER", "limited", "on", ">open-sesame", "~*", "+@all", "-@scripting"});
  const auto pages = fill_to(redis, kPages, 87);
  RunningGuard guard(redis.url("limited"), {}, {{"REDKEEP_PASSWORD", "open-sesame"}});
  ASSERT_TRUE(eventually([&] { return redis.usage_pct() < 80.5; }));
  EXPECT_EQ(stand(guard), "alone");
  EXPECT_TRUE(has(guard.last("notice", "lease").at("reason").as_string().c_str(),
                  "so run no second guard here"));
}

TEST_F(LeaseLive, OnAReplicaNoneIsAskedForUntilItIsAMaster) {
  redis.run({"REPLICAOF", "127.0.0.1", "1"});
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return stand(guard) == "replica" && guard.level() == "normal"; }));
  EXPECT_TRUE(has(guard.program().err(), "this server is a replica: nothing is shed here"));
  EXPECT_EQ(guard.count("notice", "lease"), 0) << guard.program().err();
  const Ended shed = run_program({"shed", "--free", "1MiB", "--url", redis.url()});
  EXPECT_EQ(shed.exit_code, 4) << shed;
  EXPECT_TRUE(has(shed.err, "this server is a replica: shed on its master")) << shed;
  EXPECT_FALSE(has(shed.err, "lease")) << shed;
  redis.run({"REPLICAOF", "NO", "ONE"});
  ASSERT_TRUE(eventually([&] { return holds(guard, 1); })) << "promoted, and guarded again";
}

}  // namespace
}  // namespace redkeep::test
