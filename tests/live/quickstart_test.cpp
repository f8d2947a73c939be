// The quickstart, as a reader of the README runs it.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "live/live_redis.h"

namespace redkeep {
namespace {

TEST(Quickstart, StoresFindsCountsAndLeavesOnlyItsPageBehind) {
  test::LiveRedis redis;
  const std::string command = std::string(REDKEEP_QUICKSTART) + " " + redis.endpoint().unix_path;
  std::FILE* program = ::popen(command.c_str(), "r");
  ASSERT_NE(program, nullptr);
  std::string printed;
  for (int c = std::fgetc(program); c != EOF; c = std::fgetc(program))
    printed += static_cast<char>(c);
  EXPECT_EQ(::pclose(program), 0) << printed;
  EXPECT_TRUE(printed.starts_with("1 entity found; {\"total_memory_mb\":")) << printed;
  EXPECT_EQ(redis.keys(), std::vector<std::string>{"reed:page:cache:/quickstart:eu:plain"});
}

}  // namespace
}  // namespace redkeep
