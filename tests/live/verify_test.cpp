// `redkeep verify` finds each kind of damage and nothing else, and changes nothing.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <csignal>
#include <filesystem>

#include "live/damaged_graph.h"
#include "live/program.h"
#include "live/relay.h"

namespace redkeep::test {
namespace {

namespace json = boost::json;

constexpr std::array kDamageKinds{"missing", "changed", "orphaned", "with_ttl", "wrong_type"};

class VerifyLive : public testing::Test {
 protected:
  VerifyLive() {
    write_small_graph(content);
    load();
    write_others_keys(redis);
  }

  void load() {
    const Ended loaded = run_program({"load", content.path(), "--url", redis.url()});
    ASSERT_EQ(loaded.exit_code, 0) << loaded;
  }

  Ended verify(const std::vector<std::string>& further = {}) {
    std::vector<std::string> arguments{"verify", content.path(), "--url", redis.url()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    return run_program(arguments);
  }

  json::object verify_json(int exit_code, const std::vector<std::string>& further = {}) {
    std::vector<std::string> arguments{"--json"};
    arguments.insert(arguments.end(), further.begin(), further.end());
    const Ended ended = verify(arguments);
    EXPECT_EQ(ended.exit_code, exit_code) << ended;
    std::error_code failure;
    const auto parsed = json::parse(ended.out, failure);
    EXPECT_FALSE(failure) << ended;
    return failure ? json::object{} : parsed.as_object();
  }

  static std::int64_t count(const json::object& found, const std::string& kind) {
    return found.at(kind).at("count").as_int64();
  }
  static std::vector<std::string> first(const json::object& found, const std::string& kind) {
    return json::value_to<std::vector<std::string>>(found.at(kind).at("first"));
  }

  LiveRedis redis;
  TemporaryDirectory content;
};

TEST_F(VerifyLive, AFreshLoadIsClean) {
  const Ended ended = verify();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "Clean"));
  EXPECT_TRUE(has(ended.out, "4 entities, 4 associations"));
  const auto found = verify_json(0);
  EXPECT_EQ(found.at("outcome").as_string(), "Clean");
  EXPECT_EQ(found.at("expected_keys"), found.at("seen_keys"));
  for (const auto* kind : kDamageKinds) EXPECT_EQ(count(found, kind), 0) << kind;
}

TEST_F(VerifyLive, NothingIsChanged) {
  for (const auto& damage : damage_cases()) redis.run_all(damage.commands);
  const Contents before = redis.contents();
  redis.run({"CONFIG", "RESETSTAT"});
  EXPECT_EQ(verify().exit_code, 1);
  EXPECT_EQ(verify({"--keys-only"}).exit_code, 1);
  EXPECT_EQ(writes_carried_out(redis), 0) << redis.text({"INFO", "commandstats"});
  EXPECT_EQ(redis.contents(), before);
}

class VerifyDamage : public VerifyLive, public testing::WithParamInterface<DamageCase> {};

TEST_P(VerifyDamage, IsFoundAsWhatItIsAndNothingElseIs) {
  redis.run_all(GetParam().commands);
  const auto found = verify_json(1);
  EXPECT_EQ(found.at("outcome").as_string(), "Damaged");
  for (const std::string kind : kDamageKinds) {
    const bool is_it = kind == GetParam().kind;
    EXPECT_EQ(count(found, kind), is_it ? 1 : 0) << kind;
    EXPECT_EQ(first(found, kind),
              is_it ? std::vector<std::string>{GetParam().key} : std::vector<std::string>{});
  }
}

TEST_P(VerifyDamage, ByNamesAloneOnlyWhatIsMissingIsFound) {
  redis.run_all(GetParam().commands);
  const bool is_named = GetParam().kind == "missing";
  const auto found = verify_json(is_named ? 1 : 0, {"--keys-only"});
  for (const std::string kind : kDamageKinds) {
    EXPECT_EQ(count(found, kind), is_named && kind == GetParam().kind ? 1 : 0) << kind;
  }
  EXPECT_EQ(found.at("seen_keys").as_int64() + count(found, "missing"),
            found.at("expected_keys").as_int64());
}

INSTANTIATE_TEST_SUITE_P(Each, VerifyDamage, testing::ValuesIn(damage_cases()),
                         [](const auto& tested) { return tested.param.name; });

// Of commands that ask for 500 keys: one is missing, some are, or all of them.
TEST_F(VerifyLive, ByNamesAloneAsManyAreMissingHoweverTheyLie) {
  const TemporaryDirectory graph;
  ASSERT_EQ(run_program({"generate", graph.path() + "/csv", "--entities", "600"}).exit_code, 0);
  for (const int every : {700, 97, 3, 1}) {
    redis.run({"FLUSHALL"});
    const std::vector<std::string> where{graph.path() + "/csv", "--url", redis.url()};
    ASSERT_EQ(run_program({"load", where[0], where[1], where[2]}).exit_code, 0);
    const auto contents = redis.contents();
    int place = 0;
    for (const auto& [key, value] : contents) {
      if (place++ % every == 0) redis.run({"DEL", key});
    }
    const auto missing = [&](const std::string& flag) {
      const Ended ended = run_program({"verify", where[0], where[1], where[2], "--json", flag});
      return json::parse(ended.out).at("missing").as_object();
    };
    const auto named = missing("--keys-only");
    EXPECT_GE(named.at("count").as_int64(), 2) << every;
    EXPECT_EQ(named, missing("--json")) << every;
    const Ended ended = run_program({"repair", where[0], where[1], where[2], "--keys-only"});
    EXPECT_EQ(ended.exit_code, 0) << ended;
    EXPECT_EQ(redis.contents(), contents) << every;
  }
}

TEST_F(VerifyLive, SeveralKindsAtOnceAreEachCounted) {
  redis.run({"DEL", "reed:entity:page:" + id_of(1), "reed:word:ane"});
  redis.run({"HSET", "reed:assoc:/by", "weight", "7"});
  redis.run({"EXPIRE", "reed:assoc:/by", "1000"});
  redis.run({"SADD", "reed:word:gone", id_of(2)});
  redis.run({"SET", "reed:links:" + id_of(4), "x"});
  const auto found = verify_json(1);
  EXPECT_EQ(first(found, "missing"),
            (std::vector<std::string>{"reed:entity:page:" + id_of(1), "reed:word:ane"}));
  EXPECT_EQ(first(found, "changed"), std::vector<std::string>{"reed:assoc:/by"});
  EXPECT_EQ(first(found, "with_ttl"), std::vector<std::string>{"reed:assoc:/by"});
  EXPECT_EQ(first(found, "orphaned"), std::vector<std::string>{"reed:word:gone"});
  EXPECT_EQ(first(found, "wrong_type"), std::vector<std::string>{"reed:links:" + id_of(4)});
}

TEST_F(VerifyLive, OfManyTheFirstHundredAreNamedAndAllAreCounted) {
  for (int i = 0; i < 250; ++i) redis.run({"SADD", "reed:word:more" + std::to_string(i), "x"});
  const auto found = verify_json(1);
  EXPECT_EQ(count(found, "orphaned"), 250);
  EXPECT_EQ(first(found, "orphaned").size(), 100U);
  const Ended text = verify();
  EXPECT_TRUE(has(text.out, "... and 240 more"));
  EXPECT_TRUE(has(text.out, "redkeep repair "));
  EXPECT_TRUE(has(text.out, " --dry-run --url " + redis.url())) << text;
}

TEST_F(VerifyLive, AnEmptyServerLacksEverything) {
  redis.run({"FLUSHALL"});
  const auto found = verify_json(1);
  EXPECT_EQ(found.at("missing").at("count"), found.at("expected_keys"));
  EXPECT_EQ(count(found, "orphaned"), 0);
}

TEST_F(VerifyLive, TheOrderOfFieldsAndTheEncodingOfASetDoNotMatter) {
  const std::string page = "reed:entity:page:" + id_of(2);
  const auto fields = redis.list({"HGETALL", page});
  redis.run({"DEL", page});
  for (std::size_t i = fields.size(); i > 0; i -= 2) {
    redis.run({"HSET", page, fields[i - 2], fields[i - 1]});
  }
  redis.run({"HSET", page, "version", "12"});  // whose write it was is no content
  EXPECT_EQ(verify().exit_code, 0);
}

// A set that SSCAN does not give in one page.
TEST_F(VerifyLive, SetsOfThousandsAreComparedWhole) {
  write_made_up_content(content, 15000, 5);
  redis.run({"FLUSHALL"});
  load();
  EXPECT_EQ(verify().exit_code, 0);
  const std::string member = redis.text({"SRANDMEMBER", "reed:type_index:page"});
  redis.run({"SREM", "reed:type_index:page", member});
  const auto found = verify_json(1);
  EXPECT_EQ(first(found, "changed"), std::vector<std::string>{"reed:type_index:page"});
}

TEST_F(VerifyLive, WordsOfASearchIndexFileAreWhatCounts) {
  content.write("search_index.csv", "word,entity_ids\nowl," + id_of(1) + " " + id_of(2) + "\n");
  redis.run({"FLUSHALL"});
  load();
  EXPECT_EQ(redis.keys("reed:word:*"), std::vector<std::string>{"reed:word:owl"});
  EXPECT_EQ(verify().exit_code, 0);
  redis.run({"SREM", "reed:word:owl", id_of(2)});
  EXPECT_EQ(first(verify_json(1), "changed"), std::vector<std::string>{"reed:word:owl"});
}

TEST_F(VerifyLive, BadRowsAreNamedAndRedisIsNotJudged) {
  content.write("associations.csv",
                kAssociationHeader + association_row(1, 77, "/dangling") + "broken\n");
  const Ended ended = verify({"--json"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_TRUE(has(ended.err, "associations.csv:2"));
  EXPECT_TRUE(has(ended.out, "\"BadContent\""));
  EXPECT_TRUE(has(ended.out, "\"missing\":{\"count\":0"));
}

TEST_F(VerifyLive, WithoutADirectoryOrAServerItSaysSo) {
  const Ended nothing = run_program({"verify", "--url", redis.url()});
  EXPECT_EQ(nothing.exit_code, 2) << nothing;
  EXPECT_TRUE(has(nothing.err, "[content] directory"));
  for (const char* command : {"verify", "repair", "rebuild", "load", "export"}) {
    const std::string place = std::string("/nowhere") + (command[0] == 'e' ? "/deeper" : "");
    const Ended none = run_program({command, place, "--url", redis.url()});
    EXPECT_EQ(none.exit_code, 2) << none;
    EXPECT_TRUE(has(none.err, "there is no ")) << none;
    EXPECT_TRUE(has(none.err, "directory /nowhere")) << none;
    EXPECT_FALSE(has(none.err, "restored")) << none;
  }
  redis.kill();
  EXPECT_EQ(verify().exit_code, 3);
}

TEST_F(VerifyLive, TheConfiguredDirectoryIsTheDefault) {
  TemporaryDirectory place;
  const std::string config =
      place.write("redkeep.toml", "[content]\ndirectory = \"" + content.path() + "\"\n");
  EXPECT_EQ(run_program({"verify", "--url", redis.url(), "--config", config}).exit_code, 0);
}

TEST_F(VerifyLive, AMarkerOfACutRebuildIsNamed) {
  redis.run({"SET", "reed:guard:rebuild", "/srv/site"});
  const Ended ended = verify();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_TRUE(has(ended.out, "rebuild of /srv/site"));
  EXPECT_TRUE(has(ended.out, "redkeep rebuild"));
}

// A fragment must not replace a good export, nor be called damage.
TEST_F(VerifyLive, AGraphThatIsBeingBroughtBackIsNeitherExportedNorJudged) {
  const TemporaryDirectory place;
  const std::string directory = place.file("export");
  const std::vector<std::string> flags{"export", directory,  "--replace", "--skip-bad-records",
                                       "--url",  redis.url()};
  const Ended first = run_program(flags);  // others' keys are not exported: problems were found
  ASSERT_TRUE(std::filesystem::exists(directory + "/entities.csv")) << first;
  const std::string exported = read_file(directory + "/entities.csv");
  redis.run({"SET", "reed:guard:content", "restoring"});
  const Ended refused = run_program(flags);
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_TRUE(has(refused.err, "reed:guard:content"));
  EXPECT_EQ(read_file(directory + "/entities.csv"), exported);
  const Ended ended = verify();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_TRUE(has(ended.out, "recovery by a guard"));
  ASSERT_EQ(run_program({"rebuild", content.path(), "--url", redis.url()}).exit_code, 0);
  EXPECT_EQ(redis.text({"GET", "reed:guard:content"}), "there");
  EXPECT_FALSE(has(run_program(flags).err, "reed:guard:content"));
}

TEST_F(VerifyLive, OneCtrlCEndsItWithinFiveSecondsThoughTheServerHangs) {
  Relay relay(redis.socket_path(), 300);
  Program program({"verify", content.path(), "--url", relay.url()});
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  program.signal(SIGINT);
  const Ended ended = program.wait(std::chrono::seconds{5});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "stopped on request"));
}

class VerifyLargeLive : public testing::TestWithParam<std::string> {};

TEST_P(VerifyLargeLive, AFreshLoadIsCleanAndThreeDamagedKeysAreFound) {
  const std::string directory = std::string(REDKEEP_SOURCE_DIR) + "/../shared/data/" + GetParam();
  if (!std::filesystem::exists(directory)) GTEST_SKIP() << directory << " is not there";
  LiveRedis redis;
  ASSERT_EQ(run_program({"load", directory, "--url", redis.url()}).exit_code, 0);
  const Ended clean = run_program({"verify", directory, "--url", redis.url()});
  ASSERT_EQ(clean.exit_code, 0) << clean;
  const auto links = redis.text({"RANDOMKEY"});
  redis.run({"SADD", "reed:word:surely-not-there", "x"});
  redis.run({"EXPIRE", links, "10000"});
  const Ended damaged = run_program({"verify", directory, "--url", redis.url(), "--json"});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_TRUE(has(damaged.out, "\"orphaned\":{\"count\":1"));
  EXPECT_TRUE(has(damaged.out, "\"with_ttl\":{\"count\":1"));
  EXPECT_TRUE(has(damaged.out, "\"missing\":{\"count\":0"));
  EXPECT_TRUE(has(damaged.out, "\"changed\":{\"count\":0"));
}

INSTANTIATE_TEST_SUITE_P(Contents, VerifyLargeLive,
                         testing::Values("tldr-content", "debian-content"), [](const auto& tested) {
                           return tested.param.substr(0, tested.param.find('-'));
                         });

}  // namespace
}  // namespace redkeep::test
