// How the guard looks for what was shed a minute before, and what it does with answers that are
// refused or do not come.
#include "guard/regret_watch.h"

#include <gtest/gtest.h>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::ScriptedServer;

class RegretWatchTest : public testing::Test {
 protected:
  RegretWatchTest() {
    answers_.on("MEMORY USAGE", [](const Command& command) {
      return command[2].ends_with("0") ? wire::integer(72) : wire::nil();
    });
    auto endpoint = server_.endpoint();
    endpoint.deadline = 200ms;
    client_ = redis::Client::create(loop_.executor(), endpoint);
    connect();
    watch_.use("run", true);
  }

  // Sheds 20 keys, two of which will be there again.
  void shed() {
    for (int i = 0; i < 20; ++i) {
      watch_.log().note_shed("reed:query:cache:" + std::to_string(i), *table_.find("query_cache"),
                             now_);
    }
  }

  void look_after(std::chrono::seconds passed) {
    now_ += passed;
    loop_.run(look());
  }

  std::int64_t sampled() const {
    const auto found = snapshot_.regret.find("query_cache");
    return found != snapshot_.regret.end() ? found->second.sampled_keys : 0;
  }

  redis::awaitable<bool> look() {
    co_await watch_.look(client_, now_);
    co_return true;
  }
  redis::awaitable<bool> ping() {
    std::vector<std::string> ping{"PING"};
    const auto reply = co_await client_->call(std::move(ping));
    co_return reply.ok();
  }
  void connect() { loop_.run(ping()); }

  Answers answers_;
  ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  std::shared_ptr<redis::Client> client_;
  keys::ClassTable table_ = *keys::ClassTable::compile("reed:", default_key_classes());
  Snapshot snapshot_;
  Ledger ledger_;
  RegretWatch watch_{table_, snapshot_, ledger_};
  RegretWatch::TimePoint now_{std::chrono::minutes{1000}};
};

TEST_F(RegretWatchTest, ShowsAMinuteLaterHowManyAreThereAgain) {
  shed();
  look_after(1s);
  EXPECT_EQ(server_.count("MEMORY"), 0) << "it is too early";
  look_after(61s);
  EXPECT_EQ(server_.count("MEMORY"), 20);
  const auto& regret = snapshot_.regret.at("query_cache");
  EXPECT_EQ(regret.sampled_keys, 20);
  EXPECT_DOUBLE_EQ(regret.written_again_pct, 10);
  look_after(61s);
  EXPECT_EQ(server_.count("MEMORY"), 20) << "each is asked for once";
  ASSERT_EQ(ledger_.total(), 1U);
  const auto entry = ledger_.newest(1).front();
  EXPECT_EQ(entry.subject, "regret");
  EXPECT_EQ(entry.reason,
            "of 20 sampled keys of query_cache shed a minute before, 10.0 % (+- 14.9) were written "
            "again within a minute");
}

TEST_F(RegretWatchTest, AsksNothingWhenNothingWasShed) {
  for (int i = 0; i < 200; ++i) look_after(1s);
  EXPECT_EQ(server_.count("MEMORY"), 0);
  EXPECT_EQ(server_.count("EXISTS"), 0);
  EXPECT_EQ(ledger_.total(), 0U);
}

TEST_F(RegretWatchTest, AFloodOfSheddingIsAskedForInSmallExchanges) {
  for (int second = 0; second < 30; ++second) {
    for (int part = 0; part < 5; ++part) shed();
    look_after(1s);
  }
  now_ += 30s;
  for (int second = 0; second < 40; ++second) {
    const auto before = server_.count("MEMORY");
    look_after(1s);
    EXPECT_LE(server_.count("MEMORY") - before, 64);
  }
  EXPECT_GT(sampled(), 0);
}

TEST_F(RegretWatchTest, WithoutMemoryUsageItIsExists) {
  watch_.use("run", false);
  answers_.on("EXISTS", wire::integer(1));
  shed();
  look_after(62s);
  EXPECT_EQ(server_.count("MEMORY"), 0);
  EXPECT_DOUBLE_EQ(snapshot_.regret.at("query_cache").written_again_pct, 100);
}

TEST_F(RegretWatchTest, WhatIsRefusedOrNotAnsweredIsNotCounted) {
  for (const std::string& answer : {wire::refusal("NOPERM this user has no permissions"),
                                    wire::refusal("BUSY a script"), std::string()}) {
    answers_.on("MEMORY USAGE", answer);
    connect();
    shed();
    look_after(62s);
    EXPECT_EQ(sampled(), 0) << answer;
  }
}

TEST_F(RegretWatchTest, ARestartedServerIsNotAskedForWhatWasShedBefore) {
  shed();
  watch_.use("run", true);
  shed();
  watch_.use("another", true);
  look_after(62s);
  EXPECT_EQ(server_.count("MEMORY"), 0);
}

}  // namespace
}  // namespace redkeep::guard
