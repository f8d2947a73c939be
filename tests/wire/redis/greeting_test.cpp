// How a connection begins: connecting, AUTH, SELECT, and what a refusal tells the person who reads
// it.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redis/connection.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::redis {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::Peer;
using wire::ScriptedServer;
using Clock = std::chrono::steady_clock;

constexpr auto kPassword = "hunter2 battery staple";

class GreetingTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Connection>> open(EndpointOptions options) {
    return loop_.run(Connection::open(std::move(options)));
  }

  // The message with which opening fails; the password must never be in one.
  Error refused(const EndpointOptions& options) {
    const auto opened = open(options);
    if (opened) {
      ADD_FAILURE() << "the connection was opened";
      return Error{ErrorKind::Protocol, {}};
    }
    const std::string& message = opened.error().message;
    for (std::size_t size = 6; !options.password.empty() && size <= 7; ++size) {
      EXPECT_EQ(message.find(options.password.substr(0, size)), std::string::npos) << message;
    }
    return opened.error();
  }

  // How opening fails when AUTH is answered so.
  Error auth_refused(const std::string& refusal, const std::string& user = {}) {
    Answers answers;
    answers.on("AUTH", wire::refusal(refusal));
    const ScriptedServer server(answers);
    EndpointOptions options = server.endpoint();
    options.user = user;
    options.password = kPassword;
    return refused(options);
  }

  wire::EventLoop loop_;
};

void expect_says(const Error& error, std::initializer_list<std::string_view> parts) {
  for (const auto part : parts) {
    EXPECT_NE(error.message.find(part), std::string::npos)
        << "\"" << part << "\" is not in: " << error.message;
  }
}

TEST_F(GreetingTest, PasswordAndDatabaseComeBeforeAnythingElse) {
  const Answers answers;
  const ScriptedServer server(answers);
  EndpointOptions options = server.endpoint();
  options.user = "alice";
  options.password = kPassword;
  options.database = 3;
  ASSERT_TRUE(open(options));
  const auto received = server.received();
  ASSERT_GE(received.size(), 2u);
  EXPECT_EQ(received[0], (Command{"AUTH", "alice", kPassword}));
  EXPECT_EQ(received[1], (Command{"SELECT", "3"}));
}

TEST_F(GreetingTest, WithoutAUserAuthHasOneArgument) {
  const Answers answers;
  const ScriptedServer server(answers);
  EndpointOptions options = server.endpoint();
  options.password = kPassword;
  ASSERT_TRUE(open(options));
  EXPECT_EQ(server.received().front(), (Command{"AUTH", kPassword}));
  EXPECT_EQ(server.count("SELECT"), 0);
}

TEST_F(GreetingTest, AServerThatKnowsNoClientCommandIsFine) {
  for (const auto* refusal : {"ERR unknown command 'CLIENT'", "ERR unknown subcommand 'NO-TOUCH'",
                              "NOPERM this user has no permissions to run the 'client' command"}) {
    Answers answers;
    answers.on("CLIENT", wire::refusal(refusal));
    const ScriptedServer server(answers);
    EXPECT_TRUE(open(server.endpoint())) << refusal;
  }
}

TEST_F(GreetingTest, AMissingPasswordIsAskedForByName) {
  Answers answers;
  answers.on("CLIENT", wire::refusal("NOAUTH Authentication required."));
  const ScriptedServer server(answers);
  const Error error = refused(server.endpoint());
  EXPECT_EQ(error.kind, ErrorKind::NotPermitted);
  expect_says(error, {describe(server.endpoint()), "needs a password", "REDKEEP_PASSWORD",
                      "--password-file"});
}

TEST_F(GreetingTest, AWrongPasswordIsNamedAndNotShown) {
  const Error error = auth_refused("WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_EQ(error.kind, ErrorKind::NotPermitted);
  expect_says(error, {"refuses the user or password", "REDKEEP_PASSWORD", "--password-file"});
  EXPECT_EQ(auth_refused("ERR invalid password").kind, ErrorKind::NotPermitted);  // Redis 5
}

TEST_F(GreetingTest, APasswordThatNobodyAskedForIsSaidToBeSo) {
  for (const auto* refusal :
       {"ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?",
        "ERR Client sent AUTH, but no password is set"}) {
    const Error error = auth_refused(refusal);
    EXPECT_EQ(error.kind, ErrorKind::NotPermitted);
    expect_says(error, {"127.0.0.1", "password"});
  }
}

// Servers repeat the arguments of what they do not know, and cut them somewhere.
TEST_F(GreetingTest, APasswordThatTheServerRepeatsIsNotShown) {
  const std::string start = "ERR unknown command `AUTH`, with args beginning with: ";
  const std::string password = kPassword;
  auth_refused(start + "`" + password + "`, ");
  auth_refused(start + "'alice' '" + password.substr(0, 9) + "'", "alice");
  auth_refused("ERR what is '" + password + "'?");
}

TEST_F(GreetingTest, ADatabaseThatDoesNotExistIsNamed) {
  for (const auto* refusal : {"ERR DB index is out of range", "ERR invalid DB index"}) {
    Answers answers;
    answers.on("SELECT", wire::refusal(refusal));
    const ScriptedServer server(answers);
    EndpointOptions options = server.endpoint();
    options.database = 99;
    const Error error = refused(options);
    EXPECT_EQ(error.kind, ErrorKind::InvalidInput);
    expect_says(error, {describe(options), "database 99"});
  }
}

// Such a server says why and closes before it has read anything.
TEST_F(GreetingTest, WhatTheServerSaysBeforeItHangsUpIsTold) {
  for (const auto* refusal :
       {"ERR max number of clients reached",
        "DENIED Redis is running in protected mode because protected mode is enabled"}) {
    const ScriptedServer server({[refusal](Peer& peer) {
      peer.send(wire::refusal(refusal));
      peer.finish();
      peer.stay_silent();
    }});
    for (const bool with_password : {false, true}) {
      EndpointOptions options = server.endpoint();
      if (with_password) options.password = kPassword;
      expect_says(refused(options), {describe(options), std::string_view(refusal).substr(4)});
    }
  }
}

TEST_F(GreetingTest, TooManyClientsIsWorthARetry) {
  const ScriptedServer server(
      {[](Peer& peer) { peer.send(wire::refusal("ERR max number of clients reached")); }});
  EXPECT_EQ(refused(server.endpoint()).kind, ErrorKind::Unreachable);
}

TEST_F(GreetingTest, AServerThatAnswersMoreThanItWasAskedIsNotTrusted) {
  const ScriptedServer server({[](Peer& peer) {
    peer.next_command();
    peer.next_command();
    peer.send("+OK\r\n+OK\r\n+whose is this\r\n");
    peer.stay_silent();
  }});
  EXPECT_EQ(refused(server.endpoint()).kind, ErrorKind::Unreachable);
}

TEST_F(GreetingTest, ASilentServerIsGivenUpAtTheConnectDeadline) {
  const ScriptedServer server({[](Peer& peer) { peer.stay_silent(); }});
  EndpointOptions options = server.endpoint();
  options.connect_deadline = 200ms;
  options.deadline = 20s;
  const auto begun = Clock::now();
  const Error error = refused(options);
  EXPECT_LT(Clock::now() - begun, 3s);
  EXPECT_EQ(error.kind, ErrorKind::Unreachable);
  expect_says(error, {describe(options), "deadline"});
}

TEST_F(GreetingTest, AClosedPortIsNamed) {
  EndpointOptions options;
  {
    const ScriptedServer server({[](Peer& peer) { peer.stay_silent(); }});
    options = server.endpoint();
  }
  const Error error = refused(options);
  EXPECT_EQ(error.kind, ErrorKind::Unreachable);
  expect_says(error, {"cannot reach Redis at", describe(options)});
}

TEST_F(GreetingTest, AMissingOrTooLongSocketPathIsNamed) {
  EndpointOptions options;
  options.unix_path = "/nowhere/redis.sock";
  expect_says(refused(options), {"unix:///nowhere/redis.sock"});
  options.unix_path = "/" + std::string(200, 'x');
  EXPECT_EQ(refused(options).kind, ErrorKind::InvalidInput);
}

TEST_F(GreetingTest, AnUnknownHostIsNamed) {
  EndpointOptions options;
  options.host = "no-such-host.invalid";
  const Error error = refused(options);
  EXPECT_EQ(error.kind, ErrorKind::Unreachable);
  expect_says(error, {"no-such-host.invalid"});
}

// A listener whose queue is full: connecting to it gets no answer, as with a packet filter.
class FullListener {
 public:
  FullListener() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, raw, size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    EXPECT_EQ(::getsockname(listener_, raw, &size), 0);
    port_ = ntohs(address.sin_port);
    for (int& waiting : waiting_) {
      waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(waiting, raw, size);
    }
  }
  ~FullListener() {
    for (const int waiting : waiting_) ::close(waiting);
    ::close(listener_);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;

  EndpointOptions endpoint(std::chrono::milliseconds connect_deadline) const {
    EndpointOptions options;
    options.port = port_;
    options.connect_deadline = connect_deadline;
    return options;
  }

 private:
  int listener_;
  int waiting_[4] = {};
  std::uint16_t port_ = 0;
};

TEST_F(GreetingTest, AHostThatDoesNotAnswerIsGivenUpAtTheDeadline) {
  const FullListener listener;
  const auto begun = Clock::now();
  const Error error = refused(listener.endpoint(200ms));
  EXPECT_LT(Clock::now() - begun, 3s);
  expect_says(error, {"127.0.0.1", "deadline"});
}

// The name is looked up in another thread, so a deadline of nothing has always passed by then.
TEST_F(GreetingTest, ADeadlineThatPassesWhileTheNameIsLookedUpCounts) {
  const FullListener listener;
  const auto begun = Clock::now();
  expect_says(refused(listener.endpoint(0ms)), {"deadline"});
  EXPECT_LT(Clock::now() - begun, 3s);
}

}  // namespace
}  // namespace redkeep::redis
