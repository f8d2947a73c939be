#include "redis/reply_reader.h"

#include <gtest/gtest.h>

#include <random>

namespace redkeep::redis {
namespace {

Reply read_whole(std::string_view wire) {
  ReplyReader reader;
  EXPECT_TRUE(reader.feed(wire));
  auto reply = reader.next();
  EXPECT_TRUE(reply && *reply) << wire;
  return reply && *reply ? std::move(**reply) : Reply{};
}

bool refuses(std::string_view wire) {
  ReplyReader reader;
  if (!reader.feed(wire)) return true;
  return !reader.next();
}

TEST(ReplyReader, ReadsEveryTypeOfResp2) {
  EXPECT_EQ(read_whole("+OK\r\n").type, Reply::Type::Status);
  EXPECT_EQ(read_whole("-ERR no\r\n").text, "ERR no");
  EXPECT_EQ(read_whole(":-42\r\n").integer, -42);
  EXPECT_EQ(read_whole("$5\r\na\r\nb\n\r\n").text, "a\r\nb\n");
  EXPECT_TRUE(read_whole("$-1\r\n").is_nil());
  EXPECT_TRUE(read_whole("*-1\r\n").is_nil());
  const Reply nested = read_whole("*2\r\n*2\r\n:1\r\n$1\r\nx\r\n*0\r\n");
  ASSERT_EQ(nested.elements.size(), 2U);
  EXPECT_EQ(nested.elements[0].elements[1].text, "x");
  EXPECT_TRUE(nested.elements[1].is_array());
}

TEST(ReplyReader, ReadsRepliesThatArriveByteByByte) {
  const std::string wire = "*2\r\n$3\r\nabc\r\n*1\r\n:7\r\n+OK\r\n";
  ReplyReader reader;
  int replies = 0;
  for (const char byte : wire) {
    ASSERT_TRUE(reader.feed(std::string_view(&byte, 1)));
    auto reply = reader.next();
    ASSERT_TRUE(reply);
    if (*reply) ++replies;
  }
  EXPECT_EQ(replies, 2);
  EXPECT_FALSE(reader.has_rest());
}

// F06: malformed RESP.
TEST(ReplyReader, RefusesWhatIsNotResp) {
  for (const char* wire : {"*-2\r\n", "?what\r\n", "$-2\r\n", ":12a\r\n", "$abc\r\n", "\r\n"}) {
    EXPECT_TRUE(refuses(wire)) << wire;
  }
}

TEST(ReplyReader, RefusesNestingThatIsTooDeep) {
  std::string wire;
  for (int i = 0; i < 10'000; ++i) wire += "*1\r\n";
  EXPECT_TRUE(refuses(wire));
}

TEST(ReplyReader, DoesNotAllocateByTheClaimedLength) {
  ReplyReader reader;
  ASSERT_TRUE(reader.feed("*2000000000\r\n:1\r\n"));
  auto reply = reader.next();
  ASSERT_TRUE(reply);
  EXPECT_FALSE(*reply);  // waits for the rest, with room for what came
}

TEST(ReplyReader, RefusesAReplyThatNeverEnds) {
  ReplyReader reader;
  const std::string block(std::size_t{1} << 20, 'x');
  ASSERT_TRUE(reader.feed("$9999999999\r\n"));
  std::size_t blocks = 0;
  while (blocks < 1000 && reader.feed(block)) ++blocks;
  EXPECT_LE(blocks, (ReplyReader::kMaxReplyBytes >> 20) + 2);
}

TEST(ReplyReader, SurvivesRandomBytes) {
  std::mt19937 random(11);
  const std::string_view alphabet = "+-:$*0123456789\r\nab";
  for (int round = 0; round < 20'000; ++round) {
    std::string wire;
    for (std::size_t i = random() % 24; i > 0; --i) wire += alphabet[random() % alphabet.size()];
    ReplyReader reader;
    if (!reader.feed(wire)) continue;
    for (int replies = 0; replies < 30; ++replies) {
      const auto reply = reader.next();
      if (!reply || !*reply) break;
    }
  }
}

TEST(Reply, TellsErrorsApartByTheirFirstWord) {
  const auto kind = [](std::string text) {
    Reply reply;
    reply.type = Reply::Type::Error;
    reply.text = std::move(text);
    return error_from_reply("SET", reply).kind;
  };
  EXPECT_EQ(kind("OOM command not allowed when used memory > 'maxmemory'."),
            ErrorKind::OutOfMemory);
  EXPECT_EQ(kind("ERR Out of memory"), ErrorKind::OutOfMemory);
  EXPECT_EQ(kind("LOADING Redis is loading the dataset in memory"), ErrorKind::ServerBusy);
  EXPECT_EQ(kind("BUSY Redis is busy running a script."), ErrorKind::ServerBusy);
  EXPECT_EQ(kind("BUSYKEY Target key name already exists."), ErrorKind::Conflict);
  EXPECT_EQ(kind("MISCONF Redis is configured to save RDB snapshots"), ErrorKind::ServerBusy);
  EXPECT_EQ(kind("READONLY You can't write against a read only replica."), ErrorKind::NotPermitted);
  EXPECT_EQ(kind("NOPERM this user has no permissions"), ErrorKind::NotPermitted);
  EXPECT_EQ(kind("ERR unknown command `CONFIG`"), ErrorKind::NotPermitted);
  EXPECT_EQ(kind("WRONGTYPE Operation against a key"), ErrorKind::Conflict);
  EXPECT_EQ(kind("ERR syntax error"), ErrorKind::Protocol);
  EXPECT_EQ(kind("OOMPH is a word of its own"), ErrorKind::Protocol);
}

TEST(Reply, EscapesWhatTheServerSays) {
  Reply reply;
  reply.type = Reply::Type::Error;
  reply.text = "ERR \x1b[31m";
  EXPECT_EQ(error_from_reply("SET", reply).message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace redkeep::redis
