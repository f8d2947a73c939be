#pragma once
// Bytes to and from one server over TCP, TLS or a Unix socket, with one deadline at a time.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "redkeep/options.h"
#include "redkeep/result.h"

namespace redkeep::redis {

class Transport : public std::enable_shared_from_this<Transport> {
 public:
  template <class T>
  using awaitable = boost::asio::awaitable<T>;
  using Socket = boost::asio::generic::stream_protocol::socket;

  explicit Transport(boost::asio::any_io_executor executor);

  /// Resolves, connects and, where asked for, makes the TLS handshake with verification and SNI.
  awaitable<Status> connect(EndpointOptions options);
  /// The same with TCP where the addresses are known; a certificate has to be options.host's.
  awaitable<Status> connect_to(EndpointOptions options,
                               std::vector<boost::asio::ip::tcp::endpoint> addresses);

  /// At least one byte, or an error. The end of the stream is an error.
  awaitable<Result<std::size_t>> read_some(std::span<char> into);
  awaitable<Status> write(std::string_view bytes);

  /// From now on everything has to be done within `deadline`; past it the socket is closed and the
  /// waiting call fails. Replaces the deadline before.
  void arm(std::chrono::milliseconds deadline);
  void disarm();

  bool is_open() const { return socket_.is_open(); }
  /// True if the peer has closed, or has sent what nobody asked for. Between two exchanges only.
  bool is_stale();
  void close();

 private:
  awaitable<Status> connect_tcp(const EndpointOptions& options);
  awaitable<Status> connect_unix(const EndpointOptions& options);
  awaitable<Status> connect_first(std::vector<boost::asio::ip::tcp::endpoint> addresses);
  awaitable<Status> start_tls(const EndpointOptions& options);
  void close_when_over(std::uint64_t number);
  Error failed(std::string_view doing, const boost::system::error_code& code) const;

  boost::asio::any_io_executor executor_;
  Socket socket_;
  std::optional<boost::asio::ssl::context> tls_context_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  boost::asio::steady_timer timer_;
  std::uint64_t armed_ = 0;  // tells a timer that was set anew from the one before
  bool timed_out_ = false;
};

}  // namespace redkeep::redis
