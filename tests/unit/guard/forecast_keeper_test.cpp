// What the guard makes of the forecast: how often it alarms, and how it is published.
#include "guard/forecast_keeper.h"

#include <gtest/gtest.h>

#include "guard/forecast_key.h"

namespace redkeep::guard {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const pressure::TimePoint kForecastNow{hours{1000}};

TEST(GrowthAlarm, IsToldAtOnceAndThenOnceAnHour) {
  GrowthAlarm alarm;
  EXPECT_FALSE(alarm.note(std::nullopt, kForecastNow).alarm);
  EXPECT_EQ(alarm.note("full in 6d", kForecastNow).alarm, "full in 6d");
  EXPECT_FALSE(alarm.note("full in 6d", kForecastNow + minutes{59}).alarm);
  EXPECT_EQ(alarm.note("full in 5d", kForecastNow + minutes{60}).alarm, "full in 5d");
}

TEST(GrowthAlarm, IsOverOnlyWhenNothingWasForeseenForAnHour) {
  GrowthAlarm alarm;
  alarm.note("full in 6d", kForecastNow);
  EXPECT_FALSE(alarm.note(std::nullopt, kForecastNow + minutes{30}).is_over);
  EXPECT_FALSE(alarm.note("full in 6d", kForecastNow + minutes{40}).alarm) << "it wavered";
  EXPECT_FALSE(alarm.note(std::nullopt, kForecastNow + minutes{99}).is_over);
  EXPECT_TRUE(alarm.note(std::nullopt, kForecastNow + minutes{100}).is_over);
  EXPECT_FALSE(alarm.note(std::nullopt, kForecastNow + minutes{101}).is_over) << "said once";
  EXPECT_TRUE(alarm.note("full in 1h", kForecastNow + minutes{102}).alarm);
}

class ForecastKeeperTest : public testing::Test {
 protected:
  // A day of readings, one a minute, and a census each hour.
  void a_day(double protected_pct, double pct_per_hour, std::optional<std::int64_t> pages_bytes) {
    pressure::MemoryReading reading;
    reading.limit_bytes = 1'000'000'000;
    reading.used_bytes = 820'000'000;
    for (int minute = 0; minute < 24 * 60; ++minute, now_ += minutes{1}) {
      if (minute % 60 == 0) {
        const double pct = protected_pct + pct_per_hour * minute / 60;
        Statistics census;
        census.classes = {{"queues", KeyLevel::Protected, 1, bytes_of(pct / 2)},
                          {"search_index", KeyLevel::Rebuildable, 1, bytes_of(pct / 2)},
                          {"page_cache", KeyLevel::Evictable, 1, pages_bytes}};
        if (hide_bytes_) census.classes[0].bytes.reset();
        snapshot_.census = census;
        snapshot_.census_time = now_;
      }
      const auto news = keeper_.note(reading, now_);
      if (news.alarm) alarms_.push_back(*news.alarm);
    }
  }
  static std::int64_t bytes_of(double pct) { return static_cast<std::int64_t>(pct * 10'000'000); }

  Snapshot snapshot_;
  ForecastKeeper keeper_{PressureOptions{}, snapshot_};
  pressure::TimePoint now_ = kForecastNow;
  std::vector<std::string> alarms_;
  bool hide_bytes_ = false;
};

TEST_F(ForecastKeeperTest, ProtectedAndRebuildableBytesOfTheCensusAreFollowed) {
  a_day(5, 4, 700'000'000);  // full after 23 and three quarter hours
  const GrowthOutlook& foreseen = snapshot_.forecast.protected_data;
  EXPECT_EQ(foreseen.outlook, Outlook::Growing);
  EXPECT_NEAR(foreseen.growth_bytes_per_hour, 40'000'000, 1'000'000);
  ASSERT_TRUE(foreseen.limit_in);
  EXPECT_EQ(snapshot_.forecast.total.outlook, Outlook::Steady);
  EXPECT_GE(alarms_.size(), 2U);
  EXPECT_LE(alarms_.size(), 4U) << "once an hour";
}

TEST_F(ForecastKeeperTest, WhatEvictableClassesTakeDoesNotMatter) {
  a_day(5, 0, std::nullopt);
  EXPECT_EQ(snapshot_.forecast.protected_data.outlook, Outlook::Steady);
  EXPECT_EQ(snapshot_.forecast.protected_data.bytes, 50'000'000);
  EXPECT_TRUE(alarms_.empty());
}

TEST_F(ForecastKeeperTest, BytesThatAreNotKnownAreNoGuess) {
  hide_bytes_ = true;
  a_day(5, 4, 700'000'000);
  EXPECT_EQ(snapshot_.forecast.protected_data.outlook, Outlook::NotKnown);
}

TEST_F(ForecastKeeperTest, ALeapIsSeenAtOnce) {
  pressure::MemoryReading reading;
  reading.limit_bytes = 1'000'000'000;
  reading.used_bytes = 500'000'000;
  for (int i = 0; i < 40; ++i, now_ += seconds{10}) {
    reading.used_bytes += 11'000'000;
    keeper_.note(reading, now_);
  }
  ASSERT_TRUE(snapshot_.forecast.total.limit_in);
  reading.used_bytes = 40'000'000;
  keeper_.note(reading, now_ - seconds{9});
  EXPECT_FALSE(snapshot_.forecast.total.limit_in);
  EXPECT_FALSE(snapshot_.forecast.total.warning_in);
  EXPECT_EQ(snapshot_.forecast.total.bytes, 40'000'000);
}

PublishedForecast example() {
  PublishedForecast published;
  published.server_time = std::chrono::milliseconds{1'732'390'000'123};
  published.forecast.total.outlook = Outlook::Held;
  published.forecast.total.bytes = 900;
  published.forecast.total.observed = seconds{7200};
  published.forecast.protected_data = {Outlook::Growing, 300, 12, seconds{0}, hours{2}, hours{24}};
  return published;
}

TEST(ForecastKey, ReadsWhatItPrints) {
  const std::string text = print_forecast(example());
  EXPECT_EQ(text, "1732390000123 held 900 0 - - 7200 growing 300 12 0 7200 86400");
  const auto read = parse_forecast(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(print_forecast(*read), text);
  EXPECT_EQ(read->forecast.protected_data.limit_in, hours{2});
  EXPECT_FALSE(read->forecast.total.limit_in);
  PublishedForecast nothing;
  ASSERT_TRUE(parse_forecast(print_forecast(nothing)));
}

TEST(ForecastKey, RefusesEverythingElse) {
  const std::string good = print_forecast(example());
  for (const std::string& text :
       {std::string(), good + " 1", good.substr(0, good.size() - 6), " " + good, "x" + good,
        std::string("1 loud 900 0 - - 7200 growing 300 12 0 7200 86400"),
        std::string("1 held -900 0 - - 7200 growing 300 12 0 7200 86400"),
        std::string("1 held 900 0 - -  growing 300 12 0 7200 86400")}) {
    EXPECT_FALSE(parse_forecast(text)) << text;
  }
}

}  // namespace
}  // namespace redkeep::guard
