#include "redis/private_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "error/error.h"
#include "redis/beside.h"
#include "redis/pause.h"
#include "redis/private_directory.h"
#include "redis/snapshot_pipe.h"

namespace redkeep::redis {
namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPoll{20};
// A server that was killed together with its owner still has to write out its file and go.
constexpr std::chrono::milliseconds kPortWait{4000};
// What is left of the patience, when it was asked to stop, for the server to end.
constexpr std::chrono::milliseconds kTimeToEnd{1500};

std::string find_program(std::string places) {
  if (const char* path = std::getenv("PATH")) places = std::string(path) + ':' + places;
  while (!places.empty()) {
    const auto colon = places.find(':');
    const std::string program = places.substr(0, colon) + "/redis-server";
    if (::access(program.c_str(), X_OK) == 0) return program;
    places.erase(0, colon == std::string::npos ? places.size() : colon + 1);
  }
  return {};
}

std::string end_of(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was killed by signal {}", WTERMSIG(status));
  return fmt::format("exited with {}", WEXITSTATUS(status));
}

// Quotes for redis.conf: its own escapes are those of C strings.
std::string quoted(const std::string& text) { return '"' + printable(text, 4096) + '"'; }

}  // namespace

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) ::close(file_);
}

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  const Status made = make_private_directory(directory);
  if (!made) return within("the data directory", made.error());
  const std::string path = directory + "/lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return make_error(ErrorKind::Io, "the data directory {} cannot be used: {}",
                      printable(directory), system_reason(errno));
  }
  DirectoryLock lock(file);
  std::string owner;
  std::getline(std::ifstream(path), owner);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    return make_error(
        ErrorKind::Refused,
        "the data directory {} is in use by process {}: stop that one, or use another "
        "with --data",
        printable(directory), owner.empty() ? "(unknown)" : printable(owner, 20));
  }
  std::from_chars(owner.data(), owner.data() + owner.size(), lock.owner_before_);
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file, 0) != 0 ||
      ::pwrite(file, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return make_error(ErrorKind::Io, "{} cannot be written: {}", printable(path),
                      system_reason(errno));
  }
  return lock;
}

PrivateServer::PrivateServer(boost::asio::any_io_executor executor, PrivateServerOptions options)
    : executor_(std::move(executor)), options_(std::move(options)) {
  std::error_code code;
  options_.data_directory = fs::absolute(options_.data_directory, code).string();
  socket_path_ = options_.data_directory + "/redis.sock";
  if (socket_path_.size() >= sizeof(sockaddr_un::sun_path)) socket_path_.clear();
}

PrivateServer::~PrivateServer() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

EndpointOptions PrivateServer::endpoint() const {
  EndpointOptions endpoint;
  endpoint.port = options_.port;
  endpoint.unix_path = socket_path_;
  return endpoint;
}

std::string PrivateServer::url() const {
  return fmt::format("redis://127.0.0.1:{}/0", options_.port);
}

// Why these settings: volatile-lfu never evicts a key without a TTL, and unlike volatile-ttl it
// does not throw out locks and rate limits first (their TTLs are the shortest); and it counts uses,
// by which the guard chooses. With the factor 0 every use counts, up to 250, which tells pages of
// some minutes apart; with Redis's 10 the counters of all but the hottest are the same. The
// append-only file is rewritten when it has doubled, so it stays bounded; a snapshot beside it
// would be a second copy. Its base is not compressed: the small values of a graph hardly get
// smaller (2 % of debian-content), and the first one, which must be there before the server may
// end, takes little more than half the time.
// With the append-only file on, a server reads no snapshot: it is turned on when that is done.
// Until that file is there it would refuse to end, even when we are gone.
std::string PrivateServer::write_configuration(Begin begin) const {
  const std::string path = options_.data_directory + "/redis.conf";
  std::ofstream file(path, std::ios::trunc);
  file << "# Written by redkeep at every start.\n"
       << "bind 127.0.0.1 -::1\nprotected-mode yes\nport " << options_.port << "\n";
  if (!socket_path_.empty())
    file << "unixsocket " << quoted(socket_path_) << "\nunixsocketperm 700\n";
  file << "daemonize no\nsupervised no\npidfile \"\"\n"
       << "dir " << quoted(options_.data_directory) << "\n"
       << "logfile " << quoted(options_.data_directory + "/redis.log") << "\n"
       << "maxmemory " << options_.maxmemory_bytes << "\n"
       << "maxmemory-policy volatile-lfu\nlfu-log-factor 0\n"
       << "save \"\"\nappendonly " << (begin == Begin::FromSnapshot ? "no" : "yes")
       << "\nappendfsync everysec\naof-use-rdb-preamble yes\nrdbcompression no\n"
       << "auto-aof-rewrite-percentage 100\nauto-aof-rewrite-min-size 64mb\n"
       << "lazyfree-lazy-expire yes\nlazyfree-lazy-eviction yes\nlazyfree-lazy-server-del yes\n";
  if (begin == Begin::FromSnapshot) file << "shutdown-on-sigterm force\n";
  file.flush();
  return file ? path : std::string{};
}

std::string PrivateServer::last_log_line() const {
  std::ifstream file(options_.data_directory + "/redis.log");
  std::string line;
  std::string last;
  while (std::getline(file, line)) {
    if (!line.empty()) last = line;
  }
  return printable(last, 300);
}

Status PrivateServer::check_port() const {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int failed =
      ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::close(probe);
  if (failed == 0) return {};
  return make_error(ErrorKind::InvalidInput,
                    "port {} cannot be used: {}; choose another with --port", options_.port,
                    system_reason(failed));
}

Status PrivateServer::spawn(const std::string& program, Begin begin) {
  const std::string configuration = write_configuration(begin);
  if (configuration.empty()) {
    return make_error(ErrorKind::Io, "{} cannot be written", printable(options_.data_directory));
  }
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return make_error(ErrorKind::Io, "fork failed: {}", system_reason(errno));
  if (child == 0) {
    // Only calls that are safe between fork and exec.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    ::setpgid(0, 0);  // Ctrl-C in the terminal is for us alone
    ::umask(077);     // sessions' tokens are in its files
    const int null = ::open("/dev/null", O_RDWR);
    for (const int stream : {0, 1, 2}) ::dup2(null, stream);
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execl(program.c_str(), "redis-server", configuration.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  pid_ = child;
  return {};
}

bool PrivateServer::reap() {
  if (pid_ <= 0) return true;
  if (::waitpid(pid_, &exit_status_, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

awaitable<Status> PrivateServer::start(std::stop_token stop,
                                       std::function<void(const std::string&)> waiting) {
  const Status spawned = co_await spawn_when_free(Begin::FromAppendOnlyFile);
  if (!spawned) co_return spawned;
  co_return co_await wait_until_it_serves(std::move(stop), std::move(waiting));
}

awaitable<Status> PrivateServer::spawn_when_free(Begin begin) {
  const std::string program = find_program(options_.further_places);
  if (program.empty()) {
    co_return make_error(ErrorKind::Io,
                         "redis-server is not installed: apt-get install redis-server");
  }
  const auto begun = Clock::now();
  for (;;) {
    const Status port = check_port();
    if (port) break;
    if (Clock::now() - begun > kPortWait) co_return port;
    co_await pause_for(kPoll);
  }
  co_return spawn(program, begin);
}

awaitable<Status> PrivateServer::wait_until_it_serves(
    std::stop_token stop, std::function<void(const std::string&)> waiting) {
  while (!stop.stop_requested()) {
    if (reap()) {
      co_return make_error(ErrorKind::Io, "{}", how_it_ended());
    }
    auto connection = co_await Connection::open(endpoint());
    if (connection) {
      CommandBuffer ping;
      ping.add({"PING"});
      const auto answer = co_await (*connection)->exchange(ping, std::chrono::seconds{2});
      if (answer && !answer->front().is_error()) co_return Status{};
      if (answer && waiting) waiting(answer->front().text);
    }
    co_await pause_for(kPoll);
  }
  co_return interrupted();
}

std::string PrivateServer::snapshot_path() const { return options_.data_directory + "/dump.rdb"; }

// A first append-only file that was not finished has no manifest.
bool PrivateServer::is_new() const {
  std::error_code code;
  const fs::path directory = options_.data_directory;
  const auto dump = fs::symlink_status(snapshot_path(), code).type();
  return !fs::exists(directory / "appendonlydir/appendonly.aof.manifest", code) &&
         !fs::exists(directory / "appendonly.aof", code) &&
         (dump == fs::file_type::not_found || dump == fs::file_type::fifo);
}

awaitable<Status> PrivateServer::start_with(SnapshotSource write, std::stop_token stop,
                                            std::function<void(const std::string&)> waiting) {
  auto pipe = SnapshotPipe::create(snapshot_path());
  if (!pipe) co_return pipe.error();
  const Status spawned = co_await spawn_when_free(Begin::FromSnapshot);
  if (!spawned) co_return spawned;
  bool is_open = false;
  const std::function<Status(std::string_view)> sink = [&](std::string_view bytes) -> Status {
    if (!is_open) {
      if (const Status opened = pipe->open(pid_, stop); !opened) return opened;
      is_open = true;
    }
    return pipe->write(bytes);
  };
  const auto stream = [&] {
    Status written = write(sink);
    pipe->close();
    return written;
  };
  Status done = co_await beside(stream);
  if (done) done = co_await wait_until_it_serves(stop, std::move(waiting));
  if (done) done = co_await begin_append_only_file();
  if (!done) co_await this->stop(Clock::duration::zero());
  co_return done;
}

awaitable<Status> PrivateServer::begin_append_only_file() {
  auto connection = co_await Connection::open(endpoint());
  if (!connection) co_return connection.error();
  CommandBuffer set;
  set.add({"CONFIG", "SET", "appendonly", "yes"});
  const auto answer = co_await (*connection)->exchange(set, std::chrono::seconds{10});
  if (!answer) co_return answer.error();
  if (answer->front().is_error()) {
    co_return error_from_reply("CONFIG SET appendonly", answer->front());
  }
  co_return Status{};
}

// One that failed is tried again by the server itself, but more and more seldom.
awaitable<void> PrivateServer::try_append_only_file_again() {
  constexpr std::chrono::milliseconds kOfTheStop{300};
  EndpointOptions quick = endpoint();
  quick.connect_deadline = kOfTheStop;
  quick.deadline = kOfTheStop;
  auto connection = co_await Connection::open(std::move(quick));
  if (!connection) co_return;
  CommandBuffer rewrite;
  rewrite.add({"BGREWRITEAOF"});
  // Where one is under way this is refused, and that one is waited for.
  const auto begun = co_await (*connection)->exchange(rewrite, kOfTheStop);
  static_cast<void>(begun);
}

std::string PrivateServer::how_it_ended() const {
  return fmt::format("redis-server {}; its log ends with: {}", end_of(exit_status_),
                     last_log_line());
}

awaitable<void> PrivateServer::stop(Clock::duration patience) {
  if (pid_ <= 0) co_return;
  const auto begun = Clock::now();
  // The first append-only file is worth waiting for: without it, all would be gone.
  if (is_new() && patience > kTimeToEnd) co_await try_append_only_file_again();
  while (is_new() && !reap() && Clock::now() - begun < patience - kTimeToEnd) {
    co_await pause_for(kPoll);
  }
  if (pid_ <= 0) co_return;
  ::kill(pid_, SIGTERM);
  while (!reap() && Clock::now() - begun < patience) co_await pause_for(kPoll);
  if (pid_ <= 0) co_return;
  ::kill(pid_, SIGKILL);
  while (!reap()) co_await pause_for(kPoll);
}

}  // namespace redkeep::redis
