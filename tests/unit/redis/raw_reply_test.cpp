#include "redis/raw_reply.h"

#include <gtest/gtest.h>

#include <string>

namespace redkeep::redis {
namespace {

std::size_t whole(std::string_view bytes) {
  const auto size = first_reply_bytes(bytes);
  EXPECT_TRUE(size.ok()) << (size ? "" : size.error().message);
  return size ? *size : 0;
}

const std::string kMixed = "*4\r\n$3\r\na\r\n\r\n*2\r\n:-7\r\n$-1\r\n+OK\r\n-ERR no\r\n";

TEST(RawReply, IsWholeOnlyWithItsLastByte) {
  for (std::size_t bytes = 0; bytes < kMixed.size(); ++bytes) {
    EXPECT_EQ(whole(kMixed.substr(0, bytes)), 0U) << bytes;
  }
  EXPECT_EQ(whole(kMixed), kMixed.size());
}

TEST(RawReply, WhatFollowsIsLeft) { EXPECT_EQ(whole("+PONG\r\n:1\r\n"), 7U); }

TEST(RawReply, ItemsComeInTheirOrder) {
  std::string_view rest = kMixed;
  RawItem item = take_item(rest);
  EXPECT_EQ(item.kind, '*');
  EXPECT_EQ(item.count, 4);
  EXPECT_EQ(take_item(rest).text, "a\r\n");
  EXPECT_EQ(take_item(rest).count, 2);
  EXPECT_EQ(take_item(rest).text, "-7");
  EXPECT_TRUE(take_item(rest).is_nil());
  EXPECT_EQ(take_item(rest).text, "OK");
  item = take_item(rest);
  EXPECT_TRUE(item.is_error());
  EXPECT_EQ(item.text, "ERR no");
  EXPECT_TRUE(rest.empty());
}

TEST(RawReply, NoElementsAndNoneAtAllAreWhole) {
  EXPECT_EQ(whole("*0\r\n"), 4U);
  EXPECT_EQ(whole("*-1\r\n"), 5U);
  EXPECT_EQ(whole("$0\r\n\r\n"), 6U);
}

// F06: what a server claims costs nothing, and nothing recurses.
TEST(RawReply, ClaimsCostNothing) {
  EXPECT_EQ(whole("*4000000\r\n$1\r\n"), 0U);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "*1\r\n";
  EXPECT_EQ(whole(deep), 0U);
  EXPECT_EQ(whole(deep + ":1\r\n"), deep.size() + 4);
}

TEST(RawReply, NonsenseIsRefused) {
  const std::string line_without_end = "+" + std::string(70'000, 'x');
  for (const std::string& bytes :
       {std::string("?3\r\n"), std::string("$x\r\n"), std::string("$-2\r\n"),
        std::string("*-5\r\n"), std::string("$9999999999\r\n"), std::string("*99999999\r\n"),
        std::string("$1\r\nab\r\n"), std::string("+a\rb\r\n"), std::string("$3 \r\nabc\r\n"),
        line_without_end}) {
    const auto size = first_reply_bytes(bytes);
    ASSERT_FALSE(size.ok()) << bytes.substr(0, 20);
    EXPECT_EQ(size.error().kind, ErrorKind::Protocol);
  }
}

}  // namespace
}  // namespace redkeep::redis
