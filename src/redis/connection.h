#pragma once
// One connection to one server over TCP, TLS or a Unix socket.
//
// Every exchange has one total deadline. After a timeout, a half reply or anything that is not RESP
// the connection is closed and never used again: a late reply must not answer somebody else's
// question. Not thread-safe: all calls come from the executor it was opened on, one at a time (the
// Client queues).
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "redis/command_buffer.h"
#include "redis/reply.h"
#include "redkeep/options.h"
#include "redkeep/result.h"

namespace redkeep::redis {

template <class T>
using awaitable = boost::asio::awaitable<T>;

class Transport;
class ReplyReader;

class Connection {
 public:
  using Deadline = std::chrono::milliseconds;

  /// Connects, authenticates and selects the database, all within connect_deadline. The message of
  /// an error names the endpoint and what to do.
  static awaitable<Result<std::unique_ptr<Connection>>> open(EndpointOptions options);

  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends the commands and returns as many replies, error replies included, in order.
  awaitable<Result<std::vector<Reply>>> exchange(const CommandBuffer& commands, Deadline deadline);

  /// The same, each reply given to `sink` as soon as it is there: the server may still be working
  /// on the commands behind it.
  awaitable<Status> exchange(const CommandBuffer& commands,
                             const std::function<void(Reply&&)>& sink, Deadline deadline);

  /// For bulk work: sends without waiting for replies. The caller keeps what is unanswered small
  /// (the server buffers our replies) and calls receive() for each command sent.
  awaitable<Status> send(std::string_view wire, Deadline deadline);

  /// Takes `count` replies off the connection and gives each to `sink`, in order.
  awaitable<Status> receive(std::size_t count, std::function<void(Reply&&)> sink,
                            Deadline deadline);

  /// The same, each reply as the bytes it came in (see raw_reply.h), good until `sink` returns.
  awaitable<Status> receive_raw(std::size_t count, std::function<void(std::string_view)> sink,
                                Deadline deadline);

  bool is_open() const;
  /// True if it cannot be used for the next exchange: closed by the peer, or with bytes that nobody
  /// asked for.
  bool is_stale();
  void close();

 private:
  Connection(EndpointOptions options, std::shared_ptr<Transport> transport);
  awaitable<Status> handshake();
  awaitable<Status> send_armed(std::string_view wire);
  awaitable<Status> receive_armed(std::size_t count, const std::function<void(Reply&&)>& sink);
  awaitable<Status> read_raw();
  Status expect_no_rest();
  Error broken(const Error& cause);

  EndpointOptions options_;
  std::shared_ptr<Transport> transport_;
  std::unique_ptr<ReplyReader> reader_;
  std::string raw_;  // bytes of receive_raw(), of which some are taken
  std::size_t raw_taken_ = 0;
};

/// "redis://127.0.0.1:6390/0", "unix:///run/redis.sock": for people; no user, no password.
std::string describe(const EndpointOptions& options);

}  // namespace redkeep::redis
