#pragma once
// A redis-server of the test's own, on a Unix socket in a temporary directory: nobody else reaches
// it, so tests run beside each other. And synchronous commands, to it or to any other server.
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "live/process.h"
#include "redkeep/options.h"

struct redisContext;

namespace redkeep::test {

using Command = std::vector<std::string>;

/// Every key with its type, whether it has a TTL, and its value with members in order: two
/// keyspaces are the same if their contents are.
using Contents = std::map<std::string, std::string>;

/// Commands over a connection of its own, opened when needed. What a test did not expect (no
/// connection, an error reply) fails the test and counts as empty.
class Commands {
 public:
  explicit Commands(std::string socket_path);
  ~Commands();
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  void run(const Command& command);
  /// The same for many, in one pipeline.
  void run_all(const std::vector<Command>& commands);
  /// A string or status; empty for nil.
  std::string text(const Command& command);
  std::int64_t integer(const Command& command);
  /// An array of strings.
  std::vector<std::string> list(const Command& command);
  /// The error that the server answered; empty if it answered anything else. "no connection" if
  /// there is none. Never fails the test.
  std::string error(const Command& command);

  /// All keys, sorted.
  std::vector<std::string> keys(const std::string& glob = "*");
  Contents contents();
  /// A field of INFO as text, and as a number.
  std::string info(const std::string& field);
  std::int64_t info_number(const std::string& field);
  /// 100 * (used_memory - mem_not_counted_for_evict) / maxmemory.
  double usage_pct();
  /// How many of the keys exist.
  std::int64_t existing(const std::vector<std::string>& keys);

 protected:
  /// The next command connects anew.
  void disconnect();

 private:
  struct Answer;
  bool connect();
  std::vector<Answer> exchange(const std::vector<Command>& commands);
  Answer one(const Command& command);

  std::string socket_path_;
  redisContext* context_ = nullptr;
};

class LiveRedis : private TemporaryDirectory, public Commands {
 public:
  /// Further arguments of redis-server, such as {"--maxmemory", "64mb"}.
  explicit LiveRedis(std::vector<std::string> arguments = {});

  /// Starts it (again) and waits until it serves.
  void start();
  /// kill -9, and waits until it is gone.
  void kill();
  pid_t pid() const { return process_->pid(); }

  EndpointOptions endpoint() const;
  std::string socket_path() const { return path() + "/redis.sock"; }
  /// For --url; with a user, "unix://user@/path".
  std::string url(const std::string& user = "") const;

 private:
  std::vector<std::string> arguments_;
  std::unique_ptr<Process> process_;
};

}  // namespace redkeep::test
