// `redkeep load` into a server: what is there afterwards, and when it refuses.
#include <gtest/gtest.h>

#include "live/live_redis.h"
#include "live/program.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

class LoadLive : public testing::Test {
 protected:
  Ended load(std::vector<std::string> further = {}) {
    std::vector<std::string> arguments{"load", content.path(), "--url", redis.url()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    return run_program(arguments);
  }

  LiveRedis redis;
  TemporaryDirectory content;
};

// Theme 1, pages 2 and 3; 3 lies in 2, and 2 refers to 1.
void write_small_content(const TemporaryDirectory& directory) {
  directory.write("entities.csv",
                  kEntityHeader + id_of(1) +
                      ",theme,$plain,\"{\"\"title\"\":\"\"Plain Paper\"\"}\",,,\n" + id_of(2) +
                      ",page,$start,\"{\"\"title\"\": \"\"Grüße, don't panic\"\"}\""
                      ",ane,2024-01-01,2024-02-02\n" +
                      id_of(3) + ",page,,\"{\"\"description\"\":\"\"paper PLANE\"\"}\",,,\n");
  directory.write("associations.csv", kAssociationHeader +
                                          association_row(2, 3, "/start/a:b", "contains", 7) +
                                          association_row(2, 1, "/uses", "references", -1));
}

// By the table of keys in docs/data-model.md, written out by hand.
Contents small_content_as_documented(const std::string& prefix = "reed:") {
  const std::string one = id_of(1);
  const std::string two = id_of(2);
  const std::string three = id_of(3);
  const Contents plain{
      {"entity:theme:" + one,
       "hash\ndata={\"title\":\"Plain Paper\"}\nsemantic_name=$plain\ntype=theme"},
      {"entity:page:" + two,
       "hash\ncreated_at=2024-01-01\ncreated_by=ane\ndata={\"title\": \"Grüße, don't panic\"}\n"
       "semantic_name=$start\ntype=page\nupdated_at=2024-02-02"},
      {"entity:page:" + three,
       "hash\ndata={\"description\":\"paper PLANE\"}\npath=/start/a:b\ntype=page"},
      {"type_of:" + one, "string\ntheme"},
      {"type_of:" + two, "string\npage"},
      {"type_of:" + three, "string\npage"},
      {"semantic:theme:$plain", "string\n" + one},
      {"semantic:page:$start", "string\n" + two},
      {"assoc:/start/a%3Ab",
       "hash\nchild_id=" + three + "\nparent_id=" + two + "\ntype=contains\nweight=7"},
      {"assoc:/uses",
       "hash\nchild_id=" + one + "\nparent_id=" + two + "\ntype=references\nweight=-1"},
      {"children:" + two, "set\n" + three},
      {"parent:" + three, "string\n" + two},
      {"links:" + one, "set\n/uses"},
      {"links:" + two, "set\n/uses"},
      {"type_index:theme", "set\n" + one},
      {"type_index:page", "set\n" + two + "\n" + three},
      {"word:plain", "set\n" + one},
      {"word:paper", "set\n" + one + "\n" + three},
      {"word:grüsse", "set\n" + two},
      {"word:don", "set\n" + two},
      {"word:panic", "set\n" + two},
      {"word:start", "set\n" + two},
      {"word:plane", "set\n" + three}};
  Contents prefixed;
  for (const auto& [key, value] : plain) prefixed[prefix + key] = value;
  return prefixed;
}

TEST_F(LoadLive, EverythingIsThereAsTheTableOfKeysSaysAndNothingElse) {
  write_small_content(content);
  const Ended loaded = load();
  EXPECT_EQ(loaded.exit_code, 0) << loaded;
  EXPECT_TRUE(has(loaded.out, "3 entities, 2 associations, 7 words"));
  EXPECT_EQ(redis.contents(), small_content_as_documented());
}

TEST_F(LoadLive, NoKeyOfALargeContentHasATtl) {
  write_made_up_content(content, 3000, 1);
  EXPECT_EQ(load().exit_code, 0);
  EXPECT_GT(redis.integer({"DBSIZE"}), 12'000);
  EXPECT_TRUE(has(redis.text({"INFO", "keyspace"}), ",expires=0,"));
}

// The words of the first entities are cut while the check goes on, those of the others while they
// are written: none is left out, and none comes twice.
TEST_F(LoadLive, TheWordsOfManyLargeTextsAreAllThere) {
  std::string text;
  while (text.size() < std::size_t{1} << 20) text += "hut lake ";
  std::string rows = kEntityHeader;
  Contents expected;
  for (int i = 1; i <= 40; ++i) {
    rows += id_of(i) + ",page,,\"{\"\"content\"\":\"\"" + text + "number" + std::to_string(i) +
            "\"\"}\",,,\n";
    expected["reed:word:number" + std::to_string(i)] = "set\n" + id_of(i);
    expected["reed:word:hut"] += (i == 1 ? "set\n" : "\n") + id_of(i);
  }
  expected["reed:word:lake"] = expected["reed:word:hut"];
  content.write("entities.csv", rows);
  const Ended ended = load();
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  Contents words = redis.contents();
  std::erase_if(words, [](const auto& key) { return !key.first.starts_with("reed:word:"); });
  EXPECT_EQ(words, expected);
}

TEST_F(LoadLive, WithoutALinkedFileThereAreJustEntities) {
  content.write("entities.csv", kEntityHeader + entity_row(1, "page", "", "alone"));
  EXPECT_EQ(load().exit_code, 0);
  EXPECT_EQ(redis.keys(),
            (std::vector<std::string>{"reed:entity:page:" + id_of(1), "reed:type_index:page",
                                      "reed:type_of:" + id_of(1), "reed:word:alone"}));
}

TEST_F(LoadLive, AnExistingGraphIsRefusedWithTheWayToGoOn) {
  write_small_content(content);
  redis.run({"SADD", "reed:word:anything", "x"});
  const auto before = redis.contents();
  const Ended refused = load();
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_TRUE(has(refused.err, "reed:word:anything"));
  EXPECT_TRUE(has(refused.err, "redkeep load --merge"));
  EXPECT_EQ(redis.contents(), before);
}

TEST_F(LoadLive, CachesQueuesAndForeignKeysDoNotRefuseALoadAndStayUntouched) {
  write_small_content(content);
  redis.run({"SET", "reed:session:s1", "data", "EX", "1000"});
  redis.run({"RPUSH", "reed:queue:mail", "one"});
  redis.run({"SET", "reed:guard:level", "normal 1"});
  redis.run({"SET", "other:entity:page:" + id_of(1), "theirs"});
  redis.run({"SET", "entity:page:" + id_of(1), "theirs"});
  auto expected = redis.contents();
  expected.merge(small_content_as_documented());
  EXPECT_EQ(load().exit_code, 0);
  EXPECT_EQ(redis.contents(), expected);
}

TEST_F(LoadLive, GlobCharactersInAPrefixMeanThemselves) {
  write_small_content(content);
  redis.run({"SET", "aXb:entity:page:" + id_of(2), "theirs"});
  redis.run({"SET", "ab:type_of:" + id_of(2), "theirs"});
  auto expected = redis.contents();
  const Ended loaded = load({"--prefix", "a*b:"});
  EXPECT_EQ(loaded.exit_code, 0) << loaded;
  expected.merge(small_content_as_documented("a*b:"));
  EXPECT_EQ(redis.contents(), expected);
  EXPECT_EQ(load({"--prefix", "a*b:"}).exit_code, 4) << "it did not find its own graph again";
  EXPECT_EQ(load({"--prefix", "a*b:", "--merge"}).exit_code, 0);
  EXPECT_EQ(redis.contents(), expected);
}

TEST_F(LoadLive, ASearchIndexFileTakesThePlaceOfTheTexts) {
  write_small_content(content);
  content.write("search_index.csv", "word,entity_ids\nchosen," + id_of(1) + " " + id_of(3) +
                                        "\n\"with:colon\"," + id_of(2) + "\n");
  const Ended loaded = load();
  EXPECT_EQ(loaded.exit_code, 0) << loaded;
  EXPECT_EQ(redis.keys("reed:word:*"),
            (std::vector<std::string>{"reed:word:chosen", "reed:word:with%3Acolon"}));
  auto members = redis.list({"SMEMBERS", "reed:word:chosen"});
  std::sort(members.begin(), members.end());
  EXPECT_EQ(members, (std::vector<std::string>{id_of(1), id_of(3)}));
}

TEST_F(LoadLive, EveryBadRowIsNamedAndNothingIsWritten) {
  write_content(content,
                entity_row(1, "page", "$fine", "one") + "not-a-uuid,page,,{},,,\n" + id_of(2) +
                    ",Page,,{},,,\n" + id_of(3) + ",page,,[],,,\n" + id_of(1) + ",page,,{},,,\n" +
                    entity_row(4, "page", "$fine", "twice the name") + id_of(5) + ",page,too few\n",
                association_row(1, 9, "/dangling") + id_of(1) + "," + id_of(1) +
                    ",/self,contains,1\n" + association_row(1, 4, "/x", "contains") +
                    association_row(5, 4, "/y", "contains") + id_of(1) + "," + id_of(4) +
                    ",/z,references,heavy\n");
  const Ended refused = load();
  EXPECT_EQ(refused.exit_code, 1) << refused;
  for (const char* place :
       {"entities.csv:3:1: ", "entities.csv:4:38: ", "entities.csv:5:44: ", "entities.csv:6:1: ",
        "entities.csv:7:43: ", "entities.csv:8:", "associations.csv:2:38: ",
        "associations.csv:3:38: ", "associations.csv:6:"}) {
    EXPECT_TRUE(has(refused.err, place));
  }
  EXPECT_TRUE(has(refused.err, "nothing was written"));
  EXPECT_EQ(redis.integer({"DBSIZE"}), 0);
}

TEST_F(LoadLive, BadRowsCanBeLeftOutAndAreKeptWithTheirReasons) {
  write_content(content,
                entity_row(1, "page", "$one", "first") + id_of(2) + ",page,,not json,,,\n" +
                    entity_row(3, "page", "", "third"),
                association_row(1, 2, "/gone") + association_row(1, 3, "/kept"));
  const std::string rejects = content.path() + "/rejects.csv";
  const Ended loaded = load({"--skip-bad-rows", "--rejects", rejects});
  EXPECT_EQ(loaded.exit_code, 1) << loaded;
  EXPECT_TRUE(has(loaded.out, "2 entities, 1 association,"));
  EXPECT_TRUE(has(loaded.err, "2 rows were left out, see " + rejects));
  const std::string kept = read_file(rejects);
  EXPECT_TRUE(has(kept,
                  "id,type,semantic_name,data,created_by,created_at,updated_at,reason"
                  "\n" +
                      id_of(2) + ",page,,not json,,,,"));
  const std::string links = read_file(content.path() + "/rejects-associations.csv");
  EXPECT_TRUE(has(loaded.err, " and " + content.path() + "/rejects-associations.csv"));
  EXPECT_TRUE(has(links, "parent_id,child_id,path,type,weight,reason\n" + id_of(1) + "," +
                             id_of(2) + ",/gone,contains,0,"));
  EXPECT_EQ(redis.existing({"reed:entity:page:" + id_of(1), "reed:entity:page:" + id_of(3),
                            "reed:assoc:/kept"}),
            3);
  EXPECT_EQ(redis.existing({"reed:type_of:" + id_of(2), "reed:assoc:/gone"}), 0);
}

TEST_F(LoadLive, OfACycleTheLastRowIsLeftOut) {
  write_content(content, entity_row(1, "page", "", "") + entity_row(2, "page", "", ""),
                association_row(1, 2, "/a") + association_row(2, 1, "/b"));
  EXPECT_EQ(load().exit_code, 1);
  EXPECT_EQ(redis.integer({"DBSIZE"}), 0);
  const std::string rejects = content.path() + "/rejects.csv";
  const Ended loaded = load({"--skip-bad-rows", "--rejects", rejects});
  EXPECT_TRUE(has(loaded.err, "associations.csv:3:1: the containment \"/b\" closes a cycle"));
  const std::string kept = read_file(content.path() + "/rejects-associations.csv");
  EXPECT_TRUE(has(kept, "/b,contains"));
  EXPECT_TRUE(has(kept, "closes a cycle")) << "the reason is that of stderr";
  EXPECT_EQ(redis.keys("reed:assoc:*"), (std::vector<std::string>{"reed:assoc:/a"}));
  EXPECT_EQ(redis.keys("reed:parent:*"), (std::vector<std::string>{"reed:parent:" + id_of(2)}));
  EXPECT_EQ(redis.text({"HGET", "reed:entity:page:" + id_of(1), "path"}), "");
}

TEST_F(LoadLive, BadRowsOfASearchIndexAreLeftOutAndKept) {
  write_small_content(content);
  const std::string long_word(65, 'x');
  content.write("search_index.csv", "word,entity_ids\nfine," + id_of(1) + "\nodd," + id_of(9) +
                                        "\n" + long_word + "," + id_of(1) + "\nfine," + id_of(2) +
                                        "\ntwice," + id_of(3) + " " + id_of(3) + "\n");
  const std::string rejects = content.path() + "/rejects.csv";
  const Ended loaded = load({"--skip-bad-rows", "--rejects", rejects});
  EXPECT_TRUE(has(loaded.err, "4 rows were left out")) << loaded;
  const std::string kept = read_file(content.path() + "/rejects-search_index.csv");
  EXPECT_TRUE(has(kept, "word,entity_ids,reason\nodd," + id_of(9)));
  EXPECT_TRUE(has(kept, long_word));
  EXPECT_EQ(redis.keys("reed:word:*"), (std::vector<std::string>{"reed:word:fine"}));
  EXPECT_EQ(redis.list({"SMEMBERS", "reed:word:fine"}), (std::vector<std::string>{id_of(1)}));
}

// What a value of this length took in a serialised hash made redis-server abort when it was read.
TEST_F(LoadLive, ValuesOfEveryLengthAreReadBack) {
  std::string entities;
  std::vector<std::string> values;
  for (const std::size_t bytes :
       {57U, 63U, 64U, 126U, 4095U, 4096U, 16377U, 16378U, 16379U, 2097145U, 2097146U, 2097147U}) {
    values.push_back("{\"a\":\"" + std::string(bytes - 8, 'x') + "\"}");
    entities += id_of(static_cast<int>(values.size())) + ",page,,\"{\"\"a\"\":\"\"" +
                std::string(bytes - 8, 'x') + "\"\"}\",,,\n";
  }
  write_content(content, entities, "");
  EXPECT_EQ(load().exit_code, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string key = "reed:entity:page:" + id_of(static_cast<int>(i + 1));
    const auto fields = redis.list({"HGETALL", key});
    ASSERT_EQ(fields.size(), 4U) << values[i].size();
    EXPECT_TRUE(fields[3] == values[i]) << values[i].size();
    redis.run({"HSET", key, "further", "field"});
    EXPECT_EQ(redis.text({"HGET", key, "type"}), "page");
  }
}

TEST_F(LoadLive, RejectsGoBesideTheUserAndNeverIntoTheContentDirectory) {
  write_content(content, entity_row(1, "page", "", "first") + "bad\n", "");
  Program program({"load", content.path(), "--url", redis.url(), "--skip-bad-rows"});
  EXPECT_EQ(program.wait().exit_code, 1);
  EXPECT_TRUE(has(read_file(program.directory() + "/rejects.csv"), "bad"));
  EXPECT_EQ(read_file(content.path() + "/rejects.csv"), "");
}

TEST_F(LoadLive, RejectsNeverTakeThePlaceOfAnotherFile) {
  write_content(content, entity_row(1, "page", "", "first") + "bad\n", association_row(1, 9, "/x"));
  const std::string rows = read_file(content.path() + "/associations.csv");
  const std::string others = content.write("notes.txt", "somebody's\n");
  for (const std::string& path :
       {content.path() + "/associations.csv", content.path() + "/./search_index.csv", others}) {
    const Ended refused = load({"--skip-bad-rows", "--rejects", path});
    EXPECT_EQ(refused.exit_code, 4) << refused;
    EXPECT_TRUE(has(refused.err, "--rejects"));
  }
  const Ended nowhere = load({"--skip-bad-rows", "--rejects", "/nonexistent/x.csv"});
  EXPECT_EQ(nowhere.exit_code, 1) << nowhere;
  EXPECT_TRUE(has(nowhere.err, "/nonexistent/x.csv cannot be written"));
  EXPECT_EQ(read_file(content.path() + "/associations.csv"), rows);
  EXPECT_EQ(read_file(others), "somebody's\n");
  EXPECT_EQ(redis.integer({"DBSIZE"}), 0);
}

TEST_F(LoadLive, WhatDoesNotFitIsRefusedWhereTheServerWouldEvictIt) {
  write_made_up_content(content, 2000, 1);
  redis.run({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  redis.run(
      {"CONFIG", "SET", "maxmemory", std::to_string(redis.info_number("used_memory") + 1'000'000)});
  const Ended refused = load();
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_TRUE(has(refused.err, "allkeys-lru"));
  EXPECT_TRUE(has(refused.err, "volatile-lfu"));
  EXPECT_EQ(redis.integer({"DBSIZE"}), 0);
  EXPECT_EQ(redis.info_number("evicted_keys"), 0);
}

TEST_F(LoadLive, AMissingDirectoryOrEntitiesFileIsNamed) {
  const Ended no_directory = run_program({"load", "/no/such/place", "--url", redis.url()});
  EXPECT_EQ(no_directory.exit_code, 2) << no_directory;
  EXPECT_TRUE(has(no_directory.err, "there is no content directory /no/such/place"));
  const Ended empty = load();
  EXPECT_EQ(empty.exit_code, 1) << empty;
  EXPECT_TRUE(has(empty.err, content.path() + "/entities.csv"));
  redis.run({"SADD", "reed:word:anything", "x"});
  const Ended over_content = load();
  EXPECT_EQ(over_content.exit_code, 1) << over_content;
  EXPECT_TRUE(has(over_content.err, content.path() + "/entities.csv"));
}

TEST_F(LoadLive, AReadOnlyReplicaIsRefused) {
  write_small_content(content);
  redis.run({"REPLICAOF", "127.0.0.1", "1"});
  const Ended refused = load();
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_TRUE(has(refused.err, "its master"));
}

TEST_F(LoadLive, WithoutAServerItSaysWhereItLooked) {
  write_small_content(content);
  redis.kill();
  const Ended failed = load();
  EXPECT_EQ(failed.exit_code, 3) << failed;
  EXPECT_TRUE(has(failed.err, redis.socket_path()));
}

TEST_F(LoadLive, ARealContentIsWholeAndItsWordsAreFoundInEveryScript) {
  const std::string directory = REDKEEP_SOURCE_DIR "/../shared/data/tldr-content";
  if (read_file(directory + "/entities.csv").empty()) GTEST_SKIP() << "no " << directory;
  const Ended loaded = run_program({"load", directory, "--url", redis.url()});
  ASSERT_EQ(loaded.exit_code, 0) << loaded;
  EXPECT_TRUE(has(loaded.out, "38,800 entities, 79,021 associations"));
  EXPECT_EQ(redis.keys("reed:type_of:*").size(), 38'800U);
  EXPECT_EQ(redis.keys("reed:assoc:*").size(), 79'021U);
  EXPECT_TRUE(has(redis.text({"INFO", "keyspace"}), ",expires=0,"));
  for (const char* word : {"archive", "fichiers", "файл", "파일", "文件", "ファイル"}) {
    EXPECT_GT(redis.integer({"SCARD", std::string("reed:word:") + word}), 10) << word;
  }
}

}  // namespace
}  // namespace redkeep::test
