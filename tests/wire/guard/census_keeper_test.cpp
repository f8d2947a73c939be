// The count in the background and the statistics of one moment, when the server does not play
// along.
#include "guard/census_keeper.h"

#include <gtest/gtest.h>

#include "guard/server_statistics.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/small_keyspace.h"

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::ScriptedServer;
using wire::SmallKeyspace;

class CountingTest : public testing::Test {
 protected:
  CountingTest() {
    keyspace_.install(answers_);
    keyspace_.info("used_memory", "90000");
    answers_.on("GET", wire::nil());
    server_time(1'700'000'000);
    options_.endpoint = server_.endpoint();
  }

  void server_time(std::int64_t seconds) {
    answers_.on("TIME", wire::array({wire::bulk(std::to_string(seconds)), wire::bulk("500000")}));
  }

  Result<Statistics> take() {
    const auto client = redis::Client::create(loop_.executor(), options_.endpoint);
    return loop_.run(take_statistics(client, table_, options_, {}, {}, {}));
  }

  static std::int64_t keys_of(const Statistics& statistics, std::string_view name) {
    for (const auto& use : statistics.classes) {
      if (use.name == name) return use.keys;
    }
    return -1;
  }

  SmallKeyspace keyspace_{wire::keys_named("reed:session:", 20)};
  Answers answers_;
  ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  Options options_;
  keys::ClassTable table_ = *keys::ClassTable::compile("reed:", default_key_classes());
};

class ServerStatistics : public CountingTest {};

TEST_F(ServerStatistics, WithoutAGuardTheLevelIsWhatOneReadingMeans) {
  const auto statistics = take();
  ASSERT_TRUE(statistics) << statistics.error().message;
  EXPECT_FALSE(statistics->level_from_guard);
  EXPECT_EQ(statistics->level, PressureLevel::Warning);
  EXPECT_EQ(statistics->memory.used_bytes, 90'000);
  EXPECT_EQ(keys_of(*statistics, "sessions"), 20);
}

TEST_F(ServerStatistics, TheLevelOfALivingGuardCounts) {
  answers_.on("GET", wire::bulk("critical 1699999995000"));  // five seconds old
  const auto statistics = take();
  ASSERT_TRUE(statistics);
  EXPECT_TRUE(statistics->level_from_guard);
  EXPECT_EQ(statistics->level, PressureLevel::Critical);
}

TEST_F(ServerStatistics, TheLevelOfAGuardThatIsGoneDoesNot) {
  for (const auto& written : {wire::bulk("critical 1699999980000"), wire::bulk("critical"),
                              wire::bulk("what 1700000000000"), wire::bulk("critical x"),
                              wire::refusal("WRONGTYPE Operation against a key"), wire::nil()}) {
    answers_.on("GET", written);
    const auto statistics = take();
    ASSERT_TRUE(statistics) << written;
    EXPECT_FALSE(statistics->level_from_guard) << written;
    EXPECT_EQ(statistics->level, PressureLevel::Warning) << written;
  }
}

TEST_F(ServerStatistics, AServerThatRefusesTheTimeIsCountedAllTheSame) {
  answers_.on("GET", wire::bulk("critical 1699999995000"));
  answers_.on("TIME", wire::refusal("NOPERM this user has no permissions to run 'time'"));
  const auto statistics = take();
  ASSERT_TRUE(statistics);
  EXPECT_FALSE(statistics->level_from_guard);
}

TEST_F(ServerStatistics, WithoutMemoryUsageThereAreKeysAndNoBytes) {
  answers_.on("MEMORY USAGE", wire::refusal("NOPERM this user has no permissions"));
  const auto statistics = take();
  ASSERT_TRUE(statistics);
  EXPECT_EQ(keys_of(*statistics, "sessions"), 20);
  for (const auto& use : statistics->classes) EXPECT_FALSE(use.bytes.has_value()) << use.name;
}

TEST_F(ServerStatistics, AreOnlyRead) {
  ASSERT_TRUE(take());
  for (const auto& command : server_.received()) {
    const auto& name = command.front();
    EXPECT_NE(name, "SET");
    EXPECT_FALSE(name == "CONFIG" && command[1] != "GET");
    EXPECT_FALSE(name == "PEXPIRE" && command[1] != "reed:guard:probe");
  }
}

class CensusKeeperTest : public CountingTest {
 protected:
  ~CensusKeeperTest() override {
    stop_.request_stop();
    EXPECT_TRUE(loop_.run_until([this] { return ended_; }));
  }

  void start() {
    keeper_ = std::make_unique<CensusKeeper>(loop_.executor(), options_, table_, snapshot_);
    loop_.start(watch_end());
  }

  redis::awaitable<void> watch_end() {
    co_await keeper_->run(stop_.get_token());
    ended_ = true;
  }

  Snapshot snapshot_;
  std::stop_source stop_;
  std::unique_ptr<CensusKeeper> keeper_;
  bool ended_ = false;
};

TEST_F(CensusKeeperTest, ACompleteCountIsShown) {
  start();
  ASSERT_TRUE(loop_.run_until([&] { return snapshot_.census.has_value(); }));
  EXPECT_EQ(keys_of(*snapshot_.census, "sessions"), 20);
  EXPECT_EQ(server_.count("SCAN"), 2);
}

TEST_F(CensusKeeperTest, HalfACountIsNotShown) {
  answers_.on("SCAN", [](const Command& command) -> std::optional<std::string> {
    if (command[1] != "0") return std::nullopt;
    return wire::scan_page("7", {"reed:session:1"});
  });
  start();
  ASSERT_TRUE(loop_.run_until([&] { return server_.count("SCAN") == 2; }));
  EXPECT_FALSE(loop_.run_until([&] { return snapshot_.census.has_value(); }, 200ms));
  EXPECT_EQ(server_.count("SCAN"), 2) << "it is not tried again at once";
}

TEST_F(CensusKeeperTest, WhatTheGuardHasShedIsCountedAnewSoon) {
  start();
  ASSERT_TRUE(loop_.run_until([&] { return snapshot_.census.has_value(); }));
  snapshot_.shed["page_cache"] = {7, 700};
  EXPECT_TRUE(loop_.run_until([&] { return server_.count("SCAN") == 4; }, 15s));
  EXPECT_TRUE(loop_.run_until([&] { return !snapshot_.shed_before_census.empty(); }, 5s));
}

TEST_F(CensusKeeperTest, StoppingDoesNotWaitForASilentServer) {
  options_.endpoint.deadline = 30s;
  answers_.on("SCAN", "");
  start();
  ASSERT_TRUE(loop_.run_until([&] { return server_.count("SCAN") == 1; }));
  stop_.request_stop();
  EXPECT_TRUE(loop_.run_until([this] { return ended_; }, 4s));
}

}  // namespace
}  // namespace redkeep::guard
