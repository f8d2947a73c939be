// `redkeep store` and `redkeep remove`: what they acknowledge is in the journal, whoever owns it,
// and in Redis as soon as Redis takes it.
#include <sys/wait.h>

#include <boost/json.hpp>
#include <filesystem>

#include "live/journal_fixture.h"
#include "live/program.h"
#include "live/running_guard.h"

namespace redkeep::test {
namespace {

class StoreCommand : public testing::Test {
 protected:
  std::string data() const { return directory.file("data"); }
  std::string entities(const std::string& rows, const std::string& name = "new.csv") const {
    return directory.write(name, kEntityHeader + rows);
  }
  std::string associations(const std::string& rows, const std::string& name = "links.csv") const {
    return directory.write(name, kAssociationHeader + rows);
  }
  Ended run(std::vector<std::string> arguments, bool with_data = true) {
    arguments.insert(arguments.end(), {"--url", redis.url()});
    if (with_data) arguments.insert(arguments.end(), {"--data", data()});
    return run_program(std::move(arguments));
  }
  std::string title_key(int number) const { return "reed:entity:page:" + id_of(number); }
  std::string title(int number) { return redis.text({"HGET", title_key(number), "data"}); }
  bool is_stored(int number) { return redis.existing({title_key(number)}) == 1; }
  // A whole tree: 1 contains 2 contains 3.
  void store_tree() {
    const std::string rows = entity_row(1, "page", "$one", "first") +
                             entity_row(2, "page", "$two", "second") +
                             entity_row(3, "page", "", "third");
    const std::string places = association_row(1, 2, "/two") + association_row(2, 3, "/two/three");
    // The associations are named first, and stored last.
    const Ended ended = run({"store", associations(places), entities(rows)});
    ASSERT_EQ(ended.exit_code, 0) << ended;
    EXPECT_TRUE(has(ended.out, "5 applied in ")) << ended;
  }

  TemporaryDirectory directory;
  LiveRedis redis;
};

TEST_F(StoreCommand, WhatItStoredIsInTheJournalOfADirectoryThatNobodyOwns) {
  store_tree();
  EXPECT_EQ(redis.list({"SMEMBERS", "reed:children:" + id_of(2)}).size(), 1U);
  redis.run({"FLUSHALL"});
  // The next one brings Redis forward before it does anything itself.
  const Ended removed = run({"remove", id_of(3)});
  EXPECT_EQ(removed.exit_code, 0) << removed;
  EXPECT_TRUE(is_stored(2));
  EXPECT_FALSE(is_stored(3));
}

TEST_F(StoreCommand, ARunningGuardWritesForThem) {
  const RunningGuard guard(redis.url(), {"--data", data()});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(data() + "/redkeep.sock"); }));
  store_tree();
  EXPECT_EQ(title(2), R"({"title":"second"})");
  const Ended removed = run({"remove", id_of(3), "--association", "/two"});
  EXPECT_EQ(removed.exit_code, 0) << removed;
  EXPECT_TRUE(has(removed.out, "2 applied in ")) << removed;
  EXPECT_FALSE(is_stored(3));
  EXPECT_EQ(redis.existing({"reed:children:" + id_of(1)}), 0);
}

TEST_F(StoreCommand, WithRedisAwayTheyAreJournaledAndAppliedWhenItIsBack) {
  store_tree();
  redis.kill();
  const Ended stored = run({"store", entities(entity_row(4, "page", "", "stored while away"))});
  EXPECT_EQ(stored.exit_code, 0) << stored;
  EXPECT_TRUE(has(stored.out, "0 applied, 1 journaled in ")) << stored;
  EXPECT_TRUE(has(stored.out, "safe in the journal")) << stored;
  const Ended removed = run({"remove", id_of(3), "--json"});
  EXPECT_EQ(removed.exit_code, 0) << removed;
  EXPECT_EQ(boost::json::parse(removed.out).at("journaled"), 1) << removed;
  redis.start();
  const RunningGuard guard(redis.url(), {"--data", data()});
  EXPECT_TRUE(eventually([&] { return is_stored(4) && is_stored(1) && !is_stored(3); }));
}

TEST_F(StoreCommand, BadRowsAreNamedAndNothingIsStored) {
  const std::string good = entities(entity_row(1, "page", "", "good"), "good.csv");
  const std::string bad = entities(
      entity_row(2, "page", "", "good") + "x,page,,{},,,\n" + id_of(3) + ",page,,\"not JSON\",,,\n",
      "bad.csv");
  const std::string headless = directory.write("headless.csv", "id,parent_id\n");
  const Ended ended = run({"store", good, bad, headless});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, bad + ":3:1: id \"x\" is not a UUID")) << ended;
  EXPECT_TRUE(has(ended.err, bad + ":4:44: data ")) << ended;
  EXPECT_TRUE(has(ended.err, headless + ":1:1: unknown column \"id\"")) << ended;
  EXPECT_TRUE(has(ended.err, "3 bad rows: nothing was stored")) << ended;
  EXPECT_EQ(redis.integer({"DBSIZE"}), 0);
  EXPECT_FALSE(std::filesystem::exists(data()));
  EXPECT_EQ(run({"store", directory.file("none.csv")}).exit_code, 2);
}

TEST_F(StoreCommand, WhatContradictsIsNamedAndTheOthersAreStored) {
  store_tree();
  const Ended ended = run({"store",
                           entities(entity_row(4, "page", "$one", "the name is taken") +
                                    entity_row(5, "page", "", "fine")),
                           associations(association_row(1, 99, "/nobody"))});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.out, "1 applied, 2 failed in ")) << ended;
  EXPECT_TRUE(has(ended.err, id_of(4) + ": the semantic name $one belongs to")) << ended;
  EXPECT_TRUE(has(ended.err, "/nobody: ")) << ended;
  EXPECT_TRUE(is_stored(5));
  EXPECT_FALSE(is_stored(4));
}

TEST_F(StoreCommand, OfManyRowsOfOneEntityTheLastOneStays) {
  std::string rows;
  for (int turn = 0; turn < 300; ++turn) {
    rows += entity_row(1 + turn % 3, "page", "", "turn " + std::to_string(turn));
  }
  for (const bool with_data : {false, true}) {
    const Ended ended = run({"store", entities(rows)}, with_data);
    ASSERT_EQ(ended.exit_code, 0) << ended;
    EXPECT_TRUE(has(ended.out, "300 applied in ")) << ended;
    EXPECT_EQ(title(3), R"({"title":"turn 299"})");
    EXPECT_EQ(title(2), R"({"title":"turn 298"})");
    redis.run({"FLUSHALL"});
  }
}

// Row by row it would go; so it does although many are under way.
TEST_F(StoreCommand, ANameMayBeHandedOnWithinAFile) {
  std::string before;
  std::string after;
  for (int number = 1; number <= 200; ++number) {
    before += entity_row(number, "page", "$n" + std::to_string(number), "x");
    after += entity_row(number, "page", "$n" + std::to_string(number - 1), "x");
  }
  for (const bool with_data : {false, true}) {
    ASSERT_EQ(run({"store", entities(before)}, with_data).exit_code, 0);
    const Ended ended = run({"store", entities(after)}, with_data);
    EXPECT_EQ(ended.exit_code, 0) << ended;
    redis.run({"FLUSHALL"});
  }
}

TEST_F(StoreCommand, RowsComeFromStandardInputToo) {
  const std::string file = entities(entity_row(1, "page", "", "out of a pipe"));
  const auto pipe = [&](const std::string& from) {
    const std::string command = "cat " + from + " | " + REDKEEP_PROGRAM + " store - --url " +
                                redis.url() + " --data " + data() + " > " + directory.file("out") +
                                " 2> " + directory.file("err");
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  EXPECT_EQ(pipe(file), 0) << read_file(directory.file("err"));
  EXPECT_EQ(title(1), R"({"title":"out of a pipe"})");
  EXPECT_EQ(pipe(directory.write("bad.csv", kEntityHeader + "x,page,,{},,,\n")), 1);
  EXPECT_TRUE(has(read_file(directory.file("err")), "standard input:2:1: id"));
}

TEST_F(StoreCommand, RemovedIsWhatIsThereInAnyOrderAndWhatIsNotIsSaid) {
  store_tree();
  // Each is refused while it has children, so the last one has to go first.
  const Ended removed = run({"remove", id_of(1), id_of(2), id_of(99), id_of(3), id_of(3)});
  EXPECT_EQ(removed.exit_code, 1) << removed;
  EXPECT_TRUE(has(removed.out, "3 applied, 1 failed in ")) << removed;
  EXPECT_TRUE(has(removed.err, "there is no entity " + id_of(99))) << removed;
  for (const int number : {1, 2, 3}) EXPECT_FALSE(is_stored(number)) << number;
}

TEST_F(StoreCommand, AnEntityWithChildrenStays) {
  store_tree();
  const Ended refused = run({"remove", id_of(1), "--association", "/not/there"});
  EXPECT_EQ(refused.exit_code, 1) << refused;
  EXPECT_TRUE(has(refused.err, "has 1 child, " + id_of(2) + ": remove it first")) << refused;
  EXPECT_TRUE(has(refused.err, "there is no association \"/not/there\"")) << refused;
  EXPECT_TRUE(is_stored(1));
  for (const auto& arguments : {std::vector<std::string>{"remove"}, {"remove", "$one"}}) {
    const Ended wrong = run(arguments);
    EXPECT_EQ(wrong.exit_code, 2) << wrong;
  }
}

TEST_F(StoreCommand, WithoutADataDirectoryItIsSaidWhatThatIsWorthAndAJournalIsNotPassedBy) {
  const std::string file = entities(entity_row(1, "page", "", "plain"));
  const Ended plain = run({"store", file}, false);
  EXPECT_EQ(plain.exit_code, 0) << plain;
  EXPECT_TRUE(has(plain.err, "without a journal")) << plain;
  EXPECT_TRUE(is_stored(1));
  store_tree();
  const Ended refused = run({"remove", id_of(3)}, false);
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_TRUE(has(refused.err, "--data")) << refused;
  EXPECT_TRUE(is_stored(3));
  EXPECT_EQ(run({"remove", id_of(3), "--despite-journal"}, false).exit_code, 0);
  EXPECT_FALSE(is_stored(3));
  redis.kill();
  const Ended away = run({"store", file}, false);
  EXPECT_EQ(away.exit_code, 3) << away;
}

}  // namespace
}  // namespace redkeep::test
