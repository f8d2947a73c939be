#include "redis/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>

#include "error/error.h"
#include "redis/raw_reply.h"
#include "redis/reply_reader.h"
#include "redis/transport.h"

namespace redkeep::redis {
namespace {

std::string where(const EndpointOptions& options) { return describe(options); }

// Servers repeat the arguments of a command that they do not know, perhaps cut off somewhere; those
// of AUTH are the user and the password.
Reply without_password(Reply reply, const std::string& password) {
  reply.text = reply.text.substr(0, reply.text.find(", with args"));
  if (!password.empty()) reply.text = reply.text.substr(0, reply.text.find(password));
  return reply;
}

// What a refused handshake means for the person who has to mend it.
Error explain_refusal(const EndpointOptions& options, const Reply& reply) {
  const std::string_view said = reply.text;
  if (said.starts_with("NOAUTH") || said.starts_with("WRONGPASS") ||
      said.starts_with("ERR invalid password")) {
    return make_error(
        ErrorKind::NotPermitted, "{} {}: set REDKEEP_PASSWORD or use --password-file{}",
        where(options),
        options.password.empty() ? "needs a password" : "refuses the user or password",
        options.password.empty() ? "" : " with the right one");
  }
  if (said.starts_with("ERR DB index") || said.starts_with("ERR invalid DB index")) {
    return make_error(ErrorKind::InvalidInput,
                      "{}: there is no database {} on this server: choose another one in the URL",
                      where(options), options.database);
  }
  return within(where(options),
                error_from_reply("the greeting", without_password(reply, options.password)));
}

// Whether this reply to the n-th command of the greeting ends the connection.
bool is_refusal(const Reply& reply, bool mandatory) {
  return reply.is_error() && (mandatory || reply.text.starts_with("NOAUTH"));
}

}  // namespace

std::string describe(const EndpointOptions& options) {
  if (!options.unix_path.empty()) {
    return options.database == 0
               ? fmt::format("unix://{}", options.unix_path)
               : fmt::format("unix://{}?db={}", options.unix_path, options.database);
  }
  const bool is_ipv6 = options.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}/{}", options.tls ? "rediss" : "redis", is_ipv6 ? "[" : "",
                     options.host, is_ipv6 ? "]" : "", options.port, options.database);
}

Connection::Connection(EndpointOptions options, std::shared_ptr<Transport> transport)
    : options_(std::move(options)),
      transport_(std::move(transport)),
      reader_(std::make_unique<ReplyReader>()) {}

Connection::~Connection() { close(); }

awaitable<Result<std::unique_ptr<Connection>>> Connection::open(EndpointOptions options) {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto transport = std::make_shared<Transport>(executor);
  transport->arm(options.connect_deadline);
  const Status connected = co_await transport->connect(options);
  if (!connected) {
    co_return make_error(connected.error().kind, "cannot reach Redis at {}: {}", where(options),
                         connected.error().message);
  }
  std::unique_ptr<Connection> connection(new Connection(std::move(options), std::move(transport)));
  const Status greeted = co_await connection->handshake();
  if (!greeted) co_return greeted.error();
  co_return connection;
}

// Within the deadline that connecting has begun.
awaitable<Status> Connection::handshake() {
  CommandBuffer greeting;
  if (!options_.password.empty()) {
    if (options_.user.empty()) {
      greeting.add({"AUTH", options_.password});
    } else {
      greeting.add({"AUTH", options_.user, options_.password});
    }
  }
  if (options_.database != 0) greeting.add({"SELECT", std::to_string(options_.database)});
  // Servers that do not know or allow what follows are fine without.
  const std::size_t mandatory = greeting.commands();
  greeting.add({"CLIENT", "SETNAME", "redkeep"});
  // So that looking at a key does not make it look used (Redis 7.2 and later).
  greeting.add({"CLIENT", "NO-TOUCH", "ON"});

  std::vector<Reply> replies;
  const std::function<void(Reply &&)> keep = [&replies](Reply&& reply) {
    replies.push_back(std::move(reply));
  };
  Status done = co_await send_armed(greeting.wire());
  if (done) done = co_await receive_armed(greeting.commands(), keep);
  if (done) done = expect_no_rest();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    // A server that has no place for us says so instead of an answer and closes.
    if (is_refusal(replies[i], i < mandatory || !done)) {
      close();
      co_return explain_refusal(options_, replies[i]);
    }
  }
  if (!done) co_return make_error(ErrorKind::Unreachable, "{}", done.error().message);
  transport_->disarm();
  co_return Status{};
}

Error Connection::broken(const Error& cause) {
  close();
  return within(where(options_), cause);
}

Status Connection::expect_no_rest() {
  if (!reader_->has_rest() && raw_taken_ == raw_.size()) return {};
  return broken(Error{ErrorKind::UnknownOutcome, "the server sent more replies than were due"});
}

awaitable<Result<std::vector<Reply>>> Connection::exchange(const CommandBuffer& commands,
                                                           Deadline deadline) {
  std::vector<Reply> replies;
  replies.reserve(commands.commands());
  const std::function<void(Reply &&)> keep = [&replies](Reply&& reply) {
    replies.push_back(std::move(reply));
  };
  const Status exchanged = co_await exchange(commands, keep, deadline);
  if (!exchanged) co_return exchanged.error();
  co_return replies;
}

awaitable<Status> Connection::exchange(const CommandBuffer& commands,
                                       const std::function<void(Reply&&)>& sink,
                                       Deadline deadline) {
  transport_->arm(deadline);
  const Status sent = co_await send_armed(commands.wire());
  if (!sent) co_return sent;
  const Status received = co_await receive_armed(commands.commands(), sink);
  if (!received) co_return received;
  transport_->disarm();
  co_return expect_no_rest();
}

awaitable<Status> Connection::send(std::string_view wire, Deadline deadline) {
  transport_->arm(deadline);
  const Status sent = co_await send_armed(wire);
  if (sent) transport_->disarm();
  co_return sent;
}

awaitable<Status> Connection::receive(std::size_t count, std::function<void(Reply&&)> sink,
                                      Deadline deadline) {
  transport_->arm(deadline);
  const Status received = co_await receive_armed(count, sink);
  if (received) transport_->disarm();
  co_return received;
}

awaitable<Status> Connection::send_armed(std::string_view wire) {
  if (!transport_->is_open()) {
    co_return make_error(ErrorKind::Unreachable, "{}: the connection is closed", where(options_));
  }
  const Status written = co_await transport_->write(wire);
  if (!written) {
    co_return broken(Error{ErrorKind::UnknownOutcome, written.error().message});
  }
  co_return Status{};
}

awaitable<Status> Connection::receive_armed(std::size_t count,
                                            const std::function<void(Reply&&)>& sink) {
  std::array<char, 16 * 1024> block;
  // What was read along with raw replies.
  if (raw_taken_ < raw_.size()) {
    const Status fed = reader_->feed(std::string_view(raw_).substr(raw_taken_));
    if (!fed) co_return broken(Error{ErrorKind::UnknownOutcome, fed.error().message});
    raw_taken_ = raw_.size();
  }
  while (count > 0) {
    auto reply = reader_->next();
    if (!reply) co_return broken(Error{ErrorKind::UnknownOutcome, reply.error().message});
    if (*reply) {
      sink(std::move(**reply));
      --count;
      continue;
    }
    const auto bytes = co_await transport_->read_some(block);
    if (!bytes) co_return broken(Error{ErrorKind::UnknownOutcome, bytes.error().message});
    const Status fed = reader_->feed(std::string_view(block.data(), *bytes));
    if (!fed) co_return broken(Error{ErrorKind::UnknownOutcome, fed.error().message});
  }
  co_return Status{};
}

awaitable<Status> Connection::receive_raw(std::size_t count,
                                          std::function<void(std::string_view)> sink,
                                          Deadline deadline) {
  transport_->arm(deadline);
  while (count > 0) {
    const auto unread = std::string_view(raw_).substr(raw_taken_);
    const auto bytes = first_reply_bytes(unread);
    if (!bytes) co_return broken(Error{ErrorKind::UnknownOutcome, bytes.error().message});
    if (*bytes > 0) {
      sink(unread.substr(0, *bytes));
      raw_taken_ += *bytes;
      --count;
      continue;
    }
    const Status read = co_await read_raw();
    if (!read) co_return broken(Error{ErrorKind::UnknownOutcome, read.error().message});
  }
  transport_->disarm();
  co_return Status{};
}

awaitable<Status> Connection::read_raw() {
  // What a reply lacks of its end is read in ever larger parts, so that it is not looked through
  // too often.
  constexpr std::size_t kLeastBytes = std::size_t{128} << 10;
  raw_.erase(0, raw_taken_);
  raw_taken_ = 0;
  const std::size_t kept = raw_.size();
  if (kept > ReplyReader::kMaxReplyBytes) {
    co_return make_error(ErrorKind::Protocol, "the server sent a reply of more than {} MiB",
                         ReplyReader::kMaxReplyBytes >> 20);
  }
  raw_.resize(kept + std::max(kLeastBytes, kept / 2));
  const auto bytes = co_await transport_->read_some({raw_.data() + kept, raw_.size() - kept});
  raw_.resize(kept + (bytes ? *bytes : 0));
  co_return bytes ? Status{} : Status{bytes.error()};
}

bool Connection::is_open() const { return transport_->is_open(); }
bool Connection::is_stale() { return transport_->is_stale(); }
void Connection::close() { transport_->close(); }

}  // namespace redkeep::redis
