// Cache writes against a server whose guard says this and that, and against one without memory:
// what is sent, command by command.
#include "cache/cache_store.h"

#include <gtest/gtest.h>

#include <atomic>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::cache {
namespace {

using wire::Answers;
using wire::Command;

constexpr const char* kLevelKey = "reed:guard:level";
constexpr const char* kPage = "reed:page:cache:/:eu:plain";
constexpr const char* kSession = "reed:session:s1";
constexpr const char* kOom = "OOM command not allowed when used memory > 'maxmemory'.";

class CacheStoreTest : public testing::Test {
 protected:
  CacheStoreTest() {
    answers_.on("SET", wire::status("OK"));
    answers_.on("UNLINK", wire::integer(1));
    answers_.on("GET", wire::nil());
    answers_.on("TIME", wire::array({wire::bulk("1700000000"), wire::bulk("0")}));
  }

  // From now on the guard's key holds this.
  void guard_says(const std::string& words) {
    answers_.on("GET", wire::bulk(words + " 1700000000000"));
  }

  Result<CacheOutcome> store(const std::string& key) {
    return loop_.run(store_.store(key, "value"));
  }
  // The first write asks, the next one knows.
  CacheOutcome second_store(const std::string& key) {
    EXPECT_TRUE(store(key).ok());
    const auto stored = store(key);
    EXPECT_TRUE(stored.ok());
    return stored ? *stored : CacheOutcome::Stored;
  }

  // Without the greeting.
  std::vector<Command> sent() const {
    std::vector<Command> commands;
    for (const auto& command : server_.received()) {
      if (command.front() != "CLIENT") commands.push_back(command);
    }
    return commands;
  }

  redis::awaitable<std::string> make_room() {
    ++rooms_made_;
    if (room_helps_) answers_.on("SET", wire::status("OK"));
    co_return "some keys were shed";
  }

  Answers answers_;
  wire::ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  keys::ClassTable table_ = *keys::ClassTable::compile("reed:", default_key_classes());
  std::shared_ptr<redis::Client> client_ =
      redis::Client::create(loop_.executor(), server_.endpoint());
  CacheStore store_{client_, table_, kLevelKey, [this] { return make_room(); }};
  int rooms_made_ = 0;
  bool room_helps_ = true;
};

TEST_F(CacheStoreTest, TheLevelIsAskedForAlongWithAWriteAndNotWithEachOfThem) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*store(kPage), CacheOutcome::Stored);
  const Command set{"SET", kPage, "value", "EX", "300"};
  EXPECT_EQ(sent(), (std::vector<Command>{{"GET", kLevelKey}, {"TIME"}, set, set, set}));
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(CacheStoreTest, WhileSheddingIsBehindPagesAreStoredBrieflyAndSessionsAsEver) {
  guard_says("warning behind");
  EXPECT_EQ(second_store(kPage), CacheOutcome::StoredBriefly);
  EXPECT_EQ(sent().back(), (Command{"SET", kPage, "value", "EX", "75"}));
  EXPECT_EQ(*store(kSession), CacheOutcome::Stored);
  EXPECT_EQ(sent().back(), (Command{"SET", kSession, "value", "EX", "86400"}));
}

TEST_F(CacheStoreTest, AtCriticalAPageIsSkippedAndLeavesNoOldVersionBehind) {
  guard_says("critical keeps-up");
  EXPECT_EQ(second_store(kPage), CacheOutcome::SkippedUnderPressure);
  EXPECT_EQ(sent().back(), (Command{"UNLINK", kPage}));
  EXPECT_EQ(*store(kSession), CacheOutcome::Stored);
  EXPECT_EQ(sent().back(), (Command{"SET", kSession, "value", "EX", "86400"}));
}

TEST_F(CacheStoreTest, TheEndOfThePressureIsNoticedAlthoughEveryWriteIsSkipped) {
  guard_says("critical behind");
  ASSERT_EQ(second_store(kPage), CacheOutcome::SkippedUnderPressure);
  guard_says("normal keeps-up");
  EXPECT_TRUE(loop_.run_until([&] { return *store(kPage) == CacheOutcome::Stored; }));
}

TEST_F(CacheStoreTest, AServerThatTellsNothingOfItsGuardIsWrittenToAsEver) {
  for (const auto& refusal : {wire::refusal("NOPERM no permissions to access a key"),
                              wire::bulk("what is this"), wire::integer(5)}) {
    answers_.on("GET", refusal);
    EXPECT_EQ(second_store(kPage), CacheOutcome::Stored) << refusal;
  }
}

TEST_F(CacheStoreTest, WithoutMemoryAPageIsSkippedAndLeavesNoOldVersionBehind) {
  answers_.on("SET", wire::refusal(kOom));
  EXPECT_EQ(*store(kPage), CacheOutcome::SkippedUnderPressure);
  EXPECT_EQ(sent().back(), (Command{"UNLINK", kPage}));
  EXPECT_EQ(rooms_made_, 0) << "a page is not worth other pages";
}

TEST_F(CacheStoreTest, WithoutMemoryRoomIsMadeForASession) {
  answers_.on("SET", wire::refusal(kOom));
  EXPECT_EQ(*store(kSession), CacheOutcome::Stored);
  EXPECT_EQ(rooms_made_, 1);
}

TEST_F(CacheStoreTest, ASessionForWhichThereIsNoRoomIsSkippedAndTheOldOneStays) {
  answers_.on("SET", wire::refusal("ERR Out of memory"));  // as Dragonfly says it
  room_helps_ = false;
  EXPECT_EQ(*store(kSession), CacheOutcome::SkippedUnderPressure);
  EXPECT_EQ(rooms_made_, 1);
  EXPECT_EQ(server_.count("SET"), 2) << "tried once more, and no more than that";
  EXPECT_EQ(server_.count("UNLINK"), 0);
}

TEST_F(CacheStoreTest, OtherRefusalsAreErrors) {
  answers_.on("SET", wire::refusal("MISCONF Redis is configured to save RDB snapshots"));
  const auto refused = store(kPage);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::ServerBusy);
  EXPECT_EQ(server_.count("UNLINK"), 0);
}

}  // namespace
}  // namespace redkeep::cache
