// The JSON is in a file in memory that becomes the program's input, not in a pipe: a program that
// does not read cannot hold us up, and one that ends before it has read cannot end us by SIGPIPE.
// That it has ended is asked for, not told by SIGCHLD, which belongs to the whole process.
#include "guard/alerts/alert_command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "error/error.h"
#include "redis/pause.h"

namespace redkeep::guard {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{20};
// What was killed is gone at once, unless the kernel waits for a disk; then it is looked at later.
constexpr std::chrono::milliseconds kGoneWithin{1000};

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// How the program is started, in the form that posix_spawn takes.
class SpawnPlan {
 public:
  explicit SpawnPlan(int input) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawn_file_actions_adddup2(&files_, input, STDIN_FILENO);
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
      ::posix_spawn_file_actions_addopen(&files_, stream, "/dev/null", O_WRONLY, 0);
    }
    // Asio's sockets are not close-on-exec: a program that goes on in the background would keep our
    // HTTP port.
    ::posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // 0 or an errno.
  int spawn(std::string program, pid_t& pid) const {
    std::array<char*, 2> arguments{program.data(), nullptr};
    std::vector<char*> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
      if (!std::string_view(*entry).starts_with("REDKEEP_")) environment.push_back(*entry);
    }
    environment.push_back(nullptr);
    return ::posix_spawnp(&pid, program.c_str(), &files_, &attributes_, arguments.data(),
                          environment.data());
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::lseek(descriptor, 0, SEEK_SET) == 0;
}

Status judge_exit_status(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFSIGNALED(status)) {
    return make_error(ErrorKind::Io, "it was ended by signal {}", WTERMSIG(status));
  }
  return make_error(ErrorKind::Io, "it ended with exit code {}", WEXITSTATUS(status));
}

bool is_program(const std::filesystem::path& path) {
  std::error_code failure;
  return std::filesystem::is_regular_file(path, failure) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

// As posix_spawnp(3) looks for it.
bool can_be_run(const std::string& program) {
  if (program.find('/') != std::string::npos) return is_program(program);
  const char* const path = std::getenv("PATH");
  std::string_view left = path != nullptr ? path : "/bin:/usr/bin";
  while (!left.empty()) {
    const auto end = std::min(left.find(':'), left.size());
    const std::filesystem::path directory(end == 0 ? std::string_view(".") : left.substr(0, end));
    if (is_program(directory / program)) return true;
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return false;
}

AlertCommand::AlertCommand(std::string program, std::chrono::milliseconds deadline)
    : program_(std::move(program)), deadline_(deadline) {}

AlertCommand::~AlertCommand() {
  reap_stragglers();
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Status AlertCommand::start(const std::string& json) {
  const File input(::memfd_create("alert", MFD_CLOEXEC));
  if (input.descriptor() < 0 || !write_all(input.descriptor(), json)) {
    return make_error(ErrorKind::Io, "its input cannot be made: {}", system_reason(errno));
  }
  const SpawnPlan plan(input.descriptor());
  const int failed = plan.spawn(program_, pid_);
  if (failed == 0) return {};
  pid_ = -1;
  return make_error(ErrorKind::Io, "it cannot be started: {}", system_reason(failed));
}

bool AlertCommand::has_ended() {
  if (pid_ <= 0) return true;
  const pid_t reaped = ::waitpid(pid_, &exit_status_, WNOHANG);
  if (reaped == 0) return false;
  // Where SIGCHLD is ignored, the kernel reaps, and nobody learns how it ended.
  if (reaped < 0) exit_status_ = 0;
  pid_ = -1;
  return true;
}

asio::awaitable<Status> AlertCommand::deliver(std::string json) {
  reap_stragglers();
  if (gave_up_) co_return interrupted();
  const std::string who = printable(program_);
  if (const Status started = start(json); !started) co_return within(who, started.error());
  const auto end = Clock::now() + deadline_;
  while (!has_ended()) {
    if (gave_up_ || Clock::now() >= end) break;
    co_await redis::pause_for(kPoll);
  }
  if (pid_ <= 0) {
    const Status ended = judge_exit_status(exit_status_);
    if (ended) co_return ended;
    co_return within(who, ended.error());
  }
  kill();
  const auto gone_by = Clock::now() + kGoneWithin;
  while (!stragglers_.empty() && Clock::now() < gone_by) {
    reap_stragglers();
    if (!stragglers_.empty()) co_await redis::pause_for(kPoll);
  }
  co_return make_error(ErrorKind::Io, "{}: it did not end within {} ms and was killed", who,
                       deadline_.count());
}

// Before it is reaped its number, and so that of its group, cannot be anybody else's.
void AlertCommand::kill() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  stragglers_.push_back(std::exchange(pid_, -1));
}

void AlertCommand::reap_stragglers() {
  std::erase_if(stragglers_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

void AlertCommand::give_up() { gave_up_ = true; }

}  // namespace redkeep::guard
