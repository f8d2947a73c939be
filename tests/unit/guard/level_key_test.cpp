#include "guard/level_key.h"

#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

using std::chrono::milliseconds;

TEST(LevelKey, ReadsEveryLevelThatItPrints) {
  for (const auto level : {PressureLevel::Normal, PressureLevel::Warning, PressureLevel::Critical,
                           PressureLevel::Blind}) {
    const auto read = parse_level(print_level({level, milliseconds{0}}));
    ASSERT_TRUE(read) << to_string(level);
    EXPECT_EQ(read->level, level);
    EXPECT_EQ(read->server_time, milliseconds{0});
  }
}

TEST(LevelKey, TakesNoTimeThatIsNotWhole) {
  for (const char* text : {"normal 5 ", "normal  5", "normal +5", "normal 5.0", "normal 0x5",
                           "normal 9223372036854775808", "Normal 5", "normal\t5"}) {
    EXPECT_FALSE(parse_level(text)) << text;
  }
}

redis::Reply text(std::string value) {
  redis::Reply reply;
  reply.type = redis::Reply::Type::String;
  reply.text = std::move(value);
  return reply;
}

redis::Reply array(std::vector<redis::Reply> elements) {
  redis::Reply reply;
  reply.type = redis::Reply::Type::Array;
  reply.elements = std::move(elements);
  return reply;
}

TEST(ServerTime, CountsMillisecondsAndLeavesTheRestOut) {
  EXPECT_EQ(parse_server_time(array({text("1732390000"), text("123999")})),
            milliseconds{1'732'390'000'123});
  EXPECT_EQ(parse_server_time(array({text("1732390000"), text("7")})),
            milliseconds{1'732'390'000'000});
}

TEST(ServerTime, RefusesRepliesOfAnotherShape) {
  EXPECT_FALSE(parse_server_time(text("1732390000")));
  EXPECT_FALSE(parse_server_time(array({})));
  EXPECT_FALSE(parse_server_time(array({text("1")})));
  EXPECT_FALSE(parse_server_time(array({text("1"), text("2"), text("3")})));
  EXPECT_FALSE(parse_server_time(array({text("x"), text("2")})));
  EXPECT_FALSE(parse_server_time(array({text("1"), text("")})));
  EXPECT_FALSE(parse_server_time(array({text("-1"), text("2")})));
  EXPECT_FALSE(parse_server_time(array({array({}), text("2")})));
  redis::Reply error;
  error.type = redis::Reply::Type::Error;
  error.text = "NOPERM";
  EXPECT_FALSE(parse_server_time(error));
}

}  // namespace
}  // namespace redkeep::guard
