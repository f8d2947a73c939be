// The library with a data directory: acknowledged means recoverable, whatever becomes of Redis.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "live/journal_fixture.h"

namespace redkeep {
namespace {

using test::entity;
using test::eventually;
using test::id_of;
using test::link;

class JournalLive : public test::JournalFixture {};

TEST_F(JournalLive, AStoreIsAppliedAndOnTheDiskBeforeItReturns) {
  applied(manager->store_entity(entity(1, "one", "$one")));
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "1");
  EXPECT_EQ(redis.text({"HGET", "reed:entity:page:" + id_of(1), "version"}), "1");
  const std::string journal = test::read_file(data() + "/journal/00000000000000000001.csv");
  EXPECT_NE(journal.find("1,store_entity," + id_of(1) + ",page,$one,"), std::string::npos);
  EXPECT_EQ(redis.integer({"TTL", "reed:guard:position"}), -1);
}

TEST_F(JournalLive, EveryCallIsJournaledAndLeavesNothingBehindWhenUndone) {
  applied(manager->store_entity(entity(1, "root", "$root")));
  applied(manager->store_entity(entity(2, "child", "$child")));
  applied(manager->store_association(link(1, 2, "/child")));
  applied(manager->add_word("STRASSE", {id_of(2)}));
  EXPECT_EQ(*manager->search("strasse"), std::vector<std::string>{id_of(2)});
  applied(manager->remove_word("strasse", {id_of(2)}));
  applied(manager->remove_association("/child"));
  applied(manager->remove_entity(id_of(2)));
  applied(manager->remove_entity(id_of(1)));
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "8");
  EXPECT_EQ(redis.keys(), (std::vector<std::string>{"reed:guard:journal", "reed:guard:position"}));
}

TEST_F(JournalLive, WithRedisAwayChangesAreJournaledAndAppliedInOrderWhenItIsBack) {
  applied(manager->store_entity(entity(1, "first owner", "$name")));
  redis.kill();
  journaled(manager->store_entity(entity(1, "renamed", "$other")));
  journaled(manager->store_entity(entity(2, "second owner", "$name")));
  journaled(manager->store_association(link(1, 2, "/child")));
  journaled(manager->store_entity(entity(3, "passing")));
  journaled(manager->remove_entity(id_of(3)));
  for (int i = 1; i <= 20; ++i) {
    journaled(manager->store_entity(entity(4, "version " + std::to_string(i))));
  }
  redis.start();
  wait_until_applied();
  EXPECT_EQ(manager->entity_by_name("page", "$name")->id, id_of(2));
  EXPECT_EQ(manager->entity_by_name("page", "$other")->id, id_of(1));
  EXPECT_EQ(*manager->parent(id_of(2)), id_of(1));
  EXPECT_EQ(manager->entity(id_of(3)).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(title_of(4), entity(4, "version 20").data);
  EXPECT_TRUE(manager->search("19")->empty());
}

TEST_F(JournalLive, WhatWasJournaledOutlivesTheProgram) {
  redis.kill();
  journaled(manager->store_entity(entity(1, "one")));
  journaled(manager->store_entity(entity(2, "two")));
  manager.reset();
  redis.start();
  open();
  ASSERT_TRUE(eventually([&] { return manager->entity(id_of(2)).ok(); }))
      << "it is applied without being asked";
  EXPECT_TRUE(manager->entity(id_of(1)).ok());
}

TEST_F(JournalLive, AContradictionIsToldAndComesBackInNoReplay) {
  applied(manager->store_entity(entity(1, "one", "$name")));
  const auto taken = manager->store_entity(entity(2, "two", "$name"));
  EXPECT_EQ(taken.error().kind, ErrorKind::Conflict);
  EXPECT_EQ(manager->store_association(link(1, 9, "/x")).error().kind, ErrorKind::NotFound);
  applied(manager->store_entity(entity(2, "two")));
  applied(manager->store_association(link(1, 2, "/x")));
  EXPECT_EQ(manager->remove_entity(id_of(1)).error().kind, ErrorKind::Refused);
  // Free by then: in a replay the first store of 2 would be no contradiction any more.
  applied(manager->store_entity(entity(1, "one", "$another")));
  const auto before = graph();
  for (const bool reopened : {false, true}) {
    redis.run({"DEL", "reed:semantic:page:$name"});
    redis.kill();
    redis.start();
    if (reopened) open();
    wait_until_applied();
    EXPECT_EQ(graph(), before);
  }
}

TEST_F(JournalLive, BadInputIsRefusedBeforeAnythingIsWritten) {
  Entity bad = entity(1, "one");
  bad.data = "no JSON";
  EXPECT_EQ(manager->store_entity(bad).error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(manager->add_word("two words", {id_of(1)}).error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(manager->remove_entity("nonsense").error().kind, ErrorKind::InvalidInput);
  applied(manager->store_entity(entity(1, "one")));
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "1");
}

TEST_F(JournalLive, F01_ARedisThatCameBackEmptyGetsTheWholeJournal) {
  for (int i = 1; i <= 50; ++i) applied(manager->store_entity(entity(i, "page")));
  const auto before = graph();
  redis.kill();
  redis.start();
  EXPECT_TRUE(redis.keys().empty());
  wait_until_applied();
  EXPECT_EQ(graph(), before);
}

TEST_F(JournalLive, F01_ContentThatWasLoadedFromCsvComesBackBeforeTheJournal) {
  test::TemporaryDirectory csv;
  test::write_content(csv,
                      test::entity_row(1, "page", "$root", "The root") +
                          test::entity_row(2, "page", "$two", "The second"),
                      test::association_row(1, 2, "/two"));
  content = csv.path();
  open();
  ASSERT_TRUE(manager->rebuild().ok());
  applied(manager->store_entity(entity(3, "below the second")));
  applied(manager->store_association(link(2, 3, "/two/three")));
  applied(manager->store_entity(entity(2, "changed", "$two")));
  const auto before = graph();
  redis.kill();
  redis.start();
  wait_until_applied();
  EXPECT_EQ(graph(), before);
}

TEST_F(JournalLive, F02_ARedisThatCameBackOlderIsBroughtForward) {
  for (int i = 1; i <= 10; ++i) applied(manager->store_entity(entity(i, "old", "$p" + id_of(i))));
  applied(manager->store_association(link(1, 2, "/two")));
  redis.run({"SAVE"});
  for (int i = 5; i <= 15; ++i) applied(manager->store_entity(entity(i, "new")));
  applied(manager->remove_association("/two"));
  applied(manager->remove_entity(id_of(2)));
  const auto before = graph();
  redis.kill();
  redis.start();
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "11");
  wait_until_applied();
  EXPECT_EQ(graph(), before);
}

TEST_F(JournalLive, F25_AfterAFlushTheNextStoreBringsEverythingBack) {
  for (int i = 1; i <= 10; ++i) applied(manager->store_entity(entity(i, "page")));
  const auto before = graph();
  redis.run({"FLUSHALL"});
  applied(manager->remove_association("/there/never/was/one"));
  EXPECT_EQ(graph(), before);
}

TEST_F(JournalLive, NothingOlderOverwritesSomethingNewer) {
  applied(manager->store_entity(entity(1, "first", "$first")));
  applied(manager->store_entity(entity(1, "second", "$second")));
  applied(manager->store_entity(entity(2, "other", "$first")));
  applied(manager->remove_entity(id_of(3)));
  const auto before = graph();
  redis.run({"SET", "reed:guard:position", "0"});
  wait_until_applied();
  EXPECT_EQ(graph(), before);
}

TEST_F(JournalLive, F30_ASecondOwnerIsToldWhoTheFirstIs) {
  std::filesystem::remove(data() + "/redkeep.sock");  // otherwise it writes through the first
  Options options;
  options.endpoint = redis.endpoint();
  options.data_directory = data();
  const auto second = BlockingMemoryManager::create(options);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::Refused);
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid()) + " on host "),
            std::string::npos);
  applied(manager->store_entity(entity(1, "one")));
}

TEST_F(JournalLive, ARedisThatIsAheadIsNotOfThisJournal) {
  applied(manager->store_entity(entity(1, "one")));
  manager.reset();
  redis.run({"SET", "reed:guard:position", "1000"});
  open();
  ASSERT_TRUE(eventually([&] {
    const auto outcome = manager->store_entity(entity(2, "two"));
    return !outcome.ok() && outcome.error().kind == ErrorKind::Refused;
  }));
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "1000");
}

TEST_F(JournalLive, F41_ADamagedJournalIsNotOpened) {
  for (int i = 1; i <= 3; ++i) applied(manager->store_entity(entity(i, "page")));
  manager.reset();
  const std::string file = data() + "/journal/00000000000000000001.csv";
  std::string bytes = test::read_file(file);
  bytes[bytes.find("page")] ^= 1;
  directory.write("data/journal/00000000000000000001.csv", bytes);
  directory.write("data/redkeep.sock", "");  // as an owner leaves it that is killed
  Options options;
  options.endpoint = redis.endpoint();
  options.data_directory = data();
  const auto refused = BlockingMemoryManager::create(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find(file + " is damaged at byte "), std::string::npos);
}

// Threads that store versions of their own entities, and what they were told.
class Load {
 public:
  static constexpr int kThreads = 4;
  static constexpr int kEntities = 5;  // of each thread

  explicit Load(BlockingMemoryManager& manager) {
    for (int thread = 0; thread < kThreads; ++thread) {
      threads_.emplace_back([this, &manager, thread] { store(manager, thread); });
    }
  }
  ~Load() { stop(); }

  void stop() {
    stopping_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  int acknowledged() const { return acknowledged_; }
  int failed() const { return failed_; }
  static int number_of(int thread, int entity) { return 100 * (thread + 1) + entity; }
  int version_of(int thread, int entity) const { return versions_[thread][entity]; }

 private:
  void store(BlockingMemoryManager& manager, int thread) {
    static std::atomic<int> versions = 0;
    for (int i = 0; !stopping_; ++i) {
      const int place = i % kEntities;
      const int version = ++versions;
      const std::string title = "version " + std::to_string(version);
      const auto stored = manager.store_entity(entity(number_of(thread, place), title));
      ++(stored ? acknowledged_ : failed_);
      if (stored) versions_[thread][place] = version;
    }
  }

  std::atomic<bool> stopping_ = false;
  std::atomic<int> acknowledged_ = 0;
  std::atomic<int> failed_ = 0;
  int versions_[kThreads][kEntities] = {};
  std::vector<std::thread> threads_;
};

class JournalUnderKills : public test::JournalFixture, public testing::WithParamInterface<bool> {
 protected:
  JournalUnderKills()
      : JournalFixture(GetParam()
                           ? std::vector<std::string>{"--appendonly", "yes", "--appendfsync", "no"}
                           : std::vector<std::string>{}) {}
};

// Ten, or as many as REDKEEP_KILLS says.
int kills_wanted() {
  const char* text = std::getenv("REDKEEP_KILLS");
  return text != nullptr ? std::stoi(text) : 10;
}

TEST_P(JournalUnderKills, F01_F02_KillsOfRedisLoseNothingThatWasAcknowledged) {
  const int kills = kills_wanted();
  std::mt19937 random(7);
  Load load(*manager);
  for (int kill = 0; kill < kills; ++kill) {
    const int wanted = load.acknowledged() + 20 + static_cast<int>(random() % 60);
    ASSERT_TRUE(eventually([&] { return load.acknowledged() >= wanted; }));
    redis.kill();
    const int away = load.acknowledged() + 10;
    ASSERT_TRUE(eventually([&] { return load.acknowledged() >= away; })) << "they go on meanwhile";
    redis.start();
  }
  load.stop();
  std::printf("%d kills, %d stores acknowledged\n", kills, load.acknowledged());
  EXPECT_EQ(load.failed(), 0);
  wait_until_applied();
  for (int thread = 0; thread < Load::kThreads; ++thread) {
    for (int place = 0; place < Load::kEntities; ++place) {
      const std::string title = "version " + std::to_string(load.version_of(thread, place));
      const int number = Load::number_of(thread, place);
      EXPECT_EQ(title_of(number), entity(number, title).data);
    }
  }
  const auto before = graph();
  redis.run({"FLUSHALL"});
  open();
  wait_until_applied();
  EXPECT_EQ(graph(), before) << "the journal alone makes the same graph";
}

INSTANTIATE_TEST_SUITE_P(WithAppendOnlyFile, JournalUnderKills, testing::Bool());

}  // namespace
}  // namespace redkeep
