// `redkeep shed`: in order, no more than asked for, and nothing that is not a cache.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/program.h"

namespace redkeep::test {
namespace {

class ShedLive : public testing::Test {
 protected:
  ShedLive() {
    // 200 keys of each class and 2,000 bytes each: about half a megabyte a class.
    for (const auto& kind : {kTemporary, kSessions, kTemplates, kAssets, kQueries, kPages}) {
      names[kind.start] = write_keys(redis, kind, 200);
    }
    redis.run({"SET", "reed:lock:cron", "me", "EX", "900"});
    redis.run({"SET", "reed:entity:page:1", "lasting"});
    redis.run({"SET", "other:page:cache:/:eu:plain", "theirs", "EX", "900"});
  }

  Ended shed(std::vector<std::string> further) {
    std::vector<std::string> arguments{"shed", "--url", redis.url()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    return run_program(arguments);
  }
  std::int64_t left(const KeyKind& kind) { return redis.existing(names[kind.start]); }
  void expect_the_rest_is_there() {
    EXPECT_EQ(
        redis.existing({"reed:lock:cron", "reed:entity:page:1", "other:page:cache:/:eu:plain"}), 3);
  }

  LiveRedis redis;
  std::map<std::string, std::vector<std::string>> names;
};

TEST_F(ShedLive, TheCheapestClassesGoFirstAndOnlySoMuchAsAskedFor) {
  const auto bytes = redis.integer({"MEMORY", "USAGE", names[kPages.start].front()});
  const Ended ended = shed({"--free", "300kB"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "TargetReached"));
  const auto gone = 400 - left(kPages) - left(kQueries);
  EXPECT_NEAR(static_cast<double>(gone * bytes), 300'000, 80'000);
  EXPECT_EQ(left(kAssets) + left(kTemplates) + left(kTemporary) + left(kSessions), 800);
  expect_the_rest_is_there();
}

TEST_F(ShedLive, WhatIsAskedForComesFromKeysHoweverLittleItIs) {
  for (int i = 0; i < 5; ++i) {
    const Ended ended = shed({"--free", "1KiB", "--json"});
    EXPECT_EQ(ended.exit_code, 0) << ended;
    const auto report = boost::json::parse(ended.out).as_object();
    EXPECT_EQ(report.at("outcome"), "TargetReached");
    ASSERT_EQ(report.at("classes").as_array().size(), 1U) << ended;
    EXPECT_EQ(report.at("classes").at(0).at("keys"), 1);
    EXPECT_GE(report.at("classes").at(0).at("bytes").as_int64(), 1024);
  }
}

TEST_F(ShedLive, AFewSmallKeysAreNotToldToHaveHadNoBytes) {
  redis.run({"FLUSHALL"});
  redis.run({"SET", "reed:temp:import:one", "x", "EX", "900"});
  const Ended ended = shed({"--class", "temporary", "--free", "1GiB"});
  EXPECT_TRUE(has(ended.out, "1 key  less than can be measured")) << ended;
}

TEST_F(ShedLive, ADearerClassGoesOnlyWhenNothingIsLeftOfTheCheaper) {
  EXPECT_EQ(shed({"--free", "1100kB"}).exit_code, 0);
  EXPECT_EQ(left(kPages) + left(kQueries), 0);
  EXPECT_LT(left(kAssets), 200);
  EXPECT_GT(left(kAssets), 0);
  EXPECT_EQ(left(kTemplates) + left(kTemporary) + left(kSessions), 600);
}

TEST_F(ShedLive, SessionsAreOnlyShedByName) {
  const Ended all = shed({"--free", "1GiB"});
  EXPECT_EQ(all.exit_code, 1) << all;
  EXPECT_TRUE(has(all.out, "NothingLeft (no key of these classes is left that may go)"));
  EXPECT_TRUE(has(all.out, "by name only: --class sessions --class csrf_tokens"));
  EXPECT_EQ(left(kPages) + left(kQueries) + left(kAssets) + left(kTemplates) + left(kTemporary), 0);
  EXPECT_EQ(left(kSessions), 200);
  EXPECT_EQ(shed({"--class", "sessions", "--free", "100kB"}).exit_code, 0);
  EXPECT_LT(left(kSessions), 200);
  EXPECT_GT(left(kSessions), 100);
  expect_the_rest_is_there();
}

TEST_F(ShedLive, OnlyTheNamedClassesAreShed) {
  EXPECT_EQ(
      shed({"--class", "template_cache", "--class", "asset_bundles", "--free", "1GiB"}).exit_code,
      1);
  EXPECT_EQ(left(kTemplates) + left(kAssets), 0);
  EXPECT_EQ(left(kPages) + left(kQueries) + left(kTemporary) + left(kSessions), 800);
}

TEST_F(ShedLive, ToAPercentageMeansOfTheLimit) {
  redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  redis.run({"CONFIG", "SET", "maxmemory", std::to_string(redis.info_number("used_memory"))});
  const Ended ended = shed({"--to", "75%"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "(75.0 % of the limit of "));
  EXPECT_LT(redis.usage_pct(), 76);
  EXPECT_GT(redis.usage_pct(), 70);
  redis.run({"CONFIG", "SET", "maxmemory", "0"});
  const Ended without = shed({"--to", "10%"});
  EXPECT_EQ(without.exit_code, 2) << without;
  EXPECT_TRUE(has(without.err, "--free SIZE"));
  EXPECT_EQ(shed({"--to", "99%", "--limit", "1GiB"}).exit_code, 0);
}

TEST_F(ShedLive, ADryRunSaysWhatWouldGoAndChangesNothing) {
  const Contents before = redis.contents();
  const Ended ended = shed({"--free", "300kB", "--dry-run"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "would be shed"));
  EXPECT_TRUE(has(ended.out, "nothing was changed"));
  EXPECT_EQ(redis.contents(), before);
  EXPECT_EQ(redis.list({"CONFIG", "GET", "lazyfree-lazy-expire"}).back(), "no");
}

TEST_F(ShedLive, WhatIsChangedInTheServersSettingsIsSaid) {
  const Ended first = shed({"--free", "100kB"});
  EXPECT_TRUE(has(first.err, "lazyfree-lazy-expire was turned on"));
  EXPECT_EQ(redis.list({"CONFIG", "GET", "lazyfree-lazy-expire"}).back(), "yes");
  EXPECT_FALSE(has(shed({"--free", "100kB"}).err, "lazyfree"));
}

TEST_F(ShedLive, WithoutAGoalItGoesDownToTheStopMarkAndNamesIt) {
  redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  redis.run({"CONFIG", "SET", "maxmemory", std::to_string(redis.info_number("used_memory"))});
  const Ended ended = shed({});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "(80.0 % of the limit of "));
}

TEST_F(ShedLive, JsonHasTheClassesTheBytesAndTheOutcome) {
  const Ended ended = shed({"--class", "page_cache", "--free", "1GiB", "--json"});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  const auto report = boost::json::parse(ended.out).as_object();
  EXPECT_EQ(report.at("outcome"), "NothingLeft");
  EXPECT_EQ(report.at("dry_run"), false);
  ASSERT_EQ(report.at("classes").as_array().size(), 1U);
  const auto& row = report.at("classes").as_array()[0].as_object();
  EXPECT_EQ(row.at("name"), "page_cache");
  EXPECT_EQ(row.at("keys"), 200);
  const auto freed =
      report.at("used_before_bytes").as_int64() - report.at("used_after_bytes").as_int64();
  EXPECT_NEAR(static_cast<double>(row.at("bytes").as_int64()), static_cast<double>(freed), 60'000);
}

// The server's own thread frees them, which takes longer than taking them.
TEST_F(ShedLive, WhatBigCollectionsHeldIsToldWhenAllOfAClassGoes) {
  constexpr int kFields = 40'000;
  for (const std::string name : {"reed:temp:big:1", "reed:temp:big:2", "reed:temp:big:3"}) {
    Command fill{"HSET", name};
    for (int i = 0; i < kFields; ++i) {
      fill.push_back("field" + std::to_string(i));
      fill.push_back("a value of some twenty bytes");
    }
    redis.run(fill);
    redis.run({"EXPIRE", name, "600"});
  }
  const auto before = redis.info_number("used_memory");
  const Ended ended = shed({"--class", "temporary", "--free", "1GiB", "--json"});
  const auto came_free = static_cast<double>(before - redis.info_number("used_memory"));
  const auto report = boost::json::parse(ended.out).as_object();
  const auto told = static_cast<double>(report.at("classes").at(0).at("bytes").as_int64());
  EXPECT_GT(came_free, 5e6);
  EXPECT_NEAR(told, came_free, 0.1 * came_free) << ended;
  EXPECT_NEAR(static_cast<double>(report.at("used_after_bytes").as_int64()),
              static_cast<double>(redis.info_number("used_memory")), 0.1 * came_free);
}

TEST_F(ShedLive, AKeyThatLostItsTtlStays) {
  for (const auto& page : names[kPages.start]) redis.run({"PERSIST", page});
  EXPECT_EQ(shed({"--class", "page_cache", "--free", "1GiB"}).exit_code, 1);
  EXPECT_EQ(left(kPages), 200);
}

TEST_F(ShedLive, ADryRunCountsWhatTheRealRunSheds) {
  for (int i = 0; i < 150; ++i) redis.run({"PERSIST", names[kPages.start][i]});
  const std::vector<std::string> all_pages{"--class", "page_cache", "--free", "1GiB", "--json"};
  for (const bool dry : {true, false}) {
    auto flags = all_pages;
    if (dry) flags.push_back("--dry-run");
    const Ended ended = shed(flags);
    const auto report = boost::json::parse(ended.out).as_object();
    ASSERT_EQ(report.at("classes").as_array().size(), 1U) << ended;
    const auto& row = report.at("classes").as_array()[0].as_object();
    EXPECT_EQ(row.at("keys"), 50) << ended;
    EXPECT_EQ(row.at("became_persistent"), 150) << ended;
  }
}

TEST_F(ShedLive, WhatMustNotOrCannotBeShedIsRefusedByName) {
  const Ended unknown = shed({"--class", "pages", "--free", "1MB"});
  EXPECT_EQ(unknown.exit_code, 2) << unknown;
  EXPECT_TRUE(has(unknown.err, "\"pages\""));
  for (const std::string name : {"entities", "search_index", "queues", "locks", "rate_limits"}) {
    const Ended refused = shed({"--class", name, "--free", "1MB"});
    EXPECT_EQ(refused.exit_code, 4) << refused;
    EXPECT_TRUE(has(refused.err, name));
  }
  EXPECT_EQ(shed({"--free", "much"}).exit_code, 2);
  EXPECT_EQ(shed({"--to", "80"}).exit_code, 2);
  EXPECT_EQ(shed({"--to", "80%", "--free", "1MB"}).exit_code, 2);
  redis.kill();
  const Ended unreachable = shed({"--free", "1MB"});
  EXPECT_EQ(unreachable.exit_code, 3) << unreachable;
  EXPECT_TRUE(has(unreachable.err, redis.socket_path()));
}

TEST_F(ShedLive, AServerAtItsLimitCanStillBeShed) {
  redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  redis.run({"CONFIG", "SET", "maxmemory", "1mb"});
  EXPECT_TRUE(has(redis.error({"SET", "reed:entity:page:2", "x"}), "OOM"));
  EXPECT_EQ(shed({"--free", "1MB"}).exit_code, 0);
}

TEST_F(ShedLive, AReplicaIsLeftAlone) {
  LiveRedis replica;
  const auto pages = write_keys(replica, kPages, 10);
  replica.run({"REPLICAOF", "127.0.0.1", "1"});
  const Ended ended = run_program({"shed", "--free", "1MB", "--url", replica.url()});
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_TRUE(has(ended.err, "replica"));
  EXPECT_EQ(replica.existing(pages), 10);
}

}  // namespace
}  // namespace redkeep::test
