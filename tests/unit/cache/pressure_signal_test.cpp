#include "cache/pressure_signal.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace redkeep::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using TimePoint = PressureSignal::TimePoint;

redis::Reply text(std::string value) {
  redis::Reply reply;
  reply.type = redis::Reply::Type::String;
  reply.text = std::move(value);
  return reply;
}

// The server's clock stands at 1,000 s.
redis::Reply time_reply() {
  redis::Reply reply;
  reply.type = redis::Reply::Type::Array;
  reply.elements = {text("1000"), text("0")};
  return reply;
}

KeyClass built_in(const std::string& name) {
  const auto classes = default_key_classes();
  return *std::find_if(classes.begin(), classes.end(),
                       [&](const KeyClass& each) { return each.name == name; });
}

class PressureSignalTest : public testing::Test {
 protected:
  // What the key holds now, written so long ago.
  void hear(const std::string& words, milliseconds ago = milliseconds{0}) {
    const auto stamp = milliseconds{seconds{1000}} - ago;
    signal.take(text(words + " " + std::to_string(stamp.count())), time_reply(), now);
  }

  CacheOutcome outcome(const std::string& class_name) const {
    return signal.judge(built_in(class_name), now).outcome;
  }
  seconds ttl(const std::string& class_name) const {
    return signal.judge(built_in(class_name), now).ttl;
  }

  PressureSignal signal{"reed:guard:level"};
  TimePoint now{seconds{50'000}};
};

const std::vector<std::string> kCaches{"page_cache", "query_cache", "asset_bundles",
                                       "template_cache", "temporary"};
const std::vector<std::string> kNoPages{"sessions", "csrf_tokens", "rate_limits", "locks"};

TEST_F(PressureSignalTest, WithoutAGuardEverythingIsWrittenInFull) {
  EXPECT_EQ(outcome("page_cache"), CacheOutcome::Stored);
  EXPECT_EQ(ttl("page_cache"), seconds{300});
}

TEST_F(PressureSignalTest, AsLongAsSheddingKeepsUpNothingChangesBelowCritical) {
  for (const char* words : {"normal keeps-up", "warning keeps-up", "warning"}) {
    hear(words);
    for (const auto& name : kCaches) {
      EXPECT_EQ(outcome(name), CacheOutcome::Stored) << words << " " << name;
      EXPECT_EQ(ttl(name), built_in(name).ttl) << words << " " << name;
    }
  }
}

TEST_F(PressureSignalTest, WhileSheddingIsBehindCachesLiveAQuarterAsLong) {
  hear("warning behind");
  for (const auto& name : kCaches) {
    EXPECT_EQ(outcome(name), CacheOutcome::StoredBriefly) << name;
    EXPECT_EQ(ttl(name), *built_in(name).ttl / 4) << name;
  }
}

TEST_F(PressureSignalTest, ABriefTtlIsAtLeastASecond) {
  hear("warning behind");
  KeyClass short_lived = built_in("page_cache");
  short_lived.ttl = seconds{3};
  EXPECT_EQ(signal.judge(short_lived, now).ttl, seconds{1});
  short_lived.ttl = seconds{1};
  EXPECT_EQ(signal.judge(short_lived, now).ttl, seconds{1});
  EXPECT_EQ(signal.judge(short_lived, now).outcome, CacheOutcome::Stored);
}

TEST_F(PressureSignalTest, AtCriticalCachesAreSkipped) {
  for (const char* words : {"critical keeps-up", "critical behind"}) {
    hear(words);
    for (const auto& name : kCaches) {
      EXPECT_EQ(outcome(name), CacheOutcome::SkippedUnderPressure) << words << " " << name;
    }
  }
}

TEST_F(PressureSignalTest, WhatIsNotShedAtWarningIsAlwaysWrittenInFull) {
  for (const char* words : {"warning behind", "critical behind"}) {
    hear(words);
    for (const auto& name : kNoPages) {
      EXPECT_EQ(outcome(name), CacheOutcome::Stored) << words << " " << name;
      EXPECT_EQ(ttl(name), built_in(name).ttl) << words << " " << name;
    }
  }
}

TEST_F(PressureSignalTest, AGuardThatIsGoneThrottlesNobodyTenSecondsAfterItsLastWord) {
  hear("critical behind", seconds{3});
  now += milliseconds{6'999};
  EXPECT_EQ(outcome("page_cache"), CacheOutcome::SkippedUnderPressure);
  now += milliseconds{1};
  EXPECT_EQ(outcome("page_cache"), CacheOutcome::Stored) << "although nobody has asked since";
}

TEST_F(PressureSignalTest, AskingAgainDoesNotMakeAnOldLevelYounger) {
  hear("critical behind");
  now += seconds{9};
  hear("critical behind", seconds{9});
  EXPECT_EQ(outcome("page_cache"), CacheOutcome::SkippedUnderPressure);
  now += seconds{1};
  EXPECT_EQ(outcome("page_cache"), CacheOutcome::Stored);
}

TEST_F(PressureSignalTest, ALevelThatIsTooOldWhenItIsReadIsNone) {
  hear("critical behind", seconds{10});
  EXPECT_EQ(outcome("page_cache"), CacheOutcome::Stored);
}

TEST_F(PressureSignalTest, AGuardThatTookItsKeyAwayThrottlesNobody) {
  hear("critical behind");
  signal.take(redis::Reply{}, time_reply(), now);
  EXPECT_EQ(outcome("page_cache"), CacheOutcome::Stored);
}

TEST_F(PressureSignalTest, AsksForKeyAndTimeOnceASecond) {
  redis::CommandBuffer commands;
  ASSERT_TRUE(signal.ask(commands, now));
  EXPECT_EQ(commands.wire(), "*2\r\n$3\r\nGET\r\n$16\r\nreed:guard:level\r\n*1\r\n$4\r\nTIME\r\n");
  redis::CommandBuffer none;
  EXPECT_FALSE(signal.ask(none, now + milliseconds{999}));
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(signal.ask(none, now + seconds{1}));
  EXPECT_FALSE(signal.ask(none, now + milliseconds{1'999}));
}

}  // namespace
}  // namespace redkeep::cache
