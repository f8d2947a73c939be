#include "app/plan_report.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>

namespace redkeep::app {
namespace {

constexpr std::int64_t kPlanMiB = std::int64_t{1} << 20;

bool says(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

plan::Range in_mib(double low, double high) {
  return {low * static_cast<double>(kPlanMiB), high * static_cast<double>(kPlanMiB)};
}

plan::MemoryPicture sampled_picture() {
  plan::MemoryPicture picture;
  picture.used_bytes = 400 * kPlanMiB;
  picture.limit_bytes = 600 * kPlanMiB;
  picture.entities = 10;
  picture.protected_bytes = 250 * kPlanMiB;
  picture.caches = {{"page_cache", 30'000, 30 * kPlanMiB, {}, in_mib(26, 110)}};
  picture.ranges.used_bytes = in_mib(400, 400);
  picture.ranges.protected_bytes = in_mib(204.9, 331.5);
  picture.ranges.cache_bytes = in_mib(26, 110);
  picture.ranges.entities = {10, 10};
  picture.ranges.unexplained_bytes = 64.0 * static_cast<double>(kPlanMiB);
  picture.ranges.sampled_keys = 20'000;
  return picture;
}

TEST(PlanReport, TheTextHasIntervalsAndSaysWhereTheyAreWide) {
  const auto text = plan_text(plan_at_usual_limits(sampled_picture(), {}));
  EXPECT_TRUE(says(text, "(204.9 MiB to 331.5 MiB) has to stay: 10 entities")) << text;
  EXPECT_TRUE(says(text, "(26.0 MiB to 110.0 MiB) may go")) << text;
  EXPECT_TRUE(says(text, "now (26.0 MiB to 110.0 MiB)\n")) << text;
  EXPECT_TRUE(says(text, "left (106.0 MiB to 190.0 MiB)\n")) << text;
  EXPECT_TRUE(says(text, "The intervals are wide")) << text;
  EXPECT_TRUE(says(text, "64.0 MiB of the server's memory are not explained")) << text;
}

TEST(PlanReport, WithoutASampleThereAreNoIntervals) {
  auto picture = sampled_picture();
  picture.ranges.is_whole = true;
  picture.ranges.unexplained_bytes = 0;
  const auto text = plan_text(plan_at_usual_limits(picture, {}));
  EXPECT_FALSE(says(text, "MiB to ")) << text;
  EXPECT_TRUE(says(text, "All keys were looked at")) << text;
}

TEST(PlanReport, JsonHasTheEndsOfTheIntervalsAndNullForNone) {
  auto picture = sampled_picture();
  picture.ranges.cache_bytes.high = std::numeric_limits<double>::infinity();
  const auto found = boost::json::parse(plan_json(plan_at_usual_limits(picture, {})));
  EXPECT_EQ(found.at("cache_bytes_low"), 26 * kPlanMiB);
  EXPECT_TRUE(found.at("cache_bytes_high").is_null());
  EXPECT_EQ(found.at("caches").at(0).at("bytes_high"), 110 * kPlanMiB);
  EXPECT_EQ(found.at("unexplained_bytes"), 64 * kPlanMiB);
  EXPECT_EQ(found.at("method"), "sample");
}

}  // namespace
}  // namespace redkeep::app
