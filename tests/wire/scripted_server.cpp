#include "wire/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "wire/resp_text.h"

namespace redkeep::wire {
namespace {

class PlainStream : public ByteStream {
 public:
  explicit PlainStream(int descriptor) : descriptor_(descriptor) {}
  ssize_t read(char* into, std::size_t bytes) override {
    return ::recv(descriptor_, into, bytes, 0);
  }
  ssize_t write(const char* from, std::size_t bytes) override {
    return ::send(descriptor_, from, bytes, MSG_NOSIGNAL);
  }

 private:
  int descriptor_;
};

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

void require_system(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

}  // namespace

Answers::Answers() {
  for (const auto* name : {"AUTH", "SELECT", "CLIENT"}) on(name, status("OK"));
}

void Answers::on(const std::string& name, Answer answer) {
  const std::lock_guard lock(mutex_);
  by_name_[name] = std::move(answer);
}

void Answers::on(const std::string& name, std::string always) {
  on(name, [always = std::move(always)](const Command&) { return always; });
}

std::optional<std::string> Answers::to(const Command& command) const {
  Answer answer;
  const std::string name = upper(command.front());
  {
    const std::lock_guard lock(mutex_);
    auto found =
        command.size() > 1 ? by_name_.find(name + ' ' + upper(command[1])) : by_name_.end();
    if (found == by_name_.end()) found = by_name_.find(name);
    if (found != by_name_.end()) answer = found->second;
  }
  return answer ? answer(command) : refusal(fmt::format("ERR unknown command '{}'", name));
}

Peer::Peer(int descriptor, std::function<void(const Command&)> record)
    : descriptor_(descriptor),
      stream_(std::make_unique<PlainStream>(descriptor)),
      record_(std::move(record)) {}

Peer::~Peer() { close(); }

bool Peer::fill() {
  char block[64 * 1024];
  const ssize_t bytes = stream_->read(block, sizeof block);
  if (bytes <= 0) return false;
  unread_.append(block, static_cast<std::size_t>(bytes));
  return true;
}

std::optional<std::string> Peer::line() {
  for (;;) {
    const auto end = unread_.find("\r\n");
    if (end != std::string::npos) {
      std::string found = unread_.substr(0, end);
      unread_.erase(0, end + 2);
      return found;
    }
    if (!fill()) return std::nullopt;
  }
}

std::optional<Command> Peer::next_command() {
  const auto head = line();
  if (!head || head->empty()) return std::nullopt;
  Command command;
  for (int left = std::atoi(head->c_str() + 1); left > 0; --left) {
    const auto size_line = line();
    if (!size_line || size_line->empty()) return std::nullopt;
    const auto size = static_cast<std::size_t>(std::atoll(size_line->c_str() + 1));
    while (unread_.size() < size + 2) {
      if (!fill()) return std::nullopt;
    }
    command.push_back(unread_.substr(0, size));
    unread_.erase(0, size + 2);
  }
  if (command.empty()) return std::nullopt;
  record_(command);
  return command;
}

std::optional<std::string> Peer::next_http_request() {
  std::string request;
  std::size_t body_size = 0;
  for (;;) {
    const auto head_line = line();
    if (!head_line) return std::nullopt;
    request += *head_line + "\r\n";
    if (head_line->empty()) break;
    constexpr std::string_view kLength = "Content-Length: ";
    if (head_line->starts_with(kLength)) body_size = std::stoul(head_line->substr(kLength.size()));
  }
  while (unread_.size() < body_size) {
    if (!fill()) return std::nullopt;
  }
  request += unread_.substr(0, body_size);
  unread_.erase(0, body_size);
  return request;
}

void Peer::answer_greeting() {
  // NO-TOUCH is the last command of the greeting.
  for (;;) {
    const auto command = next_command();
    if (!command) return;
    send(status("OK"));
    if (command->front() == "CLIENT" && (*command)[1] == "NO-TOUCH") return;
  }
}

void Peer::serve(const Answers& answers) {
  while (const auto command = next_command()) {
    const auto reply = answers.to(*command);
    if (!reply) return;
    if (!send(*reply)) return;
  }
}

bool Peer::send(std::string_view raw) {
  while (!raw.empty()) {
    const ssize_t bytes = stream_->write(raw.data(), raw.size());
    if (bytes <= 0) return false;
    raw.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return true;
}

bool Peer::drip(std::string_view raw, std::chrono::milliseconds every) {
  for (const char byte : raw) {
    if (!send({&byte, 1}) || !is_open_for(every)) return false;
  }
  return true;
}

bool Peer::is_open_for(std::chrono::milliseconds time) {
  pollfd waiting{descriptor_, POLLRDHUP, 0};
  return ::poll(&waiting, 1, static_cast<int>(time.count())) == 0;
}

void Peer::stay_silent() {
  while (fill()) unread_.clear();
}

void Peer::read_nothing() {
  while (is_open_for(std::chrono::milliseconds{100})) continue;
}

void Peer::finish() { ::shutdown(descriptor_, SHUT_WR); }

void Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void Peer::close() {
  const std::lock_guard lock(mutex_);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void Peer::wake() {
  const std::lock_guard lock(mutex_);
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, Listen listen)
    : scripts_(std::move(scripts)) {
  if (listen == Listen::Tcp) {
    listen_tcp();
  } else {
    listen_unix();
  }
  require_system(::listen(listener_, 128) == 0, "listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::ScriptedServer(const Answers& answers, Listen listen)
    : ScriptedServer({[&answers](Peer& peer) { peer.serve(answers); }}, listen) {}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
  acceptor_.join();
  ::close(listener_);
  for (const auto& peer : peers_) peer->wake();
  for (auto& thread : threads_) thread.join();
}

void ScriptedServer::listen_tcp() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require_system(listener_ >= 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  require_system(::bind(listener_, raw, size) == 0, "bind");
  require_system(::getsockname(listener_, raw, &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
}

void ScriptedServer::listen_unix() {
  path_ = directory_.emplace().file("socket");
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require_system(listener_ >= 0, "socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  require_system(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
                 "bind");
}

void ScriptedServer::accept_all() {
  while (!stopping_) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0) {
      // What is sent is there at once. A Unix socket does not know the option and needs none.
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      start(descriptor);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void ScriptedServer::start(int descriptor) {
  const std::lock_guard lock(mutex_);
  const int number = connections_++;
  const auto peer = std::make_shared<Peer>(descriptor, [this, number](const Command& command) {
    const std::lock_guard recording(mutex_);
    received_.emplace_back(number, command);
  });
  peers_.push_back(peer);
  const auto index = std::min(static_cast<std::size_t>(number), scripts_.size() - 1);
  threads_.emplace_back([peer, script = scripts_[index]] {
    script(*peer);
    peer->close();
  });
}

EndpointOptions ScriptedServer::endpoint() const {
  EndpointOptions options;
  options.port = port_;
  options.unix_path = path_;
  return options;
}

std::vector<Command> ScriptedServer::received() const { return received_on(-1); }

std::vector<Command> ScriptedServer::received_on(int connection) const {
  const std::lock_guard lock(mutex_);
  std::vector<Command> commands;
  for (const auto& [number, command] : received_) {
    if (connection < 0 || number == connection) commands.push_back(command);
  }
  return commands;
}

int ScriptedServer::count(std::string_view name) const {
  const auto commands = received();
  return static_cast<int>(
      std::count_if(commands.begin(), commands.end(),
                    [name](const Command& command) { return command.front() == name; }));
}

}  // namespace redkeep::wire
