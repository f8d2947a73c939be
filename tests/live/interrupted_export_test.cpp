// An export that does not come to its end, or reads what is being changed.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "live/exported.h"
#include "live/relay.h"
#include "live/sample_content.h"
#include "recovery/checkpoint/checkpoint_reader.h"
#include "redkeep/blocking_memory_manager.h"

namespace redkeep::test {
namespace {

class InterruptedExport : public testing::Test {
 protected:
  // A graph that is exported, and then changed.
  void SetUp() override {
    write_made_up_content(content, kEntities, 1);
    ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
    ASSERT_EQ(run_program(export_arguments(directory, redis.url())).exit_code, 0);
    old_text = exported_text(directory);
    redis.run({"HSET",
               "reed:entity:" + redis.text({"GET", "reed:type_of:" + id_of(1)}) + ":" + id_of(1),
               "data", R"({"title":"changed"})"});
  }

  // An export that is held in the middle, once so many bytes were asked for.
  std::unique_ptr<Program> held_by(Relay& relay) {
    auto program =
        std::make_unique<Program>(export_arguments(directory, relay.url(), {"--replace"}));
    EXPECT_TRUE(eventually([&] { return relay.is_holding(); }));
    return program;
  }

  void expect_old() {
    EXPECT_TRUE(recovery::open_checkpoint(directory).ok());
    EXPECT_EQ(exported_text(directory), old_text);
  }

  void expect_the_next_run_works() {
    const Ended ended = run_program(export_arguments(directory, redis.url(), {"--replace"}));
    EXPECT_EQ(ended.exit_code, 0) << ended;
    EXPECT_TRUE(recovery::open_checkpoint(directory).ok());
    EXPECT_TRUE(has(exported_text(directory), "changed"));
    EXPECT_FALSE(std::filesystem::exists(directory + ".next"));
  }

  static constexpr int kEntities = 2000;
  static constexpr std::int64_t kMiddle = 100'000;
  LiveRedis redis;
  TemporaryDirectory content;
  TemporaryDirectory parent;
  std::string directory = parent.file("exported");
  std::string old_text;
};

TEST_F(InterruptedExport, CtrlCLeavesTheOldOneWholeAndSaysSo) {
  Relay relay(redis.socket_path(), kMiddle);
  const auto program = held_by(relay);
  EXPECT_TRUE(std::filesystem::exists(directory + ".next"));
  program->signal(SIGINT);
  relay.release();
  const Ended ended = program->wait(std::chrono::seconds{5});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "stopped on request"));
  EXPECT_TRUE(has(ended.err, directory + " is as it was"));
  expect_old();
  EXPECT_FALSE(std::filesystem::exists(directory + ".next"));
  expect_the_next_run_works();
}

TEST_F(InterruptedExport, CtrlCEndsItWithinFiveSecondsThoughTheServerHangs) {
  Relay relay(redis.socket_path(), kMiddle);
  const auto program = held_by(relay);
  program->signal(SIGINT);
  const Ended ended = program->wait(std::chrono::seconds{5});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "stopped on request"));
  EXPECT_TRUE(has(ended.err, directory + " is as it was"));
  expect_old();
}

TEST_F(InterruptedExport, AServerThatDiesMeanwhileIsNamedAndTheOldOneIsWhole) {
  Relay relay(redis.socket_path(), kMiddle);
  const auto program = held_by(relay);
  redis.kill();
  const Ended ended = program->wait();
  EXPECT_EQ(ended.exit_code, 3) << ended;
  EXPECT_TRUE(has(ended.err, relay.url()));
  EXPECT_TRUE(has(ended.err, directory + " is as it was"));
  expect_old();
  EXPECT_FALSE(std::filesystem::exists(directory + ".next"));
}

// F42.
TEST_F(InterruptedExport, KilledItLeavesTheOldOneWholeAndTheNextRunCleansUp) {
  Relay relay(redis.socket_path(), kMiddle);
  const auto program = held_by(relay);
  program->signal(SIGKILL);
  EXPECT_EQ(program->wait().exit_code, -SIGKILL);
  expect_old();
  EXPECT_TRUE(std::filesystem::exists(directory + ".next"));
  expect_the_next_run_works();
}

TEST_F(InterruptedExport, ASecondOneOfTheSameDirectoryIsRefused) {
  Relay relay(redis.socket_path(), kMiddle);
  const auto program = held_by(relay);
  const Ended second = run_program(export_arguments(directory, redis.url(), {"--replace"}));
  EXPECT_EQ(second.exit_code, 4) << second;
  EXPECT_TRUE(has(second.err, "another process"));
  relay.release();
  const Ended first = program->wait();
  EXPECT_EQ(first.exit_code, 0) << first;
  EXPECT_TRUE(has(exported_text(directory), "changed"));
}

TEST_F(InterruptedExport, WhatIsRemovedAfterItWasFoundIsLeftOut) {
  Relay relay(redis.socket_path(), kMiddle);
  const auto program = held_by(relay);
  // By then it reads entities; the associations come later.
  redis.run({"DEL", "reed:assoc:/references/1", "reed:assoc:/references/2"});
  relay.release();
  const Ended ended = program->wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.err, "2 keys were removed while it read"));
  EXPECT_FALSE(has(exported_text(directory), ",/references/1,"));
  EXPECT_TRUE(has(exported_text(directory), ",/references/3,"));
}

// Stores, moves, renames, changes of type and removals, of entities from `first` on. The ends are
// within the same ones, so that what was loaded before stays as it is.
void change_for_ever(const EndpointOptions& endpoint, int first, unsigned seed,
                     const std::atomic<bool>& is_over, std::atomic<int>& done) {
  Options options;
  options.endpoint = endpoint;
  const auto made = BlockingMemoryManager::create(options);
  ASSERT_TRUE(made.ok());
  BlockingMemoryManager& graph = **made;
  std::minstd_rand random(seed);
  const auto some_id = [&] { return id_of(first + static_cast<int>(random() % 30)); };
  while (!is_over) {
    const std::string id = some_id();
    const std::string other = some_id();
    const std::string path =
        "/moving/" + std::to_string(first) + "/" + std::to_string(random() % 20);
    const std::string name = "$n" + std::to_string(first) + "." + std::to_string(random() % 10);
    const std::string type = random() % 2 == 0 ? "page" : "snippet";
    // Conflicts, cycles and missing ends are refused: that is part of it.
    switch (random() % 5) {
      case 0:
      case 1: static_cast<void>(graph.store_entity({id, type, name, "{}", "", "", ""}).ok()); break;
      case 2:
        static_cast<void>(graph.store_association({id, other, path, "contains", 1}).ok());
        break;
      case 3:
        static_cast<void>(graph.store_association({id, other, path, "references", 1}).ok());
        break;
      default:
        static_cast<void>(random() % 2 == 0 ? graph.remove_entity(id).ok()
                                            : graph.remove_association(path).ok());
    }
    ++done;
  }
}

TEST_F(InterruptedExport, WhileTheGraphIsChangedItIsConsistentAndHasWhatStays) {
  LiveRedis scratch;
  std::atomic<bool> is_over = false;
  std::atomic<int> done = 0;
  std::vector<std::thread> writers;
  for (const int number : {1, 2}) {
    writers.emplace_back([&, number] {
      change_for_ever(redis.endpoint(), 100'000 * number, static_cast<unsigned>(number), is_over,
                      done);
    });
  }
  for (int round = 0; round < 8; ++round) {
    const int before = done;
    const Ended ended = run_program(export_arguments(directory, redis.url(), {"--replace"}));
    ASSERT_EQ(ended.exit_code, 0) << ended;
    EXPECT_GT(done, before);
    const Contents loaded = contents_when_loaded(directory, scratch);
    std::size_t kept = 0;
    for (const auto& [key, value] : loaded) {
      if (key.starts_with("reed:type_of:00000000-0000-4000-8000-00000000")) ++kept;
    }
    EXPECT_GE(kept, static_cast<std::size_t>(kEntities));
    EXPECT_TRUE(
        has(exported_text(directory), ",/references/" + std::to_string(kEntities - 1) + ","));
  }
  is_over = true;
  for (auto& writer : writers) writer.join();
}

}  // namespace
}  // namespace redkeep::test
