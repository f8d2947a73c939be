// Room for writes that a full server refuses: through the library, against a server of a few keys.
#include "shed/relief.h"

#include <gtest/gtest.h>

#include "redkeep/memory_manager.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/small_keyspace.h"

namespace redkeep::shed {
namespace {

using wire::Answers;
using wire::Command;
using wire::SmallKeyspace;

constexpr std::int64_t kLimitBytes = 100'000;

class ReliefTest : public testing::Test {
 protected:
  // Of 100,000 bytes as many are taken as there are pages of 1,000, and `other_bytes` beside.
  void begin(int pages, std::int64_t other_bytes) {
    keyspace_.emplace(wire::keys_named("reed:query:cache:", pages), other_bytes);
    keyspace_->install(answers_);
    answers_.on("GET", wire::nil());
    answers_.on("HMGET", [](const Command& command) {
      return wire::array(std::vector<std::string>(command.size() - 2, wire::nil()));
    });
    // Stores are scripts: refused as long as the server is full.
    answers_.on("EVAL", [this](const Command&) {
      return keyspace_->used_bytes() >= kLimitBytes
                 ? wire::refusal("OOM command not allowed when used memory > 'maxmemory'.")
                 : wire::integer(0);
    });
    Options options;
    options.endpoint = server_.endpoint();
    manager_ = std::move(*MemoryManager::create(loop_.executor(), options));
  }

  static Entity entity(int number) {
    Entity made;
    made.id = "00000000-0000-4000-8000-00000000000" + std::to_string(number);
    made.type = "page";
    made.data = "{}";
    return made;
  }

  // Rounds of SCAN from their beginning.
  int rounds() const {
    const auto received = server_.received();
    return static_cast<int>(std::count_if(
        received.begin(), received.end(),
        [](const Command& command) { return command.front() == "SCAN" && command[1] == "0"; }));
  }

  std::optional<SmallKeyspace> keyspace_;
  Answers answers_;
  wire::ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  std::unique_ptr<MemoryManager> manager_;
};

TEST_F(ReliefTest, AProtectedStoreThatIsRefusedForWantOfMemoryShedsAndSucceeds) {
  begin(100, 0);
  const auto stored = loop_.run(manager_->store_entity(entity(1)));
  EXPECT_TRUE(stored.ok()) << stored.error().message;
  EXPECT_EQ(server_.count("EVAL"), 2);
  EXPECT_LE(keyspace_->used_bytes(), 80'000);
  EXPECT_GT(keyspace_->used_bytes(), 78'000) << "more was shed than to the stop mark";
}

TEST_F(ReliefTest, StoresThatAreRefusedTogetherWaitForOneRelief) {
  begin(100, 0);
  std::vector<std::optional<Result<StoreOutcome>>> stored(8);
  for (int i = 0; i < 8; ++i) {
    loop_.start(manager_->store_entity(entity(i)), stored[static_cast<std::size_t>(i)]);
  }
  ASSERT_TRUE(loop_.run_until([&] {
    return std::all_of(stored.begin(), stored.end(),
                       [](const auto& one) { return one.has_value(); });
  }));
  for (const auto& one : stored) EXPECT_TRUE(one->ok()) << one->error().message;
  EXPECT_EQ(server_.count("EVAL"), 16) << "each was refused once";
  EXPECT_EQ(rounds(), 1);
}

TEST_F(ReliefTest, WhenNothingIsLeftTheErrorSaysWhatToDo) {
  begin(0, kLimitBytes);
  const auto refused = loop_.run(manager_->store_entity(entity(1)));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfMemory);
  for (const char* part : {"NothingLeft", "raise its maxmemory", "OOM command not allowed"}) {
    EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
  }
  EXPECT_EQ(server_.count("EVAL"), 2) << "one retry, not more";
}

TEST_F(ReliefTest, AfterAFruitlessRoundTheNextStoresDoNotMakeAnother) {
  begin(0, kLimitBytes);
  ASSERT_FALSE(loop_.run(manager_->store_entity(entity(1))).ok());
  const int before = rounds();
  const auto refused = loop_.run(manager_->store_entity(entity(2)));
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfMemory);
  EXPECT_EQ(rounds(), before);
}

TEST_F(ReliefTest, AskedForTwiceAtOnceItIsDoneOnceAndBothGetItsReport) {
  begin(90, 0);
  std::optional<Result<ReliefReport>> one;
  std::optional<Result<ReliefReport>> two;
  loop_.start(manager_->relieve_pressure(), one);
  loop_.start(manager_->relieve_pressure(), two);
  ASSERT_TRUE(loop_.run_until([&] { return one && two; }));
  ASSERT_TRUE(one->ok() && two->ok());
  EXPECT_EQ((*one)->outcome, "TargetReached");
  EXPECT_EQ((*one)->shed_keys, 10);
  EXPECT_EQ((*two)->shed_keys, 10);
  EXPECT_EQ(rounds(), 1);
}

TEST_F(ReliefTest, AServerThatBreaksOffEndsEveryWait) {
  begin(100, 0);
  answers_.on("SCAN", [](const Command&) { return std::nullopt; });
  std::vector<std::optional<Result<StoreOutcome>>> stored(3);
  for (int i = 0; i < 3; ++i) {
    loop_.start(manager_->store_entity(entity(i)), stored[static_cast<std::size_t>(i)]);
  }
  ASSERT_TRUE(loop_.run_until([&] {
    return std::all_of(stored.begin(), stored.end(),
                       [](const auto& one) { return one.has_value(); });
  }));
  for (const auto& one : stored) EXPECT_EQ(one->error().kind, ErrorKind::OutOfMemory);
}

}  // namespace
}  // namespace redkeep::shed
