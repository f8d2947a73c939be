#pragma once
// A server that plays a script to each connection, so that every fault of a server can be had on
// purpose, and that remembers what it was asked. Each connection has a thread of its own.
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "redkeep/options.h"
#include "temporary_directory.h"

namespace redkeep::wire {

using Command = std::vector<std::string>;

/// Answers to commands by name ("INFO", or "CONFIG GET" where two words tell more). May be changed
/// from any thread while they are given. To begin with only the greeting is answered (AUTH, SELECT,
/// CLIENT); everything else is an unknown command.
class Answers {
 public:
  /// Nothing: the connection is closed without a reply. Empty: no reply.
  using Answer = std::function<std::optional<std::string>(const Command&)>;

  Answers();
  void on(const std::string& name, Answer answer);
  void on(const std::string& name, std::string always);
  std::optional<std::string> to(const Command& command) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Answer> by_name_;
};

/// Bytes of one connection; TLS puts itself in between.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Like ::read and ::write: 0 or less when the connection is over.
  virtual ssize_t read(char* into, std::size_t bytes) = 0;
  virtual ssize_t write(const char* from, std::size_t bytes) = 0;
};

/// The server's end of one connection, in the hands of a script. All calls block; all return at
/// once when the client has gone or the server is being destroyed.
class Peer {
 public:
  Peer(int descriptor, std::function<void(const Command&)> record);
  ~Peer();

  /// The next command; nothing when the client has closed.
  std::optional<Command> next_command();
  /// The next HTTP request, head and body (by its Content-Length); nothing when the client has
  /// closed before all of it came.
  std::optional<std::string> next_http_request();
  /// Answers what a connection begins with, as a server that permits everything.
  void answer_greeting();
  /// Answers commands until the client has closed.
  void serve(const Answers& answers);

  /// False when the client no longer takes it.
  bool send(std::string_view raw);
  /// One byte each `every` until all is sent; false when the client closed before that.
  bool drip(std::string_view raw, std::chrono::milliseconds every);
  /// Says nothing until the client closes.
  void stay_silent();
  /// Does not even read, until the client closes.
  void read_nothing();
  /// Waits; false as soon as the client closes.
  bool is_open_for(std::chrono::milliseconds time);

  void finish();  ///< FIN: nothing more will be sent.
  void reset();   ///< RST.
  void close();

  /// Takes the stream over from the plain socket, such as for TLS.
  void use(std::unique_ptr<ByteStream> stream) { stream_ = std::move(stream); }
  int descriptor() const { return descriptor_; }

 private:
  friend class ScriptedServer;
  bool fill();
  std::optional<std::string> line();
  void wake();

  std::mutex mutex_;  // of descriptor_, which the server's destructor shuts down
  int descriptor_;
  std::unique_ptr<ByteStream> stream_;
  std::string unread_;
  std::function<void(const Command&)> record_;
};

enum class Listen { Tcp, Unix };

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  /// The n-th connection gets the n-th script, further ones the last. When a script returns, its
  /// connection is closed.
  explicit ScriptedServer(std::vector<Script> scripts, Listen listen = Listen::Tcp);
  /// Every connection is served; `answers` must outlive the server.
  explicit ScriptedServer(const Answers& answers, Listen listen = Listen::Tcp);
  ~ScriptedServer();

  /// 127.0.0.1 and the port that was free, or the socket's path.
  EndpointOptions endpoint() const;
  int connections() const { return connections_; }
  /// Every command so far, the greeting included, of all connections or of one (from 0).
  std::vector<Command> received() const;
  std::vector<Command> received_on(int connection) const;
  /// How many commands of this name came so far.
  int count(std::string_view name) const;

 private:
  void listen_tcp();
  void listen_unix();
  void accept_all();
  void start(int descriptor);

  std::vector<Script> scripts_;
  std::optional<TemporaryDirectory> directory_;  // of the Unix socket
  std::string path_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;  // of what follows
  std::vector<std::pair<int, Command>> received_;
  std::vector<std::shared_ptr<Peer>> peers_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace redkeep::wire
