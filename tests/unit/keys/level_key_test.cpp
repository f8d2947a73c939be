#include "keys/level_key.h"

#include <gtest/gtest.h>

namespace redkeep::keys {
namespace {

using std::chrono::milliseconds;

TEST(LevelKey, IsTheLevelWhetherSheddingKeepsUpAndTheServersTime) {
  const milliseconds time{1'732'390'000'123};
  EXPECT_EQ(print_level({PressureLevel::Warning, time}), "warning keeps-up 1732390000123");
  EXPECT_EQ(print_level({PressureLevel::Critical, time, false}), "critical behind 1732390000123");
}

TEST(LevelKey, ReadsEverythingThatItPrints) {
  for (const auto level : {PressureLevel::Normal, PressureLevel::Warning, PressureLevel::Critical,
                           PressureLevel::Blind}) {
    for (const bool keeps_up : {true, false}) {
      const auto read = parse_level(print_level({level, milliseconds{7}, keeps_up}));
      ASSERT_TRUE(read) << to_string(level);
      EXPECT_EQ(read->level, level);
      EXPECT_EQ(read->server_time, milliseconds{7});
      EXPECT_EQ(read->shedding_keeps_up, keeps_up);
    }
  }
}

TEST(LevelKey, ReadsWhatGuardsOfOtherVersionsWrite) {
  for (const auto& [text, keeps_up] :
       std::vector<std::pair<const char*, bool>>{{"warning 5", true},
                                                 {"warning somehow 5", true},
                                                 {"warning behind further words 5", false}}) {
    const auto read = parse_level(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->level, PressureLevel::Warning);
    EXPECT_EQ(read->server_time, milliseconds{5});
    EXPECT_EQ(read->shedding_keeps_up, keeps_up) << text;
  }
}

TEST(LevelKey, NamesTheOpenAlarmsWhereTheyAreKnown) {
  PublishedLevel published{PressureLevel::Critical, milliseconds{7}, false};
  EXPECT_FALSE(parse_level(print_level(published))->alarms);
  published.alarms.emplace();
  EXPECT_EQ(print_level(published), "critical behind alarms= 7");
  EXPECT_TRUE(parse_level(print_level(published))->alarms->empty());
  published.alarms = {"critical", "does-not-fit", "not one\n", ""};
  EXPECT_EQ(print_level(published), "critical behind alarms=critical,does-not-fit 7");
  EXPECT_EQ(parse_level(print_level(published))->alarms,
            (std::vector<std::string>{"critical", "does-not-fit"}));
  EXPECT_EQ(parse_level("normal keeps-up alarms=\x1b[31m,,blind more 7")->alarms,
            std::vector<std::string>{"blind"});
  published.alarms->assign(1000, "restart");
  EXPECT_EQ(parse_level(print_level(published))->alarms->size(), kMostAlarms);
}

TEST(LevelKey, RefusesEverythingElse) {
  for (const char* text :
       {"", "gone", "warning", "warning ", "warning x", "warning -5", "warning behind", "loud 5",
        " 5", "normal 5 ", "normal  5", "normal  behind 5", "normal +5", "normal 5.0", "normal 0x5",
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

// The stamp is from second 100.
std::optional<LevelReading> read_at(std::string_view seconds) {
  return read_level(text("critical behind 100000"), array({text(std::string(seconds)), text("0")}));
}

TEST(LevelReading, AGuardThatWasSilentForTenSecondsIsGone) {
  ASSERT_TRUE(read_at("109"));
  EXPECT_EQ(read_at("109")->age, milliseconds{9000});
  EXPECT_EQ(read_at("109")->published.level, PressureLevel::Critical);
  EXPECT_FALSE(read_at("110"));
}

TEST(LevelReading, AStampFromTheFutureIsNewAndOneFromFarAheadIsNotBelieved) {
  ASSERT_TRUE(read_at("95"));
  EXPECT_EQ(read_at("95")->age, milliseconds{0});
  EXPECT_FALSE(read_at("90"));
}

TEST(LevelReading, WithoutKeyOrTimeThereIsNoGuard) {
  const auto time = array({text("100"), text("0")});
  redis::Reply error;
  error.type = redis::Reply::Type::Error;
  error.text = "NOPERM";
  EXPECT_TRUE(read_level(text("normal 100000"), time));
  EXPECT_FALSE(read_level(redis::Reply{}, time));
  EXPECT_FALSE(read_level(error, time));
  EXPECT_FALSE(read_level(text("normal 100000"), error));
}

}  // namespace
}  // namespace redkeep::keys
