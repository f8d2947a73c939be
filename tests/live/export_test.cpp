// `redkeep export`: what it writes is what was there, and loads again; and what it refuses.
#include <gtest/gtest.h>

#include <filesystem>

#include "live/exported.h"
#include "live/sample_content.h"
#include "recovery/checkpoint/checkpoint_reader.h"

namespace redkeep::test {
namespace {

class ExportLive : public testing::Test {
 protected:
  void load() {
    const Ended loaded = run_program({"load", content.path(), "--url", redis.url()});
    ASSERT_EQ(loaded.exit_code, 0) << loaded;
  }

  Ended run_export(const std::vector<std::string>& further = {}) {
    return run_program(export_arguments(directory, redis.url(), further));
  }

  void expect_round_trip() {
    const Contents before = redis.contents();
    const Ended exported = run_export();
    ASSERT_EQ(exported.exit_code, 0) << exported;
    EXPECT_EQ(redis.contents(), before) << "an export only reads";
    const auto opened = recovery::open_checkpoint(directory);
    EXPECT_TRUE(opened.ok());
    EXPECT_EQ(contents_when_loaded(directory, scratch), before);
    // The same graph gives the same bytes, whatever order the server's table has.
    const std::string again = parent.file("again");
    EXPECT_EQ(run_program(export_arguments(again, scratch.url())).exit_code, 0);
    EXPECT_EQ(exported_text(again), exported_text(directory));
  }

  // Theme 1, pages 2 and 3; 3 lies in 2, and 2 refers to 1.
  void load_small_content() {
    write_content(
        content,
        entity_row(1, "theme", "$plain", "Plain") + entity_row(2, "page", "", "Start") +
            entity_row(3, "page", "$third", "Third"),
        association_row(2, 3, "/start/third") + association_row(2, 1, "/uses", "references"));
    load();
  }

  // A bad record is named, and nothing is written; with --skip-bad-records the rest is, and loads.
  void expect_bad(const std::string& key, const std::string& reason, std::size_t records = 1) {
    const Ended refused = run_export();
    EXPECT_EQ(refused.exit_code, 1) << refused;
    EXPECT_TRUE(has(refused.err, key + ": "));
    EXPECT_TRUE(has(refused.err, reason));
    EXPECT_TRUE(has(refused.err, "--skip-bad-records"));
    EXPECT_FALSE(std::filesystem::exists(directory));
    EXPECT_FALSE(std::filesystem::exists(directory + ".next"));
    const Ended skipped = run_export({"--skip-bad-records"});
    EXPECT_EQ(skipped.exit_code, 1) << skipped;
    EXPECT_TRUE(has(skipped.err, key + ": "));
    EXPECT_TRUE(has(skipped.err, std::to_string(records) +
                                     (records == 1 ? " bad record was" : " bad records were") +
                                     " left out"));
    const Contents loaded = contents_when_loaded(directory, scratch);
    EXPECT_TRUE(loaded.contains("reed:entity:theme:" + id_of(1)));
    EXPECT_TRUE(recovery::open_checkpoint(directory).ok());
    std::filesystem::remove_all(directory);
  }

  LiveRedis redis;
  LiveRedis scratch;
  TemporaryDirectory content;
  TemporaryDirectory parent;
  std::string directory = parent.file("exported");
};

TEST_F(ExportLive, WhatIsHardToWriteInCsvComesBackByteForByte) {
  const std::string one = id_of(1);
  const std::string two = id_of(2);
  const std::string three = id_of(3);
  content.write(
      "entities.csv",
      "id,type,semantic_name,data,created_by,created_at,updated_at\n" + one +
          ",page,$a.b-c_d,\"{\"\"title\"\": \"\"say \\\"\"x\\\"\", twice\"\",\n\t\"\"n\"\": "
          "[1,2]\r\n}\",\"O'Brien, \"\"Bob\"\"\", 2024 ,\n" +
          two + ",x-y_z,,\"{}\",,,\"now, then\"\n" + three +
          ",page,,\"{\"\"description\"\":\"\"Grüße 漢字 надпись \\u00e9 😀\"\"}\",ane,,\n");
  content.write("associations.csv",
                kAssociationHeader + one + "," + two +
                    ",\"/a:b/100%/{x},\"\"q\"\"/ grüße \",contains,-2147483648\n" + two + "," +
                    three + ",=1+1,contains,2147483647\n" + one + "," + three +
                    ",/%2F%,my-type,007\n" + three + "," + one + ",'quoted',references,0\n");
  load();
  expect_round_trip();
}

TEST_F(ExportLive, ALargerGraphComesBackKeyByKey) {
  write_made_up_content(content, 3000, 7);
  load();
  redis.run({"SET", "reed:session:s1", "theirs", "EX", "1000"});
  redis.run({"RPUSH", "reed:queue:mail", "one"});
  redis.run({"SET", "reed:asset:bundle:js:1", "x", "EX", "1000"});
  const Ended exported = run_export();
  ASSERT_EQ(exported.exit_code, 0) << exported;
  EXPECT_TRUE(has(exported.out, "3,000 entities, 5,998 associations"));
  Contents expected = redis.contents();
  std::erase_if(expected, [](const auto& entry) {
    return entry.first.starts_with("reed:session:") || entry.first.starts_with("reed:queue:") ||
           entry.first.starts_with("reed:asset:");
  });
  EXPECT_EQ(contents_when_loaded(directory, scratch), expected);
}

TEST_F(ExportLive, ARealContentComesBackKeyByKey) {
  const std::string real = REDKEEP_SOURCE_DIR "/../shared/data/tldr-content";
  if (read_file(real + "/entities.csv").empty()) GTEST_SKIP() << "no " << real;
  ASSERT_EQ(run_program({"load", real, "--url", redis.url()}).exit_code, 0);
  expect_round_trip();
}

TEST_F(ExportLive, RowsAreInTheOrderOfTheirKeys) {
  load_small_content();
  ASSERT_EQ(run_export().exit_code, 0);
  EXPECT_EQ(read_file(directory + "/entities.csv"), kEntityHeader +
                                                        entity_row(2, "page", "", "Start") +
                                                        entity_row(3, "page", "$third", "Third") +
                                                        entity_row(1, "theme", "$plain", "Plain"));
  EXPECT_EQ(read_file(directory + "/associations.csv"),
            kAssociationHeader + association_row(2, 3, "/start/third") +
                association_row(2, 1, "/uses", "references"));
}

TEST_F(ExportLive, AnEmptyGraphIsAnExportThatLoads) {
  redis.run({"SET", "other", "theirs"});
  const Ended exported = run_export();
  EXPECT_EQ(exported.exit_code, 0) << exported;
  EXPECT_TRUE(has(exported.out, "0 entities, 0 associations"));
  EXPECT_EQ(contents_when_loaded(directory, scratch), Contents{});
}

TEST_F(ExportLive, NothingNeverTakesThePlaceOfSomething) {
  load_small_content();
  ASSERT_EQ(run_export().exit_code, 0);
  const std::string before = exported_text(directory);
  redis.run({"FLUSHALL"});
  const Ended refused = run_export({"--replace"});
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_TRUE(has(refused.err, "no entity under reed:"));
  EXPECT_TRUE(has(refused.err, "is as it was"));
  EXPECT_EQ(exported_text(directory), before);
}

TEST_F(ExportLive, ADirectoryIsWrittenOverOnlyIfItIsAnExportAndThatIsAskedFor) {
  load_small_content();
  const std::string before = exported_text(content.path());
  for (const auto& further : std::vector<std::vector<std::string>>{{}, {"--replace"}}) {
    const Ended refused = run_program(export_arguments(content.path(), redis.url(), further));
    EXPECT_EQ(refused.exit_code, 4) << refused;
    EXPECT_TRUE(has(refused.err, "has no manifest.json"));
  }
  EXPECT_EQ(exported_text(content.path()), before);
  ASSERT_EQ(run_export().exit_code, 0);
  const Ended again = run_export();
  EXPECT_EQ(again.exit_code, 4) << again;
  EXPECT_TRUE(has(again.err, "--replace"));
  redis.run({"HSET", "reed:entity:theme:" + id_of(1), "data", R"({"title":"New"})"});
  const Ended replaced = run_export({"--replace"});
  EXPECT_EQ(replaced.exit_code, 0) << replaced;
  EXPECT_TRUE(has(read_file(directory + "/entities.csv"), "New"));
  EXPECT_FALSE(std::filesystem::exists(directory + ".next"));
}

// F29.
TEST_F(ExportLive, AKeyOfTheWrongTypeIsNamed) {
  load_small_content();
  const std::string key = "reed:entity:page:" + id_of(3);
  redis.run({"DEL", key});
  redis.run({"SADD", key, "member"});
  expect_bad(key, "is not a hash");
  redis.run({"DEL", "reed:assoc:/uses", key});
  redis.run({"SET", "reed:assoc:/uses", "text"});
  expect_bad("reed:assoc:/uses", "is not a hash");
}

TEST_F(ExportLive, ARecordThatBreaksARuleIsNamedWithTheRule) {
  load_small_content();
  const std::string key = "reed:entity:page:" + id_of(3);
  const auto break_and_mend = [&](const std::string& field, const std::string& value,
                                  const std::string& reason) {
    SCOPED_TRACE(field + " = " + value);
    const std::string before = redis.text({"HGET", key, field});
    redis.run({"HSET", key, field, value});
    expect_bad(key, reason);
    redis.run({"HSET", key, field, before});
  };
  break_and_mend("data", "[1]", "data is not a JSON object");
  break_and_mend("data", "{\"a\":\"\xFF\"}", "data is not UTF-8");
  break_and_mend("created_by", std::string("a\0b", 3), "created_by is not UTF-8 or has a NUL");
  break_and_mend("semantic_name", "no dollar", "semantic_name \"no dollar\" is not $");
  break_and_mend("type", "theme", "its field type is \"theme\"");
  redis.run({"HDEL", key, "data"});
  expect_bad(key, "data is not a JSON object");
}

TEST_F(ExportLive, AKeyThatIsNoRecordsKeyIsNamed) {
  load_small_content();
  redis.run({"HSET", "reed:entity:counter", "type", "page", "data", "{}"});
  expect_bad("reed:entity:counter", "id \"\" is not a UUID");
  redis.run({"DEL", "reed:entity:counter"});
  redis.run({"COPY", "reed:assoc:/uses", "reed:assoc:/a:b"});
  expect_bad("reed:assoc:/a:b", "the key of this path is reed:assoc:/a%3Ab");
}

TEST_F(ExportLive, RecordsThatContradictEachOtherAreNamed) {
  load_small_content();
  redis.run({"HSET", "reed:entity:page:" + id_of(2), "semantic_name", "$third"});
  expect_bad("reed:entity:page:" + id_of(3), "another page has the semantic name $third");
  redis.run({"HDEL", "reed:entity:page:" + id_of(2), "semantic_name"});
  redis.run({"HSET", "reed:assoc:/z", "parent_id", id_of(1), "child_id", id_of(3), "type",
             "contains", "weight", "0"});
  expect_bad("reed:assoc:/z", "has a containing parent already, by reed:assoc:/start/third");
  redis.run({"HSET", "reed:assoc:/z", "parent_id", id_of(3), "child_id", id_of(2)});
  expect_bad("reed:assoc:/z", "closes a cycle");
  redis.run({"DEL", "reed:assoc:/z"});
  redis.run({"COPY", "reed:entity:page:" + id_of(3), "reed:entity:snippet:" + id_of(3)});
  redis.run({"HSET", "reed:entity:snippet:" + id_of(3), "type", "snippet"});
  expect_bad("reed:entity:snippet:" + id_of(3), "says that its type is \"page\"");
  redis.run({"DEL", "reed:type_of:" + id_of(3)});
  expect_bad("reed:entity:snippet:" + id_of(3), "the id is there twice");
}

TEST_F(ExportLive, AnAssociationWithoutAnEndIsLeftOutAndTold) {
  load_small_content();
  redis.run({"DEL", "reed:entity:page:" + id_of(3)});
  const Ended exported = run_export();
  EXPECT_EQ(exported.exit_code, 0) << exported;
  EXPECT_TRUE(has(exported.err, "1 association was left out"));
  EXPECT_TRUE(has(exported.err, "reed:assoc:/start/third: there is no entity " + id_of(3)));
  EXPECT_TRUE(has(exported.out, "2 entities, 1 association,"));
  EXPECT_FALSE(contents_when_loaded(directory, scratch).empty());
}

TEST_F(ExportLive, FieldsWithoutAColumnAreTold) {
  load_small_content();
  redis.run({"HSET", "reed:entity:page:" + id_of(2), "version", "17", "colour", "red"});
  const Ended exported = run_export();
  EXPECT_EQ(exported.exit_code, 0) << exported;
  EXPECT_TRUE(has(exported.err, "1 key has fields"));
  EXPECT_TRUE(has(exported.err, "\"colour\" of reed:entity:page:" + id_of(2)));
}

TEST_F(ExportLive, AGraphThatIsBeingLoadedOrRebuiltIsRefused) {
  load_small_content();
  for (const std::string work : {"load", "rebuild"}) {
    redis.run({"SET", "reed:guard:" + work, "there"});
    const Ended refused = run_export();
    EXPECT_EQ(refused.exit_code, 4) << refused;
    EXPECT_TRUE(has(refused.err, "a " + work + " is under way or was cut (reed:guard:" + work));
    EXPECT_TRUE(has(refused.err, "was not written"));
    EXPECT_FALSE(std::filesystem::exists(directory));
    redis.run({"DEL", "reed:guard:" + work});
  }
}

TEST_F(ExportLive, GlobCharactersInAPrefixMeanThemselves) {
  load_small_content();
  scratch.run({"HSET", "aXb:entity:page:" + id_of(9), "type", "page", "data", "{}"});
  ASSERT_EQ(
      run_program({"load", content.path(), "--url", scratch.url(), "--prefix", "a*b:"}).exit_code,
      0);
  const Ended exported =
      run_program(export_arguments(directory, scratch.url(), {"--prefix", "a*b:"}));
  ASSERT_EQ(exported.exit_code, 0) << exported;
  EXPECT_EQ(contents_when_loaded(directory, scratch), redis.contents());
}

TEST_F(ExportLive, WithoutAServerItSaysWhereItLooked) {
  redis.kill();
  const Ended failed = run_export();
  EXPECT_EQ(failed.exit_code, 3) << failed;
  EXPECT_TRUE(has(failed.err, redis.socket_path()));
  EXPECT_FALSE(std::filesystem::exists(directory + ".next"));
}

TEST_F(ExportLive, ADirectoryThatCannotBeMadeIsNamed) {
  load_small_content();
  directory = parent.file("no/such/place");
  const Ended failed = run_export();
  EXPECT_EQ(failed.exit_code, 2) << failed;
  EXPECT_TRUE(has(failed.err, "no/such/place"));
}

}  // namespace
}  // namespace redkeep::test
