// The HTTP server against clients that behave badly, over raw sockets.
#include "app/http/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <thread>

namespace redkeep::app::http {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
namespace asio = boost::asio;

struct Answer {
  int status = 0;  // 0: the connection was closed without an answer
  std::string head;
  std::string body;
};

// A client that sends what it is told, and is not patient for ever.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* raw = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(::connect(socket_, raw, sizeof address), 0);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False if the server no longer takes it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void send_end() { ::shutdown(socket_, SHUT_WR); }

  // One whole answer; `has_body` is false for the answer to a HEAD.
  Answer answer(bool has_body = true) {
    Answer answer;
    std::size_t end;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return answer;
    }
    answer.head = unread_.substr(0, end + 2);
    unread_.erase(0, end + 4);
    answer.status = std::stoi(answer.head.substr(9, 3));
    const auto at = answer.head.find("Content-Length: ");
    const std::size_t size = has_body ? std::stoul(answer.head.substr(at + 16)) : 0;
    while (unread_.size() < size) {
      if (!fill()) return {};
    }
    answer.body = unread_.substr(0, size);
    unread_.erase(0, size);
    return answer;
  }

  // Whether the server closes within that time, whatever it says before.
  bool is_closed_within(Clock::duration time) {
    const auto end = Clock::now() + time;
    while (Clock::now() < end) {
      if (!fill(100ms) && !timed_out_) return true;
    }
    return false;
  }

  // Whether the server leaves it open for that time, saying nothing.
  bool is_open_for(std::chrono::milliseconds time) {
    pollfd waiting{socket_, POLLIN | POLLRDHUP, 0};
    return ::poll(&waiting, 1, static_cast<int>(time.count())) == 0;
  }

 private:
  bool fill(std::chrono::milliseconds patience = 10s) {
    pollfd waiting{socket_, POLLIN, 0};
    timed_out_ = ::poll(&waiting, 1, static_cast<int>(patience.count())) == 0;
    char block[16 * 1024];
    const auto bytes = timed_out_ ? 0 : ::recv(socket_, block, sizeof block, 0);
    if (bytes > 0) unread_.append(block, static_cast<std::size_t>(bytes));
    return bytes > 0;
  }

  int socket_;
  std::string unread_;
  bool timed_out_ = false;
};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    snapshot_.connected = true;
    snapshot_.endpoint = "redis://127.0.0.1:6390/0";
    snapshot_.server_version = "Redis 7.0.15";
    snapshot_.eviction_policy = "volatile-lfu";
    snapshot_.level = PressureLevel::Warning;
    snapshot_.memory = MemoryUse{90, 100, 90.0};
    snapshot_.last_reading = Clock::now();
    ClassUse pages;
    pages.name = "page_cache";
    pages.level = KeyLevel::Evictable;
    pages.keys = 7;
    pages.bytes = 700;
    Statistics census;
    census.classes.push_back(pages);
    snapshot_.census = census;
    snapshot_.census_time = Clock::now();
    for (int i = 0; i < 3; ++i) {
      ledger_.add(guard::LedgerKind::Notice, "test",
                  "a \"reason\" with\nall \\ kinds of characters");
    }
  }
  ~HttpServerTest() override { stop(); }

  void start(ServerOptions options = {}) {
    options.listen = "127.0.0.1:0";
    const Shown shown{snapshot_, ledger_, inspections_, {}};
    auto server = Server::create(context_.get_executor(), options, shown);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    const std::string address = server_->address();
    port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    asio::co_spawn(context_, server_->run(stop_.get_token()), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }

  static ServerOptions limits(std::size_t most_connections, std::chrono::seconds deadline = 10s) {
    ServerOptions options;
    options.most_connections = most_connections;
    options.request_deadline = deadline;
    return options;
  }

  // As the program does it: on the thread of the loop.
  void stop() {
    if (!thread_.joinable()) return;
    asio::post(context_, [this] { stop_.request_stop(); });
    thread_.join();
  }

  static std::string request(std::string_view target, std::string_view method = "GET",
                             std::string_view host = "localhost") {
    return fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n\r\n", method, target, host);
  }

  Answer ask(std::string_view raw, bool has_body = true) {
    RawClient client(port_);
    client.send(raw);
    return client.answer(has_body);
  }
  Answer get(std::string_view target) { return ask(request(target)); }

  // Whatever was done to it, others are served.
  void expect_alive() { EXPECT_EQ(get("/healthz").status, 200); }

  guard::Snapshot snapshot_;
  guard::Ledger ledger_;
  Inspections inspections_;
  asio::io_context context_;
  std::stop_source stop_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(HttpServerTest, HealthAndReadinessAreToldApart) {
  snapshot_.connected = false;
  snapshot_.blind_reason = "the server is loading";
  start();
  EXPECT_EQ(get("/healthz").status, 200);
  const auto not_ready = get("/readyz");
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_EQ(not_ready.body, "the server is loading\n");
}

TEST_F(HttpServerTest, ReadyWithAFreshReadingOnly) {
  start();
  EXPECT_EQ(get("/readyz").status, 200);
  stop();
  context_.restart();
  stop_ = {};
  snapshot_.last_reading = Clock::now() - 1min;
  start();
  EXPECT_EQ(get("/readyz").status, 503);
}

TEST_F(HttpServerTest, WhatIsNotFoundOutYetIsToBeAskedForAgain) {
  inspections_.every = 5min;
  start();
  for (const auto* target : {"/api/v1/census", "/api/v1/doctor", "/api/v1/plan", "/api/v1/audit"}) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 503) << target;
    EXPECT_NE(answer.head.find("Retry-After: 10\r\n"), std::string::npos) << answer.head;
  }
  stop();
  context_.restart();
  stop_ = {};
  inspections_.every = 0s;
  inspections_.doctor = {{{}, "{}"}, Clock::now(), std::chrono::system_clock::now()};
  start();
  EXPECT_EQ(get("/api/v1/census").status, 404) << "turned off";
  EXPECT_EQ(get("/api/v1/doctor?x=1").status, 200);
  EXPECT_EQ(get("/api/v1/plan").status, 404) << "turned off";
}

TEST_F(HttpServerTest, TheStatusIsJsonUnderTheMissionsNames) {
  start();
  const auto answer = get("/api/v1/status");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.head.find("Content-Type: application/json\r\n"), std::string::npos);
  const auto object = boost::json::parse(answer.body).as_object();
  for (const auto* name :
       {"total_memory_mb", "max_memory_mb", "usage_percent", "protected_keys", "evictable_keys",
        "breakdown", "level", "limit_bytes", "used_bytes", "keys_with_ttl", "keys_without_ttl",
        "classes", "unclassified_keys", "connected", "endpoint"}) {
    EXPECT_TRUE(object.contains(name)) << name;
  }
  EXPECT_EQ(object.at("level").as_string(), "warning");
  EXPECT_EQ(object.at("evictable_keys").as_int64(), 7);
  EXPECT_EQ(object.at("breakdown").at("page_cache").as_int64(), 7);
}

TEST_F(HttpServerTest, TheLedgerIsJsonNewestFirst) {
  start();
  const auto list = boost::json::parse(get("/api/v1/ledger").body).as_array();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].at("number").as_int64(), 3);
  EXPECT_EQ(list[0].at("kind").as_string(), "notice");
  EXPECT_EQ(list[0].at("reason").as_string(), "a \"reason\" with\nall \\ kinds of characters");
  EXPECT_EQ(boost::json::parse(get("/api/v1/ledger?limit=2").body).as_array().size(), 2u);
  EXPECT_EQ(boost::json::parse(get("/api/v1/ledger?limit=0").body).as_array().size(), 0u);
}

TEST_F(HttpServerTest, ALedgerLimitThatMakesNoSenseIsSaidToBeSo) {
  start();
  for (const auto* query : {"limit=", "limit=-1", "limit=x", "limit=1x", "limit=10001", "x=1",
                            "limit=99999999999999999999", "limit=1&limit=2", "limit=%31"}) {
    EXPECT_EQ(get(std::string("/api/v1/ledger?") + query).status, 400) << query;
  }
}

TEST_F(HttpServerTest, TheMetricsArePrometheusText) {
  start();
  const auto answer = get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.head.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
  for (const auto* line : {"redkeep_connected 1\n", "redkeep_memory_used_bytes 90\n",
                           "redkeep_level{level=\"warning\"} 1\n",
                           "redkeep_class_keys{class=\"page_cache\",level=\"evictable\"} 7\n"}) {
    EXPECT_NE(answer.body.find(line), std::string::npos) << line;
  }
  EXPECT_TRUE(answer.body.ends_with('\n'));
}

TEST_F(HttpServerTest, AForeignHostIsRefusedWhateverItAsksFor) {
  ServerOptions options;
  options.allowed_hosts = {"redkeep.example"};
  start(options);
  for (const auto* target : {"/healthz", "/metrics", "/api/v1/status", "/nothing"}) {
    for (const auto* host : {"evil.example", "localhost.evil.example", "evil.example:8390",
                             "127.0.0.1.evil.example", "localhost:8390:1", "", "[::2]"}) {
      EXPECT_EQ(ask(request(target, "GET", host)).status, 403) << host;
    }
  }
  for (const auto* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.0.0.1:8390", "[::1]",
                           "[::1]:8390", "redkeep.example", "redkeep.example:80"}) {
    EXPECT_EQ(ask(request("/healthz", "GET", host)).status, 200) << host;
  }
}

TEST_F(HttpServerTest, WithoutAHostNothingIsAnswered) {
  start();
  EXPECT_EQ(ask("GET /metrics HTTP/1.1\r\n\r\n").status, 403);
  EXPECT_EQ(ask("GET /metrics HTTP/1.0\r\n\r\n").status, 403);
}

// One of them would be checked, and another one meant.
TEST_F(HttpServerTest, TwoHostsAreNotAnswered) {
  start();
  const auto answer = ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n");
  EXPECT_GE(answer.status, 400);
}

TEST_F(HttpServerTest, OnlyGetAndHead) {
  start();
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"}) {
    const auto answer = ask(request("/api/v1/status", method));
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_NE(answer.head.find("Allow: GET, HEAD"), std::string::npos);
  }
  expect_alive();
}

TEST_F(HttpServerTest, HeadHasTheHeaderOfGetAndNoBody) {
  start();
  RawClient client(port_);
  client.send(request("/healthz", "HEAD") + request("/healthz"));
  const auto head = client.answer(false);
  EXPECT_EQ(head.status, 200);
  EXPECT_NE(head.head.find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_EQ(client.answer().body, "ok\n") << "the next answer begins right behind the header";
}

TEST_F(HttpServerTest, WhatIsNotThereIsNotFound) {
  start();
  for (const auto* target :
       {"/", "/nothing", "/healthz/", "/healthz/../metrics", "/../../etc/passwd", "//healthz",
        "/%2e%2e/metrics", "*", "/HEALTHZ", "/api/v1/ledger/1"}) {
    EXPECT_EQ(get(target).status, 404) << target;
  }
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawClient client(port_);
  client.send(request("/healthz") + request("/nothing") + request("/readyz"));
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_EQ(client.answer().status, 404);
  EXPECT_EQ(client.answer().body, "ready\n");
}

TEST_F(HttpServerTest, AClientThatWantsToCloseIsClosed) {
  start();
  RawClient client(port_);
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_TRUE(client.is_closed_within(2s));
}

TEST_F(HttpServerTest, AHeaderBeyondTheLimitIsRefusedAndClosed) {
  start();
  for (const std::size_t size : {9u << 10, 64u << 10, 10u << 20}) {
    RawClient client(port_);
    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(size, 'x'));
    const auto answer = client.answer();
    EXPECT_TRUE(answer.status == 431 || answer.status == 0) << answer.status;
    EXPECT_TRUE(client.is_closed_within(2s));
  }
  RawClient endless(port_);
  endless.send("GET /" + std::string(20'000, 'x'));
  EXPECT_TRUE(endless.is_closed_within(2s));
  expect_alive();
}

TEST_F(HttpServerTest, ABodyIsRefused) {
  start();
  for (const auto* raw :
       {"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n"}) {
    RawClient client(port_);
    client.send(raw);
    const auto answer = client.answer();
    EXPECT_TRUE(answer.status == 413 || answer.status == 400) << answer.status << " to " << raw;
    EXPECT_TRUE(client.is_closed_within(2s)) << "what follows would be taken for a request";
  }
}

TEST_F(HttpServerTest, WhatIsNoHttpIsRefusedAndClosed) {
  start();
  for (const auto* raw :
       {"\r\n\r\n\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n", "G\x01T / HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", "\x16\x03\x01\x02\x00\x01",
        "GET / HTTP/1.1\r\nHost localhost\r\n\r\n", "*1\r\n$4\r\nPING\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -5\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"}) {
    RawClient client(port_);
    client.send(raw);
    client.send_end();
    const auto answer = client.answer();
    EXPECT_TRUE(answer.status == 400 || answer.status == 0) << answer.status << " to " << raw;
    EXPECT_TRUE(client.is_closed_within(2s)) << raw;
  }
  expect_alive();
}

TEST_F(HttpServerTest, ASlowLorisIsCutAtTheDeadline) {
  start(limits(64, 1s));
  RawClient client(port_);
  const auto begun = Clock::now();
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ");
  // A byte every 50 ms: each of them well within any deadline per read.
  while (client.is_open_for(50ms) && client.send("x") && Clock::now() - begun < 10s) continue;
  EXPECT_GE(Clock::now() - begun, 900ms);
  EXPECT_LT(Clock::now() - begun, 4s);
  EXPECT_TRUE(client.is_closed_within(2s));
}

TEST_F(HttpServerTest, AClientThatSaysNothingIsCutAtTheDeadline) {
  start(limits(64, 1s));
  RawClient client(port_);
  EXPECT_TRUE(client.is_closed_within(4s));
}

TEST_F(HttpServerTest, AClientThatReadsNothingIsCutAtTheDeadline) {
  for (int i = 0; i < 9'000; ++i) {
    ledger_.add(guard::LedgerKind::Notice, "much", std::string(2'000, 'x'));
  }
  start(limits(1, 1s));
  RawClient client(port_);
  client.send(request("/api/v1/ledger?limit=10000"));
  const auto begun = Clock::now();
  // Its place is free again when it has been cut.
  while (get("/healthz").status != 200) ASSERT_LT(Clock::now() - begun, 10s);
  EXPECT_GE(Clock::now() - begun, 900ms);
}

TEST_F(HttpServerTest, BeyondTheMostConnectionsNewOnesAreClosed) {
  start(limits(2));
  RawClient first(port_);
  auto second = std::make_unique<RawClient>(port_);
  first.send(request("/healthz"));
  second->send(request("/healthz"));
  ASSERT_EQ(first.answer().status, 200);
  ASSERT_EQ(second->answer().status, 200);
  RawClient third(port_);
  EXPECT_TRUE(third.is_closed_within(2s));
  first.send(request("/healthz"));
  EXPECT_EQ(first.answer().status, 200);
  second.reset();
  const auto begun = Clock::now();
  while (get("/healthz").status != 200) ASSERT_LT(Clock::now() - begun, 10s);
}

TEST_F(HttpServerTest, StoppingClosesWhatIsOpen) {
  start();
  RawClient idle(port_);
  RawClient halfway(port_);
  halfway.send("GET /healthz HT");
  RawClient served(port_);
  served.send(request("/healthz"));
  ASSERT_EQ(served.answer().status, 200);
  const auto begun = Clock::now();
  stop();
  EXPECT_LT(Clock::now() - begun, 2s);
  EXPECT_TRUE(served.is_closed_within(1s));
  EXPECT_TRUE(halfway.is_closed_within(1s));
}

TEST_F(HttpServerTest, AnAddressThatIsTakenOrSenselessIsNamed) {
  start();
  ServerOptions options;
  options.listen = fmt::format("127.0.0.1:{}", port_);
  const Shown shown{snapshot_, ledger_, inspections_, {}};
  auto taken = Server::create(context_.get_executor(), options, shown);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::InvalidInput);
  EXPECT_NE(taken.error().message.find(options.listen), std::string::npos);
  EXPECT_NE(taken.error().message.find("--http"), std::string::npos);
  for (const auto* listen : {"", "8390", "localhost", "127.0.0.1:", "127.0.0.1:99999", ":8390",
                             "127.0.0.1:80x", "no.such.host:80", "[::1]"}) {
    options.listen = listen;
    const auto senseless = Server::create(context_.get_executor(), options, shown);
    ASSERT_FALSE(senseless) << listen;
    EXPECT_EQ(senseless.error().kind, ErrorKind::InvalidInput) << listen;
  }
}

}  // namespace
}  // namespace redkeep::app::http
