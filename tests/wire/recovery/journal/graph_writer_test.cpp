// The owner of the journal against a server that refuses, breaks off and forgets at chosen moments.
#include "wire/recovery/journal/graph_writer_fixture.h"

namespace redkeep::recovery {
namespace {

class GraphWriterRefusals : public GraphWriterTest,
                            public testing::WithParamInterface<const char*> {};

TEST_P(GraphWriterRefusals, F11_To_F18_IsJournaledAndAppliedInOrderWhenItIsOver) {
  open();
  expect(StoreOutcome::Applied, store(1));
  refuse_writes(GetParam());
  for (int i = 2; i <= 5; ++i) expect(StoreOutcome::Journaled, store(i));
  EXPECT_TRUE(writer_->held_up_by().has_value());
  refuse_writes("");
  ASSERT_TRUE(all_applied(5));
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2", "3", "4", "5"}));
  ASSERT_TRUE(loop_.run_until([&] { return !writer_->held_up_by(); }));
  expect(StoreOutcome::Applied, store(6));
}

INSTANTIATE_TEST_SUITE_P(Each, GraphWriterRefusals,
                         testing::Values("LOADING Redis is loading the dataset in memory",
                                         "READONLY You can't write against a read only replica.",
                                         "MISCONF Redis is configured to save RDB snapshots",
                                         "NOREPLICAS Not enough good replicas to write.",
                                         "MASTERDOWN Link with MASTER is down",
                                         "NOAUTH Authentication required.",
                                         "NOPERM User default has no permissions",
                                         "BUSY Redis is busy running a script.",
                                         "CLUSTERDOWN The cluster is down",
                                         "OOM command not allowed when used memory > 'maxmemory'.",
                                         "ERR something that nobody knows"));

TEST_F(GraphWriterTest, F11_AServerThatIsLoadingIsNotTakenForAnEmptyOne) {
  open();
  expect(StoreOutcome::Applied, store(1));
  refuse_everything("LOADING Redis is loading the dataset in memory");
  expect(StoreOutcome::Journaled, store(2));
  const int before = server_.count("GET");
  ASSERT_TRUE(loop_.run_until([&] { return server_.count("GET") > before + 2; }));
  EXPECT_EQ(claims(), 1) << "the position is written to a new server only";
  refuse_everything("");
  ASSERT_TRUE(all_applied(2));
}

TEST_F(GraphWriterTest, F04_AReplyThatIsLostDoesNotApplyItTwice) {
  open();
  expect(StoreOutcome::Applied, store(1));
  {
    const std::lock_guard lock(mutex_);
    breaks_off_ = true;
  }
  expect(StoreOutcome::Applied, store(2));
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2"}));
}

TEST_F(GraphWriterTest, WhatIsNotInMemoryAnyMoreComesFromTheFiles) {
  open();
  refuse_everything("LOADING");
  Entity large;
  large.type = "page";
  large.data = "{\"a\":\"" + std::string(std::size_t{3} << 20, 'x') + "\"}";
  for (int i = 0; i < 9; ++i) {
    large.id = "00000000-0000-4000-8000-00000000000" + std::to_string(i);
    expect(StoreOutcome::Journaled, loop_.run(writer_->write(large)));
  }
  refuse_everything("");
  ASSERT_TRUE(all_applied(9));
  EXPECT_EQ(applied().front(), "1");
  EXPECT_EQ(applied().back(), "9");
}

TEST_F(GraphWriterTest, ADiskThatRefusesIsToldAndNothingReachesRedis) {
  class NoRoom : public Disk {
   public:
    ssize_t write(int descriptor, std::string_view bytes) override {
      if (!is_full) return Disk::write(descriptor, bytes);
      errno = ENOSPC;
      return -1;
    }
    std::atomic<bool> is_full = false;
  };
  NoRoom disk;
  open(disk);
  expect(StoreOutcome::Applied, store(1));
  EXPECT_FALSE(writer_->store_trouble());
  disk.is_full = true;
  const auto refused = store(2);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Io);
  ASSERT_TRUE(writer_->store_trouble());
  EXPECT_EQ(writer_->store_trouble()->message, refused.error().message);
  disk.is_full = false;
  expect(StoreOutcome::Applied, store(3));
  EXPECT_FALSE(writer_->store_trouble());
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2"}));
  close();  // while the disk is still there
}

TEST_F(GraphWriterTest, WhileItIsHeldRedisStaysAsItIsAndChangesAreJournaled) {
  open();
  expect(StoreOutcome::Applied, store(1));
  const auto position = loop_.run(writer_->hold());
  ASSERT_TRUE(position.ok()) << position.error().message;
  EXPECT_EQ(*position, 1);
  EXPECT_EQ(loop_.run(writer_->hold()).error().kind, ErrorKind::Refused);
  expect(StoreOutcome::Journaled, store(2));
  EXPECT_EQ(applied(), std::vector<std::string>{"1"});
  writer_->release();
  expect(StoreOutcome::Applied, store(3));
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2", "3"}));
}

TEST_F(GraphWriterTest, F25_WhatRedisHasLostComesBackWithoutAWrite) {
  open();
  expect(StoreOutcome::Applied, store(1));
  expect(StoreOutcome::Applied, store(2));
  {
    const std::lock_guard lock(mutex_);
    position_.clear();
  }
  writer_->start();
  ASSERT_TRUE(all_applied(4));
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2", "1", "2"}));
}

TEST_F(GraphWriterTest, ItIsHeldWhereRedisIsAndNotWhereItWas) {
  open();
  expect(StoreOutcome::Applied, store(1));
  expect(StoreOutcome::Applied, store(2));
  {
    const std::lock_guard lock(mutex_);
    position_.clear();  // flushed
  }
  const auto position = loop_.run(writer_->hold());
  ASSERT_TRUE(position.ok()) << position.error().message;
  EXPECT_EQ(*position, 0) << "a checkpoint of it holds nothing of the journal";
  writer_->release();
  ASSERT_TRUE(all_applied(4));
}

TEST_F(GraphWriterTest, AJournalThatWasNeverWrittenToIsHeldAtItsBeginning) {
  open();
  const auto position = loop_.run(writer_->hold());
  ASSERT_TRUE(position.ok()) << position.error().message;
  EXPECT_EQ(*position, 0);
  writer_->release();
  expect(StoreOutcome::Applied, store(1));
}

TEST_F(GraphWriterTest, NothingIsWrittenToAnEmptyServerThatIsHeldBeforeTheFirstStore) {
  bring_base_with({std::int64_t{0}});
  open();
  ASSERT_TRUE(loop_.run(writer_->hold()).ok());
  EXPECT_EQ(claims(), 0);
  EXPECT_EQ(bases_, 0U);
}

TEST_F(GraphWriterTest, F25_TheFirstStoreOfAllBringsTheBaseToAServerWithoutAGraph) {
  bring_base_with({std::int64_t{0}});
  keys_ = {"reed:page:cache:%2F:eu:plain", "reed:queue:mail"};  // caches fill one in seconds
  open();
  expect(StoreOutcome::Applied, store(1));
  EXPECT_EQ(bases_, 1U);
}

TEST_F(GraphWriterTest, TheFirstStoreOfAllOnAServerThatHasAGraphOverwritesNothing) {
  bring_base_with({std::int64_t{0}});
  keys_ = {"reed:type_of:00000000-0000-4000-8000-000000000009"};
  open();
  expect(StoreOutcome::Applied, store(1));
  EXPECT_EQ(bases_, 0U);
}

TEST_F(GraphWriterTest, TheGuardsMarkSparesTheWalk) {
  bring_base_with({std::int64_t{0}});
  mark_ = "there";
  open();
  expect(StoreOutcome::Applied, store(1));
  EXPECT_EQ(server_.count("SCAN"), 0);
  EXPECT_EQ(bases_, 0U);
}

TEST_F(GraphWriterTest, AGraphThatIsBeingWrittenBackIsNotWhole) {
  bring_base_with({std::int64_t{0}});
  mark_ = "restoring";
  keys_ = {"reed:type_of:00000000-0000-4000-8000-000000000009"};
  open();
  expect(StoreOutcome::Applied, store(1));
  EXPECT_EQ(bases_, 1U);
}

// A part of it is there then, which must not be taken for all.
TEST_F(GraphWriterTest, F43_ABaseThatWasCutIsBroughtAgain) {
  bring_base_with({make_error(ErrorKind::Unreachable, "cut"), std::int64_t{0}});
  open();
  keys_ = {};
  std::optional<Result<StoreOutcome>> outcome;
  Entity first;
  first.id = "00000000-0000-4000-8000-000000000001";
  first.type = "page";
  first.data = "{}";
  loop_.start(writer_->write(first), outcome);
  ASSERT_TRUE(loop_.run_until([&] { return bases_ == 1; }));
  {
    const std::lock_guard lock(mutex_);
    keys_ = {"reed:type_of:00000000-0000-4000-8000-000000000009"};
  }
  ASSERT_TRUE(loop_.run_until([&] { return outcome.has_value(); }));
  expect(StoreOutcome::Applied, *outcome);
  EXPECT_EQ(bases_, 2U);
}

TEST_F(GraphWriterTest, F41_WhyTheBaseCannotBeBroughtIsWhatHoldsItUp) {
  bring_base_with({make_error(ErrorKind::Io, "entities.csv has another checksum")});
  open();
  expect(StoreOutcome::Journaled, store(1));
  ASSERT_TRUE(writer_->held_up_by());
  const std::string& why = writer_->held_up_by()->message;
  EXPECT_NE(why.find("cannot be brought forward: entities.csv has another"), std::string::npos)
      << why;
  EXPECT_EQ(mark(), "") << "nothing was written, and what is there may be exported";
  EXPECT_FALSE(writer_->store_trouble()) << "it is journaled";
}

TEST_F(GraphWriterTest, WhileRedisIsBroughtForwardItsMarkSaysSo) {
  open();
  for (int i = 1; i <= 3; ++i) expect(StoreOutcome::Applied, store(i));
  EXPECT_EQ(mark(), "") << "a journal that begins is no recovery";
  {
    const std::lock_guard lock(mutex_);
    position_.clear();
    refusal_of_writes_ = "MISCONF";
  }
  writer_->start();
  ASSERT_TRUE(loop_.run_until([&] { return writer_->held_up_by().has_value(); }));
  EXPECT_EQ(mark(), "restoring");
  EXPECT_FALSE(writer_->has_content_back());
  EXPECT_TRUE(writer_->recovery().what());
  refuse_writes("");
  ASSERT_TRUE(loop_.run_until([&] { return writer_->has_content_back(); }));
  EXPECT_EQ(mark(), "there");
  EXPECT_EQ(applied().size(), 6U);
  const auto report = writer_->recovery().take_report();
  ASSERT_TRUE(report);
  EXPECT_NE(report->sentence.find("Redis has no content; brought forward by the journal from "
                                  "position 0 to 3"),
            std::string::npos)
      << report->sentence;
  EXPECT_FALSE(writer_->recovery().take_report()) << "once";
}

TEST_F(GraphWriterTest, ARecoveryThatWasCutBehindItsBaseIsFinishedByTheNextOne) {
  open();
  for (int i = 1; i <= 3; ++i) expect(StoreOutcome::Applied, store(i));
  close();
  position_ = "1";
  mark_ = "restoring";
  open();
  ASSERT_TRUE(loop_.run_until([&] { return writer_->is_current(); }));
  EXPECT_EQ(mark(), "there");
  EXPECT_TRUE(writer_->recovery().take_report());
}

TEST_F(GraphWriterTest, AGraphWithoutAPositionIsNotTakenForAnEmptyServer) {
  bring_base_with({std::int64_t{0}});
  open();
  for (int i = 1; i <= 2; ++i) expect(StoreOutcome::Applied, store(i));
  EXPECT_FALSE(had_graph_);
  {
    const std::lock_guard lock(mutex_);
    position_.clear();
    keys_ = {"reed:type_of:00000000-0000-4000-8000-000000000009"};
  }
  writer_->start();
  ASSERT_TRUE(loop_.run_until([&] { return bases_ == 2 && writer_->has_content_back(); }));
  EXPECT_TRUE(had_graph_);
  const auto report = writer_->recovery().take_report();
  ASSERT_TRUE(report);
  EXPECT_NE(report->sentence.find("a content graph without reed:guard:position"), std::string::npos)
      << report->sentence;
}

TEST_F(GraphWriterTest, StoresAreRefusedFromTheFirstWhileRedisIsAheadOfANewJournal) {
  position_ = "3";
  open();
  for (int i = 1; i <= 5; ++i) {
    const auto refused = store(i);
    ASSERT_FALSE(refused.ok()) << i;
    EXPECT_EQ(refused.error().kind, ErrorKind::Refused);
    EXPECT_NE(refused.error().message.find("another data directory"), std::string::npos);
  }
  EXPECT_TRUE(writer_->store_trouble());
  EXPECT_EQ(writer_->journaled_position(), 0);
  EXPECT_TRUE(applied().empty());
  {
    const std::lock_guard lock(mutex_);
    position_.clear();
  }
  ASSERT_TRUE(loop_.run_until([&] { return !writer_->store_trouble(); }));
  expect(StoreOutcome::Applied, store(1));
}

// What is stored meanwhile must not make up for what the journal lacks.
TEST_F(GraphWriterTest, RedisIsAheadOfWhatTheJournalHadWhenItWasOpened) {
  open();
  for (int i = 1; i <= 2; ++i) expect(StoreOutcome::Applied, store(i));
  close();
  position_ = "4";
  refuse_everything("LOADING");
  open();
  for (int i = 3; i <= 6; ++i) expect(StoreOutcome::Journaled, store(i));
  refuse_everything("");
  ASSERT_TRUE(loop_.run_until([&] { return writer_->store_trouble().has_value(); }));
  EXPECT_EQ(store(7).error().kind, ErrorKind::Refused);
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2"}));
}

TEST_F(GraphWriterTest, AJournalThatIsNewGoesOnBehindTheCheckpoint) {
  how_.checkpoint_position = 3;
  position_ = "3";
  open();
  EXPECT_TRUE(writer_->is_in_use());
  expect(StoreOutcome::Applied, store(1));
  EXPECT_EQ(applied(), std::vector<std::string>{"4"});
}

TEST_F(GraphWriterTest, WithRedisAwayThereIsNothingToHold) {
  refuse_everything("LOADING");
  open();
  expect(StoreOutcome::Journaled, store(1));
  EXPECT_EQ(loop_.run(writer_->hold()).error().kind, ErrorKind::ServerBusy);
  refuse_everything("");
  ASSERT_TRUE(all_applied(1)) << "it goes on";
}

TEST_F(GraphWriterTest, TheFilesThatACheckpointHoldsGoAndTheRestDoesNot) {
  open();
  expect(StoreOutcome::Applied, store(1));
  EXPECT_TRUE(writer_->begin_next_file(1).ok());
  EXPECT_TRUE(writer_->begin_next_file(1).ok()) << "it is there already";
  EXPECT_TRUE(writer_->remove_files_up_to(1000).ok());
  const auto files = journal_files(directory_.file("data/journal"));
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().first_position, 2);
  expect(StoreOutcome::Applied, store(2));
  EXPECT_TRUE(writer_->begin_next_file(1).ok());
  EXPECT_EQ(journal_files(directory_.file("data/journal"))->size(), 1U)
      << "the same checkpoint again and again begins no file after file";
  EXPECT_EQ(writer_->journaled_position(), 2);
  EXPECT_EQ(writer_->applied_position(), 2);
}

}  // namespace
}  // namespace redkeep::recovery
