#include "recovery/journal/change_client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "error/error.h"
#include "recovery/journal/change_protocol.h"

namespace redkeep::recovery {

namespace asio = boost::asio;

struct ChangeClient::Waiter {
  explicit Waiter(const asio::any_io_executor& executor) : done(executor) {}

  std::optional<Result<StoreOutcome>> result;
  asio::steady_timer done;  // cancelled when the result is there
};

std::shared_ptr<ChangeClient> ChangeClient::create(asio::any_io_executor executor,
                                                   const std::string& data_directory,
                                                   std::string prefix,
                                                   std::chrono::milliseconds deadline) {
  return std::shared_ptr<ChangeClient>(new ChangeClient(
      std::move(executor), change_socket_path(data_directory), std::move(prefix), deadline));
}

ChangeClient::ChangeClient(asio::any_io_executor executor, std::string path, std::string prefix,
                           std::chrono::milliseconds deadline)
    : executor_(std::move(executor)),
      path_(std::move(path)),
      prefix_(std::move(prefix)),
      deadline_(deadline) {}

redis::awaitable<Result<StoreOutcome>> ChangeClient::write(GraphChange change) {
  if (const Status connected = connect(); !connected) co_return connected.error();
  const std::int64_t number = ++last_number_;
  co_return co_await ask(number, request_line(number, change));
}

redis::awaitable<Status> ChangeClient::write_checkpoint() {
  if (const Status connected = connect(); !connected) co_return connected.error();
  const std::int64_t number = ++last_number_;
  const auto done = co_await ask(number, checkpoint_request_line(number));
  if (!done) co_return done.error();
  co_return Status{};
}

redis::awaitable<Result<StoreOutcome>> ChangeClient::ask(std::int64_t number, std::string line) {
  const auto waiter = std::make_shared<Waiter>(executor_);
  waiters_.emplace(number, waiter);
  unsent_ += line;
  if (!std::exchange(is_sending_, true)) start(send_all(socket_));
  waiter->done.expires_after(deadline_);
  co_await waiter->done.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter->result) co_return std::move(*waiter->result);
  waiters_.erase(number);
  co_return make_error(ErrorKind::UnknownOutcome,
                       "the owner of the data directory did not answer within {} ms at {}: repeat "
                       "the call",
                       deadline_.count(), printable(path_));
}

// A Unix socket is connected at once or not at all. The greeting's answer needs no waiting for: if
// it is a refusal, so are the answers to everything behind it.
Status ChangeClient::connect() {
  if (closed_) return make_error(ErrorKind::Unreachable, "the client is closed");
  if (socket_) return {};
  const auto socket = std::make_shared<Socket>(executor_);
  boost::system::error_code code;
  socket->connect(path_, code);
  if (code) {
    return make_error(ErrorKind::Unreachable,
                      "the owner of the data directory does not listen at {}: {}; is it running?",
                      printable(path_), code.message());
  }
  socket_ = socket;
  unsent_ = greeting_line(prefix_);
  last_number_ = std::max(last_number_, kGreetingNumber);
  is_sending_ = true;
  start(send_all(socket));
  start(receive_all(socket));
  return {};
}

redis::awaitable<void> ChangeClient::send_all(std::shared_ptr<Socket> socket) {
  while (socket == socket_ && !unsent_.empty()) {
    const std::string sending = std::exchange(unsent_, {});
    const auto [code, bytes] = co_await asio::async_write(*socket, asio::buffer(sending),
                                                          asio::as_tuple(asio::use_awaitable));
    if (code) lose(socket);
  }
  if (socket == socket_) is_sending_ = false;
}

redis::awaitable<void> ChangeClient::receive_all(std::shared_ptr<Socket> socket) {
  std::string unread;
  while (socket == socket_) {
    const auto [code, bytes] = co_await asio::async_read_until(
        *socket, asio::dynamic_buffer(unread, kMostProtocolLineBytes), '\n',
        asio::as_tuple(asio::use_awaitable));
    if (code) break;
    const auto line = parse_protocol_line(std::string_view(unread).substr(0, bytes - 1));
    unread.erase(0, bytes);
    if (!line) break;
    const auto waiter = waiters_.find(line->position);
    if (waiter == waiters_.end()) continue;
    waiter->second->result = outcome_of(*line);
    waiter->second->done.cancel();
    waiters_.erase(waiter);
  }
  lose(socket);
}

void ChangeClient::lose(const std::shared_ptr<Socket>& socket) {
  boost::system::error_code ignored;
  socket->close(ignored);
  if (socket != socket_) return;
  socket_.reset();
  is_sending_ = false;
  unsent_.clear();
  for (auto& [number, waiter] : std::exchange(waiters_, {})) {
    waiter->result = make_error(ErrorKind::UnknownOutcome,
                                "the owner of the data directory ended the connection at {}: "
                                "repeat the call",
                                printable(path_));
    waiter->done.cancel();
  }
}

void ChangeClient::close() {
  closed_ = true;
  if (const auto socket = socket_) lose(socket);
}

void ChangeClient::start(redis::awaitable<void> work) {
  asio::co_spawn(executor_, std::move(work),
                 [self = shared_from_this()](const std::exception_ptr& failure) {
                   if (failure) std::rethrow_exception(failure);
                 });
}

}  // namespace redkeep::recovery
