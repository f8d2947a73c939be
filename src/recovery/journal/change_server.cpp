#include "recovery/journal/change_server.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "error/error.h"
#include "recovery/journal/change_protocol.h"
#include "redis/pause.h"

namespace redkeep::recovery {

namespace asio = boost::asio;

namespace {

// Of one program; what is beyond stays in its socket.
constexpr int kMostUnderWay = 1024;
// When no descriptor is free, accepting again at once would only burn the processor.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

struct ChangeServer::Session {
  explicit Session(Socket with)
      : socket(std::move(with)),
        fewer(socket.get_executor(), asio::steady_timer::time_point::max()) {}

  Socket socket;
  std::string unread;
  std::string unsent;
  bool is_sending = false;
  int under_way = 0;
  asio::steady_timer fewer;  // cancelled when one of them is done
};

Result<std::shared_ptr<ChangeServer>> ChangeServer::listen(asio::any_io_executor executor,
                                                           const std::string& data_directory,
                                                           std::string prefix,
                                                           std::shared_ptr<GraphWriter> writer) {
  const std::shared_ptr<ChangeServer> server(
      new ChangeServer(std::move(executor), change_socket_path(data_directory), std::move(prefix),
                       std::move(writer)));
  if (const Status bound = server->bind(); !bound) return bound.error();
  server->start(server->accept_all());
  return server;
}

ChangeServer::ChangeServer(asio::any_io_executor executor, std::string path, std::string prefix,
                           std::shared_ptr<GraphWriter> writer)
    : executor_(executor),
      path_(std::move(path)),
      prefix_(std::move(prefix)),
      writer_(std::move(writer)),
      acceptor_(executor) {}

Status ChangeServer::bind() {
  if (path_.size() >= sizeof(sockaddr_un::sun_path)) {
    return make_error(ErrorKind::Io,
                      "{} is too long for a Unix socket: other programs cannot write through this "
                      "one; use a data directory with a shorter path",
                      printable(path_));
  }
  ::unlink(path_.c_str());
  boost::system::error_code code;
  acceptor_.open(asio::local::stream_protocol(), code);
  if (!code) acceptor_.bind(path_, code);
  if (!code && ::chmod(path_.c_str(), S_IRUSR | S_IWUSR) != 0) {
    code.assign(errno, boost::system::system_category());
  }
  if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
  if (!code) return {};
  return make_error(ErrorKind::Io, "cannot listen at {}: {}", printable(path_), code.message());
}

void ChangeServer::start(redis::awaitable<void> work) {
  asio::co_spawn(executor_, std::move(work),
                 [self = shared_from_this()](const std::exception_ptr& failure) {
                   if (failure) std::rethrow_exception(failure);
                 });
}

void ChangeServer::close() {
  if (std::exchange(closed_, true)) return;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  ::unlink(path_.c_str());
  for (const auto& weak : sessions_) {
    if (const auto session = weak.lock()) session->socket.close(ignored);
  }
}

redis::awaitable<void> ChangeServer::accept_all() {
  while (!closed_) {
    Socket socket(executor_);
    const auto [code] =
        co_await acceptor_.async_accept(socket, asio::as_tuple(asio::use_awaitable));
    if (closed_) break;
    if (code) {
      co_await redis::pause_for(kAcceptPause);
      continue;
    }
    std::erase_if(sessions_, [](const auto& weak) { return weak.expired(); });
    const auto session = std::make_shared<Session>(std::move(socket));
    sessions_.push_back(session);
    start(serve(session));
  }
}

redis::awaitable<void> ChangeServer::serve(std::shared_ptr<Session> session) {
  std::optional<Status> greeted;  // refused: all that follows is, too
  while (!closed_) {
    const auto [code, bytes] = co_await asio::async_read_until(
        session->socket, asio::dynamic_buffer(session->unread, kMostProtocolLineBytes), '\n',
        asio::as_tuple(asio::use_awaitable));
    if (code) break;
    auto line = parse_protocol_line(std::string_view(session->unread).substr(0, bytes - 1));
    session->unread.erase(0, bytes);
    if (!line) break;
    const std::int64_t number = line->position;
    if (!greeted) {
      greeted = check_greeting(*line, prefix_);
      if (*greeted) answer(session, answer_line(number, StoreOutcome::Applied));
    }
    if (!*greeted) answer(session, answer_line(number, greeted->error()));
    if (!*greeted || number == kGreetingNumber) continue;
    if (is_checkpoint_request(*line)) {
      ++session->under_way;
      start(carry_out_checkpoint(session, number));
      continue;
    }
    auto change = requested_change(std::move(*line));
    if (!change) {
      answer(session, answer_line(number, change.error()));
      continue;
    }
    ++session->under_way;
    start(carry_out(session, number, std::move(*change)));
    while (session->under_way >= kMostUnderWay) {
      co_await session->fewer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }
  boost::system::error_code ignored;
  session->socket.close(ignored);
}

redis::awaitable<void> ChangeServer::carry_out(std::shared_ptr<Session> session,
                                               std::int64_t number, GraphChange change) {
  const auto outcome = co_await writer_->write(std::move(change));
  --session->under_way;
  session->fewer.cancel();
  answer(session, answer_line(number, outcome));
}

redis::awaitable<void> ChangeServer::carry_out_checkpoint(std::shared_ptr<Session> session,
                                                          std::int64_t number) {
  Result<StoreOutcome> outcome =
      make_error(ErrorKind::Refused, "the owner of the data directory writes no checkpoints");
  if (write_checkpoint_) {
    const Status written = co_await write_checkpoint_();
    outcome = written ? Result<StoreOutcome>(StoreOutcome::Applied) : written.error();
  }
  --session->under_way;
  session->fewer.cancel();
  answer(session, answer_line(number, outcome));
}

void ChangeServer::answer(const std::shared_ptr<Session>& session, const std::string& line) {
  session->unsent += line;
  if (session->is_sending) return;
  session->is_sending = true;
  start(send_all(session));
}

redis::awaitable<void> ChangeServer::send_all(std::shared_ptr<Session> session) {
  while (!session->unsent.empty()) {
    const std::string sending = std::exchange(session->unsent, {});
    const auto [code, bytes] = co_await asio::async_write(session->socket, asio::buffer(sending),
                                                          asio::as_tuple(asio::use_awaitable));
    if (code) break;
  }
  session->is_sending = false;
}

}  // namespace redkeep::recovery
