// `redkeep guard` on a server that already runs: what goes, what stays, and when.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/running_guard.h"

namespace redkeep::test {
namespace {

std::string text(const boost::json::object& object, const std::string& name) {
  return object.empty() ? "" : object.at(name).as_string().c_str();
}

// It sheds down to 80 %. What it asks for the first time afterwards is the server's own growth: a
// latency histogram of some 25 KiB for each kind of command, 2.5 % of these 24 MiB in all.
constexpr double kRestsBelowPct = 84.5;

// What the guard measured when its last shedding was done.
double pct_after_shedding(const RunningGuard& guard) {
  const auto entry = guard.last("shed", "page_cache");
  return entry.empty() ? 100 : entry.at("usage_after_pct").to_number<double>();
}

class GuardLive : public testing::Test {
 protected:
  // noeviction: whatever goes has been taken by the guard.
  LiveRedis redis{{"--maxmemory", "24mb", "--maxmemory-policy", "noeviction"}};
};

TEST_F(GuardLive, ShedsPagesAboveTheWarningMarkAndNoMoreThanDownToTheStopMark) {
  const auto pages = fill_to(redis, kPages, 87);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; })) << guard.program().err();
  EXPECT_LT(pct_after_shedding(guard), 80.5);
  EXPECT_LT(redis.usage_pct(), kRestsBelowPct);
  EXPECT_GT(redis.usage_pct(), 76);
  const auto entry = guard.last("shed", "page_cache");
  // A slow guard takes more than one tick, and the last of them may find that it is done.
  EXPECT_TRUE(text(entry, "outcome") == "TargetReached" || text(entry, "outcome") == "BudgetSpent");
  EXPECT_TRUE(has(text(entry, "reason"), "warning: "));
  std::int64_t shed = 0;
  for (const auto& one : guard.ledger()) {
    if (one.at("kind") == "shed") shed += one.at("keys").as_int64();
  }
  EXPECT_EQ(shed, std::ssize(pages) - redis.existing(pages));
  EXPECT_TRUE(has(guard.program().err(), "shed page_cache: warning: "));
}

TEST_F(GuardLive, AStoppedGuardTakesItsLevelWithIt) {
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return redis.keys("reed:guard:level").size() == 1; }));
  guard.program().signal(SIGTERM);
  ASSERT_EQ(guard.program().wait().exit_code, 0);
  EXPECT_EQ(redis.keys("reed:guard:level"), std::vector<std::string>{});
  EXPECT_TRUE(has(guard.program().err(), "guard-start"));
  EXPECT_TRUE(has(guard.program().err(), "guard-end: the guard was asked to stop"));
}

TEST_F(GuardLive, BelowTheWarningMarkItTouchesNothing) {
  const auto pages = fill_to(redis, kPages, 83);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] {
    return has(http_get(guard.http(), "/metrics").body, "redkeep_readings_total 1") &&
           guard.status().at("connected").as_bool();
  }));
  EXPECT_EQ(redis.existing(pages), std::ssize(pages));
  EXPECT_EQ(guard.level(), "normal");
}

TEST_F(GuardLive, SessionsGoOnlyAboveTheCriticalMarkAndOnlySoManyAsNeeded) {
  const auto sessions = write_keys(redis, kSessions, 1200);
  fill_to(redis, kProtected, 84);
  const auto pages = fill_to(redis, kPages, 88);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return redis.existing(pages) == 0; }));
  ASSERT_TRUE(eventually([&] { return guard.level() == "warning"; }));
  EXPECT_EQ(redis.existing(sessions), 1200);

  ASSERT_TRUE(eventually([&] {
    return has(text(guard.last("alarm", "warning"), "reason"),
               "nothing is left that may go at warning; sessions");
  })) << "no page is left, and the warning stays";
  EXPECT_TRUE(has(text(guard.last("alarm", "warning"), "reason"), "go only at 95.0 %"));

  const auto more = fill_to(redis, kProtected, 96);
  ASSERT_TRUE(eventually([&] { return redis.usage_pct() < 90.5; }));
  EXPECT_GT(redis.usage_pct(), 87);
  EXPECT_GT(redis.existing(sessions), 100);
  EXPECT_EQ(redis.existing(more), std::ssize(more));
  // The last batch is measured before it is told.
  ASSERT_TRUE(eventually([&] { return guard.count("shed", "sessions") > 0; }));
  EXPECT_TRUE(has(text(guard.last("shed", "sessions"), "reason"), "critical: "));
}

TEST_F(GuardLive, AClassIsTrimmedToItsQuotaWithoutAnyPressure) {
  const auto pages = write_keys(redis, kPages, 1000);  // two megabytes
  const auto templates = write_keys(redis, kTemplates, 100);
  RunningGuard guard(redis.url(), {}, {}, "[[class]]\nname = \"page_cache\"\nquota = \"1MiB\"\n");
  ASSERT_TRUE(eventually([&] { return guard.count("shed", "page_cache") > 0; }));
  EXPECT_TRUE(has(text(guard.last("shed", "page_cache"), "reason"), "a quota of 1.0 MiB"));
  // On a slow machine it takes more than one run.
  ASSERT_TRUE(eventually([&] { return redis.existing(pages) < 550; }));
  EXPECT_GT(redis.existing(pages), 450);
  EXPECT_EQ(redis.existing(templates), 100);
  EXPECT_EQ(guard.level(), "normal");
  // What the trim has left is counted soon, and not when the minute is over.
  ASSERT_TRUE(eventually([&] {
    const auto status = guard.status();
    return status.at("breakdown").at("page_cache").as_int64() == redis.existing(pages) &&
           status.at("census_age_seconds").as_double() < 20;
  }));
}

TEST_F(GuardLive, PagesGoBeforeTemplatesAndTemplatesBeforeSessions) {
  const auto sessions = write_keys(redis, kSessions, 200);
  const auto templates = write_keys(redis, kTemplates, 900);
  const auto pages = write_keys(redis, kPages, 1200);
  fill_to(redis, kProtected, 86);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  EXPECT_EQ(redis.existing(templates), 900) << "templates went while pages were left";
  EXPECT_GT(redis.existing(pages), 0);
  fill_to(redis, kProtected, 86);
  ASSERT_TRUE(eventually([&] { return redis.existing(pages) == 0; }));
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  EXPECT_GT(redis.existing(templates), 0);
  EXPECT_EQ(redis.existing(sessions), 200);
}

TEST_F(GuardLive, WhatIsNoCacheStaysEvenIfTheServerIsFull) {
  const std::vector<Command> kept{{"SET", "reed:lock:cron", "me", "EX", "900"},
                                  {"SET", "reed:rate:login:ane", "3", "EX", "900"},
                                  {"RPUSH", "reed:queue:mail", "one"},
                                  {"SET", "reed:something:else", "x", "EX", "900"},
                                  {"SET", "other:page:cache:/:eu:plain", "x", "EX", "900"},
                                  {"SET", "page:cache:/:eu:plain", "x", "EX", "900"},
                                  {"SET", "reed:page:cache:/lasting:eu:plain", "its TTL was lost"},
                                  {"SADD", "reed:word:anything", "x"},
                                  {"SADD", "reed:type_index:page", "x"}};
  redis.run_all(kept);
  const Contents before = redis.contents();
  fill_to(redis, kProtected, 96);
  const auto sessions = write_keys(redis, kSessions, 30);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return redis.existing(sessions) == 0; }));
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "does-not-fit") == 1; }));
  const Contents after = redis.contents();
  for (const auto& [key, value] : before) {
    ASSERT_TRUE(after.contains(key)) << key;
    EXPECT_EQ(after.at(key), value);
  }
}

TEST_F(GuardLive, GlobCharactersInThePrefixMeanThemselves) {
  const KeyKind theirs{"aXb:page:cache:/", ":eu:plain", 300};
  const KeyKind ours{"a*b:page:cache:/", ":eu:plain", 300};
  const auto foreign = fill_to(redis, theirs, 60);
  fill_to(redis, ours, 92);  // of which some may come free once the table has grown
  RunningGuard guard(redis.url(), {"--prefix", "a*b:"});
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; })) << guard.program().err();
  EXPECT_LT(pct_after_shedding(guard), 81) << guard.program().err();
  EXPECT_LT(redis.usage_pct(), kRestsBelowPct) << guard.program().err();
  EXPECT_EQ(redis.existing(foreign), std::ssize(foreign));
}

TEST_F(GuardLive, WithoutMaxmemoryTheGivenLimitCounts) {
  constexpr std::int64_t kLimit = 24 << 20;
  redis.run({"CONFIG", "SET", "maxmemory", "0"});
  const auto used_pct = [&] {
    return 100.0 * static_cast<double>(redis.info_number("used_memory")) / kLimit;
  };
  fill_until(redis, kPages, [&] { return used_pct() > 92; });
  RunningGuard guard(redis.url(), {"--limit", "24MiB"});
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; })) << guard.program().err();
  EXPECT_LT(pct_after_shedding(guard), 81) << guard.program().err();
  EXPECT_LT(used_pct(), kRestsBelowPct) << guard.program().err();
  EXPECT_GT(used_pct(), 75);
  EXPECT_EQ(guard.status().at("limit_bytes"), kLimit);
}

TEST_F(GuardLive, WithoutAnyLimitItSaysSoAndActsNot) {
  redis.run({"CONFIG", "SET", "maxmemory", "0"});
  const auto pages = write_keys(redis, kPages, 1000);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "no-limit") == 1; }));
  EXPECT_EQ(redis.existing(pages), 1000);
}

TEST_F(GuardLive, AnUnsafeEvictionPolicyIsAnAlarm) {
  redis.run({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "unsafe-policy") == 1; }));
  EXPECT_TRUE(has(text(guard.last("alarm", "unsafe-policy"), "reason"), "volatile-"));
  const auto alarms = [&] { return guard.status().at("alarms").as_array(); };
  ASSERT_TRUE(eventually([&] { return alarms().size() == 1; }));
  EXPECT_EQ(text(alarms().front().as_object(), "kind"), "unsafe-policy");
  EXPECT_TRUE(has(text(alarms().front().as_object(), "sentence"), "volatile-"));
  EXPECT_TRUE(eventually([&] {
    return has(run_program({"status", "--url", redis.url()}).out, "alarms     unsafe-policy (");
  }));
  redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  EXPECT_TRUE(eventually([&] { return alarms().empty(); }));
}

TEST_F(GuardLive, ASnapshotThatFailsIsAnAlarmUntilOneSucceeds) {
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  // Where its file belongs is a directory.
  const auto in_the_way = std::filesystem::path(redis.socket_path()).parent_path() / "dump.rdb";
  std::filesystem::remove(in_the_way);
  ASSERT_TRUE(std::filesystem::create_directory(in_the_way));
  redis.run({"BGSAVE"});
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "snapshot-failing") == 1; }));
  EXPECT_TRUE(has(text(guard.last("alarm", "snapshot-failing"), "reason"), "BGSAVE"));
  EXPECT_TRUE(has(http_get(guard.http(), "/metrics").body,
                  "redkeep_redis_persistence_ok{of=\"snapshot\"} 0"));
  std::filesystem::remove(in_the_way);
  redis.run({"BGSAVE"});
  ASSERT_TRUE(eventually([&] { return guard.count("notice", "snapshot-failing") == 1; }));
  EXPECT_TRUE(has(http_get(guard.http(), "/metrics").body,
                  "redkeep_redis_persistence_ok{of=\"snapshot\"} 1"));
}

TEST_F(GuardLive, ItIsBlindWhileTheServerIsAwayAndSeesAgainAfterwards) {
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  redis.kill();
  ASSERT_TRUE(eventually([&] { return guard.level() == "blind"; }));
  EXPECT_EQ(http_get(guard.http(), "/readyz").status, 503);
  EXPECT_TRUE(has(text(guard.status(), "blind_reason"), redis.socket_path()));
  redis.start();
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  EXPECT_EQ(http_get(guard.http(), "/readyz").status, 200);
  EXPECT_EQ(guard.count("notice", "connected"), 2);
  EXPECT_TRUE(has(text(guard.last("alarm", "restart"), "reason"), "restarted"));
  fill_to(redis, kPages, 87);
  EXPECT_TRUE(eventually([&] { return guard.level() == "normal" && redis.usage_pct() < 80.5; }));
}

TEST_F(GuardLive, AServerThatHangsMakesItBlindAndThenItGoesOn) {
  RunningGuard guard(redis.url(), {}, {},
                     "[redis]\ndeadline = \"300ms\"\nconnect_deadline = \"300ms\"\n"
                     "[pressure]\ninterval = \"40ms\"\ndwell = \"200ms\"\n");
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  ::kill(redis.pid(), SIGSTOP);
  ASSERT_TRUE(eventually([&] { return guard.level() == "blind"; }));
  ::kill(redis.pid(), SIGCONT);
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
}

TEST_F(GuardLive, StopsWithinFiveSecondsEvenIfTheServerHangs) {
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  ::kill(redis.pid(), SIGSTOP);
  guard.program().signal(SIGTERM);
  const Ended ended = guard.program().wait(std::chrono::seconds{5});
  ::kill(redis.pid(), SIGCONT);
  EXPECT_EQ(ended.exit_code, 0) << ended;
}

}  // namespace
}  // namespace redkeep::test
