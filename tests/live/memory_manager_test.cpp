// The library against a real server: what is stored can be read back, and what is removed leaves
// nothing behind.
#include "redkeep/memory_manager.h"

#include <gtest/gtest.h>

#include <thread>

#include "live/live_redis.h"
#include "redkeep/blocking_memory_manager.h"

namespace redkeep {
namespace {

constexpr const char* kRoot = "00000000-0000-4000-8000-000000000001";
constexpr const char* kPage = "00000000-0000-4000-8000-000000000002";
constexpr const char* kOther = "00000000-0000-4000-8000-000000000003";

Entity entity(std::string id, std::string name, std::string title, std::string type = "page") {
  Entity made;
  made.id = std::move(id);
  made.type = std::move(type);
  made.semantic_name = std::move(name);
  made.data = R"({"title": ")" + title + R"("})";
  return made;
}

Association link(std::string parent, std::string child, std::string path, std::string type,
                 std::int32_t weight = 0) {
  return Association{std::move(parent), std::move(child), std::move(path), std::move(type), weight};
}

class MemoryManagerLive : public testing::Test {
 protected:
  MemoryManagerLive() { reopen({}); }

  void reopen(Options options) {
    options.endpoint = redis.endpoint();
    auto opened = BlockingMemoryManager::create(std::move(options));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    manager = std::move(*opened);
  }

  void store(const Entity& made) {
    const auto stored = manager->store_entity(made);
    ASSERT_TRUE(stored.ok()) << stored.error().message;
  }
  void store(const Association& made) {
    const auto stored = manager->store_association(made);
    ASSERT_TRUE(stored.ok()) << stored.error().message;
  }

  test::LiveRedis redis;
  std::unique_ptr<BlockingMemoryManager> manager;
};

TEST_F(MemoryManagerLive, WhatIsStoredCanBeReadBackByIdNameAndWords) {
  Entity page = entity(kPage, "$start", "Über uns");
  page.created_by = "ane";
  store(page);
  const auto by_id = manager->entity(kPage);
  ASSERT_TRUE(by_id.ok()) << by_id.error().message;
  EXPECT_EQ(*by_id, page);
  EXPECT_EQ(manager->entity_by_name("page", "$start")->id, kPage);
  EXPECT_EQ(*manager->search("ÜBER start"), std::vector<std::string>{kPage});
  EXPECT_EQ(redis.integer({"TTL", "reed:entity:page:" + std::string(kPage)}), -1);
}

TEST_F(MemoryManagerLive, WhatIsRemovedLeavesNoKeyBehind) {
  store(entity(kRoot, "$root", "The root"));
  store(entity(kPage, "$page", "A page", "snippet"));
  store(entity(kOther, "", "Another one"));
  store(link(kRoot, kPage, "/top/page", "contains"));
  store(link(kOther, kPage, "/other-page", "references"));
  for (const char* id : {kPage, kOther, kRoot}) {
    const auto removed = manager->remove_entity(id);
    ASSERT_TRUE(removed.ok()) << removed.error().message;
  }
  EXPECT_EQ(redis.keys(), std::vector<std::string>{});
}

TEST_F(MemoryManagerLive, RemovingWhatDoesNotExistIsFine) {
  EXPECT_TRUE(manager->remove_entity(kPage).ok());
  EXPECT_TRUE(manager->remove_association("/nowhere").ok());
  EXPECT_TRUE(manager->remove_page({"/", "eu", "plain"}).ok());
}

TEST_F(MemoryManagerLive, AnEntityThatHasChildrenIsNotRemoved) {
  store(entity(kRoot, "$root", "The root"));
  store(entity(kPage, "$page", "A page"));
  store(link(kRoot, kPage, "/page", "contains"));
  const auto refused = manager->remove_entity(kRoot);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Refused);
  EXPECT_TRUE(manager->entity(kRoot).ok());
}

TEST_F(MemoryManagerLive, AChangedEntityLeavesNoOldNameTypeOrWord) {
  store(entity(kPage, "$old", "before shared"));
  store(entity(kPage, "$new", "after shared", "snippet"));
  EXPECT_TRUE(manager->search("before")->empty());
  EXPECT_EQ(manager->search("after shared")->size(), 1U);
  EXPECT_EQ(manager->entity_by_name("page", "$old").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(manager->entity(kPage)->type, "snippet");
  ASSERT_TRUE(manager->remove_entity(kPage).ok());
  EXPECT_EQ(redis.keys(), std::vector<std::string>{});
}

TEST_F(MemoryManagerLive, AFieldThatIsLeftOutGoes) {
  Entity page = entity(kPage, "$page", "A page");
  page.created_by = "ane";
  store(page);
  page.created_by.clear();
  store(page);
  EXPECT_EQ(manager->entity(kPage)->created_by, "");
}

TEST_F(MemoryManagerLive, ASemanticNameBelongsToOneEntity) {
  store(entity(kPage, "$page", "A page"));
  const auto refused = manager->store_entity(entity(kOther, "$page", "Another"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
  EXPECT_NE(refused.error().message.find(kPage), std::string::npos);
  EXPECT_EQ(manager->entity(kOther).error().kind, ErrorKind::NotFound);
}

TEST_F(MemoryManagerLive, LinksAreFoundFromEitherEnd) {
  store(entity(kRoot, "$root", "The root"));
  store(entity(kPage, "$page", "A page"));
  store(entity(kOther, "$other", "Another"));
  store(link(kRoot, kPage, "/page", "contains"));
  store(link(kPage, kOther, "/b", "related", 2));
  store(link(kOther, kPage, "/a", "source", 2));
  store(link(kPage, kRoot, "/c", "related", 1));
  const auto links = manager->links(kPage);
  ASSERT_TRUE(links.ok()) << links.error().message;
  std::string order;
  for (const auto& found : *links) order += found.path + ' ';
  EXPECT_EQ(order, "/c /a /b ");
  EXPECT_EQ(manager->links(kRoot)->size(), 1U);
  EXPECT_EQ(manager->links(kOther)->front().parent_id, kOther);
  EXPECT_TRUE(manager->links("00000000-0000-4000-8000-0000000000ff")->empty());
}

TEST_F(MemoryManagerLive, AStoredEntityKeepsItsPlace) {
  store(entity(kRoot, "$root", "The root"));
  store(entity(kPage, "$page", "A page"));
  store(link(kRoot, kPage, "/page", "contains"));
  store(entity(kPage, "$page", "Another text", "snippet"));
  EXPECT_EQ(*manager->parent(kPage), kRoot);
  ASSERT_EQ(manager->children(kRoot)->size(), 1U);
  EXPECT_EQ(redis.text({"HGET", "reed:entity:snippet:" + std::string(kPage), "path"}), "/page");
}

TEST_F(MemoryManagerLive, ChildrenComeByWeightThenPath) {
  store(entity(kRoot, "$root", "The root"));
  for (int i = 2; i < 6; ++i) {
    const std::string id = "00000000-0000-4000-8000-00000000000" + std::to_string(i);
    store(entity(id, "", "A page"));
    store(link(kRoot, id, "/p" + std::to_string(i), "contains", i == 5 ? -1 : i / 3));
  }
  const auto children = manager->children(kRoot);
  ASSERT_TRUE(children.ok());
  std::string order;
  for (const auto& child : *children) order += child.path + ' ';
  EXPECT_EQ(order, "/p5 /p2 /p3 /p4 ");
}

TEST_F(MemoryManagerLive, ASecondParentIsRefusedAndBothPathsAreNamed) {
  store(entity(kRoot, "$root", "The root"));
  store(entity(kOther, "$other", "Another"));
  store(entity(kPage, "$page", "A page"));
  store(link(kRoot, kPage, "/first", "contains"));
  const auto refused = manager->store_association(link(kOther, kPage, "/second", "contains"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
  EXPECT_NE(refused.error().message.find("/first"), std::string::npos);
  EXPECT_NE(refused.error().message.find("/second"), std::string::npos);
  EXPECT_EQ(*manager->parent(kPage), kRoot);
}

TEST_F(MemoryManagerLive, AReferenceDoesNotMoveItsTarget) {
  store(entity(kRoot, "$root", "The root"));
  store(entity(kOther, "$other", "Another"));
  store(entity(kPage, "$page", "A page"));
  store(link(kRoot, kPage, "/page", "contains"));
  store(link(kOther, kPage, "/other/page", "references"));
  EXPECT_EQ(*manager->parent(kPage), kRoot);
  EXPECT_TRUE(manager->children(kOther)->empty());
}

TEST_F(MemoryManagerLive, ACycleOfContainmentsIsRefused) {
  store(entity(kRoot, "", "One"));
  store(entity(kPage, "", "Two"));
  store(entity(kOther, "", "Three"));
  store(link(kRoot, kPage, "/a", "contains"));
  store(link(kPage, kOther, "/b", "contains"));
  const auto refused = manager->store_association(link(kOther, kRoot, "/c", "contains"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
  EXPECT_EQ(manager->association("/c").error().kind, ErrorKind::NotFound);
}

TEST_F(MemoryManagerLive, AnAssociationThatIsReplacedLeavesItsOldEnds) {
  store(entity(kRoot, "", "One"));
  store(entity(kPage, "", "Two"));
  store(entity(kOther, "", "Three"));
  store(link(kRoot, kPage, "/a", "contains"));
  store(link(kRoot, kOther, "/a", "references", 7));
  EXPECT_EQ(manager->parent(kPage).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(manager->association("/a")->child_id, kOther);
  EXPECT_EQ(manager->association("/a")->weight, 7);
  EXPECT_EQ(redis.text({"HGET", "reed:entity:page:" + std::string(kPage), "path"}), "");
}

TEST_F(MemoryManagerLive, AnAssociationNeedsBothItsEnds) {
  store(entity(kRoot, "", "One"));
  const auto refused = manager->store_association(link(kRoot, kPage, "/a", "references"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::NotFound);
  EXPECT_NE(refused.error().message.find(kPage), std::string::npos);
}

TEST_F(MemoryManagerLive, BadInputNamesTheFieldAndChangesNothing) {
  Entity bad = entity(kPage, "no-dollar", "A page");
  const auto refused = manager->store_entity(bad);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::InvalidInput);
  EXPECT_NE(refused.error().message.find("semantic_name"), std::string::npos);
  EXPECT_EQ(redis.keys(), std::vector<std::string>{});
}

TEST_F(MemoryManagerLive, AKeyOfAnotherTypeStopsAStoreBeforeItsFirstWrite) {
  redis.run({"SADD", "reed:type_of:" + std::string(kPage), "not a string"});
  EXPECT_FALSE(manager->store_entity(entity(kPage, "$page", "A page")).ok());
  redis.run({"DEL", "reed:type_of:" + std::string(kPage)});
  redis.run({"SET", "reed:word:page", "not a set"});
  const auto refused = manager->store_entity(entity(kPage, "$page", "A page"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
  EXPECT_EQ(redis.keys(), std::vector<std::string>{"reed:word:page"});
}

TEST_F(MemoryManagerLive, AStoreRemovesATtlThatSomebodyGaveToItsKeys) {
  store(entity(kPage, "$page", "A page"));
  redis.run({"EXPIRE", "reed:entity:page:" + std::string(kPage), "1000"});
  redis.run({"EXPIRE", "reed:word:page", "1000"});
  store(entity(kPage, "$page", "A page"));
  for (const auto& key : redis.keys()) EXPECT_EQ(redis.integer({"TTL", key}), -1) << key;
}

TEST_F(MemoryManagerLive, OwnWordsAreFoldedAndFound) {
  store(entity(kPage, "$page", "A page"));
  ASSERT_TRUE(manager->add_word("STRASSE", {kPage}).ok());
  EXPECT_EQ(manager->search("Straße")->size(), 1U);
  ASSERT_TRUE(manager->remove_word("straße", {kPage}).ok());
  EXPECT_TRUE(manager->search("Straße")->empty());
  EXPECT_EQ(manager->add_word("two words", {kPage}).error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(manager->add_word("word", {kOther}).error().kind, ErrorKind::NotFound);
}

TEST_F(MemoryManagerLive, CachesHaveTheTtlOfTheirClassAndStayApart) {
  ASSERT_TRUE(manager->store_page({"/a/b", "eu", "plain"}, "one").ok());
  ASSERT_TRUE(manager->store_page({"/a_b", "eu", "plain"}, "two").ok());
  EXPECT_EQ(**manager->page({"/a/b", "eu", "plain"}), "one");
  EXPECT_EQ(**manager->page({"/a_b", "eu", "plain"}), "two");
  ASSERT_TRUE(manager->remove_page({"/a/b", "eu", "plain"}).ok());
  EXPECT_FALSE(manager->page({"/a/b", "eu", "plain"})->has_value());
  ASSERT_TRUE(manager->store_session("s1", "data").ok());
  ASSERT_TRUE(manager->store_template("base", "plain", "compiled").ok());
  EXPECT_EQ(**manager->session("s1"), "data");
  EXPECT_EQ(**manager->page_template("base", "plain"), "compiled");
  EXPECT_EQ(redis.integer({"TTL", "reed:session:s1"}), 86400);
  EXPECT_EQ(redis.integer({"TTL", "reed:template:cache:base:plain"}), 900);
  EXPECT_EQ(redis.integer({"TTL", "reed:page:cache:/a_b:eu:plain"}), 300);
}

TEST_F(MemoryManagerLive, TwoWritersOfOneEntityLeaveOneOfTheirStatesWhole) {
  const auto write = [&](const std::string& word) {
    auto own = BlockingMemoryManager::create([&] {
      Options options;
      options.endpoint = redis.endpoint();
      return options;
    }());
    for (int i = 0; i < 50; ++i) {
      const std::string text = word + std::to_string(i);
      const auto stored = (*own)->store_entity(entity(kPage, "$" + word, text));
      // A writer that is always overtaken is told so; nothing is half done.
      if (!stored) {
        EXPECT_EQ(stored.error().kind, ErrorKind::ServerBusy);
      }
    }
  };
  std::thread one(write, "first");
  std::thread two(write, "second");
  one.join();
  two.join();
  ASSERT_TRUE(manager->remove_entity(kPage).ok());
  EXPECT_EQ(redis.keys(), std::vector<std::string>{});
}

TEST_F(MemoryManagerLive, PressureIsRelievedByPagesAndNotBySessions) {
  redis.run({"CONFIG", "SET", "maxmemory", "16mb"});
  ASSERT_TRUE(manager->store_session("s1", "data").ok());
  const std::string html(4096, 'x');
  for (int i = 0; manager->statistics()->memory.usage_pct < 86; ++i) {
    for (int k = 0; k < 100; ++k) {
      const std::string path = "/" + std::to_string(i) + "/" + std::to_string(k);
      ASSERT_TRUE(manager->store_page({path, "eu", "plain"}, html).ok());
    }
  }
  const auto report = manager->relieve_pressure();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->outcome, "TargetReached");
  EXPECT_GT(report->shed_keys, 0);
  EXPECT_LE(report->memory.usage_pct, 80);
  EXPECT_TRUE(manager->session("s1")->has_value());
  EXPECT_EQ(manager->relieve_pressure()->outcome, "NothingToDo");
}

TEST_F(MemoryManagerLive, AProtectedStoreWithoutMemoryIsWholeOrNotAtAll) {
  redis.run({"CONFIG", "SET", "maxmemory", "1"});
  const auto refused = manager->store_entity(entity(kPage, "$page", "A page"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfMemory);
  EXPECT_EQ(redis.keys(), std::vector<std::string>{});
}

TEST_F(MemoryManagerLive, TheMonitorKnowsTheLevelAndEndsWhenStopped) {
  EXPECT_EQ(manager->level(), PressureLevel::Blind);
  redis.run({"CONFIG", "SET", "maxmemory", "100mb"});
  manager->start_monitor();
  ASSERT_TRUE(test::eventually([&] { return manager->level() == PressureLevel::Normal; }));
  EXPECT_GT(manager->memory().used_bytes, 0);
  EXPECT_TRUE(manager->statistics()->level_from_guard);
  manager->stop_monitor();
}

TEST_F(MemoryManagerLive, OptionsThatMakeNoSenseAreRefused) {
  Options options;
  options.pressure.stop_shedding_pct = 90;
  const auto refused = BlockingMemoryManager::create(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::InvalidInput);
}

TEST_F(MemoryManagerLive, WithoutAServerEveryCallSaysWhere) {
  redis.kill();
  const auto refused = manager->store_entity(entity(kPage, "$page", "A page"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Unreachable);
  EXPECT_NE(refused.error().message.find(redis.endpoint().unix_path), std::string::npos);
}

}  // namespace
}  // namespace redkeep
