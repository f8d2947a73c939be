#pragma once
// The owner of a journal against a server that refuses, breaks off and forgets at chosen moments.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>

#include "error/error.h"
#include "recovery/journal/graph_writer.h"
#include "recovery/journal/journal_identity.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::recovery {

using wire::Command;

class GraphWriterTest : public testing::Test {
 protected:
  GraphWriterTest() {
    answers_.on("GET", [this](const Command& command) { return get(command); });
    answers_.on("HMGET", [](const Command& command) {
      return wire::array(std::vector<std::string>(command.size() - 2, wire::nil()));
    });
    answers_.on("EVAL", [this](const Command& command) { return eval(command); });
    answers_.on("SET", [this](const Command& command) { return set(command); });
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

}  // namespace redkeep::recovery
