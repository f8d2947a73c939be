// The webhook against receivers that misbehave.
#include "guard/alerts/webhook.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <mutex>

#include "wire/event_loop.h"
#include "wire/scripted_server.h"
#include "wire/tls_identity.h"

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using wire::Peer;
using wire::ScriptedServer;
using Clock = std::chrono::steady_clock;

constexpr auto kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

class WebhookTest : public testing::Test {
 protected:
  void play(ScriptedServer::Script script) {
    server_.emplace(std::vector<ScriptedServer::Script>{std::move(script)});
  }
  // Answers every request so, and remembers it.
  void answer(const std::string& raw) {
    play([this, raw](Peer& peer) {
      const auto request = peer.next_http_request();
      if (!request) return;
      {
        const std::lock_guard lock(mutex_);
        request_ = *request;
      }
      peer.send(raw);
      peer.stay_silent();
    });
  }
  std::string request() {
    const std::lock_guard lock(mutex_);
    return request_;
  }

  Webhook hook(std::chrono::milliseconds deadline = 5s, const std::string& scheme = "http",
               const std::string& host = "127.0.0.1", const std::string& target = "/a?b=c") {
    const auto url = parse_webhook_url(
        fmt::format("{}://{}:{}{}", scheme, host, server_->endpoint().port, target));
    EXPECT_TRUE(url);
    return Webhook(*url, deadline);
  }
  Status deliver(Webhook& webhook, const std::string& json = R"({"a":1})") {
    return loop_.run(webhook.deliver(json));
  }
  Status deliver_within(std::chrono::milliseconds deadline) {
    auto webhook = hook(deadline);
    const auto begun = Clock::now();
    auto done = deliver(webhook);
    EXPECT_LT(Clock::now() - begun, deadline + 2s);
    return done;
  }

  wire::EventLoop loop_;
  std::mutex mutex_;
  std::string request_;
  std::optional<ScriptedServer> server_;
};

TEST_F(WebhookTest, PostsTheJsonAndIsDoneWithTheHeadOfTheAnswer) {
  // The body that is announced never comes, and the receiver keeps the connection.
  answer("HTTP/1.1 202 Accepted\r\nContent-Length: 99999999999\r\n\r\n");
  auto webhook = hook();
  const auto done = deliver(webhook);
  EXPECT_TRUE(done) << done.error().message;
  const std::string sent = request();
  EXPECT_TRUE(sent.starts_with("POST /a?b=c HTTP/1.1\r\n")) << sent;
  EXPECT_NE(sent.find(fmt::format("\r\nHost: 127.0.0.1:{}\r\n", server_->endpoint().port)),
            std::string::npos);
  EXPECT_NE(sent.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
  EXPECT_EQ(sent.find("Authorization"), std::string::npos);
  EXPECT_TRUE(sent.ends_with("\r\n\r\n{\"a\":1}")) << sent;
}

TEST_F(WebhookTest, UserAndPasswordOfTheUrlAreSentAndNotShown) {
  answer("HTTP/1.1 403 Forbidden\r\n\r\n");
  auto webhook = hook(5s, "http", "me:se%20cret@127.0.0.1");
  const auto done = deliver(webhook);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message.find("cret"), std::string::npos) << done.error().message;
  EXPECT_NE(request().find("\r\nAuthorization: Basic bWU6c2UgY3JldA==\r\n"), std::string::npos)
      << request();
}

struct Refusal {
  const char* answer;
  ErrorKind kind;  // Unreachable and ServerBusy are tried again
  const char* said;
};

TEST_F(WebhookTest, WhatIsAnsweredSaysWhetherToTryAgain) {
  for (const Refusal& refusal :
       {Refusal{"HTTP/1.1 500 Oops\r\n\r\n", ErrorKind::ServerBusy, "answered 500"},
        Refusal{"HTTP/1.1 503 Later\r\n\r\n", ErrorKind::ServerBusy, "answered 503"},
        Refusal{"HTTP/1.1 429 Slow\r\n\r\n", ErrorKind::ServerBusy, "answered 429"},
        Refusal{"HTTP/1.1 400 Bad\r\n\r\nbad \x1b startsAt", ErrorKind::Refused,
                "answered 400: bad \\x1b startsAt"},
        Refusal{"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n\r\n", ErrorKind::Refused,
                "answered 301"},
        Refusal{"HTTP/1.1 100 Continue\r\n\r\n", ErrorKind::Refused, "answered 100"},
        Refusal{"-ERR unknown command 'POST'\r\n", ErrorKind::Protocol, "not HTTP"},
        Refusal{"\x16\x03\x01 garbage\r\n\r\n", ErrorKind::Protocol, "not HTTP"}}) {
    answer(refusal.answer);
    auto webhook = hook();
    const auto done = deliver(webhook);
    ASSERT_FALSE(done) << refusal.answer;
    EXPECT_EQ(done.error().kind, refusal.kind) << refusal.answer;
    EXPECT_NE(done.error().message.find(refusal.said), std::string::npos) << done.error().message;
  }
}

TEST_F(WebhookTest, AHeadWithoutAnEndIsGivenUp) {
  play([](Peer& peer) {
    peer.next_http_request();
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-Filler: " + std::string(1000, 'x') + "\r\n")) continue;
  });
  auto webhook = hook();
  const auto done = deliver(webhook);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::Protocol) << done.error().message;
}

TEST_F(WebhookTest, AReceiverThatHangsIsLeftAtTheDeadline) {
  const std::vector<ScriptedServer::Script> hanging{
      [](Peer& peer) { peer.read_nothing(); }, [](Peer& peer) { peer.stay_silent(); },
      [](Peer& peer) {
        // Each byte comes well within any deadline per read.
        peer.next_http_request();
        peer.drip(std::string(10'000, 'H'), 10ms);
      },
      [](Peer& peer) {
        peer.next_http_request();
        peer.drip("HTTP/1.1 200 OK\r\nX: " + std::string(10'000, 'x'), 10ms);
      }};
  for (const auto& script : hanging) {
    play(script);
    const auto done = deliver_within(200ms);
    EXPECT_FALSE(done);
  }
}

TEST_F(WebhookTest, AReceiverThatClosesOrIsNotThereMayBeTriedAgain) {
  for (const auto& script : std::vector<ScriptedServer::Script>{[](Peer& peer) { peer.close(); },
                                                                [](Peer& peer) { peer.reset(); },
                                                                [](Peer& peer) {
                                                                  peer.next_http_request();
                                                                  peer.send("HTTP/1.1 2");
                                                                }}) {
    play(script);
    const auto done = deliver_within(5s);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::Unreachable) << done.error().message;
  }
  play([](Peer&) {});
  auto webhook = hook();
  server_.reset();
  const auto done = deliver(webhook);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::Unreachable);
}

TEST_F(WebhookTest, GivingUpEndsWhatIsUnderWay) {
  play([](Peer& peer) { peer.stay_silent(); });
  auto webhook = hook(1h);
  std::optional<Status> done;
  loop_.start(webhook.deliver("{}"), done);
  ASSERT_TRUE(loop_.run_until([&] { return server_->connections() == 1; }));
  webhook.give_up();
  ASSERT_TRUE(loop_.run_until([&] { return done.has_value(); }));
  EXPECT_FALSE(*done);
  EXPECT_FALSE(deliver(webhook)) << "and every later one";
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(WebhookTest, AHostNameIsLookedUp) {
  answer(kOk);
  auto webhook = hook(5s, "http", "localhost");
  const auto done = deliver(webhook);
  EXPECT_TRUE(done) << done.error().message;
  auto nowhere = Webhook(*parse_webhook_url("http://no-such-host.invalid/"));
  const auto failed = deliver(nowhere);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::Unreachable);
}

class HttpsWebhook : public WebhookTest {
 protected:
  HttpsWebhook() {
    std::signal(SIGPIPE, SIG_IGN);  // the server's side: OpenSSL writes to sockets that have gone
    authority_.write_certificate(directory_.file("ca.pem"));
    // Where OpenSSL takes "the system's" authorities from.
    ::setenv("SSL_CERT_FILE", directory_.file("ca.pem").c_str(), 1);
  }
  ~HttpsWebhook() override { ::unsetenv("SSL_CERT_FILE"); }

  void serve(const wire::TlsIdentity& authority) {
    wire::TlsIdentity::Options options;
    options.names = {"DNS:localhost"};
    identity_.emplace(wire::TlsIdentity::signed_by(authority, options));
    play([this](Peer& peer) {
      if (!identity_->accept(peer)) return;
      if (peer.next_http_request()) ++requests_;
      peer.send(kOk);
    });
  }

  TemporaryDirectory directory_;
  wire::TlsIdentity authority_ = wire::TlsIdentity::authority("our own");
  std::optional<wire::TlsIdentity> identity_;
  std::atomic<int> requests_ = 0;
};

TEST_F(HttpsWebhook, IsPostedToWhoIsWhoHeSaysHeIs) {
  serve(authority_);
  auto webhook = hook(5s, "https", "localhost");
  const auto done = deliver(webhook);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(requests_, 1);
}

TEST_F(HttpsWebhook, NothingIsToldToAnybodyElse) {
  serve(wire::TlsIdentity::authority("somebody else's"));
  auto stranger = hook(5s, "https", "localhost");
  const auto done = deliver(stranger);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("certificate"), std::string::npos) << done.error().message;
  serve(authority_);
  auto misnamed = hook(5s, "https", "127.0.0.1");
  EXPECT_FALSE(deliver(misnamed));
  EXPECT_EQ(requests_, 0);
}

TEST(WebhookUrl, IsReadWithItsDefaults) {
  const auto url = parse_webhook_url("https://hooks.example/services/T0/B0?x=%20");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "hooks.example");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->authority, "hooks.example");
  EXPECT_EQ(url->target, "/services/T0/B0?x=%20");
  const auto bare = parse_webhook_url("http://[::1]:9093");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->host, "::1");
  EXPECT_EQ(bare->authority, "[::1]:9093");
  EXPECT_EQ(bare->target, "/");
}

TEST(WebhookUrl, RefusesWhatIsNoneWithoutRepeatingIt) {
  for (const char* text :
       {"", "hooks.example", "ftp://a/secret", "http://", "http:///secret", "http://a:70000/secret",
        "http://a:0/", "http://%00a/secret", "http://a/\r\nX: secret", "unix:///secret"}) {
    const auto url = parse_webhook_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::InvalidInput);
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace redkeep::guard
