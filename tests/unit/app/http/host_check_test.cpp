#include "app/http/host_check.h"

#include <gtest/gtest.h>

namespace redkeep::app::http {
namespace {

bool allowed(std::string_view header) { return is_allowed_host(header, "127.0.0.1", {}); }

TEST(HostCheck, LoopbackNamesAreAllowedWithAndWithoutPort) {
  for (const char* header : {"localhost", "localhost:8390", "LocalHost:1", "127.0.0.1",
                             "127.0.0.1:8390", "[::1]", "[::1]:8390", "localhost:"}) {
    EXPECT_TRUE(allowed(header)) << header;
  }
}

TEST(HostCheck, NamesThatSomebodyElsePointsAtUsAreRefused) {
  for (const char* header : {"evil.example",
                             "evil.example:8390",
                             "localhost.evil.example",
                             "127.0.0.1.evil.example:8390",
                             "evil.example:127.0.0.1",
                             "localhost@evil.example",
                             "evil.example#localhost",
                             "localhost evil",
                             "localhost:8390:8390",
                             "localhost:83a",
                             "localhost:-1",
                             "localhost,evil.example",
                             "notlocalhost",
                             "127.0.0.2",
                             "127.1",
                             "2130706433",
                             "0x7f000001",
                             "0.0.0.0",
                             "[::]",
                             "[::ffff:127.0.0.1]",
                             "::1",
                             "[::1",
                             "::1]",
                             "[::1]evil",
                             "[::1]:evil",
                             "[::1]8390",
                             "redis",
                             "\x1b[31m"}) {
    EXPECT_FALSE(allowed(header)) << header;
  }
}

TEST(HostCheck, ARequestWithoutAHostIsRefused) {
  EXPECT_FALSE(allowed(""));
  EXPECT_FALSE(allowed(":8390"));
  EXPECT_FALSE(allowed(":"));
  EXPECT_FALSE(is_allowed_host("", "", {}));
}

TEST(HostCheck, TheOwnAddressAndConfiguredNamesAreAllowedInAnyCase) {
  const std::vector<std::string> names{"Redkeep.Example", "[fe80::1]"};
  EXPECT_TRUE(is_allowed_host("192.0.2.7:8390", "192.0.2.7", {}));
  EXPECT_TRUE(is_allowed_host("redkeep.example", "127.0.0.1", names));
  EXPECT_TRUE(is_allowed_host("REDKEEP.EXAMPLE:80", "127.0.0.1", names));
  EXPECT_TRUE(is_allowed_host("[FE80::1]:80", "127.0.0.1", names));
  EXPECT_FALSE(is_allowed_host("www.redkeep.example", "127.0.0.1", names));
  EXPECT_FALSE(is_allowed_host("redkeep.example.", "127.0.0.1", names));
}

}  // namespace
}  // namespace redkeep::app::http
