#pragma once
// Processes that a test starts, and waiting without sleeping.
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace redkeep::test {

/// Asks again and again until it holds (true) or the deadline has passed (false).
bool eventually(const std::function<bool()>& holds,
                std::chrono::milliseconds deadline = std::chrono::seconds{20});

/// A directory that goes, with everything in it, when the object does.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file (directories in its name are made) and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

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
