#pragma once
// Alerts given to a program: one run for each, with the JSON on its input.
#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "guard/alerts/receiver.h"

namespace redkeep::guard {

/// True if such a path, or such a name looked for in PATH, is a file that this process may run now.
bool can_be_run(const std::string& program);

class AlertCommand : public Receiver {
 public:
  /// `program` is a path, or a name that is looked for in PATH; no shell reads it.
  explicit AlertCommand(std::string program,
                        std::chrono::milliseconds deadline = std::chrono::seconds{10});
  /// Kills what still runs.
  ~AlertCommand() override;
  AlertCommand(const AlertCommand&) = delete;
  AlertCommand& operator=(const AlertCommand&) = delete;

  std::string_view name() const override { return "command"; }
  /// Done when the program ends with 0. Past the deadline its process group is killed. It has a
  /// group of its own, none of our descriptors, and none of our settings in its environment
  /// (REDKEEP_...: the password may be among them); what it says goes to /dev/null.
  boost::asio::awaitable<Status> deliver(std::string json) override;
  void give_up() override;

 private:
  Status start(const std::string& json);
  bool has_ended();
  void kill();
  void reap_stragglers();

  std::string program_;
  std::chrono::milliseconds deadline_;
  pid_t pid_ = -1;  // of the run under way
  int exit_status_ = 0;
  std::vector<pid_t> stragglers_;  // killed, but not gone when they were last looked at
  bool gave_up_ = false;
};

}  // namespace redkeep::guard
