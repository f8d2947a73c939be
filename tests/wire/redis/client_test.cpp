// The client that many share: what concurrent callers get, and what becomes of them when the
// connection breaks, comes back, or is closed.
#include "redis/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "redis/pause.h"
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
using Replies = Result<std::vector<Reply>>;

class ClientTest : public testing::Test {
 protected:
  std::shared_ptr<Client> client_of(const EndpointOptions& options) {
    return Client::create(loop_.executor(), options);
  }
  std::shared_ptr<Client> client_of(const ScriptedServer& server,
                                    std::chrono::milliseconds deadline = 5s) {
    EndpointOptions options = server.endpoint();
    options.deadline = deadline;
    return client_of(options);
  }

  Result<Reply> call(const std::shared_ptr<Client>& client, std::vector<std::string> arguments) {
    return loop_.run(client->call(std::move(arguments)));
  }

  // Calls again and again until it succeeds: what somebody who waits for a server does.
  bool succeeds_soon(const std::shared_ptr<Client>& client) {
    return loop_.run_until([&] { return call(client, {"PING"}).ok(); });
  }

  wire::EventLoop loop_;
};

Command without_greeting(const std::vector<Command>& received) {
  Command names;
  for (const auto& command : received) {
    if (command.front() != "CLIENT") names.push_back(command.front());
  }
  return names;
}

TEST_F(ClientTest, ManyCallersShareOneConnectionAndGetTheirOwnReplies) {
  Answers answers;
  answers.on("ECHO", [](const Command& command) { return wire::bulk(command[1]); });
  const ScriptedServer server(answers);
  const auto client = client_of(server);
  std::vector<std::optional<Result<Reply>>> replies(500);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    std::vector<std::string> echo{"ECHO", "caller " + std::to_string(i)};
    loop_.start(client->call(std::move(echo)), replies[i]);
  }
  ASSERT_TRUE(loop_.run_until([&] {
    return std::all_of(replies.begin(), replies.end(), [](const auto& r) { return r.has_value(); });
  }));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    ASSERT_TRUE(*replies[i]) << (*replies[i]).error().message;
    EXPECT_EQ((**replies[i]).text, "caller " + std::to_string(i));
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(client->generation(), 1u);
}

TEST_F(ClientTest, PipelinesOfDifferentLengthDoNotMix) {
  Answers answers;
  answers.on("ECHO", [](const Command& command) { return wire::bulk(command[1]); });
  const ScriptedServer server(answers);
  const auto client = client_of(server);
  std::vector<std::optional<Replies>> replies(40);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    CommandBuffer commands;
    for (std::size_t j = 0; j < i; ++j) {
      commands.add({"ECHO", std::to_string(i) + "/" + std::to_string(j)});
    }
    loop_.start(client->exchange(std::move(commands)), replies[i]);
  }
  for (std::size_t i = 0; i < replies.size(); ++i) {
    ASSERT_TRUE(loop_.run_until([&] { return replies[i].has_value(); }));
    ASSERT_TRUE(*replies[i]);
    ASSERT_EQ((*replies[i])->size(), i);
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_EQ((**replies[i])[j].text, std::to_string(i) + "/" + std::to_string(j));
    }
  }
}

TEST_F(ClientTest, AnErrorReplyConcernsOnlyItsCaller) {
  Answers answers;
  answers.on("PING", wire::status("PONG"));
  const ScriptedServer server(answers);
  const auto client = client_of(server);
  std::optional<Result<Reply>> bad;
  std::optional<Result<Reply>> good;
  loop_.start(client->call({"NONSENSE"}), bad);
  loop_.start(client->call({"PING"}), good);
  ASSERT_TRUE(loop_.run_until([&] { return bad && good; }));
  EXPECT_FALSE(*bad);
  EXPECT_TRUE(*good);
  EXPECT_TRUE(client->connected());
}

// What was right to be asked when it was asked may be wrong when its turn comes.
TEST_F(ClientTest, WhatMayNoLongerBeSentWhenItsTurnComesIsNotSent) {
  Answers answers;
  std::atomic<bool> is_held = true;
  answers.on("SLOW", [&is_held](const Command&) {
    while (is_held) std::this_thread::sleep_for(1ms);
    return wire::status("OK");
  });
  answers.on("ECHO", [](const Command& command) { return wire::bulk(command[1]); });
  const ScriptedServer server(answers);
  const auto client = client_of(server);
  std::optional<Result<Reply>> slow;
  std::vector<std::string> slow_command{"SLOW"};
  loop_.start(client->call(std::move(slow_command)), slow);
  ASSERT_TRUE(loop_.run_until([&] { return server.count("SLOW") == 1; }));
  bool may_go = true;
  const std::function<bool()> still = [&may_go] { return may_go; };
  std::optional<Replies> held_back;
  std::optional<Replies> sent;
  CommandBuffer one;
  one.add({"ECHO", "one"});
  CommandBuffer two;
  two.add({"ECHO", "two"});
  loop_.start(client->exchange(std::move(one), {}, {}, still), held_back);
  loop_.start(client->exchange(std::move(two)), sent);
  loop_.run_until([] { return false; }, 20ms);  // both wait
  may_go = false;
  is_held = false;
  ASSERT_TRUE(loop_.run_until([&] { return held_back && sent; }));
  EXPECT_EQ(held_back->error().kind, ErrorKind::Interrupted);
  ASSERT_TRUE(*sent);
  EXPECT_EQ((*sent)->front().text, "two");
  EXPECT_EQ(server.count("ECHO"), 1);
}

TEST_F(ClientTest, ALateReplyNeverAnswersAnotherQuestion) {
  const ScriptedServer server({[](Peer& peer) {
                                 peer.answer_greeting();
                                 peer.next_command();
                                 // Whatever comes next gets what the first one asked for.
                                 peer.next_command();
                                 peer.send(wire::bulk("the answer to the first"));
                               },
                               [](Peer& peer) {
                                 peer.answer_greeting();
                                 peer.next_command();
                                 peer.send(wire::bulk("the answer to the second"));
                                 peer.stay_silent();
                               }});
  const auto client = client_of(server, 200ms);
  const auto first = call(client, {"GET", "first"});
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, ErrorKind::UnknownOutcome);
  const auto second = call(client, {"GET", "second"});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->text, "the answer to the second");
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(client->generation(), 2u);
}

// On a Unix socket what was sent is there at once.
TEST_F(ClientTest, AnUnaskedReplyBetweenTwoCallsAnswersNobody) {
  std::atomic<bool> sent = false;
  const ScriptedServer server({[&sent](Peer& peer) {
                                 peer.answer_greeting();
                                 peer.next_command();
                                 peer.send(wire::bulk("first"));
                                 peer.send(wire::bulk("nobody asked"));
                                 sent = true;
                                 peer.stay_silent();
                               },
                               [](Peer& peer) {
                                 peer.answer_greeting();
                                 peer.next_command();
                                 peer.send(wire::bulk("second"));
                                 peer.stay_silent();
                               }},
                              wire::Listen::Unix);
  const auto client = client_of(server);
  static_cast<void>(call(client, {"GET", "first"}));
  ASSERT_TRUE(loop_.run_until([&] { return sent.load(); }));
  const auto second = call(client, {"GET", "second"});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->text, "second");
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(ClientTest, EveryCallerOfABrokenBatchLearnsThatTheOutcomeIsUnknown) {
  const ScriptedServer server({[](Peer& peer) {
    peer.answer_greeting();
    for (int i = 0; i < 3; ++i) peer.next_command();
    peer.send("+only one\r\n");
  }});
  const auto client = client_of(server);
  std::vector<std::optional<Result<Reply>>> replies(3);
  for (auto& reply : replies) loop_.start(client->call({"PING"}), reply);
  for (auto& reply : replies) {
    ASSERT_TRUE(loop_.run_until([&] { return reply.has_value(); }));
    ASSERT_FALSE(*reply);
    EXPECT_EQ(reply->error().kind, ErrorKind::UnknownOutcome);
  }
}

TEST_F(ClientTest, TheGreetingIsRepeatedBeforeAnythingElseOnEveryConnection) {
  Answers answers;
  answers.on("PING", wire::status("PONG"));
  answers.on("CUT", [](const Command&) { return std::nullopt; });
  const ScriptedServer server(answers);
  EndpointOptions options = server.endpoint();
  options.password = "secret";
  options.database = 2;
  const auto client = client_of(options);
  ASSERT_TRUE(call(client, {"PING"}));
  ASSERT_FALSE(call(client, {"CUT"}));
  ASSERT_TRUE(succeeds_soon(client));
  for (int connection = 0; connection < 2; ++connection) {
    const auto names = without_greeting(server.received_on(connection));
    ASSERT_GE(names.size(), 3u);
    EXPECT_EQ((Command{names[0], names[1], names[2]}), (Command{"AUTH", "SELECT", "PING"}));
  }
}

TEST_F(ClientTest, WhileBackingOffCallsFailAtOnceAndNobodyConnects) {
  const ScriptedServer server({[](Peer& peer) { peer.reset(); }});
  const auto client = client_of(server);
  const auto begun = Clock::now();
  int calls = 0;
  // The pauses are at least 25, 50, 100 and 200 ms, so that five connections take 375 ms.
  while (server.connections() < 5) {
    const auto reply = call(client, {"PING"});
    ASSERT_FALSE(reply);
    ASSERT_EQ(reply.error().kind, ErrorKind::Unreachable);
    ++calls;
    ASSERT_LT(Clock::now() - begun, 20s);
  }
  EXPECT_GE(Clock::now() - begun, 375ms);
  EXPECT_GT(calls, 50);
}

TEST_F(ClientTest, AServerThatComesBackIsFound) {
  Answers answers;
  answers.on("PING", wire::status("PONG"));
  const ScriptedServer server({[](Peer& peer) { peer.reset(); }, [](Peer& peer) { peer.close(); },
                               [&answers](Peer& peer) { peer.serve(answers); }});
  const auto client = client_of(server);
  ASSERT_FALSE(call(client, {"PING"}));
  ASSERT_TRUE(succeeds_soon(client));
  EXPECT_EQ(server.connections(), 3);
  EXPECT_EQ(client->generation(), 1u);
}

TEST_F(ClientTest, APasswordThatWasRotatedIsSaidToEveryCaller) {
  Answers answers;
  answers.on("AUTH", wire::refusal("WRONGPASS invalid username-password pair"));
  const ScriptedServer server(answers);
  EndpointOptions options = server.endpoint();
  options.password = "outdated";
  const auto client = client_of(options);
  for (int i = 0; i < 3; ++i) {
    const auto reply = call(client, {"PING"});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::NotPermitted);
    EXPECT_NE(reply.error().message.find("REDKEEP_PASSWORD"), std::string::npos);
    EXPECT_EQ(reply.error().message.find("outdated"), std::string::npos);
  }
  EXPECT_EQ(server.count("PING"), 0);
}

TEST_F(ClientTest, WhatWouldWaitBeyondTheLimitIsRefused) {
  const ScriptedServer server({[](Peer& peer) {
    peer.answer_greeting();
    peer.read_nothing();
  }});
  const auto client = client_of(server, 30s);
  std::vector<std::optional<Replies>> replies(8);
  for (auto& reply : replies) {
    CommandBuffer commands;
    commands.add({"SET", "key", std::string(std::size_t{10} << 20, 'x')});
    loop_.start(client->exchange(std::move(commands)), reply);
  }
  // Six times ten MiB fit below 64 MiB; none has left before the connection is there.
  for (std::size_t i = 6; i < replies.size(); ++i) {
    ASSERT_TRUE(loop_.run_until([&] { return replies[i].has_value(); }));
    ASSERT_FALSE(*replies[i]);
    EXPECT_EQ(replies[i]->error().kind, ErrorKind::Refused);
  }
  EXPECT_FALSE(replies[5].has_value());
  client->close();
  ASSERT_TRUE(loop_.run_until([&] { return replies[5].has_value(); }, 5s));
}

TEST_F(ClientTest, OneRequestLargerThanTheLimitIsTaken) {
  Answers answers;
  answers.on("SET", wire::status("OK"));
  const ScriptedServer server(answers);
  const auto client = client_of(server, 30s);
  const auto reply = call(client, {"SET", "key", std::string(std::size_t{70} << 20, 'x')});
  EXPECT_TRUE(reply) << reply.error().message;
}

TEST_F(ClientTest, ClosingFailsWhatIsUnderWayAndWhatWaits) {
  const ScriptedServer server({[](Peer& peer) {
    peer.answer_greeting();
    peer.stay_silent();
  }});
  const auto client = client_of(server, 30s);
  std::vector<std::optional<Result<Reply>>> replies(3);
  loop_.start(client->call({"PING"}), replies[0]);
  ASSERT_TRUE(loop_.run_until([&] { return client->connected(); }));
  for (int i = 1; i < 3; ++i) loop_.start(client->call({"PING"}), replies[i]);
  ASSERT_FALSE(loop_.run_until([&] { return replies[0].has_value(); }, 50ms));
  client->close();
  for (const auto& reply : replies) {
    ASSERT_TRUE(loop_.run_until([&] { return reply.has_value(); }, 5s));
    EXPECT_FALSE(*reply);
  }
  const auto later = call(client, {"PING"});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().kind, ErrorKind::Unreachable);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, ClosingWhileConnectingFailsWhatWaitsAtOnceAndSendsNothing) {
  Answers answers;
  answers.on("PING", wire::status("PONG"));
  std::atomic<bool> go_on = false;
  const ScriptedServer server({[&](Peer& peer) {
    while (!go_on) std::this_thread::yield();
    peer.serve(answers);
  }});
  const auto client = client_of(server, 30s);
  std::optional<Result<Reply>> reply;
  loop_.start(client->call({"PING"}), reply);
  ASSERT_TRUE(loop_.run_until([&] { return server.connections() == 1; }));
  client->close();
  EXPECT_TRUE(loop_.run_until([&] { return reply.has_value(); }, 1s));
  go_on = true;
  ASSERT_TRUE(loop_.run_until([&] { return reply.has_value(); }));
  ASSERT_FALSE(*reply);
  EXPECT_EQ(reply->error().kind, ErrorKind::Unreachable);
  EXPECT_FALSE(loop_.run_until([&] { return client->connected(); }, 200ms));
  EXPECT_EQ(server.count("PING"), 0);
}

// Every error word that a server has, and what the caller is told to do about it.
TEST_F(ClientTest, EveryErrorWordHasItsKind) {
  const std::vector<std::pair<std::string, ErrorKind>> words{
      {"OOM command not allowed when used memory > 'maxmemory'.", ErrorKind::OutOfMemory},
      {"ERR Out of memory", ErrorKind::OutOfMemory},
      {"LOADING Redis is loading the dataset in memory", ErrorKind::ServerBusy},
      {"BUSY Redis is busy running a script.", ErrorKind::ServerBusy},
      {"MISCONF Redis is configured to save RDB snapshots", ErrorKind::ServerBusy},
      {"NOREPLICAS Not enough good replicas to write.", ErrorKind::ServerBusy},
      {"MASTERDOWN Link with MASTER is down", ErrorKind::ServerBusy},
      {"CLUSTERDOWN The cluster is down", ErrorKind::ServerBusy},
      {"TRYAGAIN Multiple keys request during rehashing of slot", ErrorKind::ServerBusy},
      {"READONLY You can't write against a read only replica.", ErrorKind::NotPermitted},
      {"NOAUTH Authentication required.", ErrorKind::NotPermitted},
      {"WRONGPASS invalid username-password pair", ErrorKind::NotPermitted},
      {"NOPERM this user has no permissions", ErrorKind::NotPermitted},
      {"DENIED Redis is running in protected mode", ErrorKind::NotPermitted},
      {"ERR unknown command 'CONFIG', with args beginning with: ", ErrorKind::NotPermitted},
      {"ERR unknown command `CONFIG`, with args beginning with: ", ErrorKind::NotPermitted},
      {"ERR unknown subcommand 'X'. Try MEMORY HELP.", ErrorKind::NotPermitted},
      {"ERR Unknown subcommand or wrong number of arguments", ErrorKind::NotPermitted},
      {"ERR invalid password", ErrorKind::NotPermitted},
      {"ERR Client sent AUTH, but no password is set", ErrorKind::NotPermitted},
      {"ERR AUTH <password> called without any password configured", ErrorKind::NotPermitted},
      {"ERR max number of clients reached", ErrorKind::Unreachable},
      {"WRONGTYPE Operation against a key holding the wrong kind", ErrorKind::Conflict},
      {"BUSYKEY Target key name already exists.", ErrorKind::Conflict},
      {"ERR syntax error", ErrorKind::Protocol},
      {"MOVED 3999 127.0.0.1:6381", ErrorKind::Protocol},
      {"LOADINGS is another word", ErrorKind::Protocol},
      {"BUSYGROUP Consumer Group name already exists", ErrorKind::Protocol},
      {"", ErrorKind::Protocol},
      {"BUSY", ErrorKind::ServerBusy},
  };
  Answers answers;
  const ScriptedServer server(answers);
  const auto client = client_of(server);
  for (const auto& [text, kind] : words) {
    answers.on("WHAT", wire::refusal(text));
    const auto reply = call(client, {"WHAT"});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, kind) << text;
    EXPECT_NE(reply.error().message.find("WHAT"), std::string::npos) << reply.error().message;
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, WhatAServerSaysCannotSteerATerminal) {
  Answers answers;
  answers.on("WHAT", wire::refusal("ERR \x1b[2J\x07 \xff"));
  const ScriptedServer server(answers);
  const auto reply = call(client_of(server), {"WHAT"});
  ASSERT_FALSE(reply);
  for (const char c : reply.error().message) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  EXPECT_NE(reply.error().message.find("\\xff"), std::string::npos);
}

}  // namespace
}  // namespace redkeep::redis
