// How a guard tells its level: what is sent, and when nothing is.
#include "guard/level_publisher.h"

#include <gtest/gtest.h>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::guard {
namespace {

using wire::Answers;
using wire::Command;

constexpr const char* kName = "reed:guard:level";

class LevelPublisherTest : public testing::Test {
 protected:
  LevelPublisherTest() {
    answers_.on("TIME", wire::array({wire::bulk("1700000000"), wire::bulk("123456")}));
    answers_.on("SET", wire::status("OK"));
    answers_.on("PUBLISH", wire::integer(0));
    answers_.on("UNLINK", wire::integer(1));
    answers_.on("EVAL", wire::status("OK"));
  }

  void publish(PressureLevel level, bool keeps_up) {
    loop_.run(done_after(publisher_.publish(level, keeps_up)));
  }
  static redis::awaitable<bool> done_after(redis::awaitable<void> work) {
    co_await std::move(work);
    co_return true;
  }

  // The commands of this name.
  std::vector<Command> sent(const std::string& name) const {
    std::vector<Command> commands;
    for (const auto& command : server_.received()) {
      if (command.front() == name) commands.push_back(command);
    }
    return commands;
  }

  Answers answers_;
  wire::ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  LevelPublisher publisher_{redis::Client::create(loop_.executor(), server_.endpoint()), kName};
};

TEST_F(LevelPublisherTest, EveryChangeIsWrittenAndSentOnTheChannelInTheSameWords) {
  publish(PressureLevel::Normal, true);
  publish(PressureLevel::Warning, true);
  publish(PressureLevel::Warning, false);
  std::vector<Command> set;
  std::vector<Command> published;
  for (const std::string words : {"normal keeps-up", "warning keeps-up", "warning behind"}) {
    set.push_back({"SET", kName, words + " 1700000000123"});
    published.push_back({"PUBLISH", kName, words + " 1700000000123"});
  }
  EXPECT_EQ(sent("SET"), set);
  EXPECT_EQ(sent("PUBLISH"), published);
}

TEST_F(LevelPublisherTest, WhatStaysTheSameIsWrittenAgainForItsTimeOnly) {
  publish(PressureLevel::Warning, false);
  publish(PressureLevel::Warning, false);
  EXPECT_EQ(server_.count("SET"), 1);
  EXPECT_TRUE(loop_.run_until([&] {
    publish(PressureLevel::Warning, false);
    return server_.count("SET") == 2;
  }));
  EXPECT_EQ(server_.count("PUBLISH"), 1);
}

TEST_F(LevelPublisherTest, ABlindGuardSaysNothing) {
  publish(PressureLevel::Blind, true);
  EXPECT_TRUE(server_.received().empty());
}

TEST_F(LevelPublisherTest, AServerWithoutMemoryIsToldByAScriptThatMayWriteAllTheSame) {
  answers_.on("SET", wire::refusal("OOM command not allowed when used memory > 'maxmemory'."));
  publish(PressureLevel::Critical, false);
  ASSERT_EQ(server_.count("EVAL"), 1);
  const Command script = sent("EVAL").front();
  EXPECT_TRUE(script[1].starts_with("#!lua flags=allow-oom\n")) << script[1];
  EXPECT_EQ(script[3], kName);
  EXPECT_EQ(script[4], "critical behind 1700000000123");
  EXPECT_EQ(server_.count("PUBLISH"), 1);
}

TEST_F(LevelPublisherTest, AChannelThatIsNotPermittedDoesNotKeepTheKeyFromBeingWritten) {
  answers_.on("PUBLISH", wire::refusal("NOPERM this user has no permissions to access a channel"));
  publish(PressureLevel::Warning, true);
  EXPECT_EQ(server_.count("SET"), 1);
  EXPECT_EQ(server_.count("EVAL"), 0);
}

TEST_F(LevelPublisherTest, AServerThatDoesNotTellTheTimeIsNotAskedAtEveryTurn) {
  answers_.on("TIME", wire::refusal("NOPERM this user has no permissions to run 'time'"));
  publish(PressureLevel::Warning, true);
  publish(PressureLevel::Critical, false);
  EXPECT_EQ(server_.count("TIME"), 1);
  EXPECT_EQ(server_.count("SET"), 0);
}

TEST_F(LevelPublisherTest, AGuardThatStopsTakesItsKeyAwayAndSaysSo) {
  publish(PressureLevel::Critical, false);
  loop_.run(done_after(publisher_.withdraw()));
  EXPECT_EQ(sent("UNLINK"), (std::vector<Command>{{"UNLINK", kName}}));
  EXPECT_EQ(sent("PUBLISH").back(), (Command{"PUBLISH", kName, "gone"}));
}

TEST_F(LevelPublisherTest, AGuardThatNeverSpokeTakesNothingAway) {
  loop_.run(done_after(publisher_.withdraw()));
  EXPECT_TRUE(server_.received().empty());
}

}  // namespace
}  // namespace redkeep::guard
