// The owner of the journal against a server that refuses, breaks off and forgets at chosen moments.
#include "recovery/journal/graph_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

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
    answers_.on("SET", [this](const Command& command) { return set(command); });
    answers_.on("HMGET", [](const Command& command) {
      return wire::array(std::vector<std::string>(command.size() - 2, wire::nil()));
    });
    answers_.on("EVAL", [this](const Command& command) { return eval(command); });
  }
  ~GraphWriterTest() override { close(); }

  DataDirectory own() const { return std::move(*DataDirectory::own(directory_.file("data"))); }

  void open() {
    GraphWriterOptions how;
    how.endpoint = server_.endpoint();
    how.prefix = "reed:";
    how.deadline = std::chrono::milliseconds{2000};
    auto opened = GraphWriter::open(loop_.executor(), Disk::real(), own(), how);
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
    if (command[1] != "reed:guard:position" || position_.empty()) return wire::nil();
    return wire::bulk(position_);
  }
  std::string set(const Command& command) {
    const std::lock_guard lock(mutex_);
    position_ = command[2];
    return wire::status("OK");
  }
  // As the script does: KEYS[1] is the position, its value the first condition's last word, and the
  // new one the last word of all.
  std::optional<std::string> eval(const Command& command) {
    const std::lock_guard lock(mutex_);
    if (!refusal_of_writes_.empty()) return wire::refusal(refusal_of_writes_);
    const std::size_t keys = std::stoul(command[2]);
    const std::string& before = command[3 + keys + 4];
    if (before != position_) return wire::integer(1);
    position_ = command.back();
    applied_.push_back(position_);
    if (std::exchange(breaks_off_, false)) return std::nullopt;
    return wire::integer(0);
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
  bool all_applied(std::size_t count) {
    return loop_.run_until([&] { return applied().size() >= count; });
  }

  TemporaryDirectory directory_;
  wire::Answers answers_;
  wire::ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  std::shared_ptr<GraphWriter> writer_;

  std::mutex mutex_;  // of what follows
  std::string position_;
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
  EXPECT_EQ(server_.count("SET"), 1) << "the position is written to a new server only";
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
  GraphWriterOptions how;
  how.endpoint = server_.endpoint();
  how.prefix = "reed:";
  auto opened = GraphWriter::open(loop_.executor(), disk, own(), how);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  writer_ = std::move(*opened);
  writer_->start();
  expect(StoreOutcome::Applied, store(1));
  disk.is_full = true;
  const auto refused = store(2);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::Io);
  disk.is_full = false;
  expect(StoreOutcome::Applied, store(3));
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

TEST_F(GraphWriterTest, WithRedisAwayThereIsNothingToHold) {
  refuse_everything("LOADING");
  open();
  expect(StoreOutcome::Journaled, store(1));
  EXPECT_EQ(loop_.run(writer_->hold()).error().kind, ErrorKind::ServerBusy);
  refuse_everything("");
  ASSERT_TRUE(all_applied(1)) << "it goes on";
}

TEST_F(GraphWriterTest, TheFilesThatACheckpointHoldsGoAndTheRestDoes) {
  open();
  expect(StoreOutcome::Applied, store(1));
  EXPECT_TRUE(writer_->remove_files_up_to(1000).ok());
  expect(StoreOutcome::Applied, store(2));
  EXPECT_EQ(writer_->journaled_position(), 2);
  EXPECT_EQ(writer_->applied_position(), 2);
}

}  // namespace
}  // namespace redkeep::recovery
