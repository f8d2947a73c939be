#include "shed/shed_plan.h"

#include <gtest/gtest.h>

namespace redkeep::shed {
namespace {

using pressure::Pressure;

const keys::ClassTable& table() {
  static const auto compiled = keys::ClassTable::compile("reed:", default_key_classes());
  return *compiled;
}

Pressure at(PressureLevel level, std::int64_t used_bytes, std::int64_t limit_bytes = 1000) {
  Pressure pressure;
  pressure.level = level;
  pressure.relieving = true;
  pressure.reading.used_bytes = used_bytes;
  pressure.reading.limit_bytes = limit_bytes;
  return pressure;
}

std::vector<std::string> names(const ShedStep& step) {
  std::vector<std::string> out;
  for (const auto index : step.classes) out.push_back(table().at(index).name);
  return out;
}

TEST(ShedPlan, DoesNothingWhileNormalOrBlind) {
  EXPECT_TRUE(plan_for_pressure(at(PressureLevel::Normal, 990), table(), {}).empty());
  EXPECT_TRUE(plan_for_pressure(at(PressureLevel::Blind, 990), table(), {}).empty());
}

TEST(ShedPlan, DoesNothingWithoutALimit) {
  EXPECT_TRUE(plan_for_pressure(at(PressureLevel::Critical, 990, 0), table(), {}).empty());
}

TEST(ShedPlan, TakesTheCheapestClassesFirstAndStopsAtTheStopMark) {
  const auto plan = plan_for_pressure(at(PressureLevel::Warning, 860), table(), {});
  ASSERT_EQ(plan.steps.size(), 3U);
  EXPECT_EQ(names(plan.steps[0]), (std::vector<std::string>{"page_cache", "query_cache"}));
  EXPECT_EQ(names(plan.steps[1]), (std::vector<std::string>{"asset_bundles"}));
  EXPECT_EQ(names(plan.steps[2]), (std::vector<std::string>{"template_cache", "temporary"}));
  for (const auto& step : plan.steps) EXPECT_EQ(step.stop_at_bytes, 800);
}

TEST(ShedPlan, SparesSessionsAtWarning) {
  const auto plan = plan_for_pressure(at(PressureLevel::Warning, 999), table(), {});
  for (const auto& step : plan.steps) {
    for (const auto& name : names(step)) EXPECT_NE(name, "sessions");
  }
}

TEST(ShedPlan, TakesSessionsLastAtCriticalAndOnlyUntilItIsLeft) {
  const auto plan = plan_for_pressure(at(PressureLevel::Critical, 960), table(), {});
  ASSERT_EQ(plan.steps.size(), 4U);
  EXPECT_EQ(names(plan.steps[3]), (std::vector<std::string>{"sessions", "csrf_tokens"}));
  EXPECT_EQ(plan.steps[3].stop_at_bytes, 900);
}

TEST(ShedPlan, SparesSessionsAtCriticalOnceUsageHasFallen) {
  const auto plan = plan_for_pressure(at(PressureLevel::Critical, 880), table(), {});
  EXPECT_EQ(plan.steps.size(), 3U);
}

TEST(ShedPlan, NeverContainsLocksRateLimitsOrTheGraph) {
  for (const auto level : {PressureLevel::Warning, PressureLevel::Critical}) {
    for (const auto& step : plan_for_pressure(at(level, 1000), table(), {}).steps) {
      for (const auto index : step.classes) {
        EXPECT_EQ(table().at(index).level, KeyLevel::Evictable);
        EXPECT_NE(table().at(index).shed_at, ShedAt::Never);
      }
    }
  }
}

TEST(ShedRequest, TakesTheClassesThatWereNamed) {
  const auto plan = plan_for_request({"sessions", "page_cache"}, 1000, 100, table());
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->steps.size(), 2U);
  EXPECT_EQ(names(plan->steps[0]), (std::vector<std::string>{"page_cache"}));
  EXPECT_EQ(names(plan->steps[1]), (std::vector<std::string>{"sessions"}));
}

TEST(ShedRequest, TakesTheExpendableClassesByDefault) {
  const auto plan = plan_for_request({}, 1000, 100, table());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->steps.size(), 3U);
}

TEST(ShedRequest, RefusesUnknownAndUntouchableClasses) {
  EXPECT_EQ(plan_for_request({"pages"}, 1000, 100, table()).error().kind, ErrorKind::InvalidInput);
  for (const char* name : {"locks", "entities", "search_index", "guard", "rate_limits"}) {
    EXPECT_EQ(plan_for_request({name}, 1000, 100, table()).error().kind, ErrorKind::Refused)
        << name;
  }
}

TEST(ShedRequest, DoesNothingBelowTheTarget) {
  EXPECT_TRUE(plan_for_request({}, 100, 100, table())->empty());
}

TEST(ShedPlan, MakesRoomForContentThatIsMissing) {
  const auto plan = plan_for_room(at(PressureLevel::Normal, 750), 200, {}, table(), {});
  ASSERT_EQ(plan.steps.size(), 3U) << "expendable classes only";
  EXPECT_EQ(names(plan.steps[0]), (std::vector<std::string>{"page_cache", "query_cache"}));
  for (const auto& step : plan.steps) EXPECT_EQ(step.stop_at_bytes, 600);
  EXPECT_TRUE(plan_for_room(at(PressureLevel::Normal, 600), 200, {}, table(), {}).empty());
  EXPECT_TRUE(plan_for_room(at(PressureLevel::Blind, 750), 200, {}, table(), {}).empty());
  EXPECT_TRUE(plan_for_room(at(PressureLevel::Normal, 750, 0), 200, {}, table(), {}).empty());
}

TEST(ShedPlan, ShedsNothingWhereThatCannotMakeEnoughRoom) {
  const auto normal = at(PressureLevel::Normal, 750);
  EXPECT_TRUE(plan_for_room(normal, 800, {}, table(), {}).empty()) << "never fits below the mark";
  ClassUse pages;
  pages.name = "page_cache";
  pages.bytes = 149;
  ClassUse sessions;
  sessions.name = "sessions";
  sessions.bytes = 500;  // do not go for it
  EXPECT_TRUE(plan_for_room(normal, 200, {pages, sessions}, table(), {}).empty());
  pages.bytes = 150;
  EXPECT_FALSE(plan_for_room(normal, 200, {pages, sessions}, table(), {}).empty());
  pages.bytes.reset();
  EXPECT_FALSE(plan_for_room(normal, 200, {pages, sessions}, table(), {}).empty());
}

}  // namespace
}  // namespace redkeep::shed
