#pragma once
// A redis-server for one test: on a Unix socket in a temporary directory, without persistence, gone
// with the test.
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "redkeep/options.h"

struct redisContext;

namespace redkeep::test {

/// Waits for a condition; false if it does not come true in time.
bool eventually(const std::function<bool()>& condition,
                std::chrono::seconds deadline = std::chrono::seconds{20});

/// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

class LiveRedis {
 public:
  using Command = std::vector<std::string>;

  /// Starts it, with further arguments such as {"--maxmemory", "16mb"}, and waits until it serves.
  explicit LiveRedis(Command arguments = {});
  ~LiveRedis();
  LiveRedis(const LiveRedis&) = delete;
  LiveRedis& operator=(const LiveRedis&) = delete;

  EndpointOptions endpoint() const;
  std::string url() const;  ///< unix:///...

  // One command; a test fails where the reply is an error or of another kind.
  void run(const Command& command);
  std::int64_t integer(const Command& command);
  std::string text(const Command& command);  ///< Empty for nil.
  std::vector<std::string> list(const Command& command);
  /// The reply as text, an error's too.
  std::string answer(const Command& command);

  /// All keys, sorted.
  std::vector<std::string> keys();
  /// Every key with its type, whole value and TTL, one line each, sorted: to compare two servers.
  std::string everything();

  /// kill -9, and waits for the end.
  void kill();
  /// Starts it again, empty.
  void start();
  pid_t pid() const { return pid_; }

 private:
  void connect();

  TemporaryDirectory directory_;
  Command arguments_;
  pid_t pid_ = -1;
  redisContext* context_ = nullptr;
};

}  // namespace redkeep::test
