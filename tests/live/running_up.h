#pragma once
// `redkeep up` with ports of its own, running.
#include <memory>
#include <string>
#include <vector>

#include "live/http_get.h"
#include "live/live_redis.h"
#include "live/program.h"

namespace redkeep::test {

class RunningUp {
 public:
  /// Starts it on the data directory and waits until all three lines are printed.
  explicit RunningUp(const std::string& data, const std::vector<std::string>& further = {});

  /// To its private server.
  Commands& redis() { return *redis_; }
  pid_t server_pid() const { return server_pid_; }
  const std::string& http() const { return http_; }
  Program& program() { return *program_; }
  int port() const { return port_; }

  /// The line of stdout that begins with this word, without it.
  std::string line(const std::string& word) const;

  /// SIGTERM; everything has to be gone within 5 s.
  Ended stop();

  static std::vector<std::string> arguments(const std::string& data, int port,
                                            const std::vector<std::string>& further);

 private:
  int port_ = free_port();
  std::unique_ptr<Program> program_;
  std::unique_ptr<Commands> redis_;
  pid_t server_pid_ = -1;
  std::string http_;
};

}  // namespace redkeep::test
