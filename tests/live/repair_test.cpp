// `redkeep repair` mends each kind of damage, writes nothing else, and saves what it overwrites.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "live/damaged_graph.h"
#include "live/program.h"
#include "live/relay.h"

namespace redkeep::test {
namespace {

class RepairLive : public testing::Test {
 protected:
  explicit RepairLive(std::vector<std::string> arguments = {}) : redis(std::move(arguments)) {
    write_small_graph(content);
    const Ended loaded = run_program({"load", content.path(), "--url", redis.url()});
    EXPECT_EQ(loaded.exit_code, 0) << loaded;
    write_others_keys(redis);
    whole = redis.contents();
  }

  Ended repair(const std::vector<std::string>& further = {}) {
    std::vector<std::string> arguments{"repair",    content.path(), "--url",
                                       redis.url(), "--save-to",    saved.path()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    return run_program(arguments);
  }

  // The one file of this name among what was saved; empty if there is none.
  std::string saved_file(const std::string& name) const {
    for (const auto& entry : std::filesystem::directory_iterator(saved.path())) {
      const std::string text = read_file(entry.path().string() + "/" + name);
      if (!text.empty()) return text;
    }
    return {};
  }
  bool nothing_saved() const { return std::filesystem::is_empty(saved.path()); }

  LiveRedis redis;
  TemporaryDirectory content;
  TemporaryDirectory saved;
  Contents whole;
};

TEST_F(RepairLive, WhereNothingIsDamagedNothingIsWritten) {
  redis.run({"CONFIG", "RESETSTAT"});
  const Ended ended = repair();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "NothingToDo"));
  EXPECT_EQ(writes_carried_out(redis), 0) << redis.text({"INFO", "commandstats"});
  EXPECT_EQ(redis.contents(), whole);
  EXPECT_TRUE(nothing_saved());
}

class RepairDamage : public RepairLive, public testing::WithParamInterface<DamageCase> {};

TEST_P(RepairDamage, IsMendedAndNothingElseIsWritten) {
  redis.run_all(GetParam().commands);
  redis.run({"CONFIG", "RESETSTAT"});
  const Ended ended = repair({"--remove-orphans"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "Repaired"));
  // The damaged key, the probe of RESTORE with its removal, and the TTL of a set.
  EXPECT_LE(writes_carried_out(redis), 6) << redis.text({"INFO", "commandstats"});
  EXPECT_EQ(redis.contents(), whole);
  EXPECT_EQ(repair().exit_code, 0);
}

TEST_P(RepairDamage, ByNamesAloneWhatIsMissingIsMendedAndNothingElse) {
  redis.run_all(GetParam().commands);
  const Contents damaged = redis.contents();
  const bool is_named = GetParam().kind == "missing";
  const Ended ended = repair({"--keys-only"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, is_named ? "Repaired" : "NothingToDo")) << ended;
  EXPECT_EQ(redis.contents(), is_named ? whole : damaged);
}

TEST_F(RepairLive, NamesAloneDoNotTellWhatIsOrphaned) {
  EXPECT_EQ(repair({"--keys-only", "--remove-orphans"}).exit_code, 2);
}

TEST_P(RepairDamage, OfADryRunIsToldAndNothingIsChanged) {
  redis.run_all(GetParam().commands);
  const Contents damaged = redis.contents();
  redis.run({"CONFIG", "RESETSTAT"});
  const Ended ended = repair({"--remove-orphans", "--dry-run"});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.out, "WouldRepair"));
  EXPECT_TRUE(has(ended.out, "would be"));
  EXPECT_EQ(writes_carried_out(redis), 0);
  EXPECT_EQ(redis.contents(), damaged);
  EXPECT_TRUE(nothing_saved());
}

// What was there before is saved wherever something is overwritten or removed.
TEST_P(RepairDamage, SavesWhatItOverwrites) {
  redis.run_all(GetParam().commands);
  const Ended ended = repair({"--remove-orphans"});
  const bool only_added = GetParam().kind == "missing" || GetParam().kind == "with_ttl" ||
                          GetParam().name == "LostMember";
  EXPECT_EQ(nothing_saved(), only_added) << ended;
  EXPECT_EQ(ended.out.find("saved first") == std::string::npos, only_added) << ended;
}

INSTANTIATE_TEST_SUITE_P(Each, RepairDamage, testing::ValuesIn(damage_cases()),
                         [](const auto& tested) { return tested.param.name; });

class RepairWithPlainCommands : public RepairLive, public testing::WithParamInterface<DamageCase> {
 protected:
  RepairWithPlainCommands() : RepairLive({"--rename-command", "RESTORE", ""}) {}
};

TEST_P(RepairWithPlainCommands, EachIsMended) {
  redis.run_all(GetParam().commands);
  EXPECT_EQ(repair({"--remove-orphans"}).exit_code, 0);
  EXPECT_EQ(redis.contents(), whole);
}

INSTANTIATE_TEST_SUITE_P(Each, RepairWithPlainCommands, testing::ValuesIn(damage_cases()),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(RepairLive, AllKindsAtOnceAreMended) {
  for (const auto& damage : damage_cases()) redis.run_all(damage.commands);
  for (const char* key : {"reed:word:start", "reed:word:root"}) redis.run({"DEL", key});
  const Ended ended = repair({"--remove-orphans"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(RepairLive, OverwrittenRowsAreSavedInTheContentsForm) {
  redis.run({"HSET", "reed:entity:page:" + id_of(2), "data", R"({"title":"Newer"})"});
  redis.run({"HSET", "reed:assoc:/by", "weight", "9"});
  redis.run({"SET", "reed:type_of:" + id_of(3), "robot"});
  redis.run({"SADD", "reed:word:footer", id_of(1)});
  const Ended ended = repair();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(redis.contents(), whole);
  EXPECT_EQ(saved_file("entities.csv"),
            kEntityHeader + id_of(2) + ",page,$start,\"{\"\"title\"\":\"\"Newer\"\"}\",,,\n");
  EXPECT_EQ(saved_file("associations.csv"),
            kAssociationHeader + id_of(2) + "," + id_of(3) + ",/by,references,9\n");
  const std::string others = saved_file("other_keys.csv");
  EXPECT_TRUE(has(others, "reed:type_of:" + id_of(3) + ",string,robot\n"));
  EXPECT_TRUE(has(others, "reed:word:footer,member," + id_of(1) + "\n"));
}

// A value without a row comes back from the file as it was.
TEST_F(RepairLive, AKeyOfTheWrongTypeIsSavedAsRestoreTakesIt) {
  const std::string key = "reed:entity:page:" + id_of(2);
  redis.run({"DEL", key});
  redis.run({"RPUSH", key, "one", "two"});
  EXPECT_EQ(repair().exit_code, 0);
  const std::string others = saved_file("other_keys.csv");
  const std::string start = "key,type,value\n" + key + ",dump-hex,";
  ASSERT_TRUE(has(others, start));
  std::string payload;
  for (std::size_t i = start.size(); i + 1 < others.size(); i += 2) {
    payload += static_cast<char>(std::stoi(others.substr(i, 2), nullptr, 16));
  }
  redis.run({"RESTORE", "copy", "0", payload});
  EXPECT_EQ(redis.list({"LRANGE", "copy", "0", "-1"}), (std::vector<std::string>{"one", "two"}));
}

// An application stored an entity since: without --remove-orphans it stays whole.
TEST_F(RepairLive, WhatApplicationsStoredStaysWithItsWordsUnlessAskedFor) {
  redis.run({"HSET", "reed:entity:page:" + id_of(8), "type", "page", "data", "{}"});
  redis.run({"SET", "reed:type_of:" + id_of(8), "page"});
  redis.run({"SADD", "reed:type_index:page", id_of(8)});
  redis.run({"SADD", "reed:word:footer", id_of(8)});
  redis.run({"SADD", "reed:links:" + id_of(3), "/another"});
  const Contents stored = redis.contents();
  redis.run({"SADD", "reed:word:footer", id_of(1)});  // stale: the content has this one elsewhere
  const Ended left = repair();
  EXPECT_EQ(left.exit_code, 1) << left;
  EXPECT_TRUE(has(left.out, "--remove-orphans --url " + redis.url())) << left;
  EXPECT_EQ(redis.contents(), stored);
  EXPECT_EQ(repair({"--remove-orphans"}).exit_code, 0);
  EXPECT_EQ(redis.contents(), whole);
}

TEST_F(RepairLive, WithoutAPlaceToSaveNothingIsChanged) {
  redis.run({"HSET", "reed:assoc:/by", "weight", "9"});
  const Contents damaged = redis.contents();
  const Ended ended = run_program({"repair", content.path(), "--url", redis.url(), "--save-to",
                                   saved.path() + "/nowhere/deeper"});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "/nowhere"));
  EXPECT_TRUE(has(ended.err, "; nothing was changed")) << ended;
  EXPECT_FALSE(has(ended.err, "what was written stays")) << ended;
  EXPECT_EQ(redis.contents(), damaged);
}

TEST_F(RepairLive, WhatCannotBeSavedIsNotOverwritten) {
  LiveRedis without_dump({"--rename-command", "DUMP", ""});
  ASSERT_EQ(run_program({"load", content.path(), "--url", without_dump.url()}).exit_code, 0);
  const std::string key = "reed:entity:page:" + id_of(2);
  without_dump.run({"DEL", key});
  without_dump.run({"RPUSH", key, "one"});
  without_dump.run({"DEL", "reed:word:footer"});
  const Contents damaged = without_dump.contents();
  const Ended ended = run_program(
      {"repair", content.path(), "--url", without_dump.url(), "--save-to", saved.path()});
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_TRUE(has(ended.err, "nothing was changed"));
  EXPECT_EQ(without_dump.contents(), damaged);
}

TEST_F(RepairLive, BadRowsChangeNothing) {
  redis.run({"DEL", "reed:word:footer"});
  const Contents damaged = redis.contents();
  content.write("entities.csv", kEntityHeader + entity_row(1, "page", "$root", "x") + "broken\n");
  const Ended ended = repair();
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.out, "BadContent"));
  EXPECT_EQ(redis.contents(), damaged);
}

TEST_F(RepairLive, ManyDamagedKeysOfAMadeUpContentAreMended) {
  write_made_up_content(content, 1500, 7);
  redis.run({"FLUSHALL"});
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  const Contents fresh = redis.contents();
  unsigned turn = 0;
  for (const auto& key : redis.keys()) {
    switch (++turn % 9) {
      case 0: redis.run({"DEL", key}); break;
      case 3: redis.run({"EXPIRE", key, "1000"}); break;
      case 6: redis.run_all({{"DEL", key}, {"ZADD", key, "1", "a"}}); break;
      case 7:
        if (key.starts_with("reed:word:")) redis.run({"SADD", key, id_of(3)});
        break;
      default: break;
    }
  }
  const Ended ended = repair();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(redis.contents(), fresh);
}

TEST_F(RepairLive, CtrlCEndsItWithinFiveSecondsAndTheNextOneDoesTheRest) {
  redis.run({"FLUSHALL"});
  Relay relay(redis.socket_path(), 1500);
  Program program({"repair", content.path(), "--url", relay.url(), "--save-to", saved.path()});
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  program.signal(SIGINT);
  const Ended ended = program.wait(std::chrono::seconds{5});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "stopped on request"));
  ASSERT_TRUE(eventually([&] { return redis.info("connected_clients") == "1"; }));
  write_others_keys(redis);
  EXPECT_EQ(repair().exit_code, 0);
  EXPECT_EQ(redis.contents(), whole);
}

// While much is written: what is read of the content waits for nobody then.
TEST_F(RepairLive, AServerThatDiesMeanwhileIsNamedAndTheNextRepairDoesTheRest) {
  TemporaryDirectory large;
  write_made_up_content(large, 3000, 1);
  redis.run({"FLUSHALL"});
  Relay relay(redis.socket_path(), 200'000);
  Program program({"repair", large.path(), "--url", relay.url(), "--save-to", saved.path()});
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  redis.kill();
  const Ended failed = program.wait(std::chrono::seconds{10});
  EXPECT_EQ(failed.exit_code, 3) << failed;
  EXPECT_TRUE(has(failed.err, relay.url()));
  redis.start();
  const Ended mended =
      run_program({"repair", large.path(), "--url", redis.url(), "--save-to", saved.path()});
  EXPECT_EQ(mended.exit_code, 0) << mended;
  const Ended verified = run_program({"verify", large.path(), "--url", redis.url()});
  EXPECT_EQ(verified.exit_code, 0) << verified;
}

}  // namespace
}  // namespace redkeep::test
