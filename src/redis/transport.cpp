#include "redis/transport.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "error/error.h"

namespace redkeep::redis {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

// A deadline that is found over by more than that was found by a process that did not run.
constexpr std::chrono::seconds kWeWereNotRunning{1};
constexpr std::chrono::milliseconds kToTakeWhatIsThere{250};

// Why OpenSSL did not accept a certificate. The check of the host name is not its own, so that it
// has no word for it.
std::string_view reason_of(long verdict) {
  if (verdict == X509_V_ERR_UNSPECIFIED) return "it is for another host";
  return X509_verify_cert_error_string(verdict);
}

}  // namespace

Transport::Transport(asio::any_io_executor executor)
    : executor_(executor), socket_(executor), timer_(executor) {}

Error Transport::failed(std::string_view doing, const error_code& code) const {
  if (timed_out_) {
    return make_error(ErrorKind::Unreachable, "{}: no answer within the deadline", doing);
  }
  if (code == asio::error::eof) {
    return make_error(ErrorKind::Unreachable, "{}: the server closed the connection", doing);
  }
  return make_error(ErrorKind::Unreachable, "{}: {}", doing, code.message());
}

Transport::awaitable<Status> Transport::connect(EndpointOptions options) {
  Status connected;
  if (options.unix_path.empty()) {
    connected = co_await connect_tcp(options);
  } else {
    connected = co_await connect_unix(options);
  }
  if (connected && options.tls) connected = co_await start_tls(options);
  if (!connected) close();
  co_return connected;
}

Transport::awaitable<Status> Transport::connect_to(EndpointOptions options,
                                                   std::vector<asio::ip::tcp::endpoint> addresses) {
  Status connected = co_await connect_first(std::move(addresses));
  if (connected && options.tls) connected = co_await start_tls(options);
  if (!connected) close();
  co_return connected;
}

Transport::awaitable<Status> Transport::connect_unix(const EndpointOptions& options) {
  if (options.unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
    co_return make_error(ErrorKind::InvalidInput, "the socket path is longer than {} bytes",
                         sizeof(sockaddr_un::sun_path) - 1);
  }
  const asio::local::stream_protocol::endpoint endpoint(options.unix_path);
  const auto [code] = co_await socket_.async_connect(endpoint, kAsTuple);
  if (code) co_return failed("connecting", code);
  co_return Status{};
}

Transport::awaitable<Status> Transport::connect_tcp(const EndpointOptions& options) {
  asio::ip::tcp::resolver resolver(executor_);
  const auto [code, found] =
      co_await resolver.async_resolve(options.host, std::to_string(options.port), kAsTuple);
  if (code) {
    co_return make_error(ErrorKind::Unreachable, "the host name cannot be resolved: {}",
                         code.message());
  }
  // The look-up itself cannot be interrupted; what it found too late is of no use.
  if (timed_out_) co_return failed("looking up the host name", code);
  std::vector<asio::ip::tcp::endpoint> addresses;
  for (const auto& entry : found) addresses.push_back(entry.endpoint());
  co_return co_await connect_first(std::move(addresses));
}

Transport::awaitable<Status> Transport::connect_first(
    std::vector<asio::ip::tcp::endpoint> addresses) {
  error_code last = asio::error::host_not_found;
  for (const auto& address : addresses) {
    error_code ignored;
    socket_.close(ignored);
    const asio::generic::stream_protocol::endpoint endpoint(address);
    const auto [refused] = co_await socket_.async_connect(endpoint, kAsTuple);
    last = refused;
    if (!refused) {
      socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
      socket_.set_option(asio::socket_base::keep_alive(true), ignored);
      co_return Status{};
    }
    if (timed_out_) break;
  }
  co_return failed("connecting", last);
}

Transport::awaitable<Status> Transport::start_tls(const EndpointOptions& options) {
  error_code code;
  tls_context_.emplace(asio::ssl::context::tls_client);
  if (options.ca_file.empty()) {
    tls_context_->set_default_verify_paths(code);
  } else {
    tls_context_->load_verify_file(options.ca_file, code);
  }
  if (code) {
    co_return make_error(
        ErrorKind::InvalidInput, "the certificate authorities in {} cannot be read: {}",
        options.ca_file.empty() ? "the system's store" : options.ca_file, code.message());
  }
  tls_context_->set_verify_mode(asio::ssl::verify_peer);
  tls_.emplace(socket_, *tls_context_);
  tls_->set_verify_callback(asio::ssl::host_name_verification(options.host), code);
  asio::ip::make_address(options.host, code);
  const bool is_address = !code;
  if (!is_address) {
    // What the macro SSL_set_tlsext_host_name does, without its C cast.
    std::string name = options.host;
    SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             name.data());
  }
  const auto [refused] = co_await tls_->async_handshake(asio::ssl::stream_base::client, kAsTuple);
  if (!refused) co_return Status{};
  const long verdict = SSL_get_verify_result(tls_->native_handle());
  if (verdict != X509_V_OK && !timed_out_) {
    co_return make_error(ErrorKind::Unreachable, "the certificate of {} is not accepted: {}",
                         options.host, reason_of(verdict));
  }
  co_return failed("the TLS handshake with " + options.host, refused);
}

Transport::awaitable<Result<std::size_t>> Transport::read_some(std::span<char> into) {
  const asio::mutable_buffer buffer(into.data(), into.size());
  error_code code;
  std::size_t bytes = 0;
  if (tls_) {
    std::tie(code, bytes) = co_await tls_->async_read_some(buffer, kAsTuple);
  } else {
    std::tie(code, bytes) = co_await socket_.async_read_some(buffer, kAsTuple);
  }
  if (code) co_return failed("reading", code);
  co_return bytes;
}

Transport::awaitable<Status> Transport::write(std::string_view bytes) {
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  error_code code;
  std::size_t written = 0;
  if (tls_) {
    std::tie(code, written) = co_await asio::async_write(*tls_, buffer, kAsTuple);
  } else {
    std::tie(code, written) = co_await asio::async_write(socket_, buffer, kAsTuple);
  }
  if (code) co_return failed("writing", code);
  co_return Status{};
}

void Transport::arm(std::chrono::milliseconds deadline) {
  timer_.expires_after(deadline);
  close_when_over(++armed_);
}

// A process that was stopped, or whose machine slept, finds the deadline long over and beside it
// what the server has sent meanwhile: that is taken first.
void Transport::close_when_over(std::uint64_t number) {
  timer_.async_wait([number, weak = weak_from_this()](const error_code& code) {
    const auto self = weak.lock();
    if (code || !self || self->armed_ != number) return;
    if (std::chrono::steady_clock::now() - self->timer_.expiry() > kWeWereNotRunning) {
      self->timer_.expires_after(kToTakeWhatIsThere);
      return self->close_when_over(number);
    }
    self->timed_out_ = true;
    self->close();
  });
}

void Transport::disarm() {
  ++armed_;
  timer_.cancel();
}

bool Transport::is_stale() {
  if (!socket_.is_open()) return true;
  if (tls_) {
    // What was read but not yet taken. Session tickets, the only thing that arrives unasked, come
    // before the reply to the greeting.
    const SSL* tls = tls_->native_handle();
    if (SSL_has_pending(tls) == 1 || BIO_ctrl_pending(SSL_get_rbio(tls)) > 0) return true;
  }
  char byte = 0;
  const auto peeked = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return peeked >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void Transport::close() {
  error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
}

}  // namespace redkeep::redis
