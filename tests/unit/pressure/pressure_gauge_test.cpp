#include "pressure/pressure_gauge.h"

#include <gtest/gtest.h>

#include <random>

namespace redkeep::pressure {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// So large that no flood can fill it between two readings.
constexpr std::int64_t kHugeLimit = 1'000'000'000'000;

MemoryReading at_pct(double pct) {
  MemoryReading reading;
  reading.limit_bytes = kHugeLimit;
  reading.used_bytes = static_cast<std::int64_t>(pct / 100 * kHugeLimit);
  return reading;
}

// A gauge with its own clock.
struct Clocked {
  PressureGauge gauge{PressureOptions{}};
  TimePoint now{hours{1}};

  Pressure after(milliseconds passed, double pct) {
    now += passed;
    return gauge.judge(at_pct(pct), now);
  }
};

TEST(MemoryReading, LeavesOutWhatEvictionDoesNotCount) {
  const auto info =
      redis::ServerInfo::parse("used_memory:900\nmem_not_counted_for_evict:100\nmaxmemory:1000\n");
  const auto reading = read_memory(info, 0, 0);
  ASSERT_TRUE(reading);
  EXPECT_DOUBLE_EQ(reading->usage_pct(), 80);
}

// F20: maxmemory 0.
TEST(MemoryReading, UsesTheConfiguredLimitWhereTheServerHasNone) {
  const auto info = redis::ServerInfo::parse("used_memory:900\nmaxmemory:0\n");
  EXPECT_EQ(read_memory(info, 0, 0)->usage_pct(), 0);
  EXPECT_DOUBLE_EQ(read_memory(info, 1000, 0)->usage_pct(), 90);
}

// A machine's memory belongs to others too: shown, and no limit to act on.
TEST(MemoryReading, DerivesALimitOnlyForShowing) {
  const std::string text = "used_memory:900\nmaxmemory:0\ntotal_system_memory:5000\n";
  const auto reading = read_memory(redis::ServerInfo::parse(text), 0, 0);
  EXPECT_EQ(reading->derived_limit_bytes, 5000);
  EXPECT_EQ(reading->limit_bytes, 0);
  EXPECT_EQ(reading->usage_pct(), 0);
  EXPECT_EQ(read_memory(redis::ServerInfo::parse(text), 1000, 0)->derived_limit_bytes, 0);
}

TEST(MemoryReading, IsNoReadingWhileTheServerLoads) {
  const auto loading = redis::ServerInfo::parse("used_memory:900\nloading:1\n");
  EXPECT_EQ(read_memory(loading, 0, 0).error().kind, ErrorKind::ServerBusy);
  EXPECT_FALSE(read_memory(redis::ServerInfo::parse("maxmemory:5\n"), 0, 0));
}

TEST(Pressure, EntersEachLevelAtItsMark) {
  Clocked clocked;
  EXPECT_EQ(clocked.after(seconds{1}, 84.9).level, PressureLevel::Normal);
  EXPECT_EQ(clocked.after(seconds{1}, 85).level, PressureLevel::Warning);
  EXPECT_EQ(clocked.after(seconds{1}, 95).level, PressureLevel::Critical);
}

TEST(Pressure, JumpsToCriticalWithoutWaitingInWarning) {
  Clocked clocked;
  clocked.after(seconds{1}, 10);
  EXPECT_EQ(clocked.after(milliseconds{10}, 99).level, PressureLevel::Critical);
}

TEST(Pressure, StaysHighUntilDownAtStopMark) {
  Clocked clocked;
  clocked.after(seconds{1}, 86);
  EXPECT_EQ(clocked.after(seconds{60}, 80.2).level, PressureLevel::Warning);
  EXPECT_EQ(clocked.after(seconds{1}, 80).level, PressureLevel::Normal);
}

TEST(Pressure, StaysForTheDwellEvenWhenEmptied) {
  Clocked clocked;
  clocked.after(seconds{1}, 86);
  EXPECT_EQ(clocked.after(milliseconds{4900}, 10).level, PressureLevel::Warning);
  EXPECT_EQ(clocked.after(milliseconds{200}, 10).level, PressureLevel::Normal);
}

// Shedding of sessions ends at 90 %: so critical has to be left by that.
TEST(Pressure, LeavesCriticalByItsOwnMarkOnly) {
  Clocked clocked;
  clocked.after(seconds{1}, 96);
  EXPECT_EQ(clocked.after(seconds{10}, 90.2).level, PressureLevel::Critical);
  EXPECT_EQ(clocked.after(seconds{10}, 90).level, PressureLevel::Warning);
}

// Somebody always writes: each reading is above the mark that shedding has just reached.
TEST(Pressure, WhatTricklesInAfterSheddingDoesNotKeepCritical) {
  Clocked clocked;
  clocked.after(seconds{1}, 96);
  clocked.gauge.note_measured(90);
  EXPECT_EQ(clocked.after(seconds{1}, 90.5).level, PressureLevel::Critical) << "the dwell";
  EXPECT_EQ(clocked.after(seconds{6}, 90.5).level, PressureLevel::Critical)
      << "nothing was shed since the last reading";
  clocked.gauge.note_measured(90);
  EXPECT_EQ(clocked.after(seconds{1}, 92).level, PressureLevel::Critical) << "that is no trickle";
  clocked.gauge.note_measured(90);
  EXPECT_EQ(clocked.after(seconds{1}, 90.5).level, PressureLevel::Warning);
  EXPECT_EQ(clocked.after(seconds{60}, 90.5).level, PressureLevel::Warning);
}

// What the server itself needs more after shedding may keep usage above the stop mark for hours.
TEST(Pressure, AfterSheddingReachedTheStopMarkALevelEndsWhereUsageComesToRest) {
  Clocked clocked;
  clocked.after(seconds{1}, 86);
  clocked.gauge.note_measured(80);
  clocked.gauge.note_relieved();
  EXPECT_EQ(clocked.after(milliseconds{500}, 82).level, PressureLevel::Warning) << "the dwell";
  EXPECT_EQ(clocked.after(seconds{6}, 82.5).level, PressureLevel::Warning) << "it grows";
  EXPECT_EQ(clocked.after(seconds{6}, 82.5).level, PressureLevel::Normal);
  EXPECT_EQ(clocked.after(seconds{6}, 84.9).level, PressureLevel::Normal);
  EXPECT_EQ(clocked.after(seconds{6}, 85).level, PressureLevel::Warning);
  EXPECT_EQ(clocked.after(seconds{60}, 82.5).level, PressureLevel::Warning)
      << "this time the stop mark was not reached";
}

TEST(Pressure, IsBlindAtOnceAndDecidesAnewAfterwards) {
  Clocked clocked;
  clocked.after(seconds{1}, 86);
  EXPECT_EQ(clocked.gauge.blind(clocked.now).level, PressureLevel::Blind);
  const auto seen = clocked.after(seconds{10}, 50);
  EXPECT_EQ(seen.level_before, PressureLevel::Blind);
  EXPECT_EQ(seen.level, PressureLevel::Normal);
}

TEST(Pressure, SaysOnceThatTheLevelChanged) {
  Clocked clocked;
  EXPECT_TRUE(clocked.after(seconds{1}, 50).level_changed());
  EXPECT_FALSE(clocked.after(seconds{1}, 51).level_changed());
  EXPECT_TRUE(clocked.after(seconds{1}, 90).level_changed());
  EXPECT_FALSE(clocked.after(seconds{1}, 90).level_changed());
}

TEST(Pressure, LooksMoreOftenWhenMemoryFillsFast) {
  Clocked clocked;
  EXPECT_EQ(clocked.after(seconds{1}, 50).next_reading_in, milliseconds{1000});
  EXPECT_EQ(clocked.after(seconds{1}, 50.1).next_reading_in, milliseconds{1000});
  const auto filling = clocked.after(seconds{1}, 70).next_reading_in;  // 85 % in 0.75 s
  EXPECT_GE(filling, milliseconds{150});
  EXPECT_LE(filling, milliseconds{200});
  EXPECT_EQ(clocked.after(milliseconds{200}, 84.9).next_reading_in, milliseconds{10});
  EXPECT_EQ(clocked.after(seconds{60}, 50).next_reading_in, milliseconds{1000});
}

TEST(Pressure, CountsWhatWasShedAsGrowth) {
  Clocked clocked;
  const auto before = clocked.after(seconds{1}, 84);
  clocked.gauge.note_shed(before.reading.limit_bytes / 10);
  const auto filling = clocked.after(seconds{1}, 80);
  EXPECT_NEAR(filling.growth_bytes_per_s, 0.06 * static_cast<double>(before.reading.limit_bytes),
              1000);
  clocked.gauge.note_shed(0);
  EXPECT_EQ(clocked.after(seconds{10}, 80).growth_bytes_per_s, 0);
}

TEST(Pressure, AFallEndsTheGrowthAndAPauseDoesNot) {
  Clocked clocked;
  clocked.after(seconds{1}, 40);
  EXPECT_GT(clocked.after(seconds{1}, 50).growth_bytes_per_s, 0);
  EXPECT_GT(clocked.after(seconds{1}, 49.9).growth_bytes_per_s, 0) << "some keys expired";
  EXPECT_EQ(clocked.after(seconds{1}, 20).growth_bytes_per_s, 0);
  EXPECT_EQ(clocked.after(seconds{1}, 20).growth_bytes_per_s, 0);
}

TEST(Pressure, DoesNotGuessGrowthAcrossBlindTimes) {
  Clocked clocked;
  clocked.after(seconds{1}, 10);
  clocked.gauge.blind(clocked.now);
  EXPECT_EQ(clocked.after(milliseconds{10}, 70).growth_bytes_per_s, 0);
}

TEST(Pressure, NeverFlapsFasterThanTheDwell) {
  std::mt19937 random(3);
  Clocked clocked;
  TimePoint raised = clocked.now;
  PressureLevel level = clocked.after(seconds{1}, 0).level;
  for (int i = 0; i < 200'000; ++i) {
    const auto pressure = clocked.after(milliseconds{1 + random() % 2000}, random() % 101);
    if (pressure.level > level) raised = clocked.now;
    if (pressure.level < level) {
      ASSERT_GE(clocked.now - raised, PressureOptions{}.dwell);
    }
    level = pressure.level;
  }
}

TEST(Pressure, NeedsNoHistoryForOneReading) {
  EXPECT_EQ(PressureGauge::instantaneous(84, {}), PressureLevel::Normal);
  EXPECT_EQ(PressureGauge::instantaneous(85, {}), PressureLevel::Warning);
  EXPECT_EQ(PressureGauge::instantaneous(100, {}), PressureLevel::Critical);
}

}  // namespace
}  // namespace redkeep::pressure
