#include "live/relay.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace redkeep::test {
namespace {

constexpr int kPollMs = 5;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
  return address;
}

bool is_ready(int socket, int timeout_ms) {
  pollfd waiting{socket, POLLIN, 0};
  return ::poll(&waiting, 1, timeout_ms) > 0;
}

bool send_all(int socket, const char* bytes, ssize_t count) {
  while (count > 0) {
    const ssize_t sent = ::send(socket, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    count -= sent;
  }
  return true;
}

}  // namespace

Relay::Relay(std::string socket_path, std::int64_t bytes, Then then)
    : socket_path_(directory_.path() + "/relay.sock"),
      server_path_(std::move(socket_path)),
      then_(then),
      limit_(bytes) {
  listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = address_of(socket_path_);
  const int bound = ::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  EXPECT_EQ(bound, 0);
  EXPECT_EQ(::listen(listening_, 8), 0);
  thread_ = std::thread([this] { serve(); });
}

Relay::~Relay() {
  stop_ = true;
  thread_.join();
  ::close(listening_);
}

std::vector<std::int64_t> Relay::command_ends() {
  const std::lock_guard guard(mutex_);
  std::vector<std::int64_t> ends;
  for (auto at = sent_.find("\r\n*"); at != std::string::npos; at = sent_.find("\r\n*", at + 2)) {
    ends.push_back(static_cast<std::int64_t>(at) + 2);
  }
  ends.push_back(static_cast<std::int64_t>(sent_.size()));
  return ends;
}

// One client after the other: what is tested through a relay has one connection.
void Relay::serve() {
  while (!stop_) {
    if (!is_ready(listening_, kPollMs)) continue;
    const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = address_of(server_path_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      carry(client, server);
    }
    ::close(server);
    ::close(client);
  }
}

void Relay::carry(int client, int server) {
  std::array<char, 65536> block;
  while (!stop_) {
    const std::int64_t room = limit_ - passed_;
    std::array<pollfd, 2> waiting{pollfd{server, POLLIN, 0},
                                  pollfd{client, static_cast<short>(room > 0 ? POLLIN : 0), 0}};
    const int ready = ::poll(waiting.data(), waiting.size(), kPollMs);
    if (ready == 0 && room <= 0 && then_ == Then::Cut) return;  // the server has said all it can
    if (waiting[0].revents != 0) {
      const ssize_t bytes = ::recv(server, block.data(), block.size(), 0);
      if (bytes <= 0 || !send_all(client, block.data(), bytes)) return;
    }
    if (waiting[1].revents != 0) {
      const auto most = std::min<std::int64_t>(room, std::ssize(block));
      if (most <= 0) return;  // it hung up
      const ssize_t bytes = ::recv(client, block.data(), static_cast<std::size_t>(most), 0);
      if (bytes <= 0 || !send_all(server, block.data(), bytes)) return;
      const std::lock_guard guard(mutex_);
      sent_.append(block.data(), static_cast<std::size_t>(bytes));
      passed_ += bytes;
    }
  }
}

}  // namespace redkeep::test
