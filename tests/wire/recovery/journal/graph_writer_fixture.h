#pragma once
// The owner of a journal against a server that refuses, breaks off and forgets at chosen moments
// (journaled_server.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "error/error.h"
#include "recovery/journal/graph_writer.h"
#include "recovery/journal/journal_identity.h"
#include "wire/event_loop.h"
#include "wire/recovery/journal/journaled_server.h"

namespace redkeep::recovery {

class GraphWriterTest : public testing::Test, protected JournaledServer {
 protected:
  GraphWriterTest() {
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
  wire::EventLoop loop_;
  std::shared_ptr<GraphWriter> writer_;
};

}  // namespace redkeep::recovery
