// One connection against everything that a server or a network can do to a reply.
#include "redis/connection.h"

#include <gtest/gtest.h>

#include <fstream>

#include "redis/reply_reader.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::redis {
namespace {

using namespace std::chrono_literals;
using wire::Peer;
using wire::ScriptedServer;
using Clock = std::chrono::steady_clock;

CommandBuffer ping() {
  CommandBuffer commands;
  commands.add({"PING"});
  return commands;
}

class ConnectionTest : public testing::Test {
 protected:
  // A connection whose greeting was answered; what follows is the script's.
  std::unique_ptr<Connection> open_to(ScriptedServer::Script script,
                                      wire::Listen listen = wire::Listen::Tcp) {
    server_ = std::make_unique<ScriptedServer>(
        std::vector<ScriptedServer::Script>{[script = std::move(script)](Peer& peer) {
          peer.answer_greeting();
          script(peer);
        }},
        listen);
    auto opened = loop_.run(Connection::open(server_->endpoint()));
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  // PING is answered with `raw`, and the connection then left as it is.
  std::unique_ptr<Connection> open_to_answer(std::string raw) {
    return open_to([raw = std::move(raw)](Peer& peer) {
      peer.next_command();
      peer.send(raw);
      peer.stay_silent();
    });
  }

  Result<std::vector<Reply>> exchange(Connection& connection, const CommandBuffer& commands,
                                      Connection::Deadline deadline = 5s) {
    return loop_.run(connection.exchange(commands, deadline));
  }

  // Whatever went wrong: the outcome is not known, the place is named, nothing is used again.
  void expect_broken(Connection& connection, const Result<std::vector<Reply>>& replies) {
    ASSERT_FALSE(replies);
    EXPECT_EQ(replies.error().kind, ErrorKind::UnknownOutcome);
    EXPECT_NE(replies.error().message.find(describe(server_->endpoint())), std::string::npos)
        << replies.error().message;
    EXPECT_FALSE(connection.is_open());
    const auto again = exchange(connection, ping());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::Unreachable);
  }

  wire::EventLoop loop_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(ConnectionTest, RepliesComeInTheOrderOfTheCommands) {
  const auto connection = open_to([](Peer& peer) {
    for (int i = 0; i < 3; ++i) {
      const auto command = peer.next_command();
      if (command) peer.send(wire::bulk((*command)[1]));
    }
    peer.stay_silent();
  });
  CommandBuffer commands;
  commands.add({"ECHO", "a"});
  commands.add({"ECHO", std::string("\0\r\n", 3)});
  commands.add({"ECHO", ""});
  const auto replies = exchange(*connection, commands);
  ASSERT_TRUE(replies) << replies.error().message;
  ASSERT_EQ(replies->size(), 3u);
  EXPECT_EQ((*replies)[0].text, "a");
  EXPECT_EQ((*replies)[1].text, std::string("\0\r\n", 3));
  EXPECT_EQ((*replies)[2].text, "");
}

TEST_F(ConnectionTest, EveryKindOfReplyIsRead) {
  const auto connection = open_to_answer(
      wire::array({":-7\r\n", "$-1\r\n", "*-1\r\n", "+fine\r\n", "-ERR no\r\n", "*0\r\n"}));
  const auto replies = exchange(*connection, ping());
  ASSERT_TRUE(replies) << replies.error().message;
  const auto& parts = replies->front().elements;
  ASSERT_EQ(parts.size(), 6u);
  EXPECT_EQ(parts[0].integer, -7);
  EXPECT_TRUE(parts[1].is_nil());
  EXPECT_TRUE(parts[2].is_nil());
  EXPECT_EQ(parts[3].type, Reply::Type::Status);
  EXPECT_TRUE(parts[4].is_error());
  EXPECT_TRUE(parts[5].is_array());
}

TEST_F(ConnectionTest, HalfABulkAndThenTheEndBreaksTheConnection) {
  const auto connection = open_to([](Peer& peer) {
    peer.next_command();
    peer.send("$10\r\nhalf");
  });
  expect_broken(*connection, exchange(*connection, ping()));
}

TEST_F(ConnectionTest, AResetBreaksTheConnection) {
  const auto connection = open_to([](Peer& peer) {
    peer.next_command();
    peer.send("$10\r\nhalf");
    peer.reset();
  });
  expect_broken(*connection, exchange(*connection, ping()));
}

TEST_F(ConnectionTest, TheEndBetweenCarriageReturnAndLineFeedIsNoReply) {
  const auto connection = open_to([](Peer& peer) {
    peer.next_command();
    peer.send("+PONG\r");
    peer.finish();
    peer.stay_silent();
  });
  expect_broken(*connection, exchange(*connection, ping()));
}

TEST_F(ConnectionTest, MissingRepliesOfAPipelineAreNotMadeUp) {
  const auto connection = open_to([](Peer& peer) {
    for (int i = 0; i < 3; ++i) peer.next_command();
    peer.send("+1\r\n+2\r\n");
  });
  CommandBuffer three;
  for (int i = 0; i < 3; ++i) three.add({"PING"});
  expect_broken(*connection, exchange(*connection, three));
}

TEST_F(ConnectionTest, SilenceEndsAtTheDeadline) {
  const auto connection = open_to([](Peer& peer) { peer.stay_silent(); });
  const auto begun = Clock::now();
  const auto replies = exchange(*connection, ping(), 200ms);
  EXPECT_GE(Clock::now() - begun, 200ms);
  EXPECT_LT(Clock::now() - begun, 3s);
  ASSERT_FALSE(replies);
  EXPECT_NE(replies.error().message.find("deadline"), std::string::npos);
  expect_broken(*connection, replies);
}

// Every byte comes well within the deadline, and the reply would take half a minute.
TEST_F(ConnectionTest, F05TheDeadlineIsForTheWholeExchangeAndNotForARead) {
  const auto connection = open_to([](Peer& peer) {
    peer.next_command();
    peer.drip(wire::bulk(std::string(2000, 'x')), 15ms);
  });
  const auto begun = Clock::now();
  const auto replies = exchange(*connection, ping(), 300ms);
  EXPECT_LT(Clock::now() - begun, 3s);
  expect_broken(*connection, replies);
}

TEST_F(ConnectionTest, AServerThatReadsNothingHoldsNobodyBeyondTheDeadline) {
  const auto connection = open_to([](Peer& peer) { peer.read_nothing(); });
  CommandBuffer huge;
  huge.add({"SET", "key", std::string(64 << 20, 'x')});
  const auto replies = exchange(*connection, huge, 300ms);
  expect_broken(*connection, replies);
}

TEST_F(ConnectionTest, SlowButInTimeIsFine) {
  const auto connection = open_to([](Peer& peer) {
    peer.next_command();
    peer.drip("$5\r\nhello\r\n", 1ms);
    peer.stay_silent();
  });
  const auto replies = exchange(*connection, ping());
  ASSERT_TRUE(replies) << replies.error().message;
  EXPECT_EQ(replies->front().text, "hello");
}

TEST_F(ConnectionTest, ExtraRepliesBreakTheConnection) {
  const auto connection = open_to_answer("+PONG\r\n+whose is this\r\n");
  expect_broken(*connection, exchange(*connection, ping()));
}

TEST_F(ConnectionTest, AnExtraReplyThatComesLaterMakesItStale) {
  const auto connection = open_to([](Peer& peer) {
    peer.next_command();
    peer.send("+PONG\r\n");
    peer.send("+whose is this\r\n");
    peer.stay_silent();
  });
  // The second one may come in one piece with the first, or after it.
  const auto replies = exchange(*connection, ping());
  EXPECT_TRUE(loop_.run_until([&] { return connection->is_stale(); }, 5s)) << replies.ok();
}

TEST_F(ConnectionTest, AConnectionThatTheServerClosedIsStale) {
  const auto connection = open_to([](Peer& peer) { peer.finish(); });
  EXPECT_TRUE(loop_.run_until([&] { return connection->is_stale(); }, 5s));
}

struct Nonsense {
  const char* name;
  std::string wire;
};
void PrintTo(const Nonsense& nonsense, std::ostream* out) { *out << nonsense.name; }

class NotResp : public ConnectionTest, public testing::WithParamInterface<Nonsense> {};

TEST_P(NotResp, BreaksTheConnectionAtOnce) {
  const auto connection = open_to_answer(GetParam().wire);
  const auto begun = Clock::now();
  const auto replies = exchange(*connection, ping(), 20s);
  EXPECT_LT(Clock::now() - begun, 10s);
  expect_broken(*connection, replies);
}

std::string nested(int depth) {
  std::string wire;
  for (int i = 0; i < depth; ++i) wire += "*1\r\n";
  return wire + ":1\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Wire, NotResp,
    testing::Values(Nonsense{"NegativeArray", "*-2\r\n"}, Nonsense{"NegativeBulk", "$-2\r\n"},
                    Nonsense{"ArrayBeyondInt", "*2147483648\r\n"},
                    Nonsense{"ArrayBeyondInt64", "*99999999999999999999\r\n"},
                    Nonsense{"BulkBeyondInt64", "$99999999999999999999\r\n"},
                    Nonsense{"BulkOfNoLength", "$x\r\n"}, Nonsense{"IntegerOfLetters", ":x\r\n"},
                    Nonsense{"IntegerOfNothing", ":\r\n"}, Nonsense{"Nested", nested(10'000)},
                    Nonsense{"UnknownType", "?what\r\n"},
                    Nonsense{"Http", "HTTP/1.1 400 Bad Request\r\n\r\n"},
                    Nonsense{"Zeros", std::string("\0\0\0\0", 4)},
                    Nonsense{"Resp3Push", ">2\r\n+invalidate\r\n+x\r\n"},
                    Nonsense{"Resp3Null", "_\r\n"}, Nonsense{"Resp3Boolean", "#t\r\n"},
                    Nonsense{"Resp3Map", "%1\r\n+a\r\n+b\r\n"},
                    Nonsense{"UnknownTypeInArray", wire::array({"+a\r\n", "?b\r\n"})}),
    [](const auto& test) { return test.param.name; });

std::int64_t peak_address_space_kib() {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word) {
    if (word == "VmPeak:") {
      std::int64_t kib = 0;
      file >> kib;
      return kib;
    }
  }
  return 0;
}

TEST_F(ConnectionTest, AClaimedLengthIsNotAllocated) {
  for (const std::string claim : {"*2147483647\r\n:1\r\n", "*1\r\n*1\r\n*2147483647\r\n",
                                  "$9999999999\r\nabc", "$180000000\r\nabc"}) {
    const auto connection = open_to([&claim](Peer& peer) {
      peer.next_command();
      peer.send(claim);
    });
    const auto before = peak_address_space_kib();
    expect_broken(*connection, exchange(*connection, ping()));
    EXPECT_LT(peak_address_space_kib() - before, 64 * 1024) << claim;
  }
}

// Sends a head and then the same block until the client has had enough; counts the bytes.
ScriptedServer::Script flood(std::string head, std::string block, std::atomic<std::size_t>& sent) {
  return [head = std::move(head), block = std::move(block), &sent](Peer& peer) {
    peer.next_command();
    peer.send(head);
    while (sent < (std::size_t{1} << 30) && peer.send(block)) sent += block.size();
  };
}

TEST_F(ConnectionTest, AReplyWithoutEndIsRefusedAtTheLimit) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer copies a growing buffer at each step: minutes for 192 MiB";
#endif
  std::atomic<std::size_t> sent = 0;
  const auto connection =
      open_to(flood("$900000000\r\n", std::string(std::size_t{1} << 20, 'x'), sent));
  expect_broken(*connection, exchange(*connection, ping(), 60s));
  EXPECT_GE(sent, ReplyReader::kMaxReplyBytes);
  EXPECT_LT(sent, ReplyReader::kMaxReplyBytes + (std::size_t{32} << 20));
}

// Four bytes on the wire are some seventy here: bytes alone do not bound such a reply.
TEST_F(ConnectionTest, AReplyOfCountlessElementsIsRefusedAtTheLimit) {
  std::string block;
  for (int i = 0; i < 100'000; ++i) block += ":1\r\n";
  std::atomic<std::size_t> sent = 0;
  const auto connection = open_to(flood("*100000000\r\n", block, sent));
  expect_broken(*connection, exchange(*connection, ping(), 60s));
  EXPECT_LT(sent, std::size_t{64} << 20);
}

TEST_F(ConnectionTest, BulkWorkTakesRepliesPieceByPiece) {
  const auto connection = open_to([](Peer& peer) {
    for (int i = 0; i < 3; ++i) peer.next_command();
    peer.send(":1\r\n:2\r\n:3\r\n");
    peer.stay_silent();
  });
  CommandBuffer three;
  for (int i = 0; i < 3; ++i) three.add({"PING"});
  ASSERT_TRUE(loop_.run(connection->send(three.wire(), 5s)));
  std::vector<std::int64_t> seen;
  const auto keep = [&seen](Reply&& reply) { seen.push_back(reply.integer); };
  ASSERT_TRUE(loop_.run(connection->receive(2, keep, 5s)));
  ASSERT_TRUE(loop_.run(connection->receive(1, keep, 5s)));
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3}));
  const Status late = loop_.run(connection->receive(1, keep, 100ms));
  ASSERT_FALSE(late);
  EXPECT_FALSE(connection->is_open());
}

TEST_F(ConnectionTest, AUnixSocketWorksTheSame) {
  const auto connection = open_to(
      [](Peer& peer) {
        peer.next_command();
        peer.send("+PONG\r\n");
        peer.next_command();
        peer.send("$10\r\nhalf");
      },
      wire::Listen::Unix);
  ASSERT_TRUE(exchange(*connection, ping()));
  expect_broken(*connection, exchange(*connection, ping()));
}

}  // namespace
}  // namespace redkeep::redis
