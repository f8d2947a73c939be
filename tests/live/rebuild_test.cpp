// `redkeep rebuild` brings a lost graph back, never makes it worse, and goes on where it was cut.
#include <gtest/gtest.h>

#include <csignal>

#include "live/damaged_graph.h"
#include "live/program.h"
#include "live/relay.h"

namespace redkeep::test {
namespace {

class RebuildLive : public testing::Test {
 protected:
  RebuildLive() {
    write_small_graph(content);
    write_others_keys(redis);
    others = redis.contents();
  }

  Ended rebuild(const std::vector<std::string>& further = {}) {
    return run_program(arguments(redis.url(), further));
  }
  std::vector<std::string> arguments(const std::string& url,
                                     const std::vector<std::string>& further = {}) const {
    std::vector<std::string> all{"rebuild", content.path(), "--url",
                                 url,       "--save-to",    saved.path()};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }

  // What a rebuild of an empty graph gives.
  Contents rebuilt() {
    const Ended ended = rebuild();
    EXPECT_EQ(ended.exit_code, 0) << ended;
    return redis.contents();
  }

  LiveRedis redis;
  TemporaryDirectory content;
  TemporaryDirectory saved;
  Contents others;
};

TEST_F(RebuildLive, AnEmptyGraphIsWhatALoadMakesAndOthersKeysStay) {
  const Contents whole = rebuilt();
  for (const auto& [key, value] : others) EXPECT_EQ(whole.at(key), value) << key;
  LiveRedis loaded;
  ASSERT_EQ(run_program({"load", content.path(), "--url", loaded.url()}).exit_code, 0);
  write_others_keys(loaded);
  EXPECT_EQ(whole, loaded.contents());
  EXPECT_EQ(run_program({"verify", content.path(), "--url", redis.url()}).exit_code, 0);
}

TEST_F(RebuildLive, ASecondTimeThereIsNothingToDoAndNothingIsWritten) {
  const Contents whole = rebuilt();
  redis.run({"CONFIG", "RESETSTAT"});
  const Ended again = rebuild();
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_TRUE(has(again.out, "NothingToDo"));
  EXPECT_EQ(writes_carried_out(redis), 0);
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(RebuildLive, WhatIsLeftOfAGraphIsMadeWhole) {
  const Contents whole = rebuilt();
  for (const auto& damage : damage_cases()) {
    if (damage.kind != "orphaned") redis.run_all(damage.commands);
  }
  const Ended ended = rebuild();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(RebuildLive, FromScratchRemovesTheGraphAndNothingElse) {
  const Contents whole = rebuilt();
  for (const auto& damage : damage_cases()) redis.run_all(damage.commands);
  redis.run({"SET", "reed:guard:level", "normal 1"});
  const Ended ended = rebuild({"--from-scratch", "--yes"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "cleared first"));
  EXPECT_EQ(redis.text({"GET", "reed:guard:level"}), "normal 1");
  redis.run({"DEL", "reed:guard:level"});
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(RebuildLive, FromScratchAsksFirst) {
  const Contents whole = rebuilt();
  redis.run({"SET", "reed:type_of:" + id_of(9), "page"});
  const Contents before = redis.contents();
  const Ended ended = rebuild({"--from-scratch"});
  EXPECT_EQ(ended.exit_code, 4) << ended;
  EXPECT_TRUE(has(ended.err, "--yes"));
  EXPECT_EQ(redis.contents(), before);
}

TEST_F(RebuildLive, BadRowsChangeNothingFromScratchEither) {
  const Contents whole = rebuilt();
  content.write("entities.csv", kEntityHeader + entity_row(1, "page", "$root", "x") + "broken\n");
  const Ended ended = rebuild({"--from-scratch", "--yes"});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "entities.csv:3"));
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(RebuildLive, WhatDoesNotFitIsRefusedWithTheBytesNeeded) {
  write_made_up_content(content, 3000, 1);
  redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  redis.run(
      {"CONFIG", "SET", "maxmemory", std::to_string(redis.info_number("used_memory") + 500'000)});
  const Ended ended = rebuild();
  EXPECT_EQ(ended.exit_code, 4) << ended;
  EXPECT_TRUE(has(ended.out, "DoesNotFit"));
  EXPECT_TRUE(has(ended.out, "MiB"));
  EXPECT_TRUE(has(ended.out, "nothing was changed"));
  EXPECT_EQ(redis.contents(), others);
}

// F19.
TEST_F(RebuildLive, OutOfMemoryOnTheWayItPausesAndGoesOnWhenThereIsRoom) {
  write_made_up_content(content, 3000, 1);
  LiveRedis loaded;
  ASSERT_EQ(run_program({"load", content.path(), "--url", loaded.url()}).exit_code, 0);
  write_others_keys(loaded);
  const Contents whole = loaded.contents();
  redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  Relay relay(redis.socket_path(), 300'000);
  Program program(arguments(relay.url()));
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  redis.run(
      {"CONFIG", "SET", "maxmemory", std::to_string(redis.info_number("used_memory") + 300'000)});
  relay.release();
  program.wait_for_err("paused: the server is out of memory");
  EXPECT_EQ(redis.text({"GET", "reed:guard:rebuild"}), content.path());
  redis.run({"CONFIG", "SET", "maxmemory", "0"});
  const Ended ended = program.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "paused"));
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(RebuildLive, WithoutRoomForTooLongItEndsAndTheNextOneGoesOn) {
  write_made_up_content(content, 3000, 1);
  redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  Relay relay(redis.socket_path(), 300'000);
  Program program(arguments(relay.url(), {"--wait", "1s"}));
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  redis.run(
      {"CONFIG", "SET", "maxmemory", std::to_string(redis.info_number("used_memory") + 300'000)});
  relay.release();
  const Ended ended = program.wait();
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "out of memory"));
  EXPECT_TRUE(has(ended.err, "goes on where it stopped"));
  redis.run({"CONFIG", "SET", "maxmemory", "0"});
  const Ended next = rebuild();
  EXPECT_EQ(next.exit_code, 0) << next;
  EXPECT_TRUE(has(next.out, "went on with"));
  EXPECT_EQ(run_program({"verify", content.path(), "--url", redis.url()}).exit_code, 0);
}

TEST_F(RebuildLive, KilledAtAnyMomentTheNextOneGoesOn) {
  write_made_up_content(content, 600, 2);
  const Contents whole = rebuilt();
  std::int64_t all = 0;
  {
    redis.run({"FLUSHALL"});
    Relay relay(redis.socket_path());
    ASSERT_EQ(run_program(arguments(relay.url())).exit_code, 0);
    all = relay.passed();
  }
  for (const int percent : {1, 20, 45, 70, 99}) {
    const std::int64_t bytes = all * percent / 100;
    SCOPED_TRACE(bytes);
    redis.run({"FLUSHALL"});
    write_others_keys(redis);
    Relay relay(redis.socket_path(), bytes);
    Program killed(arguments(relay.url()));
    ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
    killed.signal(SIGKILL);
    EXPECT_EQ(killed.wait().exit_code, -SIGKILL);
    ASSERT_TRUE(eventually([&] { return redis.info("connected_clients") == "1"; }));
    const Ended next = rebuild();
    EXPECT_EQ(next.exit_code, 0) << next;
    EXPECT_EQ(redis.contents(), whole);
  }
}

TEST_F(RebuildLive, OneCtrlCEndsItWithinFiveSecondsThoughTheServerHangs) {
  write_made_up_content(content, 2000, 1);
  Relay relay(redis.socket_path(), 200'000);
  Program program(arguments(relay.url()));
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  program.signal(SIGINT);
  const Ended ended = program.wait(std::chrono::seconds{5});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "stopped on request"));
  EXPECT_TRUE(has(ended.err, "goes on where it stopped"));
}

}  // namespace
}  // namespace redkeep::test
