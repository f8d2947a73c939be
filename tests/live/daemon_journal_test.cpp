// The daemon as the owner of a data directory: what other programs store through it is recovered
// from checkpoint and journal when the server has lost it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "live/journal_fixture.h"
#include "live/running_guard.h"

namespace redkeep::test {
namespace {

class DaemonJournal : public testing::Test {
 protected:
  void start(const std::vector<std::string>& further = {}, const std::string& journal = "") {
    std::vector<std::string> flags{"--data", data()};
    flags.insert(flags.end(), further.begin(), further.end());
    guard =
        std::make_unique<RunningGuard>(redis.url(), flags, Environment{},
                                       "[pressure]\ninterval = \"40ms\"\nmin_interval = \"10ms\"\n"
                                       "[alerts]\nevery = \"1s\"\ngrace = \"0s\"\n[journal]\n" +
                                           journal);
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(data() + "/redkeep.sock"); }));
    Options options;
    options.endpoint = redis.endpoint();
    options.data_directory = data();
    auto opened = BlockingMemoryManager::create(std::move(options));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    program = std::move(*opened);
  }
  void stop() {
    program.reset();
    guard->program().signal(SIGTERM);
    ASSERT_EQ(guard->program().wait().exit_code, 0);
    guard.reset();
  }

  void applied(const Result<StoreOutcome>& outcome) {
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(*outcome, StoreOutcome::Applied);
  }
  void store(int from, int to) {
    for (int number = from; number <= to; ++number) {
      applied(program->store_entity(entity(number, "title " + std::to_string(number))));
    }
  }
  // Without what the guard says about itself, and without versions: a checkpoint has none.
  Contents graph() {
    Contents all = redis.contents();
    for (auto& [key, value] : all) {
      const auto version = value.find("\nversion=");
      if (version != std::string::npos)
        value.erase(version, value.find('\n', version + 1) - version);
    }
    std::erase_if(all, [](const auto& one) {
      return one.first.starts_with("reed:guard:") && one.first != "reed:guard:position";
    });
    return all;
  }
  bool is_marked() { return redis.text({"GET", "reed:guard:content"}) == "there"; }
  Ended checkpoint() { return run_program({"checkpoint", "--data", data(), "--url", redis.url()}); }
  bool has_checkpoint() const {
    return std::filesystem::exists(data() + "/checkpoint/manifest.json");
  }
  // Nobody writes meanwhile: the guard alone has to notice.
  void expect_back(const Contents& before) {
    ASSERT_TRUE(eventually([&] { return graph() == before; }));
    EXPECT_TRUE(eventually([&] { return is_marked(); }));
  }

  // With a store more, sets have other members.
  void expect_all_keys_of(const Contents& before) {
    const Contents now = graph();
    for (const auto& [key, value] : before) EXPECT_TRUE(now.contains(key)) << key;
  }

  std::string data() const { return directory.file("data"); }

  LiveRedis redis;
  TemporaryDirectory directory;
  std::unique_ptr<RunningGuard> guard;
  std::unique_ptr<BlockingMemoryManager> program;
};

TEST_F(DaemonJournal, F25WhatWasStoredThroughItComesBackAfterAFlush) {
  start();
  store(1, 20);
  applied(program->store_association(link(1, 2, "/1/2")));
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  const Contents before = graph();
  redis.run({"FLUSHALL"});
  expect_back(before);
  EXPECT_TRUE(eventually([&] { return guard->count("alarm", "content-gone") > 0; }));
  EXPECT_TRUE(eventually([&] { return guard->count("restore", "content") > 0; }));
  EXPECT_TRUE(has(guard->last("restore", "content").at("reason").as_string().c_str(), data()));
}

TEST_F(DaemonJournal, F01AServerThatBeginsEmptyIsBroughtForwardFromCheckpointAndJournal) {
  start();
  store(1, 10);
  const Ended written = checkpoint();
  ASSERT_EQ(written.exit_code, 0) << written;
  EXPECT_TRUE(has(written.out, "10 records"));
  EXPECT_TRUE(has(written.out, "position 10"));
  store(11, 15);
  applied(program->remove_entity(id_of(3)));
  const Contents before = graph();
  redis.kill();
  redis.start();
  expect_back(before);
}

// What the CSV still has is not brought back when it was removed since.
TEST_F(DaemonJournal, WhatWasRemovedSinceTheCsvStaysAway) {
  const TemporaryDirectory content;
  write_made_up_content(content, 50, 1);
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  start({"--content", content.path()});
  const std::string leaf = id_of(49);
  applied(program->remove_entity(leaf));
  store(100, 101);
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  const Contents before = graph();
  EXPECT_EQ(before.count("reed:type_of:" + leaf), 0U);
  redis.run({"FLUSHALL"});
  expect_back(before);
}

// F25, F01: the position is not there, as it is not on a server that was just loaded. What is
// different is that there is no graph.
TEST_F(DaemonJournal, F25TheFirstStoreOfAllMeetsAFlushedServer) {
  const TemporaryDirectory content;
  write_made_up_content(content, 50, 1);
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  start({"--content", content.path()});
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  const Contents before = graph();
  redis.run({"FLUSHALL"});
  store(100, 100);
  expect_all_keys_of(before);
}

TEST_F(DaemonJournal, F01TheFirstStoresOfAllAreJournaledWhileAServerBeginsEmpty) {
  const TemporaryDirectory content;
  write_made_up_content(content, 50, 1);
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  start({"--content", content.path()});
  const Contents before = graph();
  redis.kill();
  for (int number = 100; number < 103; ++number) {
    const auto outcome = program->store_entity(entity(number, "while it is away"));
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(*outcome, StoreOutcome::Journaled);
  }
  redis.start();
  ASSERT_TRUE(eventually([&] { return redis.text({"GET", "reed:guard:position"}) == "3"; }));
  expect_all_keys_of(before);
  guard->program().wait_for_err("Redis has all that was stored up to position 3");
}

// An application removed it past the journal, before that was begun.
TEST_F(DaemonJournal, TheFirstStoreOnContentThatIsThereBringsNothingBack) {
  const TemporaryDirectory content;
  write_made_up_content(content, 50, 1);
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  redis.run({"DEL", "reed:type_of:" + id_of(49)});
  start({"--content", content.path()});
  store(100, 101);
  EXPECT_EQ(redis.integer({"EXISTS", "reed:type_of:" + id_of(49)}), 0);
}

TEST_F(DaemonJournal, F41_WithADamagedCheckpointTheAlarmSaysWhyNothingIsBroughtBack) {
  start();
  store(1, 4);
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  ASSERT_EQ(checkpoint().exit_code, 0);
  directory.write("data/checkpoint/entities.csv", "id,type,data\n");
  redis.run({"FLUSHALL"});
  const auto reason = [this]() -> std::string {
    if (guard->count("alarm", "content-gone") == 0) return {};
    return guard->last("alarm", "content-gone").at("reason").as_string().c_str();
  };
  ASSERT_TRUE(eventually([&] { return !reason().empty(); }));
  EXPECT_TRUE(has(reason(), "nothing is brought back")) << "the first that is told is true";
  EXPECT_TRUE(has(reason(), "entities.csv"));
  EXPECT_TRUE(has(reason(), "put back a copy of its files"));
  EXPECT_EQ(guard->program().err().find("it is brought forward"), std::string::npos);
  EXPECT_EQ(redis.text({"GET", "reed:guard:content"}), "") << "nothing was begun";
}

TEST_F(DaemonJournal, AnEmptyRedisWithAPositionBeyondTheJournalIsToldAsWhatItIs) {
  start();
  store(1, 4);
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  const Contents before = graph();
  redis.run({"EVAL", "redis.call('FLUSHALL') redis.call('SET', KEYS[1], '99') return 1", "1",
             "reed:guard:position"});
  ASSERT_TRUE(eventually([&] { return guard->count("alarm", "content-gone") > 0; }));
  const std::string reason = guard->last("alarm", "content-gone").at("reason").as_string().c_str();
  EXPECT_TRUE(has(reason, "nothing is brought back"));
  EXPECT_TRUE(has(reason, "remove reed:guard:position instead"));
  redis.run({"DEL", "reed:guard:position"});
  expect_back(before);
}

// Positions that the checkpoint has are not given again.
TEST_F(DaemonJournal, AJournalThatWasDeletedGoesOnBehindItsCheckpoint) {
  start();
  store(1, 3);
  ASSERT_EQ(checkpoint().exit_code, 0);
  stop();
  std::filesystem::remove_all(data() + "/journal");
  start();
  store(4, 8);
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "8");
  const Contents before = graph();
  redis.run({"FLUSHALL"});
  expect_back(before);
}

TEST_F(DaemonJournal, ANewDataDirectoryTakesNoStoresForARedisOfAnotherOne) {
  redis.run({"SET", "reed:guard:position", "3"});
  start();
  for (int number = 1; number <= 5; ++number) {
    const auto outcome = program->store_entity(entity(number, "refused"));
    ASSERT_FALSE(outcome.ok()) << number;
    EXPECT_EQ(outcome.error().kind, ErrorKind::Refused);
  }
  EXPECT_TRUE(redis.keys("reed:entity:*").empty());
}

// What is lost is written back as the journal has it: neither what was removed since the CSV nor a
// word that was taken away comes with it.
TEST_F(DaemonJournal, LostKeysAreWrittenBackAsTheJournalHasThem) {
  const TemporaryDirectory content;
  write_made_up_content(content, 50, 1);
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  start({"--content", content.path()},
        "checkpoint_size = \"64MiB\"\n[content]\nverify_every = \"1s\"\n"
        "when_missing = \"restore\"\n");
  applied(program->remove_entity(id_of(49)));
  store(100, 103);
  applied(program->remove_word("title", {id_of(101)}));
  applied(program->add_word("byhand", {id_of(102)}));
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  const Contents before = graph();
  redis.run(
      {"DEL", "reed:entity:page:" + id_of(100), "reed:word:title", "reed:type_of:" + id_of(1)});
  ASSERT_TRUE(eventually([&] { return guard->count("restore", "content") > 0; }));
  const auto without_position = [](Contents all) {
    all.erase("reed:guard:position");
    return all;
  };
  EXPECT_TRUE(eventually([&] { return without_position(graph()) == without_position(before); }));
}

// Another guard acts, and marks what this one brings back.
TEST_F(DaemonJournal, AGuardThatOnlyWatchesBringsItBackEachTime) {
  const RunningGuard acting(redis.url());
  ASSERT_TRUE(eventually([&] { return !redis.text({"GET", "reed:guard:lease"}).empty(); }));
  start();
  store(1, 10);
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  const Contents before = graph();
  for (int times = 0; times < 3; ++times) {
    redis.run({"FLUSHALL"});
    expect_back(before);
  }
}

// F02: it has keys, and they are old.
TEST_F(DaemonJournal, F02AnOldSnapshotIsBroughtForward) {
  start();
  store(1, 5);
  redis.run({"SAVE"});
  store(3, 8);
  applied(program->remove_entity(id_of(1)));
  const Contents before = graph();
  redis.kill();
  redis.start();
  expect_back(before);
}

// F02: it was saved before a guard ran. What was removed before the checkpoint is there again, and
// looks like what an application has stored past the journal: it is an alarm, and a person decides.
TEST_F(DaemonJournal, F02_OfAnOldSnapshotWithoutAPositionWhatWasRemovedSinceIsAnAlarm) {
  const TemporaryDirectory content;
  write_made_up_content(content, 50, 1);
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  redis.run({"SAVE"});
  start({"--content", content.path()});
  applied(program->remove_entity(id_of(49)));
  store(100, 101);
  ASSERT_EQ(checkpoint().exit_code, 0);
  store(102, 102);
  const Contents before = graph();
  stop();
  redis.kill();
  redis.start();
  ASSERT_EQ(redis.integer({"EXISTS", "reed:type_of:" + id_of(49)}), 1) << "it came back old";
  start({"--content", content.path()});
  ASSERT_TRUE(eventually([&] { return guard->count("restore", "content") > 0; }));
  EXPECT_TRUE(has(guard->last("restore", "content").at("reason").as_string().c_str(),
                  "a content graph without reed:guard:position"));
  EXPECT_TRUE(eventually([&] { return guard->count("alarm", "content-gone") > 0; }));
  ASSERT_TRUE(eventually([&] { return guard->count("alarm", "restore") > 0; }));
  EXPECT_TRUE(has(guard->last("alarm", "restore").at("reason").as_string().c_str(),
                  "repair --data ... --remove-orphans"));
  stop();
  const Ended repaired = run_program(
      {"repair", "--data", data(), "--url", redis.url(), "--remove-orphans", "--save-to", data()});
  EXPECT_EQ(repaired.exit_code, 0) << repaired;
  const Ended verified = run_program({"verify", "--data", data(), "--url", redis.url()});
  EXPECT_EQ(verified.exit_code, 0) << verified;
  const auto without_marks = [](Contents all) {
    for (const char* name : {"position", "journal", "content"}) {
      all.erase("reed:guard:" + std::string(name));
    }
    return all;
  };
  EXPECT_EQ(without_marks(graph()), without_marks(before));
}

// The position alone may be gone, too: then nothing that was acknowledged is.
TEST_F(DaemonJournal, ALivingGraphWhosePositionWasDeletedStaysAsItIs) {
  start();
  store(1, 10);
  ASSERT_EQ(checkpoint().exit_code, 0);
  store(8, 12);
  applied(program->remove_entity(id_of(3)));
  const Contents before = graph();
  redis.run({"DEL", "reed:guard:position"});
  store(13, 13);
  applied(program->remove_entity(id_of(13)));
  ASSERT_TRUE(eventually([&] { return redis.text({"GET", "reed:guard:content"}) == "there"; }));
  const auto without_position = [](Contents all) {
    all.erase("reed:guard:position");
    return all;
  };
  EXPECT_EQ(without_position(graph()), without_position(before));
}

TEST_F(DaemonJournal, F25_ALostGraphIsAnAlarmUntilRedisHasAllOfIt) {
  start({}, "durability = \"os\"\n");
  constexpr int kStores = 1500;
  store(1, kStores);
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  redis.run({"FLUSHALL"});
  ASSERT_TRUE(eventually([&] { return guard->count("notice", "content-gone") > 0; }));
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), std::to_string(kStores));
  guard->program().wait_for_err(
      "Redis has its content again: Redis has no content; brought "
      "forward by the journal from position 0 to 1500 in ");
}

TEST_F(DaemonJournal, ACheckpointIsWrittenWithoutADaemonToo) {
  start();
  store(1, 4);
  stop();
  const Ended written = checkpoint();
  ASSERT_EQ(written.exit_code, 0) << written;
  EXPECT_TRUE(has(written.out, "position 4"));
  const Contents before = graph();
  redis.run({"FLUSHALL"});
  start();
  expect_back(before);
}

// A checkpoint is made of records, and words by hand are in none.
TEST_F(DaemonJournal, WordsByHandOutliveTheCheckpointsAfterThem) {
  start();
  store(1, 4);
  applied(program->add_word("byhand", {id_of(1), id_of(2)}));
  applied(program->remove_word("byhand", {id_of(2)}));
  applied(program->remove_word("title", {id_of(4)}));
  applied(program->remove_entity(id_of(3)));
  ASSERT_EQ(checkpoint().exit_code, 0);
  store(5, 6);
  ASSERT_EQ(checkpoint().exit_code, 0) << "what was carried over is carried over again";
  const auto expect_words = [this] {
    EXPECT_EQ(redis.list({"SMEMBERS", "reed:word:byhand"}), std::vector<std::string>{id_of(1)});
    EXPECT_EQ(redis.list({"SORT", "reed:word:title", "ALPHA"}),
              (std::vector<std::string>{id_of(1), id_of(2), id_of(5), id_of(6)}));
  };
  expect_words();
  const Contents before = graph();
  redis.run({"FLUSHALL"});
  ASSERT_TRUE(eventually([&] { return graph() == before; }));
  expect_words();
}

TEST_F(DaemonJournal, ACheckpointIsWrittenBeforeAnythingWasStored) {
  const TemporaryDirectory content;
  write_made_up_content(content, 50, 1);
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  start();
  const Ended written = checkpoint();
  ASSERT_EQ(written.exit_code, 0) << written;
  EXPECT_TRUE(has(written.out, "position 0"));
}

TEST_F(DaemonJournal, ItWritesCheckpointsByItselfWhenTheJournalIsLarge) {
  start({}, "checkpoint_size = \"1KiB\"\n");
  store(1, 20);
  EXPECT_TRUE(eventually([&] { return has_checkpoint(); }));
}

TEST_F(DaemonJournal, ARedisThatIsAheadOfTheJournalIsAnAlarmUntilItIsNot) {
  start();
  store(1, 3);
  redis.run({"SET", "reed:guard:position", "99"});
  ASSERT_TRUE(program->store_entity(entity(4, "four")).ok()) << "it is journaled";
  ASSERT_TRUE(eventually([&] { return guard->count("alarm", "journal-apply") > 0; }));
  EXPECT_TRUE(has(guard->last("alarm", "journal-apply").at("reason").as_string().c_str(),
                  "another data directory"));
  EXPECT_TRUE(has(http_get(guard->http(), "/metrics").body, "redkeep_journal_applies 0"));
  EXPECT_TRUE(has(http_get(guard->http(), "/metrics").body, "\nredkeep_journal_stores 0"));
  redis.run({"SET", "reed:guard:position", "3"});
  EXPECT_TRUE(eventually([&] { return guard->count("notice", "journal-apply") > 0; }));
  EXPECT_TRUE(eventually([&] { return redis.text({"GET", "reed:guard:position"}) == "4"; }));
}

TEST_F(DaemonJournal, AJournalThatIsDamagedIsAnAlarmOfAGuardThatGoesOn) {
  start();
  store(1, 3);
  stop();
  for (const auto& file : std::filesystem::directory_iterator(data() + "/journal")) {
    std::fstream(file.path(), std::ios::in | std::ios::out) << "damage";
  }
  const RunningGuard damaged(redis.url(), {"--data", data()});
  ASSERT_TRUE(eventually([&] { return damaged.count("alarm", "journal-unusable") == 1; }));
  EXPECT_TRUE(has(damaged.last("alarm", "journal-unusable").at("reason").as_string().c_str(),
                  data() + "/journal"));
  EXPECT_TRUE(eventually([&] { return damaged.level() == "normal"; }));
  EXPECT_TRUE(has(http_get(damaged.http(), "/metrics").body, "redkeep_journal_stores 0"));
}

TEST_F(DaemonJournal, ACheckpointNeedsADataDirectoryAndSaysSo) {
  const Ended ended = run_program({"checkpoint", "--url", redis.url()});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_TRUE(has(ended.err, "--data"));
}

TEST_F(DaemonJournal, ACheckpointThatCannotReachRedisSaysSoAndLeavesTheOldOne) {
  start();
  store(1, 4);
  ASSERT_EQ(checkpoint().exit_code, 0);
  redis.kill();
  ASSERT_TRUE(eventually([&] { return checkpoint().exit_code != 0; }));
  const Ended ended = checkpoint();
  EXPECT_TRUE(has(ended.err, "Redis")) << ended;
  EXPECT_TRUE(has_checkpoint());
}

}  // namespace
}  // namespace redkeep::test
