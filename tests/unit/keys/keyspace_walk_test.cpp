#include "keys/keyspace_walk.h"

#include <gtest/gtest.h>

namespace redkeep::keys {
namespace {

redis::Reply scan_text(std::string value) {
  redis::Reply reply;
  reply.type = redis::Reply::Type::String;
  reply.text = std::move(value);
  return reply;
}

redis::Reply page(std::string cursor, std::vector<std::string> keys) {
  redis::Reply list;
  list.type = redis::Reply::Type::Array;
  for (auto& key : keys) list.elements.push_back(scan_text(std::move(key)));
  redis::Reply reply;
  reply.type = redis::Reply::Type::Array;
  reply.elements = {scan_text(std::move(cursor)), std::move(list)};
  return reply;
}

TEST(KeyspaceWalk, EndsOnTheZeroCursorOnly) {
  KeyspaceWalk walk("reed:*", 10);
  EXPECT_TRUE(walk.take(page("17", {})));
  EXPECT_FALSE(walk.done());
  EXPECT_EQ(walk.take(page("18446744073709551615", {"a", "b"}))->size(), 2U);
  EXPECT_FALSE(walk.done());
  EXPECT_TRUE(walk.take(page("0", {"c"})));
  EXPECT_TRUE(walk.done());
}

TEST(KeyspaceWalk, AsksForTheNextCursor) {
  KeyspaceWalk walk("reed:*", 10);
  ASSERT_TRUE(walk.take(page("17", {})));
  redis::CommandBuffer commands;
  walk.ask(commands);
  EXPECT_EQ(
      commands.wire(),
      "*6\r\n$4\r\nSCAN\r\n$2\r\n17\r\n$5\r\nMATCH\r\n$6\r\nreed:*\r\n$5\r\nCOUNT\r\n$2\r\n10\r\n");
}

TEST(KeyspaceWalk, RefusesRepliesThatMakeNoSense) {
  EXPECT_FALSE(KeyspaceWalk("*", 10).take(scan_text("0")));
  EXPECT_FALSE(KeyspaceWalk("*", 10).take(page("", {})));
  EXPECT_FALSE(KeyspaceWalk("*", 10).take(page("1x", {})));
  redis::Reply error = scan_text("LOADING Redis is loading the dataset in memory");
  error.type = redis::Reply::Type::Error;
  const auto taken = KeyspaceWalk("*", 10).take(error);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::ServerBusy);
}

}  // namespace
}  // namespace redkeep::keys
