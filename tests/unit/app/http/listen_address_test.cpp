#include "app/http/listen_address.h"

#include <gtest/gtest.h>

namespace redkeep::app::http {
namespace {

TEST(ListenAddress, IsAnAddressAndAPort) {
  const auto plain = parse_listen_address("127.0.0.1:8390");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->endpoint.port(), 8390);
  const auto name = parse_listen_address("localhost:0");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->host, "localhost");
  EXPECT_TRUE(name->endpoint.address().is_loopback());
  EXPECT_EQ(name->endpoint.port(), 0);
  const auto six = parse_listen_address("[::1]:65535");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "[::1]");
  EXPECT_TRUE(six->endpoint.address().is_v6());
}

TEST(ListenAddress, AnythingElseIsRefusedWithTheRightForm) {
  for (const char* wrong :
       {"", ":", ":8390", "8390", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1x", "::1:8390", "[::1]", "[127.0.0.1]:80",
        "[]:80", "example.org:80", "http://127.0.0.1:80", "off", "\x1b[31m:1"}) {
    const auto parsed = parse_listen_address(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().kind, ErrorKind::InvalidInput);
    EXPECT_NE(parsed.error().message.find("127.0.0.1:8390 or [::1]:8390"), std::string::npos);
    EXPECT_EQ(parsed.error().message.find('\x1b'), std::string::npos);
  }
}

}  // namespace
}  // namespace redkeep::app::http
