#include "redis/client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "error/error.h"

namespace redkeep::redis {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostBatchCommands = 16'384;
constexpr std::size_t kMostBatchBytes = std::size_t{1} << 20;
// What may wait for a slow server before callers are refused: our buffers count as its memory.
constexpr std::size_t kMostWaitingBytes = std::size_t{64} << 20;
constexpr std::chrono::milliseconds kFirstBackoff{50};
constexpr std::chrono::milliseconds kLongestBackoff{5000};

// Between half and the whole of it, so that many clients do not come back at the same moment.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds backoff) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> part(backoff.count() / 2, backoff.count());
  return std::chrono::milliseconds{part(random)};
}

}  // namespace

struct Client::Request {
  Request(const asio::any_io_executor& executor, CommandBuffer sent,
          std::optional<std::uint64_t> generation)
      : commands(std::move(sent)),
        only_on(generation),
        done(executor, asio::steady_timer::time_point::max()) {}

  void finish(Result<std::vector<Reply>> with) {
    result = std::move(with);
    done.cancel();
  }

  CommandBuffer commands;
  std::optional<std::uint64_t> only_on;
  std::function<void(Reply&&)> sink;  // where the replies go, if not into the result
  std::function<bool()> still;        // whether they may still be sent; empty: they may
  std::optional<Result<std::vector<Reply>>> result;
  asio::steady_timer done;  // never fires: cancelled when the result is there
};

std::shared_ptr<Client> Client::create(asio::any_io_executor executor, EndpointOptions options) {
  return std::shared_ptr<Client>(new Client(std::move(executor), std::move(options)));
}

Client::Client(asio::any_io_executor executor, EndpointOptions options)
    : executor_(std::move(executor)), options_(std::move(options)) {}

awaitable<Result<std::vector<Reply>>> Client::exchange(CommandBuffer commands,
                                                       std::optional<std::uint64_t> only_on,
                                                       std::function<void(Reply&&)> sink,
                                                       std::function<bool()> still) {
  if (closed_) co_return make_error(ErrorKind::Unreachable, "the client is closed");
  if (waiting_bytes_ + commands.bytes() > kMostWaitingBytes && !waiting_.empty()) {
    co_return make_error(ErrorKind::Refused, "{}: {} MiB of commands wait for the server already",
                         describe(options_), waiting_bytes_ >> 20);
  }
  waiting_bytes_ += commands.bytes();
  const auto request = std::make_shared<Request>(executor_, std::move(commands), only_on);
  request->sink = std::move(sink);
  request->still = std::move(still);
  waiting_.push_back(request);
  if (!pumping_) {
    pumping_ = true;
    // The pump owns itself through `self` until the queue is empty.
    asio::co_spawn(executor_, pump(), [self = shared_from_this()](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  if (!request->result) {
    co_await request->done.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (!request->result) {
    // What they know may be gone by then.
    if (request->sink) request->sink = [](Reply&&) {};
    if (request->still) request->still = [] { return false; };
    co_return interrupted();
  }
  co_return std::move(*request->result);
}

awaitable<Result<Reply>> Client::call(std::vector<std::string> arguments) {
  CommandBuffer commands;
  commands.add(arguments);
  auto replies = co_await exchange(std::move(commands));
  if (!replies) co_return replies.error();
  Reply& reply = replies->front();
  if (reply.is_error()) co_return error_from_reply(arguments.front(), reply);
  co_return std::move(reply);
}

awaitable<void> Client::pump() {
  const auto self = shared_from_this();
  while (!waiting_.empty()) {
    const Status ready = co_await ensure_connected();
    auto batch = take_batch();
    if (!ready) {
      for (const auto& request : batch) request->finish(ready.error());
      continue;
    }
    std::erase_if(batch, [this](const auto& request) { return !is_for_now(*request); });
    if (!batch.empty()) co_await run_batch(std::move(batch));
  }
  pumping_ = false;
}

// A request for an earlier connection, or one that may not be sent any more, is finished here.
bool Client::is_for_now(Request& request) const {
  if (request.only_on && *request.only_on != generation_) {
    request.finish(make_error(ErrorKind::Unreachable,
                              "{}: the connection was lost and made anew on the way",
                              describe(options_)));
    return false;
  }
  if (!request.still || request.still()) return true;
  request.finish(make_error(ErrorKind::Interrupted, "{}: not sent, because it was too late by then",
                            describe(options_)));
  return false;
}

std::vector<std::shared_ptr<Client::Request>> Client::take_batch() {
  std::vector<std::shared_ptr<Request>> batch;
  std::size_t bytes = 0;
  std::size_t commands = 0;
  while (!waiting_.empty()) {
    const CommandBuffer& next = waiting_.front()->commands;
    const bool is_full =
        bytes + next.bytes() > kMostBatchBytes || commands + next.commands() > kMostBatchCommands;
    const bool goes_alone = waiting_.front()->sink != nullptr;
    if (!batch.empty() && (is_full || goes_alone)) break;
    bytes += next.bytes();
    commands += next.commands();
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    if (goes_alone) break;
  }
  waiting_bytes_ -= bytes;
  return batch;
}

awaitable<Status> Client::ensure_connected() {
  if (closed_) co_return make_error(ErrorKind::Unreachable, "the client is closed");
  if (connection_ && !connection_->is_stale()) co_return Status{};
  connection_.reset();
  if (std::chrono::steady_clock::now() < not_before_) co_return last_failure_;
  auto opened = co_await Connection::open(options_);
  if (closed_) co_return make_error(ErrorKind::Unreachable, "the client is closed");
  if (!opened) {
    backoff_ = backoff_.count() == 0 ? kFirstBackoff : std::min(backoff_ * 2, kLongestBackoff);
    not_before_ = std::chrono::steady_clock::now() + with_jitter(backoff_);
    last_failure_ = opened.error();
    co_return opened.error();
  }
  connection_ = std::move(*opened);
  backoff_ = std::chrono::milliseconds{0};
  ++generation_;
  co_return Status{};
}

awaitable<void> Client::run_batch(std::vector<std::shared_ptr<Request>> batch) {
  // The common case, one caller, sends its own buffer without a copy.
  if (batch.size() == 1) {
    Request& request = *batch.front();
    if (request.sink) {
      const Status exchanged =
          co_await connection_->exchange(request.commands, request.sink, options_.deadline);
      request.finish(exchanged ? Result<std::vector<Reply>>(std::vector<Reply>{})
                               : Result<std::vector<Reply>>(exchanged.error()));
      co_return;
    }
    auto replies = co_await connection_->exchange(request.commands, options_.deadline);
    request.finish(std::move(replies));
    co_return;
  }
  CommandBuffer together;
  for (const auto& request : batch) together.append(request->commands);
  auto replies = co_await connection_->exchange(together, options_.deadline);
  auto next = replies ? replies->begin() : std::vector<Reply>::iterator{};
  for (const auto& request : batch) {
    if (!replies) {
      request->finish(replies.error());
      continue;
    }
    const auto count = static_cast<std::ptrdiff_t>(request->commands.commands());
    request->finish(
        std::vector<Reply>(std::make_move_iterator(next), std::make_move_iterator(next + count)));
    next += count;
  }
}

void Client::close() {
  closed_ = true;
  if (connection_) connection_->close();
  // What is under way fails by that; what has not left, here.
  for (const auto& request : waiting_) {
    request->finish(make_error(ErrorKind::Unreachable, "the client is closed"));
  }
  waiting_.clear();
  waiting_bytes_ = 0;
}

}  // namespace redkeep::redis
