#pragma once
// A redis-server of our own: started on loopback and a Unix socket, with its data in one directory
// (files that only their owner may read), and gone when we are gone, even by kill -9.
#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "redis/connection.h"

namespace redkeep::redis {

struct PrivateServerOptions {
  std::string data_directory;
  std::uint16_t port = 6390;
  std::int64_t maxmemory_bytes = std::int64_t{512} << 20;
  /// Where redis-server is looked for after PATH, which services often do not have.
  std::string further_places = "/usr/local/bin:/usr/bin:/bin";
};

/// Holds the lock on a data directory for as long as it lives.
class DirectoryLock {
 public:
  /// Creates the directory if need be, for its owner alone. Refused if another process holds it
  /// (its pid is named).
  static Result<DirectoryLock> take(const std::string& directory);
  DirectoryLock(DirectoryLock&& other) noexcept
      : file_(std::exchange(other.file_, -1)), owner_before_(other.owner_before_) {}
  DirectoryLock& operator=(DirectoryLock&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(owner_before_, other.owner_before_);
    return *this;
  }
  ~DirectoryLock();

  /// The process that had it before, which has ended or let go of it; 0 where none is known.
  pid_t owner_before() const { return owner_before_; }

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_;
  pid_t owner_before_ = 0;
};

class PrivateServer {
 public:
  PrivateServer(boost::asio::any_io_executor executor, PrivateServerOptions options);
  /// Kills what still runs.
  ~PrivateServer();

  /// Starts it and waits until it serves; `waiting` is told why it does not yet (loading). Fails
  /// with a sentence that says what to install, or which port is taken.
  awaitable<Status> start(std::stop_token stop, std::function<void(const std::string&)> waiting);

  /// Whether the data directory holds nothing that a server would read when it starts.
  bool is_new() const;
  /// The same as start() for one that is new, with the snapshot that `write` gives to its argument,
  /// on a thread of its own, while the server reads it; the server is durable only some time after
  /// that. Where it fails (as `write` does, or because this server does not read that version), the
  /// server is gone and the data directory as new as before.
  using SnapshotSource = std::function<Status(const std::function<Status(std::string_view)>& sink)>;
  awaitable<Status> start_with(SnapshotSource write, std::stop_token stop,
                               std::function<void(const std::string&)> waiting);

  /// SIGTERM, and SIGKILL if that does not end it in time. Where the first append-only file is not
  /// there yet it is tried once more before; if is_new() is still true then, all is lost.
  awaitable<void> stop(std::chrono::steady_clock::duration patience);

  /// True once the process is gone (or was never started).
  bool has_ended() { return reap(); }
  /// How it ended, with the last line of its log.
  std::string how_it_ended() const;

  /// The Unix socket, or the port where its path would be too long.
  EndpointOptions endpoint() const;
  std::string url() const;

 private:
  enum class Begin { FromAppendOnlyFile, FromSnapshot };
  awaitable<Status> spawn_when_free(Begin begin);
  awaitable<Status> wait_until_it_serves(std::stop_token stop,
                                         std::function<void(const std::string&)> waiting);
  awaitable<Status> begin_append_only_file();
  awaitable<void> try_append_only_file_again();
  std::string snapshot_path() const;
  Status spawn(const std::string& program, Begin begin);
  Status check_port() const;
  std::string write_configuration(Begin begin) const;
  std::string last_log_line() const;
  bool reap();

  boost::asio::any_io_executor executor_;
  PrivateServerOptions options_;
  std::string socket_path_;  // empty: too long
  pid_t pid_ = -1;
  int exit_status_ = 0;
};

}  // namespace redkeep::redis
