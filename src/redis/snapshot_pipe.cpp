#include "redis/snapshot_pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "error/error.h"

namespace redkeep::redis {
namespace {

constexpr int kPipeBytes = 1 << 20;
// How often it is looked whether to go on.
constexpr int kOpenPollMs = 1;
constexpr int kWritePollMs = 100;

bool has_ended(pid_t server) {
  siginfo_t ended{};
  const int looked =
      ::waitid(P_PID, static_cast<id_t>(server), &ended, WEXITED | WNOHANG | WNOWAIT);
  return looked != 0 || ended.si_pid == server;
}

Error failed(std::string_view doing, const std::string& path) {
  return make_error(ErrorKind::Io, "cannot {} {}: {}", doing, printable(path),
                    system_reason(errno));
}

bool is_pipe(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

Result<SnapshotPipe> SnapshotPipe::create(std::string path) {
  if (is_pipe(path)) ::unlink(path.c_str());
  if (::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) != 0) return failed("make the pipe", path);
  return SnapshotPipe(std::move(path));
}

SnapshotPipe::SnapshotPipe(SnapshotPipe&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      server_(other.server_),
      stop_(std::move(other.stop_)) {}

SnapshotPipe::~SnapshotPipe() {
  close();
  if (is_pipe(path_)) ::unlink(path_.c_str());
}

Status SnapshotPipe::open(pid_t server, const std::stop_token& stop) {
  server_ = server;
  stop_ = stop;
  for (;;) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor_ >= 0) break;
    // ENXIO: nobody reads it yet.
    if (errno != ENXIO && errno != EINTR) return failed("open", path_);
    if (has_ended(server)) return make_error(ErrorKind::Io, "redis-server ended");
    if (stop.stop_requested()) return interrupted();
    ::poll(nullptr, 0, kOpenPollMs);
  }
  ::fcntl(descriptor_, F_SETPIPE_SZ, kPipeBytes);  // fewer turns; a smaller one does as well
  return Status{};
}

Status SnapshotPipe::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      if (const Status waited = wait_until_writable(); !waited) return waited;
    } else if (errno != EINTR) {
      return failed("write", path_);
    }
  }
  return Status{};
}

Status SnapshotPipe::wait_until_writable() const {
  pollfd wanted{descriptor_, POLLOUT, 0};
  while (::poll(&wanted, 1, kWritePollMs) <= 0) {
    if (stop_.stop_requested()) return interrupted();
    if (has_ended(server_)) return make_error(ErrorKind::Io, "redis-server ended");
  }
  return Status{};
}

void SnapshotPipe::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace redkeep::redis
