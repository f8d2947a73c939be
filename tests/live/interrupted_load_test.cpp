// A load that does not come to its end: killed, cut off, interrupted, out of memory. What was
// written stays, and `--merge` makes it what an uninterrupted load would have made.
#include <gtest/gtest.h>

#include <csignal>
#include <random>

#include "live/live_redis.h"
#include "live/program.h"
#include "live/relay.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

class InterruptedLoad : public testing::Test {
 protected:
  static std::vector<std::string> load_arguments(const TemporaryDirectory& content,
                                                 const std::string& url,
                                                 const std::vector<std::string>& further = {}) {
    std::vector<std::string> arguments{"load", content.path(), "--url", url};
    arguments.insert(arguments.end(), further.begin(), further.end());
    return arguments;
  }

  Contents after_whole_load() {
    redis.run({"FLUSHALL"});
    const Ended loaded = run_program(load_arguments(content, redis.url()));
    EXPECT_EQ(loaded.exit_code, 0) << loaded;
    return redis.contents();
  }

  // What a client sent before it went is carried out after it went.
  void wait_until_alone() {
    ASSERT_TRUE(eventually([&] { return redis.info("connected_clients") == "1"; }));
  }

  void finish_by_merge() {
    const Ended merged = run_program(load_arguments(content, redis.url(), {"--merge"}));
    ASSERT_EQ(merged.exit_code, 0) << merged;
  }

  LiveRedis redis;
  TemporaryDirectory content;
};

TEST_F(InterruptedLoad, KilledAtAnyMomentItIsFinishedByMerge) {
  write_made_up_content(content, 800, 1);
  const Contents whole = after_whole_load();
  std::int64_t bytes = 0;
  {
    redis.run({"FLUSHALL"});
    Relay relay(redis.socket_path());
    ASSERT_EQ(run_program(load_arguments(content, relay.url())).exit_code, 0);
    bytes = relay.passed();
  }
  for (const unsigned seed : {1U, 2U, 3U, 4U, 5U}) {
    std::mt19937 random(seed);
    const auto moment = std::uniform_int_distribution<std::int64_t>(2000, bytes - 1)(random);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", killed after " + std::to_string(moment) +
                 " of " + std::to_string(bytes) + " bytes");
    redis.run({"FLUSHALL"});
    Relay relay(redis.socket_path(), moment);
    Program killed(load_arguments(content, relay.url()));
    ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
    killed.signal(SIGKILL);
    EXPECT_EQ(killed.wait().exit_code, -SIGKILL);
    wait_until_alone();
    EXPECT_NE(redis.contents(), whole);
    finish_by_merge();
    EXPECT_EQ(redis.contents(), whole);
  }
}

TEST_F(InterruptedLoad, WithoutMemoryItSaysHowToGoOn) {
  write_made_up_content(content, 2000, 1);
  const Contents whole = after_whole_load();
  redis.run({"FLUSHALL"});
  redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  Relay relay(redis.socket_path(), 200'000);
  Program program(load_arguments(content, relay.url()));
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  redis.run(
      {"CONFIG", "SET", "maxmemory", std::to_string(redis.info_number("used_memory") + 100'000)});
  relay.release();
  const Ended failed = program.wait();
  EXPECT_EQ(failed.exit_code, 1) << failed;
  EXPECT_TRUE(has(failed.err, "OOM"));
  EXPECT_TRUE(has(failed.err, "redkeep load --merge"));
  EXPECT_GT(redis.integer({"DBSIZE"}), 0);
  redis.run({"CONFIG", "SET", "maxmemory", "0"});
  finish_by_merge();
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(InterruptedLoad, WhatIsMoreThanTheServersLimitIsRefusedBeforeAnythingIsWritten) {
  write_made_up_content(content, 2000, 1);
  redis.run({"CONFIG", "SET", "maxmemory-policy", "volatile-lru"});
  redis.run({"CONFIG", "SET", "maxmemory", "3mb"});
  for (const bool merges : {false, true}) {
    auto arguments = load_arguments(content, redis.url());
    if (merges) arguments.push_back("--merge");
    const Ended refused = run_program(arguments);
    EXPECT_EQ(refused.exit_code, 4) << refused;
    EXPECT_TRUE(has(refused.err, "3.0 MiB"));
    EXPECT_EQ(redis.integer({"DBSIZE"}), 0);
  }
}

TEST_F(InterruptedLoad, AServerThatEvictedMeanwhileIsNoSuccess) {
  write_made_up_content(content, 2000, 1);
  const Contents whole = after_whole_load();
  redis.run({"FLUSHALL"});
  redis.run({"CONFIG", "SET", "maxmemory-policy", "allkeys-random"});
  redis.run({"CONFIG", "SET", "maxmemory", "1gb"});
  Relay relay(redis.socket_path(), 200'000);
  Program program(load_arguments(content, relay.url()));
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  redis.run(
      {"CONFIG", "SET", "maxmemory", std::to_string(redis.info_number("used_memory") + 100'000)});
  relay.release();
  const Ended failed = program.wait();
  EXPECT_EQ(failed.exit_code, 1) << failed;
  EXPECT_TRUE(has(failed.err, "the server evicted "));
  EXPECT_TRUE(has(failed.err, "allkeys-random"));
  EXPECT_TRUE(has(failed.err, "redkeep load --merge"));
  redis.run({"CONFIG", "SET", "maxmemory", "0"});
  finish_by_merge();
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(InterruptedLoad, AKeyOfTheWrongTypeIsMendedByRepairAndNotByMerge) {
  write_content(content, entity_row(1, "page", "", "one") + entity_row(2, "page", "", "two"),
                association_row(1, 2, "/a"));
  const Contents whole = after_whole_load();
  redis.run({"DEL", "reed:children:" + id_of(1)});
  redis.run({"RPUSH", "reed:children:" + id_of(1), "x"});
  const Ended failed = run_program(load_arguments(content, redis.url(), {"--merge"}));
  EXPECT_EQ(failed.exit_code, 1) << failed;
  EXPECT_TRUE(has(failed.err, "reed:children:" + id_of(1)));
  EXPECT_TRUE(has(failed.err, "redkeep repair " + content.path()));
  EXPECT_EQ(run_program({"repair", content.path(), "--url", redis.url()}).exit_code, 0);
  finish_by_merge();
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(InterruptedLoad, AServerThatDiesMeanwhileIsNamed) {
  write_made_up_content(content, 2000, 1);
  Relay relay(redis.socket_path(), 200'000);
  Program program(load_arguments(content, relay.url()));
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  redis.kill();
  const Ended failed = program.wait();
  EXPECT_EQ(failed.exit_code, 3) << failed;
  EXPECT_TRUE(has(failed.err, relay.url()));
  EXPECT_TRUE(has(failed.err, "redkeep load --merge"));
}

TEST_F(InterruptedLoad, CtrlCEndsItAtARowAndMergeFinishesIt) {
  write_made_up_content(content, 4000, 1);
  const Contents whole = after_whole_load();
  redis.run({"FLUSHALL"});
  Relay relay(redis.socket_path(), 200'000);
  Program program(load_arguments(content, relay.url()));
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  program.signal(SIGINT);
  relay.release();
  const Ended ended = program.wait(std::chrono::seconds{5});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "stopped on request"));
  EXPECT_TRUE(has(ended.err, "redkeep load --merge"));
  wait_until_alone();
  EXPECT_LT(redis.integer({"DBSIZE"}), static_cast<std::int64_t>(whole.size()));
  finish_by_merge();
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(InterruptedLoad, OneCtrlCEndsItWithinFiveSecondsThoughTheServerHangs) {
  write_made_up_content(content, 2000, 1);
  Relay relay(redis.socket_path(), 200'000);
  Program program(load_arguments(content, relay.url()));
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  program.signal(SIGINT);
  const Ended ended = program.wait(std::chrono::seconds{5});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "stopped on request"));
  EXPECT_TRUE(has(ended.err, "redkeep load --merge"));
}

TEST_F(InterruptedLoad, ASecondCtrlCEndsItAtOnceEvenIfTheServerHangs) {
  write_made_up_content(content, 2000, 1);
  Relay relay(redis.socket_path(), 200'000);
  Program program(load_arguments(content, relay.url()));
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  program.signal(SIGINT);
  // Signals of a kind that come together are one: the second has to come after the first was taken.
  ASSERT_TRUE(eventually([&] {
    program.signal(SIGINT);
    return is_gone(program.pid());
  }));
  EXPECT_EQ(program.wait().exit_code, 130);
}

}  // namespace
}  // namespace redkeep::test
