// TLS: who is believed, who is not, and that nothing is told to a server that is not believed.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <csignal>

#include "redis/client.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/tls_identity.h"

namespace redkeep::redis {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Peer;
using wire::ScriptedServer;
using wire::TlsIdentity;
using Clock = std::chrono::steady_clock;

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that have gone
    authority_.write_certificate(ca_file());
    answers_.on("PING", wire::status("PONG"));
  }

  std::string ca_file() const { return directory_.file("ca.pem"); }

  static TlsIdentity::Options for_localhost() {
    TlsIdentity::Options options;
    options.names = {"DNS:localhost", "IP:127.0.0.1"};
    return options;
  }

  void serve(const TlsIdentity& identity) {
    identity_ = std::make_unique<TlsIdentity>(identity);
    play({[this](Peer& peer) {
      if (identity_->accept(peer, &sni_)) peer.serve(answers_);
    }});
  }

  void play(std::vector<ScriptedServer::Script> scripts) {
    server_ = std::make_unique<ScriptedServer>(std::move(scripts));
  }

  EndpointOptions endpoint(const std::string& host = "localhost") const {
    EndpointOptions options = server_->endpoint();
    options.host = host;
    options.tls = true;
    options.ca_file = ca_file();
    options.password = "secret";
    return options;
  }

  Result<Reply> ping(const EndpointOptions& options) {
    const auto client = Client::create(loop_.executor(), options);
    return loop_.run(client->call({"PING"}));
  }

  void expect_refused(const EndpointOptions& options, std::string_view because) {
    const auto reply = ping(options);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::Unreachable);
    for (const std::string& part : {describe(options), options.host, std::string(because)}) {
      EXPECT_NE(reply.error().message.find(part), std::string::npos)
          << "\"" << part << "\" is not in: " << reply.error().message;
    }
    EXPECT_TRUE(server_->received().empty()) << "it was told something";
  }

  TemporaryDirectory directory_;
  TlsIdentity authority_ = TlsIdentity::authority("The test's authority");
  std::unique_ptr<TlsIdentity> identity_;
  Answers answers_;
  std::string sni_ = "not asked";
  std::unique_ptr<ScriptedServer> server_;
  wire::EventLoop loop_;
};

TEST_F(TlsTest, ACertificateOfOurAuthorityForThisHostIsBelieved) {
  serve(TlsIdentity::signed_by(authority_, for_localhost()));
  const auto reply = ping(endpoint());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->text, "PONG");
  EXPECT_EQ(sni_, "localhost") << "the server is told which name is meant";
}

TEST_F(TlsTest, AnAddressIsVerifiedAsAnAddress) {
  serve(TlsIdentity::signed_by(authority_, for_localhost()));
  const auto reply = ping(endpoint("127.0.0.1"));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(sni_, "") << "an address is no name (RFC 6066)";

  TlsIdentity::Options name_only = for_localhost();
  name_only.names = {"DNS:localhost"};
  serve(TlsIdentity::signed_by(authority_, name_only));
  expect_refused(endpoint("127.0.0.1"), "certificate");
}

TEST_F(TlsTest, ACertificateForAnotherHostIsRefused) {
  TlsIdentity::Options other = for_localhost();
  other.common_name = "elsewhere.example";
  other.names = {"DNS:elsewhere.example"};
  serve(TlsIdentity::signed_by(authority_, other));
  expect_refused(endpoint(), "another host");
}

TEST_F(TlsTest, ACertificateOfAnUnknownAuthorityIsRefused) {
  const auto stranger = TlsIdentity::authority("Somebody else");
  serve(TlsIdentity::signed_by(stranger, for_localhost()));
  expect_refused(endpoint(), "issuer");
}

TEST_F(TlsTest, ACertificateThatSignedItselfIsRefused) {
  serve(TlsIdentity::authority("localhost"));
  expect_refused(endpoint(), "self-signed");
}

TEST_F(TlsTest, TheSystemsAuthoritiesDoNotVouchForOurs) {
  serve(TlsIdentity::signed_by(authority_, for_localhost()));
  EndpointOptions options = endpoint();
  options.ca_file.clear();
  expect_refused(options, "issuer");
}

TEST_F(TlsTest, AnExpiredCertificateIsRefused) {
  TlsIdentity::Options expired = for_localhost();
  expired.valid_until_s = -60;
  serve(TlsIdentity::signed_by(authority_, expired));
  expect_refused(endpoint(), "expired");
}

TEST_F(TlsTest, ACertificateOfTomorrowIsRefused) {
  TlsIdentity::Options early = for_localhost();
  early.valid_from_s = 3600;
  early.valid_until_s = 7200;
  serve(TlsIdentity::signed_by(authority_, early));
  expect_refused(endpoint(), "not yet valid");
}

TEST_F(TlsTest, AMissingOrSenselessFileOfAuthoritiesIsNamed) {
  serve(TlsIdentity::signed_by(authority_, for_localhost()));
  for (const auto& file : {directory_.file("missing.pem"), std::string("/proc/self/status")}) {
    EndpointOptions options = endpoint();
    options.ca_file = file;
    const auto reply = ping(options);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::InvalidInput);
    EXPECT_NE(reply.error().message.find(file), std::string::npos) << reply.error().message;
  }
}

TEST_F(TlsTest, HalfAHandshakeEndsAtTheConnectDeadline) {
  play({[](Peer& peer) {
    peer.send("\x16\x03\x03");  // the head of a record that never comes
    peer.stay_silent();
  }});
  EndpointOptions options = endpoint();
  options.connect_deadline = 200ms;
  const auto begun = Clock::now();
  expect_refused(options, "deadline");
  EXPECT_LT(Clock::now() - begun, 3s);
}

TEST_F(TlsTest, AServerThatSpeaksNoTlsIsRefused) {
  play({[](Peer& peer) {
    peer.send("-ERR what is this?\r\n");
    peer.stay_silent();
  }});
  expect_refused(endpoint(), "TLS");
}

TEST_F(TlsTest, ConnectingAndGreetingTogetherKeepTheConnectDeadline) {
  const auto identity = TlsIdentity::signed_by(authority_, for_localhost());
  play({[&identity](Peer& peer) {
    // Two thirds of the time for the handshake, then no greeting.
    if (peer.is_open_for(400ms) && identity.accept(peer)) peer.stay_silent();
  }});
  EndpointOptions options = endpoint();
  options.connect_deadline = 600ms;
  const auto begun = Clock::now();
  ASSERT_FALSE(ping(options));
  EXPECT_LT(Clock::now() - begun, 900ms);
}

TEST_F(TlsTest, AReplyCutInTheMiddleIsNone) {
  const auto identity = TlsIdentity::signed_by(authority_, for_localhost());
  play({[&identity](Peer& peer) {
    if (!identity.accept(peer)) return;
    peer.answer_greeting();
    peer.next_command();
    peer.send("$10\r\nhalf");
  }});
  const auto reply = ping(endpoint());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::UnknownOutcome);
}

// The rule that a late reply answers nobody, where the socket shows nothing but ciphertext.
TEST_F(TlsTest, AnUnaskedReplyBetweenTwoCallsAnswersNobody) {
  const auto identity = TlsIdentity::signed_by(authority_, for_localhost());
  for (const bool in_one_piece : {true, false}) {
    std::atomic<bool> sent = false;
    std::atomic<bool> first_taken = false;
    play({[&](Peer& peer) {
            if (!identity.accept(peer)) return;
            peer.answer_greeting();
            peer.next_command();
            peer.send(wire::bulk("first"));
            while (!in_one_piece && !first_taken) std::this_thread::yield();
            peer.send(wire::bulk("nobody asked"));
            sent = true;
            peer.stay_silent();
          },
          [&](Peer& peer) {
            if (!identity.accept(peer)) return;
            peer.answer_greeting();
            peer.next_command();
            peer.send(wire::bulk("second"));
            peer.stay_silent();
          }});
    const auto client = Client::create(loop_.executor(), endpoint());
    const auto first = loop_.run(client->call({"GET", "first"}));
    EXPECT_TRUE(!first || first->text == "first");
    first_taken = true;
    ASSERT_TRUE(loop_.run_until([&] { return sent.load(); }));
    const auto second = loop_.run(client->call({"GET", "second"}));
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->text, "second");
  }
}

TEST_F(TlsTest, AConnectionThatTheServerClosedIsReplacedBeforeItIsUsed) {
  const auto identity = TlsIdentity::signed_by(authority_, for_localhost());
  std::atomic<bool> closed = false;
  play({[&](Peer& peer) {
          if (!identity.accept(peer)) return;
          peer.answer_greeting();
          peer.next_command();
          peer.send(wire::status("PONG"));
          peer.close();
          closed = true;
        },
        [&](Peer& peer) {
          if (identity.accept(peer)) peer.serve(answers_);
        }});
  const auto client = Client::create(loop_.executor(), endpoint());
  ASSERT_TRUE(loop_.run(client->call({"PING"})));
  ASSERT_TRUE(loop_.run_until([&] { return closed.load(); }));
  const auto again = loop_.run(client->call({"PING"}));
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(server_->connections(), 2);
}

TEST_F(TlsTest, ManyExchangesGoOverOneConnection) {
  serve(TlsIdentity::signed_by(authority_, for_localhost()));
  const auto client = Client::create(loop_.executor(), endpoint());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(loop_.run(client->call({"PING"})));
  EXPECT_EQ(server_->connections(), 1);
}

}  // namespace
}  // namespace redkeep::redis
