// The owner of the journal against a server that refuses, breaks off and forgets at chosen moments.
#include "recovery/journal/graph_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>

#include "error/error.h"
#include "recovery/journal/journal_identity.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::recovery {
namespace {

using wire::Command;

class GraphWriterTest : public testing::Test {
 protected:
  GraphWriterTest() {
    answers_.on("GET", [this](const Command& command) { return get(command); });
    answers_.on("HMGET", [](const Command& command) {
      return wire::array(std::vector<std::string>(command.size() - 2, wire::nil()));
    });
    answers_.on("EVAL", [this](const Command& command) { return eval(command); });
    answers_.on("SCAN", [this](const Command&) { return scan(); });
    how_.endpoint = server_.endpoint();
    how_.prefix = "reed:";
    how_.deadline = std::chrono::milliseconds{2000};
  }
  ~GraphWriterTest() override { close(); }

  DataDirectory own() const { return std::move(*DataDirectory::own(directory_.file("data"))); }

  void open(Disk& disk = Disk::real()) {
    auto opened = GraphWriter::open(loop_.executor(), disk, own(), how_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    writer_ = std::move(*opened);
    writer_->start();
  }
  void close() {
    if (writer_) writer_->close();
    writer_.reset();
  }

  Result<StoreOutcome> store(int number) {
    Entity made;
    made.id = "00000000-0000-4000-8000-00000000000" + std::to_string(number);
    made.type = "page";
    made.data = "{}";
    return loop_.run(writer_->write(made));
  }
  void expect(StoreOutcome wanted, const Result<StoreOutcome>& outcome) {
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(*outcome, wanted);
  }

  std::string get(const Command& command) {
    const std::lock_guard lock(mutex_);
    if (!refusal_.empty()) return wire::refusal(refusal_);
    std::string value = position_;
    if (command[1] == "reed:guard:content") value = mark_;
    if (command[1] == "reed:guard:journal") value = journal_;
    return value.empty() ? wire::nil() : wire::bulk(value);
  }
  std::string scan() {
    const std::lock_guard lock(mutex_);
    return wire::scan_page("0", keys_);
  }
  std::string set(const Command& command) {
    const std::lock_guard lock(mutex_);
    (command[1] == "reed:guard:content" ? mark_ : position_) = command[2];
    return wire::status("OK");
  }
  // As the script does: KEYS[1] is the position, its value the first condition's last word, and the
  // new one the last word of all. The journal's is that of the second condition. What sets both
  // has them behind each other, each with the words before a value in between.
  std::optional<std::string> eval(const Command& command) {
    const std::lock_guard lock(mutex_);
    if (!refusal_of_writes_.empty()) return wire::refusal(refusal_of_writes_);
    if (command[3] == "reed:guard:content") return finish_recovery(command);
    const std::size_t keys = std::stoul(command[2]);
    const std::string& before = command[3 + keys + 4];
    if (before != position_) return wire::integer(1);
    if (command[3 + keys + 7] != journal_) return wire::integer(2);
    if (command.back().find(' ') != std::string::npos) {
      ++claims_;
      position_ = command[command.size() - 10];
      journal_ = command.back();
      return wire::integer(0);
    }
    position_ = command.back();
    applied_.push_back(position_);
    if (std::exchange(breaks_off_, false)) return std::nullopt;
    return wire::integer(0);
  }

  std::string finish_recovery(const Command& command) {
    if (position_.empty()) return wire::integer(0);
    if (mark_ == command[5]) mark_ = command[6];
    return wire::integer(1);
  }
  std::string mark() {
    const std::lock_guard lock(mutex_);
    return mark_;
  }

  void refuse_writes(const std::string& with) {
    const std::lock_guard lock(mutex_);
    refusal_of_writes_ = with;
  }
  void refuse_everything(const std::string& with) {
    const std::lock_guard lock(mutex_);
    refusal_ = refusal_of_writes_ = with;
  }
  std::vector<std::string> applied() {
    const std::lock_guard lock(mutex_);
    return applied_;
  }
  int claims() {
    const std::lock_guard lock(mutex_);
    return claims_;
  }
  // The server as it is found: where it is, and of which journal.
  void server_is(const std::string& position, const std::string& journal) {
    const std::lock_guard lock(mutex_);
    position_ = position;
    journal_ = journal;
  }
  // That of the data directory.
  std::string own_journal() const { return *read_journal_identity(directory_.file("data")); }
  void expect_refused(const std::string& part) {
    const auto refused = store(9);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::Refused);
    EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
  }
  bool all_applied(std::size_t count) {
    return loop_.run_until([&] { return applied().size() >= count; });
  }

  // Each try to bring the base ends with the next of these, the last one for ever.
  void bring_base_with(std::vector<Result<std::int64_t>> ends) {
    how_.restore_base = [this, ends = std::move(ends)](BehindRedis behind) {
      const std::size_t number = bases_++;
      had_graph_ = behind.has_graph;
      return end_with(std::move(behind), ends[std::min(number, ends.size() - 1)]);
    };
  }
  static redis::awaitable<Result<BroughtBase>> end_with(BehindRedis behind,
                                                        Result<std::int64_t> end) {
    BroughtBase base;
    if (!end && end.error().kind != ErrorKind::Unreachable) co_return end.error();
    base.position = end ? *end : 0;
    const Status marked = co_await behind.mark(base.position);
    if (!marked) co_return marked.error();
    if (!end) co_return end.error();  // cut while it was written
    base.name = "the base";
    co_return base;
  }

  TemporaryDirectory directory_;
  GraphWriterOptions how_;
  std::size_t bases_ = 0;   // tries to bring one
  bool had_graph_ = false;  // Redis, at the last of them
  wire::Answers answers_;
  wire::ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  std::shared_ptr<GraphWriter> writer_;

  std::mutex mutex_;  // of what follows
  std::string position_;
  std::string journal_;            // guard:journal
  int claims_ = 0;                 // of the server, for a journal
  std::string mark_;               // guard:content
  std::vector<std::string> keys_;  // what a walk finds
  std::string refusal_;
  std::string refusal_of_writes_;
  bool breaks_off_ = false;
  std::vector<std::string> applied_;
};

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

constexpr const char* kOfAnother = "0123456789abcdef0123456789abcdef /srv/p1 on host one";

// Two stores more than the other: they must not be applied on top of what that one has.
TEST_F(GraphWriterTest, ARedisOfAnotherJournalGetsNothingAlthoughThatIsShorter) {
  open();
  for (int i = 1; i <= 4; ++i) expect(StoreOutcome::Applied, store(i));
  close();
  server_is("2", kOfAnother);
  open();
  ASSERT_TRUE(loop_.run_until([&] { return writer_->store_trouble().has_value(); }));
  expect_refused("another data directory");
  expect_refused("/srv/p1 on host one");
  EXPECT_EQ(loop_.run(writer_->hold()).error().kind, ErrorKind::Refused) << "no checkpoint of it";
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2", "3", "4"}));
  server_is("2", own_journal());
  ASSERT_TRUE(all_applied(6));
  EXPECT_EQ(applied().back(), "4");
}

TEST_F(GraphWriterTest, AnotherJournalThatTakesTheServerWhileWeWriteIsFoundOut) {
  open();
  expect(StoreOutcome::Applied, store(1));
  server_is("1", kOfAnother);
  EXPECT_NE(*store(2), StoreOutcome::Applied);
  ASSERT_TRUE(loop_.run_until([&] { return writer_->store_trouble().has_value(); }));
  EXPECT_EQ(applied(), std::vector<std::string>{"1"});
}

TEST_F(GraphWriterTest, AServerAndADirectoryFromBeforeGetAnIdentityAndGoOn) {
  open();
  for (int i = 1; i <= 2; ++i) expect(StoreOutcome::Applied, store(i));
  close();
  std::filesystem::remove(journal_identity_path(directory_.file("data")));
  server_is("2", "");
  open();
  EXPECT_FALSE(writer_->loss());
  expect(StoreOutcome::Applied, store(3));
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2", "3"}));
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(journal_, own_journal());
}

// Each store is one exchange more than what it reads; the identity is compared in the same.
TEST_F(GraphWriterTest, AnIdentityCostsAStoreNoRoundTrip) {
  open();
  expect(StoreOutcome::Applied, store(1));
  const int asked = server_.count("EVAL");
  const int read = server_.count("GET");
  expect(StoreOutcome::Applied, store(2));
  const int read_by_a_store = server_.count("GET") - read;
  expect(StoreOutcome::Applied, store(3));
  EXPECT_EQ(server_.count("EVAL"), asked + 2);
  EXPECT_EQ(server_.count("GET"), read + 2 * read_by_a_store);
  EXPECT_EQ(claims(), 1);
}

TEST_F(GraphWriterTest, WithoutSyncsANewJournalTakesARedisOverAsItIs) {
  how_.limits.durability = Durability::Os;
  server_is("7", kOfAnother);
  open();
  expect(StoreOutcome::Applied, store(1));
  EXPECT_EQ(applied(), std::vector<std::string>{"8"});
  close();
  server_is("8", kOfAnother);
  open();
  ASSERT_TRUE(loop_.run_until([&] { return writer_->store_trouble().has_value(); }))
      << "one that has stored something does not";
  EXPECT_EQ(applied(), std::vector<std::string>{"8"});
}

TEST_F(GraphWriterTest, AtPositionZeroThereIsNothingOfTheOtherJournal) {
  server_is("0", kOfAnother);
  open();
  expect(StoreOutcome::Applied, store(1));
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(journal_, own_journal());
}

TEST_F(GraphWriterTest, AJournalThatIsGoneOrTruncatedIsToldWhenItIsOpened) {
  open();
  EXPECT_FALSE(writer_->loss());
  expect(StoreOutcome::Applied, store(1));
  close();
  const std::string file = directory_.file("data/journal/00000000000000000001.csv");
  std::filesystem::resize_file(file, 0);
  open();
  ASSERT_TRUE(writer_->loss());
  EXPECT_NE(writer_->loss()->find("has lost its lines"), std::string::npos) << *writer_->loss();
  close();
  open();
  EXPECT_FALSE(writer_->loss()) << "told once";
  close();
  std::filesystem::remove_all(directory_.file("data/journal"));
  open();
  ASSERT_TRUE(writer_->loss());
  EXPECT_NE(writer_->loss()->find("is gone"), std::string::npos) << *writer_->loss();
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
