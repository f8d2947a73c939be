#include "reply_pipe.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace redkeep::bench {

namespace {

// Larger than what a socket holds by default, so that one read takes all that is there.
constexpr std::size_t kBufferBytes = 1U << 20U;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, errno == 0 ? "the server is gone" : std::strerror(errno));
  std::exit(3);
}

}  // namespace

ReplyPipe::ReplyPipe(const std::string& socket_path) : buffer_(kBufferBytes) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  errno = ENAMETOOLONG;
  if (socket_path.size() >= sizeof address.sun_path) give_up("cannot connect");
  std::memcpy(static_cast<char*>(address.sun_path), socket_path.data(), socket_path.size());
  socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // The socket interface is a cast by design.
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (socket_ < 0 || ::connect(socket_, generic, sizeof address) != 0) give_up("cannot connect");
}

ReplyPipe::~ReplyPipe() { ::close(socket_); }

void ReplyPipe::send(std::string_view commands) {
  while (!commands.empty()) {
    errno = 0;
    const ssize_t sent = ::send(socket_, commands.data(), commands.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) give_up("cannot send");
    commands.remove_prefix(static_cast<std::size_t>(sent));
  }
}

PlainReply ReplyPipe::next() {
  const char* stop = nullptr;
  while (true) {
    const char* begin = buffer_.data() + begin_;
    stop = static_cast<const char*>(std::memchr(begin, '\n', end_ - begin_));
    if (stop != nullptr) break;
    read_more();
  }
  const char* begin = buffer_.data() + begin_;
  PlainReply reply{*begin, 0, {begin + 1, static_cast<std::size_t>(stop - begin) - 2}};
  begin_ += static_cast<std::size_t>(stop - begin) + 1;
  if (reply.type == ':' || reply.type == '$')
    std::from_chars(reply.line.data(), reply.line.data() + reply.line.size(), reply.number);
  if (reply.type == '$' && reply.number >= 0) skip(static_cast<std::size_t>(reply.number) + 2);
  return reply;
}

void ReplyPipe::read_more() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  errno = 0;
  const ssize_t got = ::recv(socket_, buffer_.data() + end_, buffer_.size() - end_, 0);
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) give_up("cannot read");
  end_ += static_cast<std::size_t>(got);
}

void ReplyPipe::skip(std::size_t bytes) {
  while (end_ - begin_ < bytes) {
    bytes -= end_ - begin_;
    begin_ = end_;
    read_more();
  }
  begin_ += bytes;
}

}  // namespace redkeep::bench
