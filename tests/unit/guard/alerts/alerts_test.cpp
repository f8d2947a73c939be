// From ticks to ledger and counts: what shedding has made of a crossing counts, and only if it was
// measured.
#include "guard/alerts/alerts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;

class AlertsTest : public testing::Test {
 protected:
  // A tick a second: what was read, of 1,000 bytes, and what shedding came to.
  void tick(std::int64_t used_bytes, const shed::ShedOutcome& outcome = {}) {
    now_ += 1s;
    pressure::Pressure pressure;
    pressure.level = PressureLevel::Warning;
    pressure.reading.used_bytes = used_bytes;
    pressure.reading.limit_bytes = 1000;
    alerts_.follow(pressure, outcome, "numbers", now_, now_ + 100ms);
    alerts_.tell(alerts_.take(now_ + 100ms));
  }
  static shed::ShedOutcome shed_to(std::int64_t used_bytes, shed::ShedEnd end) {
    shed::ShedOutcome outcome;
    outcome.end = end;
    outcome.classes.push_back({.name = "page_cache", .keys = 6, .bytes = 60});
    outcome.used_after_bytes = used_bytes;
    return outcome;
  }
  std::vector<std::string> ledger() const {
    std::vector<std::string> out;
    for (const auto& entry : ledger_.newest(100)) {
      out.push_back(fmt::format("{} {}: {}", to_string(entry.kind), entry.subject, entry.reason));
    }
    return out;
  }

  boost::asio::io_context context_;
  Ledger ledger_;
  Snapshot snapshot_;
  Alerts alerts_{context_.get_executor(), Options{}, ledger_, snapshot_};
  Alerts::TimePoint now_{};
};

TEST_F(AlertsTest, ACrossingIsOverWhenSheddingHasReachedItsMark) {
  tick(860, shed_to(800, shed::ShedEnd::TargetReached));
  for (int i = 0; i < 20; ++i) tick(840);
  EXPECT_EQ(ledger(), std::vector<std::string>{
                          "notice warning: the mark was crossed for 100 ms; undone by: shed 6 "
                          "keys, 60 B, of page_cache -> TargetReached"});
  EXPECT_TRUE(snapshot_.alerts.empty());
}

TEST_F(AlertsTest, SheddingThatBrokeOffHasMeasuredNothing) {
  tick(860, shed_to(0, shed::ShedEnd::BrokenOff));
  for (int i = 0; i < 20; ++i) tick(840);
  EXPECT_EQ(ledger(), std::vector<std::string>{
                          "alarm warning: numbers; shed 6 keys, 60 B, of page_cache -> BrokenOff "
                          "(the connection or the server failed on the way)"});
  EXPECT_EQ(snapshot_.alerts.at("warning"), 1);
}

TEST_F(AlertsTest, WhatWasDoneAtCriticalIsNoActionOfTheWarningThatFollows) {
  tick(960, shed_to(899, shed::ShedEnd::TargetReached));
  for (int i = 0; i < 200; ++i) tick(899);
  int warnings = 0;
  for (const auto& line : ledger()) {
    if (!line.starts_with("alarm warning")) continue;
    ++warnings;
    EXPECT_EQ(line, "alarm warning: numbers");
  }
  EXPECT_GE(warnings, 2);
}

TEST_F(AlertsTest, WhatWasToldIsShownUntilItIsOver) {
  tick(860);
  alerts_.show_open();
  EXPECT_TRUE(snapshot_.open_alarms.empty()) << "it may be brief";
  for (int i = 0; i < 20; ++i) tick(860);
  alerts_.show_open();
  ASSERT_EQ(alarm_kinds(snapshot_), std::vector<std::string>{"warning"});
  EXPECT_EQ(snapshot_.open_alarms[0].sentence, "numbers");
  tick(700);
  alerts_.show_open();
  EXPECT_TRUE(snapshot_.open_alarms.empty());
}

}  // namespace
}  // namespace redkeep::guard
