// `redkeep load --merge` takes changed CSV over what is there: nothing stale stays behind.
#include <gtest/gtest.h>

#include "live/live_redis.h"
#include "live/program.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

class MergeLive : public testing::Test {
 protected:
  void load(const std::string& entities, const std::string& associations,
            const std::vector<std::string>& further = {}) {
    TemporaryDirectory content;
    write_content(content, entities, associations);
    load(content, further);
  }
  void load(const TemporaryDirectory& content, const std::vector<std::string>& further = {}) {
    std::vector<std::string> arguments{"load", content.path(), "--url", redis.url()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    const Ended loaded = run_program(arguments);
    ASSERT_EQ(loaded.exit_code, 0) << loaded;
  }

  LiveRedis redis;
};

TEST_F(MergeLive, AnotherNameAndTextLeaveNoOldNameAndWords) {
  load(entity_row(1, "page", "$before", "left stays"), "");
  load(entity_row(1, "page", "$after", "stays right"), "", {"--merge"});
  EXPECT_EQ(redis.text({"GET", "reed:semantic:page:$after"}), id_of(1));
  EXPECT_EQ(redis.keys("reed:semantic:*").size(), 1U);
  EXPECT_EQ(redis.keys("reed:word:*"),
            (std::vector<std::string>{"reed:word:after", "reed:word:right", "reed:word:stays"}));
}

TEST_F(MergeLive, AnotherTypeLeavesNoOldHashAndTypeIndex) {
  load(entity_row(1, "page", "$one", "text"), "");
  load(entity_row(1, "snippet", "$one", "text"), "", {"--merge"});
  EXPECT_EQ(redis.keys("*:page:*"), std::vector<std::string>{});
  EXPECT_EQ(redis.keys("reed:type_index:*"), std::vector<std::string>{"reed:type_index:snippet"});
  EXPECT_EQ(redis.text({"GET", "reed:type_of:" + id_of(1)}), "snippet");
}

TEST_F(MergeLive, AMovedChildIsOnlyInItsNewPlace) {
  const std::string entities =
      entity_row(1, "page", "", "") + entity_row(2, "page", "", "") + entity_row(3, "page", "", "");
  load(entities, association_row(1, 3, "/one/three"));
  load(entities, association_row(2, 3, "/two/three"), {"--merge"});
  EXPECT_EQ(redis.keys("reed:assoc:*"), std::vector<std::string>{"reed:assoc:/two/three"});
  EXPECT_EQ(redis.keys("reed:children:*"), std::vector<std::string>{"reed:children:" + id_of(2)});
  EXPECT_EQ(redis.text({"GET", "reed:parent:" + id_of(3)}), id_of(2));
  EXPECT_EQ(redis.text({"HGET", "reed:entity:page:" + id_of(3), "path"}), "/two/three");
}

TEST_F(MergeLive, AReferenceWithOtherEndsLeavesNoOldLinks) {
  const std::string entities =
      entity_row(1, "page", "", "") + entity_row(2, "page", "", "") + entity_row(3, "page", "", "");
  load(entities, association_row(1, 2, "/link", "references"));
  load(entities, association_row(3, 2, "/link", "references"), {"--merge"});
  EXPECT_EQ(redis.keys("reed:links:*"),
            (std::vector<std::string>{"reed:links:" + id_of(2), "reed:links:" + id_of(3)}));
}

TEST_F(MergeLive, AReferenceThatBecomesAContainmentIsNoLinkAnyMore) {
  const std::string entities = entity_row(1, "page", "", "") + entity_row(2, "page", "", "");
  load(entities, association_row(1, 2, "/place", "references"));
  load(entities, association_row(1, 2, "/place", "contains"), {"--merge"});
  EXPECT_EQ(redis.keys("reed:links:*"), std::vector<std::string>{});
  EXPECT_EQ(redis.text({"HGET", "reed:entity:page:" + id_of(2), "path"}), "/place");
  load(entities, association_row(1, 2, "/place", "references"), {"--merge"});
  EXPECT_EQ(redis.keys("reed:children:*"), std::vector<std::string>{});
  EXPECT_EQ(redis.keys("reed:parent:*"), std::vector<std::string>{});
  EXPECT_EQ(redis.text({"HGET", "reed:entity:page:" + id_of(2), "path"}), "");
}

TEST_F(MergeLive, RecordsThatTheContentDoesNotNameStay) {
  load(entity_row(1, "page", "$one", "first") + entity_row(2, "page", "$two", "second"),
       association_row(1, 2, "/two"));
  load(entity_row(3, "page", "$three", "third"), "", {"--merge"});
  EXPECT_EQ(redis.existing({"reed:entity:page:" + id_of(1), "reed:entity:page:" + id_of(3),
                            "reed:semantic:page:$two", "reed:assoc:/two", "reed:word:second"}),
            5);
}

TEST_F(MergeLive, AWrongTtlIsTakenOff) {
  const std::string entities =
      entity_row(1, "page", "$one", "first") + entity_row(2, "page", "", "");
  const std::string associations =
      association_row(1, 2, "/two") + association_row(1, 2, "/link", "references");
  load(entities, associations);
  for (const auto& key : redis.keys()) redis.run({"EXPIRE", key, "1000"});
  load(entities, associations, {"--merge"});
  EXPECT_TRUE(has(redis.text({"INFO", "keyspace"}), ",expires=0,"));
}

TEST_F(MergeLive, ManyChangesAtOnceEndAsIfTheNewContentHadBeenLoadedAlone) {
  for (const unsigned seed : {11U, 12U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TemporaryDirectory old_content;
    TemporaryDirectory new_content;
    write_made_up_content(old_content, 1200, seed);
    write_made_up_content(new_content, 1200, seed + 100);
    redis.run({"FLUSHALL"});
    load(new_content);
    const Contents alone = redis.contents();
    redis.run({"FLUSHALL"});
    load(old_content);
    load(new_content, {"--merge"});
    EXPECT_EQ(redis.contents(), alone);
  }
}

TEST_F(MergeLive, ASecondMergeOfTheSameContentChangesNothing) {
  TemporaryDirectory content;
  write_made_up_content(content, 500, 3);
  load(content);
  const Contents before = redis.contents();
  load(content, {"--merge"});
  EXPECT_EQ(redis.contents(), before);
}

TEST_F(MergeLive, WhatWasThereInAnotherFormIsListedById) {
  load(entity_row(1, "page", "$one", "first") + entity_row(2, "page", "$two", "second") +
           entity_row(3, "page", "$three", "third") + entity_row(4, "page", "", "same"),
       association_row(1, 2, "/two") + association_row(1, 3, "/link", "references", 1));
  TemporaryDirectory content;
  write_content(content,
                entity_row(1, "page", "$uno", "first") +
                    entity_row(2, "page", "$three", "changed") + entity_row(4, "page", "", "same") +
                    entity_row(5, "page", "", "new"),
                association_row(1, 2, "/second") + association_row(1, 3, "/link", "references", 2) +
                    association_row(1, 5, "/five"));
  // The content that is merged has to name the third entity, too.
  content.write("entities.csv",
                read_file(content.file("entities.csv")) + entity_row(3, "page", "$drei", "third"));
  const Ended merged = run_program({"load", content.path(), "--url", redis.url(), "--merge"});
  EXPECT_EQ(merged.exit_code, 0) << merged;
  EXPECT_TRUE(has(merged.out, "4 records were there in another form"));
  EXPECT_TRUE(has(merged.out, "entity " + id_of(1) + ": semantic_name differed\n"));
  EXPECT_TRUE(has(merged.out, "entity " + id_of(2) +
                                  ": data, semantic_name, path differed; $three was the name of " +
                                  id_of(3) + "\n"));
  EXPECT_TRUE(has(merged.out, "entity " + id_of(3) + ": semantic_name differed\n"));
  EXPECT_TRUE(has(merged.out, "association /link: weight differed\n"));
  EXPECT_EQ(merged.out.find(id_of(4)), std::string::npos) << merged;
  EXPECT_EQ(merged.out.find(id_of(5)), std::string::npos) << merged;
  const Ended again = run_program({"load", content.path(), "--url", redis.url(), "--merge"});
  EXPECT_EQ(again.out.find("another form"), std::string::npos) << again;
}

TEST_F(MergeLive, BadRowsLeaveWhatIsThereAsItWas) {
  load(entity_row(1, "page", "$one", "first"), "");
  const Contents before = redis.contents();
  TemporaryDirectory content;
  write_content(content, entity_row(1, "page", "$new", "changed") + "broken\n", "");
  const Ended refused = run_program({"load", content.path(), "--url", redis.url(), "--merge"});
  EXPECT_EQ(refused.exit_code, 1) << refused;
  EXPECT_EQ(redis.contents(), before);
}

}  // namespace
}  // namespace redkeep::test
