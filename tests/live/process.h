#pragma once
// Processes that a test starts, and waiting without sleeping.
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "temporary_directory.h"

namespace redkeep::test {

/// Asks again and again until it holds (true) or the deadline has passed (false).
bool eventually(const std::function<bool()>& holds,
                std::chrono::milliseconds deadline = std::chrono::seconds{60});

using redkeep::TemporaryDirectory;

/// The whole file; empty if there is none.
std::string read_file(const std::string& path);

/// A child process, killed with the object and with the test.
class Process {
 public:
  struct Start {
    std::string executable;  ///< Looked for in PATH if it has no slash.
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;  ///< All of it.
    std::string directory;
    std::string out_file;
    std::string err_file;
  };
  explicit Process(const Start& start);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// The exit code, or minus the signal that ended it; nothing if it still runs at the deadline.
  std::optional<int> wait(std::chrono::milliseconds deadline);

 private:
  pid_t pid_ = -1;
  std::optional<int> ended_;
};

/// True if no such process runs any more (a zombie does not run).
bool is_gone(pid_t pid);

/// A TCP port of the loopback address that nobody listens on.
int free_port();

}  // namespace redkeep::test
