// What the doctor reads from servers that are loading, hang, refuse, or answer nonsense.
#include "doctor/read_server.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "doctor/judge.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/small_keyspace.h"

namespace redkeep::doctor {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::keys_named;
using wire::ScriptedServer;
using wire::SmallKeyspace;

const keys::ClassTable& table() {
  static const auto compiled = keys::ClassTable::compile("reed:", default_key_classes());
  return *compiled;
}

class ReadServerTest : public testing::Test {
 protected:
  ReadServerTest() {
    keyspace_.install(answers_);
    answers_.on("EVAL", wire::integer(1));
  }

  Result<ServerReading> read(ReadOptions options = {}) {
    EndpointOptions endpoint = server_.endpoint();
    endpoint.deadline = 500ms;
    const auto client = redis::Client::create(loop_.executor(), endpoint);
    keys::KeySchema schema("reed:");
    return loop_.run(read_server(client, table(), std::move(schema), options));
  }

  static std::vector<std::string> names(const ServerReading& reading) {
    std::vector<std::string> names;
    for (const auto& finding : judge(reading, table(), {})) names.push_back(finding.name);
    return names;
  }

  SmallKeyspace keyspace_{keys_named("reed:session:", 25, 300), 0, 100};
  Answers answers_;
  ScriptedServer server_{answers_};
  wire::EventLoop loop_;
};

TEST_F(ReadServerTest, OfASmallServerEveryKeyIsInTheSample) {
  const auto reading = read();
  ASSERT_TRUE(reading) << reading.error().message;
  std::set<std::string> keys;
  for (const auto& sampled : reading->sample.keys) keys.insert(sampled.key);
  EXPECT_EQ(keys.size(), 25U);
  EXPECT_EQ(reading->sample.keys.size(), 25U) << "a key is in it once, however often it is named";
  EXPECT_EQ(reading->sample.keys.front().bytes, 300);
}

TEST_F(ReadServerTest, HowAReplicasLinkStandsIsToldByRole) {
  EXPECT_EQ(read()->link_state, "") << "ROLE is refused";
  answers_.on("ROLE", wire::array({wire::bulk("master"), wire::integer(7), wire::array({})}));
  EXPECT_EQ(read()->link_state, "");
  answers_.on("ROLE", wire::array({wire::bulk("slave"), wire::bulk("10.0.0.1"), wire::integer(6379),
                                   wire::bulk("handshake"), wire::integer(-1)}));
  EXPECT_EQ(read()->link_state, "handshake");
}

TEST_F(ReadServerTest, AServerThatIsLoadingIsAskedForNothingMore) {
  const std::string loading = wire::refusal("LOADING Redis is loading the dataset in memory");
  for (const std::string command :
       {"SCAN", "GET", "TIME", "CONFIG GET", "TYPE", "PTTL", "MEMORY USAGE", "EVAL", "ACL"}) {
    answers_.on(command, loading);
  }
  keyspace_.info("loading", "1");
  keyspace_.info("loading_loaded_perc", "41.50");
  keyspace_.info("loading_eta_seconds", "12");
  const auto reading = read();
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(names(*reading), std::vector<std::string>{"loading"});
  EXPECT_TRUE(reading->sample.keys.empty());
  EXPECT_EQ(server_.count("SCAN"), 1) << "the probe alone";
}

// Outside of a transaction they would be carried out.
TEST_F(ReadServerTest, WhatHasAnEffectIsNotSentWhereMultiIsRefused) {
  const std::string refused = wire::refusal("NOPERM no permissions to run the 'multi' command");
  answers_.on("DISCARD", wire::refusal("ERR DISCARD without MULTI"));
  answers_.on("MULTI", refused);
  const auto reading = read();
  ASSERT_TRUE(reading) << reading.error().message;
  for (const std::string command : {"SADD", "HSET", "MSET", "PUBLISH", "BGSAVE"}) {
    EXPECT_EQ(server_.count(command), 0) << command;
  }
  answers_.on("DISCARD", refused);
  ASSERT_TRUE(read());
  EXPECT_EQ(server_.count("MULTI"), 1) << "a transaction that could not be left is not begun";
}

TEST_F(ReadServerTest, AServerThatIsBusyWithAScriptIsSaidToBe) {
  const std::string busy = wire::refusal("BUSY Redis is busy running a script.");
  for (const std::string command : {"INFO", "SCAN", "GET", "CONFIG GET", "TYPE", "PTTL", "EVAL"}) {
    answers_.on(command, busy);
  }
  const auto reading = read();
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(names(*reading), std::vector<std::string>{"busy-script"});
}

TEST_F(ReadServerTest, AHangingServerIsUnreachableAndNotWaitedForLonger) {
  answers_.on("INFO", std::string());
  const auto begun = std::chrono::steady_clock::now();
  const auto reading = read();
  ASSERT_FALSE(reading);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST_F(ReadServerTest, ASampleThatIsRefusedOrNonsenseIsNone) {
  for (const std::string& answer :
       {wire::refusal("NOPERM this user has no permissions to run the 'scan' command"),
        wire::integer(7), wire::nil(), wire::array({wire::bulk("0")})}) {
    answers_.on("SCAN", answer);
    const auto reading = read();
    ASSERT_TRUE(reading) << answer;
    EXPECT_TRUE(reading->sample.keys.empty()) << answer;
  }
}

TEST_F(ReadServerTest, AServerWhoseCursorsNeverEndIsLeftInTime) {
  int page = 0;
  answers_.on("SCAN", [&page](const Command&) {
    return wire::scan_page("17", {"reed:session:x" + std::to_string(page++)});
  });
  ReadOptions options;
  options.most_keys = 300;
  options.sample_time = 300ms;
  const auto reading = read(options);
  ASSERT_TRUE(reading);
  EXPECT_LE(reading->sample.keys.size(), 301U);
  EXPECT_FALSE(reading->sample.is_whole);
}

TEST_F(ReadServerTest, EmptyPagesAreNotAskedForForEver) {
  answers_.on("SCAN", wire::scan_page("17", {}));
  ReadOptions options;
  options.sample_time = 20s;
  ASSERT_TRUE(read(options));
  EXPECT_LT(server_.count("SCAN"), 50);
}

TEST_F(ReadServerTest, SizesAreNotAskedForWhereTheyAreRefused) {
  answers_.on("MEMORY USAGE", wire::refusal("ERR unknown command 'MEMORY'"));
  const auto reading = read();
  ASSERT_TRUE(reading);
  const auto received = server_.received();
  EXPECT_EQ(std::count_if(received.begin(), received.end(),
                          [](const auto& command) {
                            return command.size() > 1 && command[0] == "MEMORY" &&
                                   command[1] == "USAGE";
                          }),
            1)
      << "the probe alone";
  EXPECT_FALSE(reading->sample.keys.front().bytes);
}

}  // namespace
}  // namespace redkeep::doctor
