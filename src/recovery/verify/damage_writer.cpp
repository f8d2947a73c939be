#include "recovery/verify/damage_writer.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "error/error.h"
#include "recovery/csv/content_walk.h"
#include "recovery/verify/handover_queue.h"
#include "recovery/verify/mend_sinks.h"
#include "redis/beside.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kRowsAtOnce = 200;
constexpr std::size_t kBytesAtOnce = std::size_t{128} << 10;
constexpr std::size_t kMostWaitingCommands = 4;
constexpr std::size_t kMostSetBytesOfPart = std::size_t{32} << 20;
// Where little is damaged there is little to send: progress is shown all the same.
constexpr std::int64_t kBytesBetweenReports = 1 << 20;

using CommandQueue = HandoverQueue<redis::CommandBuffer>;

// One thread's share: from rows to commands.
class WriterPart {
 public:
  WriterPart(const DamageToWrite& what, WalkPart part, CommandQueue& queue)
      : queue_(queue),
        batch_(what.schema, what.form, Existing::Replace),
        pieces_(what.schema, what.survey.damage, what.left, GraphBatch::Sink{batch_, made_}),
        walk_(what.schema, what.survey.check, what.directory, WalkWords::Cut, part) {}

  Status make(const std::stop_token& stop) {
    for (bool goes_on = true; goes_on;) {
      if (stop.stop_requested()) return interrupted();
      const auto more = walk_.next(kRowsAtOnce, pieces_);
      if (!more) return more.error();
      goes_on = *more;
      rows_ = walk_.rows();
      if (batch_.set_bytes() > kMostSetBytesOfPart) write_sets();
      const bool says_where_it_is = walk_.bytes_read() - bytes_read_ >= kBytesBetweenReports;
      if (says_where_it_is || made_.bytes() >= kBytesAtOnce) hand_over();
    }
    batch_.flush_strings(made_);
    write_sets();
    hand_over();
    return {};
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t bytes_read() const { return bytes_read_; }

 private:
  void write_sets() {
    batch_.sort_sets();
    while (batch_.next_set(made_)) {
      if (made_.bytes() >= kBytesAtOnce) hand_over();
    }
  }
  void hand_over() {
    bytes_read_ = walk_.bytes_read();
    queue_.push(std::exchange(made_, {}));
  }

  CommandQueue& queue_;
  redis::CommandBuffer made_;
  GraphBatch batch_;
  DamagedPieces pieces_;
  ContentWalk walk_;
  std::atomic<std::int64_t> rows_ = 0;
  std::atomic<std::int64_t> bytes_read_ = 0;
};

class DamageWriter {
 public:
  DamageWriter(BulkPipe& pipe, const DamageToWrite& what, std::stop_token stop,
               const ShowProgress& progress)
      : pipe_(pipe),
        progress_(progress),
        total_bytes_(static_cast<double>(std::max<std::int64_t>(what.survey.check.total_bytes, 1))),
        entities_(what, WalkPart::Entities, queue_),
        associations_(what, WalkPart::Associations, queue_),
        forward_(std::move(stop), [this] { give_up(); }) {}

  redis::awaitable<Status> run() {
    using boost::asio::experimental::awaitable_operators::operator&&;
    auto [made, sent] = co_await (make_all() && send_all());
    if (const auto why = failure_of_either(made, sent)) co_return *why;
    co_return co_await pipe_.finish();
  }

 private:
  // Whoever waits at the queue goes on.
  void give_up() {
    all_.request_stop();
    queue_.abandon();
  }

  redis::awaitable<Status> make(WriterPart& part) {
    const auto make_it = [this, &part] { return part.make(all_.get_token()); };
    Status made = co_await redis::beside(make_it);
    if (!made) give_up();
    co_return made;
  }

  redis::awaitable<Status> make_all() {
    using boost::asio::experimental::awaitable_operators::operator&&;
    auto [entities, associations] = co_await (make(entities_) && make(associations_));
    queue_.finish();
    const auto why = failure_of_either(entities, associations);
    co_return why ? Status{*why} : Status{};
  }

  redis::awaitable<Status> send_all() {
    boost::asio::thread_pool thread(1);
    const auto take = [this] { return queue_.pop(); };
    for (;;) {
      const auto commands = co_await redis::beside(thread, take);
      if (!commands) co_return all_.stop_requested() ? interrupted() : Status{};
      report();
      pipe_.commands().append(*commands);
      Status sent = co_await pipe_.advance();
      if (!sent) {
        give_up();
        co_return sent;
      }
    }
  }

  void report() const {
    if (!progress_) return;
    const auto bytes = static_cast<double>(entities_.bytes_read() + associations_.bytes_read());
    progress_({"writing", entities_.rows() + associations_.rows(), bytes / total_bytes_, "rows"});
  }

  BulkPipe& pipe_;
  const ShowProgress& progress_;
  double total_bytes_;
  CommandQueue queue_{kMostWaitingCommands};
  WriterPart entities_;
  WriterPart associations_;
  std::stop_source all_;  // whoever fails ends the others too
  std::stop_callback<std::function<void()>> forward_;
};

}  // namespace

redis::awaitable<Status> write_damaged(BulkPipe& pipe, const DamageToWrite& what,
                                       std::stop_token stop, const ShowProgress& progress) {
  DamageWriter writer(pipe, what, std::move(stop), progress);
  co_return co_await writer.run();
}

}  // namespace redkeep::recovery
