// `redkeep verify --data`: what a data directory says, with what was stored since its base.
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "live/journal_fixture.h"
#include "live/program.h"

namespace redkeep::test {
namespace {

namespace json = boost::json;

class VerifyData : public JournalFixture {
 protected:
  VerifyData() {
    content = files.path();
    write_made_up_content(files, 50, 1);
    EXPECT_EQ(run_program({"load", content, "--url", redis.url()}).exit_code, 0);
  }

  json::object verify(int exit_code, const std::vector<std::string>& further = {}) {
    std::vector<std::string> arguments{"verify",    "--data", data(),     "--url",
                                       redis.url(), "--json", "--config", configuration()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    const Ended ended = run_program(arguments);
    EXPECT_EQ(ended.exit_code, exit_code) << ended;
    std::error_code failure;
    const auto parsed = json::parse(ended.out, failure);
    EXPECT_FALSE(failure) << ended;
    return failure ? json::object{} : parsed.as_object();
  }
  std::string configuration() {
    return directory.write("redkeep.toml", "[content]\ndirectory = \"" + content + "\"\n");
  }
  static std::int64_t count(const json::object& found, const std::string& kind) {
    return found.at(kind).at("count").as_int64();
  }
  void expect_nothing_left() {
    for (const auto& entry : std::filesystem::directory_iterator(data())) {
      EXPECT_FALSE(entry.path().filename().string().starts_with("present.")) << entry.path();
    }
  }
  void store_and_remove() {
    applied(manager->store_entity(entity(1001, "a new page")));
    applied(manager->store_entity(entity(1002, "another new one")));
    applied(manager->store_association(link(1001, 1002, "/new/child")));
    applied(manager->store_entity(entity(1002, "another one with other words")));
    applied(manager->store_entity(entity(1003, "does not stay")));
    applied(manager->remove_entity(id_of(1003)));
    // Of the content that was loaded: one without children goes with its place.
    const auto gone = manager->store_entity(entity(1004, "a link's end"));
    applied(gone);
    applied(manager->store_association(link(1001, 1004, "/new/link", "related")));
    applied(manager->remove_entity(id_of(1004)));
    applied(manager->add_word("byhand", {id_of(1001)}));
  }

  TemporaryDirectory files;
};

TEST_F(VerifyData, WhatWasStoredAndRemovedThroughTheJournalIsNoDamage) {
  store_and_remove();
  const auto found = verify(0);
  EXPECT_EQ(found.at("outcome"), "Clean");
  EXPECT_EQ(found.at("position"), found.at("wanted_position"));
  EXPECT_EQ(found.at("directory").as_string(), data());
  expect_nothing_left();
  // With the content alone it would be.
  const Ended plain = run_program({"verify", content, "--url", redis.url()});
  EXPECT_EQ(plain.exit_code, 1) << plain;
}

TEST_F(VerifyData, ARedisThatIsAheadIsNoDamageToBeMendedByThisJournal) {
  store_and_remove();
  redis.run({"SET", "reed:guard:position", "99999"});
  EXPECT_EQ(verify(1).at("outcome"), "Ahead");
  const Ended told =
      run_program({"verify", "--data", data(), "--url", redis.url(), "--config", configuration()});
  EXPECT_TRUE(has(told.out, "Ahead: the server is at position 99999")) << told;
  EXPECT_FALSE(has(told.out, "redkeep repair")) << told;
}

TEST_F(VerifyData, DamageOfWhatWasStoredIsFound) {
  store_and_remove();
  redis.run({"DEL", "reed:entity:page:" + id_of(1001)});
  redis.run({"HSET", "reed:entity:page:" + id_of(1002), "data", "{}"});
  const auto found = verify(1);
  EXPECT_EQ(found.at("outcome"), "Damaged");
  EXPECT_EQ(count(found, "missing"), 1);
  EXPECT_EQ(count(found, "changed"), 1);
  EXPECT_EQ(count(found, "orphaned"), 0);
}

TEST_F(VerifyData, AServerThatLacksTheNewestIsBehindAndNotDamaged) {
  store_and_remove();
  const std::string before = redis.text({"GET", "reed:guard:position"});
  manager.reset();
  redis.run({"SET", "reed:guard:position", std::to_string(std::stoi(before) - 1)});
  redis.run({"DEL", "reed:word:byhand"});
  const auto found = verify(1);
  EXPECT_EQ(found.at("outcome"), "Behind");
  EXPECT_EQ(count(found, "missing"), 0);
  EXPECT_EQ(found.at("wanted_position"), std::stoi(before));
}

// A journal alone does not say what it was begun on: all of that would be called orphaned.
TEST_F(VerifyData, AJournalWithoutCheckpointNeedsTheContentItWasBegunOn) {
  store_and_remove();
  const std::vector<std::string> command{"verify", "--data", data(), "--url", redis.url()};
  const Ended refused = run_program(command);
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_TRUE(has(refused.err, "what its journal was begun on is not named")) << refused;
  manager.reset();
  const Ended not_mended =
      run_program({"repair", "--data", data(), "--url", redis.url(), "--remove-orphans"});
  EXPECT_EQ(not_mended.exit_code, 2) << not_mended;
  auto with_content = command;
  with_content.insert(with_content.begin() + 1, content);
  const Ended clean = run_program(with_content);
  EXPECT_EQ(clean.exit_code, 0) << clean;
}

TEST_F(VerifyData, WithoutContentACheckpointIsWhatItIsComparedWith) {
  redis.run({"FLUSHALL"});
  content.clear();
  open();
  applied(manager->store_entity(entity(1, "first")));
  applied(manager->store_entity(entity(2, "second")));
  const Ended written = run_program({"checkpoint", "--data", data(), "--url", redis.url()});
  ASSERT_EQ(written.exit_code, 0) << written;
  applied(manager->store_entity(entity(3, "third")));
  EXPECT_EQ(verify(0).at("entities"), 3);
  redis.run({"DEL", "reed:entity:page:" + id_of(2)});
  EXPECT_EQ(count(verify(1), "missing"), 1);
}

// While it looks, the application goes on.
TEST_F(VerifyData, StoresWhileItLooksAreNoDamage) {
  write_made_up_content(files, 900, 1);
  ASSERT_EQ(run_program({"load", content, "--url", redis.url(), "--merge"}).exit_code, 0);
  store_and_remove();
  std::atomic<bool> is_over = false;
  std::thread writer([&] {
    for (int i = 0; !is_over; ++i) {
      applied(manager->store_entity(entity(100'000 + i, "page number " + std::to_string(i))));
      if (i % 3 == 0) applied(manager->remove_entity(id_of(100'000 + i)));
    }
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(count(verify(0), "missing"), 0);
  is_over = true;
  writer.join();
  EXPECT_EQ(verify(0).at("outcome"), "Clean");
}

TEST_F(VerifyData, RepairMendsAsTheJournalHasItAndRemovesNothingThatWasStored) {
  store_and_remove();
  const Contents whole = graph();
  redis.run({"DEL", "reed:entity:page:" + id_of(1001), "reed:type_of:" + id_of(1)});
  redis.run({"HSET", "reed:entity:page:" + id_of(1002), "data", "{}"});
  const std::vector<std::string> command{"repair",        "--data",          data(),
                                         "--url",         redis.url(),       "--config",
                                         configuration(), "--remove-orphans"};
  const Ended refused = run_program(command);
  EXPECT_EQ(refused.exit_code, 4) << "this process is the owner: " << refused;
  EXPECT_TRUE(has(refused.err, std::to_string(::getpid()))) << refused;
  manager.reset();
  const Ended repaired = run_program(command);
  ASSERT_EQ(repaired.exit_code, 0) << repaired;
  const Contents after = graph();
  EXPECT_TRUE(after.contains("reed:entity:page:" + id_of(1001)));
  EXPECT_EQ(after.size(), whole.size());
  EXPECT_TRUE(has(after.at("reed:entity:page:" + id_of(1002)), "other words"));
  EXPECT_EQ(redis.list({"SMEMBERS", "reed:word:byhand"}), std::vector<std::string>{id_of(1001)});
  EXPECT_EQ(verify(0).at("outcome"), "Clean");
}

TEST_F(VerifyData, ContentAloneDoesNotUndoWhatWasStoredUnlessItIsSaidTo) {
  store_and_remove();
  const Contents whole = graph();
  for (const char* command : {"repair", "rebuild"}) {
    const Ended refused = run_program({command, content, "--url", redis.url()});
    EXPECT_EQ(refused.exit_code, 4) << refused;
    EXPECT_TRUE(has(refused.err, "name the data directory")) << refused;
  }
  EXPECT_EQ(graph(), whole);
  EXPECT_EQ(run_program({"repair", content, "--url", redis.url(), "--dry-run"}).exit_code, 1);
  manager.reset();
  const Ended undone = run_program({"repair", content, "--url", redis.url(), "--despite-journal",
                                    "--remove-orphans", "--save-to", directory.path()});
  EXPECT_EQ(undone.exit_code, 0) << undone;
  EXPECT_FALSE(graph().contains("reed:entity:page:" + id_of(1001)));
}

TEST_F(VerifyData, RebuildFromScratchBringsBackWhatWasStored) {
  store_and_remove();
  const Contents whole = graph();
  redis.run({"SET", "reed:entity:page:of-nobody", "x"});
  redis.run({"SET", "page:cache:1", "stays"});
  const std::vector<std::string> command{"rebuild",       "--data",         data(),
                                         "--url",         redis.url(),      "--config",
                                         configuration(), "--from-scratch", "--yes"};
  const Ended refused = run_program(command);
  EXPECT_EQ(refused.exit_code, 4) << "this process is the owner: " << refused;
  manager.reset();
  const Ended rebuilt = run_program(command);
  ASSERT_EQ(rebuilt.exit_code, 0) << rebuilt;
  const Contents after = graph();
  EXPECT_EQ(after.size(), whole.size() + 1);  // the page
  EXPECT_TRUE(has(after.at("reed:entity:page:" + id_of(1002)), "other words"));
  EXPECT_FALSE(after.contains("reed:entity:page:of-nobody"));
  EXPECT_EQ(redis.text({"GET", "page:cache:1"}), "stays");
  EXPECT_EQ(redis.list({"SMEMBERS", "reed:word:byhand"}), std::vector<std::string>{id_of(1001)});
  EXPECT_EQ(verify(0).at("outcome"), "Clean");
  expect_nothing_left();
}

// It says what would be done, and does not bring Redis forward either.
TEST_F(VerifyData, ADryRunOfRepairChangesNothingAndNeedsNoOwnership) {
  store_and_remove();
  redis.run({"DEL", "reed:entity:page:" + id_of(1001)});
  const Contents before = redis.contents();
  const std::vector<std::string> command{"repair", content,     "--data",   data(),
                                         "--url",  redis.url(), "--dry-run"};
  const Ended beside_the_owner = run_program(command);
  EXPECT_EQ(beside_the_owner.exit_code, 1) << beside_the_owner;
  EXPECT_TRUE(has(beside_the_owner.out, "WouldRepair")) << beside_the_owner;
  EXPECT_EQ(redis.contents(), before);
  manager.reset();
  redis.run({"FLUSHALL"});
  EXPECT_EQ(run_program(command).exit_code, 1);
  EXPECT_EQ(redis.integer({"DBSIZE"}), 0);
}

// With one bit of it changed, it would be written over what is right.
TEST_F(VerifyData, ADamagedCheckpointIsNamedAndNothingIsWrittenFromIt) {
  applied(manager->store_entity(entity(1001, "a new page")));
  const Ended written = run_program({"checkpoint", "--data", data(), "--url", redis.url()});
  ASSERT_EQ(written.exit_code, 0) << written;
  manager.reset();
  const std::string file = data() + "/checkpoint/entities.csv";
  std::string text = test::read_file(file);
  const auto place = text.find("a new page");
  ASSERT_NE(place, std::string::npos);
  text[place] ^= 1;
  std::ofstream(file, std::ios::binary) << text;
  const Contents before = graph();
  for (const char* command : {"verify", "repair"}) {
    const Ended refused = run_program({command, "--data", data(), "--url", redis.url()});
    EXPECT_NE(refused.exit_code, 0) << refused;
    EXPECT_TRUE(has(refused.err, "entities.csv: has the checksum")) << refused;
  }
  EXPECT_EQ(graph(), before);
}

TEST_F(VerifyData, AContentDirectoryIsNoDataDirectory) {
  const Ended refused = run_program({"repair", "--data", content, "--url", redis.url()});
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_FALSE(std::filesystem::exists(content + "/journal"));
  const Ended none =
      run_program({"repair", "--data", directory.file("none"), "--url", redis.url()});
  EXPECT_EQ(none.exit_code, 2) << none;
  EXPECT_FALSE(std::filesystem::exists(directory.file("none")));
}

TEST_F(VerifyData, ACheckpointMayBeTheFirstThingInADataDirectory) {
  const std::string place = directory.file("new");
  const Ended written = run_program({"checkpoint", "--data", place, "--url", redis.url()});
  EXPECT_EQ(written.exit_code, 0) << written;
  EXPECT_EQ(run_program({"verify", "--data", place, "--url", redis.url()}).exit_code, 0);
}

TEST_F(VerifyData, AMergeBesideAJournalSaysThatItNeedsACheckpoint) {
  store_and_remove();
  const Ended merged = run_program({"load", content, "--merge", "--url", redis.url()});
  EXPECT_EQ(merged.exit_code, 0) << merged;
  EXPECT_TRUE(has(merged.out, "redkeep checkpoint --data")) << merged;
}

TEST_F(VerifyData, NeitherContentNorJournalIsAWrongUsage) {
  content.clear();
  const Ended ended =
      run_program({"verify", "--data", directory.file("none"), "--url", redis.url()});
  EXPECT_EQ(ended.exit_code, 2) << ended;
  EXPECT_TRUE(has(ended.err, "nothing to compare with")) << ended;
}

}  // namespace
}  // namespace redkeep::test
