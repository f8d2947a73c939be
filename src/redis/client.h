#pragma once
// A connection that comes back: reconnects with backoff and jitter, and lets many coroutines share
// one connection. Requests that arrive while an exchange is under way wait and leave together in
// the next one, so concurrency turns into pipelining by itself.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "redis/connection.h"

namespace redkeep::redis {

class Client : public std::enable_shared_from_this<Client> {
 public:
  static std::shared_ptr<Client> create(boost::asio::any_io_executor executor,
                                        EndpointOptions options);

  /// Sends the commands, returns as many replies. Error replies are replies, not errors. Errors:
  /// Unreachable (nothing was sent), UnknownOutcome (the connection broke after sending), Refused
  /// (too much is waiting already).
  ///
  /// With `only_on`, the commands go over the connection of that generation and no other: where a
  /// walk is, or what a server can do, means nothing on another server. Unreachable otherwise.
  ///
  /// With `sink`, each reply is given to it as soon as it is there, while the server works on the
  /// commands behind it, and none is returned. Such commands share no exchange with others.
  ///
  /// With `still`, it is asked right before the commands are written, which may be long after this
  /// was called (others were first, or this process was stopped); where it says no, they are not
  /// sent, and the error is Interrupted.
  awaitable<Result<std::vector<Reply>>> exchange(CommandBuffer commands,
                                                 std::optional<std::uint64_t> only_on = {},
                                                 std::function<void(Reply&&)> sink = {},
                                                 std::function<bool()> still = {});

  /// One command; an error reply becomes an error.
  awaitable<Result<Reply>> call(std::vector<std::string> arguments);

  /// Grows by one with every new connection: what was read of a server before is to be read again.
  std::uint64_t generation() const { return generation_; }
  bool connected() const { return connection_ && connection_->is_open(); }
  const EndpointOptions& options() const { return options_; }

  /// Fails what is waiting and closes; later calls fail as Unreachable.
  void close();

 private:
  struct Request;
  Client(boost::asio::any_io_executor executor, EndpointOptions options);
  awaitable<void> pump();
  awaitable<Status> ensure_connected();
  awaitable<void> run_batch(std::vector<std::shared_ptr<Request>> batch);
  bool is_for_now(Request& request) const;
  std::vector<std::shared_ptr<Request>> take_batch();

  boost::asio::any_io_executor executor_;
  EndpointOptions options_;
  std::unique_ptr<Connection> connection_;
  std::deque<std::shared_ptr<Request>> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool pumping_ = false;
  bool closed_ = false;
  std::uint64_t generation_ = 0;
  std::chrono::steady_clock::time_point not_before_{};  // backoff after a failed connect
  std::chrono::milliseconds backoff_{0};
  Error last_failure_{ErrorKind::Unreachable, {}};
};

}  // namespace redkeep::redis
