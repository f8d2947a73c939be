#pragma once
// A Unix socket in front of a server, through which only so many bytes go: so a client is stopped
// at the same place of its work every time.
#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "live/process.h"

namespace redkeep::test {

class Relay {
 public:
  static constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

  enum class Then { Hold, Cut };

  /// Lets the first `bytes` of what clients send through to the server at `socket_path`. Then it
  /// holds the rest back, or cuts the connection once the server has answered what it got.
  Relay(std::string socket_path, std::int64_t bytes = kAll, Then then = Then::Hold);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  const std::string& socket_path() const { return socket_path_; }
  std::string url() const { return "unix://" + socket_path_; }
  /// Bytes that went through to the server.
  std::int64_t passed() const { return passed_; }
  bool is_holding() const { return passed_ >= limit_; }
  /// Where each command ended in what went through to the server.
  std::vector<std::int64_t> command_ends();
  /// Lets everything through from now on.
  void release() { limit_ = kAll; }

 private:
  void serve();
  void carry(int client, int server);

  TemporaryDirectory directory_;
  std::string socket_path_;
  std::string server_path_;
  Then then_;
  std::atomic<std::int64_t> limit_;
  std::atomic<std::int64_t> passed_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::string sent_;  // guarded by mutex_
  int listening_ = -1;
  std::thread thread_;
};

}  // namespace redkeep::test
