#include "live/running_up.h"

#include <csignal>

namespace redkeep::test {

std::vector<std::string> RunningUp::arguments(const std::string& data, int port,
                                              const std::vector<std::string>& further) {
  std::vector<std::string> all{"up",     "--data",     data, "--port", std::to_string(port),
                               "--http", "127.0.0.1:0"};
  all.insert(all.end(), further.begin(), further.end());
  return all;
}

RunningUp::RunningUp(const std::string& data, const std::vector<std::string>& further)
    : program_(std::make_unique<Program>(arguments(data, port_, further))),
      redis_(std::make_unique<Commands>(data + "/redis.sock")) {
  program_->wait_for_out("HTTP     http://");
  http_ = http_address_in(program_->out());
  server_pid_ = static_cast<pid_t>(redis_->info_number("process_id"));
}

std::string RunningUp::line(const std::string& word) const {
  const std::string all = "\n" + program_->out();
  const auto start = all.find("\n" + word);
  if (start == std::string::npos) return {};
  const auto text = all.find_first_not_of(' ', start + 1 + word.size());
  return all.substr(text, all.find('\n', text) - text);
}

Ended RunningUp::stop() {
  program_->signal(SIGTERM);
  Ended ended = program_->wait(std::chrono::seconds{5});
  EXPECT_TRUE(is_gone(server_pid_)) << "redis-server " << server_pid_ << " still runs";
  return ended;
}

}  // namespace redkeep::test
