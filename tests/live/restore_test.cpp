// Writing back what is missing of a content directory: nothing that is there is touched.
#include "recovery/load/restore.h"

#include <gtest/gtest.h>

#include "live/live_redis.h"
#include "redkeep/blocking_memory_manager.h"

namespace redkeep {
namespace {

constexpr const char* kEntities =
    "id,type,semantic_name,data\n"
    "00000000-0000-4000-8000-000000000001,page,$root,\"{\"\"title\"\":\"\"Root page\"\"}\"\n"
    "00000000-0000-4000-8000-000000000002,page,$start,\"{\"\"title\"\":\"\"Start here\"\"}\"\n"
    "00000000-0000-4000-8000-000000000003,user,,\"{\"\"title\"\":\"\"Ane\"\"}\"\n";
constexpr const char* kAssociations =
    "parent_id,child_id,path,type,weight\n"
    "00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000002,/start,contains,1\n"
    "00000000-0000-4000-8000-000000000002,00000000-0000-4000-8000-000000000003,/by,references,0\n";
constexpr const char* kStart = "00000000-0000-4000-8000-000000000002";

class RestoreLive : public testing::Test {
 protected:
  RestoreLive() {
    content.write("entities.csv", kEntities);
    content.write("associations.csv", kAssociations);
    reopen(0);
  }

  void reopen(std::int64_t limit_bytes) {
    Options options;
    options.endpoint = redis.endpoint();
    options.content_directory = content.path();
    options.pressure.limit_bytes = limit_bytes;
    auto opened = BlockingMemoryManager::create(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    manager = std::move(*opened);
  }

  RebuildReport rebuild() {
    auto report = manager->rebuild();
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report ? *report : RebuildReport{};
  }

  test::TemporaryDirectory content;
  test::LiveRedis redis;
  std::unique_ptr<BlockingMemoryManager> manager;
};

TEST_F(RestoreLive, AnEmptyServerGetsEverythingAndASecondTimeNothing) {
  const RebuildReport first = rebuild();
  EXPECT_EQ(first.outcome, "Restored");
  EXPECT_EQ(first.entities, 3);
  EXPECT_EQ(first.associations, 2);
  EXPECT_EQ(first.words, 5);  // root page start here ane
  EXPECT_EQ(*manager->parent(kStart), "00000000-0000-4000-8000-000000000001");
  EXPECT_EQ(manager->search("start here")->size(), 1U);
  EXPECT_EQ(redis.text({"HGET", "reed:entity:page:" + std::string(kStart), "path"}), "/start");
  for (const auto& key : redis.keys()) EXPECT_EQ(redis.integer({"TTL", key}), -1) << key;
  const test::Contents before = redis.contents();
  EXPECT_EQ(rebuild().outcome, "NothingMissing");
  EXPECT_EQ(redis.contents(), before);
}

TEST_F(RestoreLive, EachSingleLostKeyComesBackAsItWas) {
  rebuild();
  const test::Contents whole = redis.contents();
  for (const auto& key : redis.keys()) {
    redis.run({"DEL", key});
    EXPECT_EQ(rebuild().outcome, "Restored") << key;
    EXPECT_EQ(redis.contents(), whole) << key;
  }
}

TEST_F(RestoreLive, ALostMemberOfASetComesBack) {
  rebuild();
  const test::Contents whole = redis.contents();
  redis.run({"SREM", "reed:type_index:page", kStart});
  const RebuildReport report = rebuild();
  EXPECT_EQ(report.missing, 1);
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(RestoreLive, WhatAnApplicationChangedSinceStaysAsItIs) {
  rebuild();
  Entity changed = *manager->entity(kStart);
  changed.type = "snippet";
  changed.semantic_name = "$newer";
  changed.data = R"({"title":"Fresh words"})";
  ASSERT_TRUE(manager->store_entity(changed).ok());
  ASSERT_TRUE(manager->remove_association("/start").ok());
  const Association moved{"00000000-0000-4000-8000-000000000003", kStart, "/moved", "contains", 0};
  ASSERT_TRUE(manager->store_association(moved).ok());
  const test::Contents newer = redis.contents();
  EXPECT_EQ(rebuild().outcome, "NothingMissing");
  EXPECT_EQ(redis.contents(), newer);
}

TEST_F(RestoreLive, WhatDoesNotFitIsNotBegun) {
  reopen(1'000'000);
  const RebuildReport report = rebuild();
  EXPECT_EQ(report.outcome, "DoesNotFit");
  EXPECT_GT(report.missing_bytes, 0);
  EXPECT_EQ(redis.keys(), std::vector<std::string>{});
}

TEST_F(RestoreLive, ABadRowStopsEverythingBeforeTheFirstWrite) {
  content.write("associations.csv", std::string(kAssociations) +
                                        "00000000-0000-4000-8000-000000000001,"
                                        "00000000-0000-4000-8000-000000000009,/x,references,0\n");
  const auto report = manager->rebuild();
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, ErrorKind::InvalidInput);
  EXPECT_NE(report.error().message.find("associations.csv:4:38"), std::string::npos)
      << report.error().message;
  EXPECT_EQ(redis.keys(), std::vector<std::string>{});
}

TEST_F(RestoreLive, AGivenSearchIndexIsRestoredInsteadOfTheTexts) {
  content.write("search_index.csv",
                "word,entity_ids\nhasiera,00000000-0000-4000-8000-000000000001 " +
                    std::string(kStart) + "\n");
  EXPECT_EQ(rebuild().words, 1);
  EXPECT_EQ(redis.integer({"SCARD", "reed:word:hasiera"}), 2);
  EXPECT_EQ(redis.integer({"EXISTS", "reed:word:start"}), 0);
}

TEST_F(RestoreLive, WithoutAContentDirectoryItSaysSo) {
  Options options;
  options.endpoint = redis.endpoint();
  auto without = BlockingMemoryManager::create(options);
  const auto report = (*without)->rebuild();
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, ErrorKind::InvalidInput);
}

}  // namespace
}  // namespace redkeep
