#include "redkeep/statistics.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace redkeep {
namespace {

namespace json = boost::json;

Statistics example() {
  Statistics statistics;
  statistics.memory = {104'857'600, 209'715'200, 50.0};
  statistics.level = PressureLevel::Warning;
  statistics.keys_with_ttl = 7;
  statistics.keys_without_ttl = 9;
  std::int64_t keys = 1;
  for (const auto& key_class : default_key_classes()) {
    statistics.classes.push_back({key_class.name, key_class.level, keys, keys * 100});
    keys *= 2;
  }
  statistics.unclassified_keys = 3;
  return statistics;
}

TEST(Statistics, HasTheNamesThatDashboardsRelyOn) {
  const auto object = json::parse(to_json(example())).as_object();
  for (const char* name : {"total_memory_mb", "max_memory_mb", "usage_percent", "protected_keys",
                           "evictable_keys", "breakdown", "level", "limit_bytes", "used_bytes",
                           "keys_with_ttl", "keys_without_ttl", "classes", "unclassified_keys"}) {
    EXPECT_TRUE(object.contains(name)) << name;
  }
  EXPECT_EQ(object.at("total_memory_mb").to_number<double>(), 100);
  EXPECT_EQ(object.at("max_memory_mb").to_number<double>(), 200);
  EXPECT_EQ(object.at("level").as_string(), "warning");
  EXPECT_EQ(object.at("level_source").as_string(), "instantaneous, no guard");
}

TEST(Statistics, CountsEveryClassOnceInTheBreakdown) {
  const auto statistics = example();
  const auto object = json::parse(to_json(statistics)).as_object();
  std::int64_t sum = 0;
  for (const auto& [name, count] : object.at("breakdown").as_object()) sum += count.as_int64();
  // Queues (1 << 9) and the guard's own keys (1 << 10) are protected, but in no part of it.
  EXPECT_EQ(sum + (1 << 9) + (1 << 10), (1 << 20) - 1);
  EXPECT_EQ(statistics.protected_keys() + statistics.evictable_keys(), (1 << 20) - 1);
  EXPECT_EQ(object.at("breakdown").at("ucg_entities").as_int64(), 1 + 2 + 4);
  EXPECT_EQ(object.at("breakdown").at("ucg_associations").as_int64(), 8 + 16 + 32 + 64);
  EXPECT_EQ(object.at("breakdown").at("search_index").as_int64(), 128 + 256);
}

TEST(Statistics, SaysNullWhereBytesAreNotKnown) {
  auto statistics = example();
  statistics.classes[0].bytes.reset();
  const auto object = json::parse(to_json(statistics)).as_object();
  EXPECT_TRUE(object.at("classes").at(0).at("bytes").is_null());
}

TEST(Statistics, SaysNullWhereNothingIsForeseen) {
  auto statistics = example();
  EXPECT_TRUE(json::parse(to_json(statistics)).at("forecast").is_null()) << "without a guard";
  statistics.forecast.emplace();
  statistics.forecast->protected_data = {
      Outlook::Growing,      1000, 12.4, std::chrono::seconds{0}, std::chrono::hours{2},
      std::chrono::hours{24}};
  const auto forecast = json::parse(to_json(statistics)).at("forecast");
  const auto& total = forecast.at("total").as_object();
  EXPECT_EQ(total.at("outlook"), "not known");
  for (const char* name : {"growth_bytes_per_hour", "warning_in_seconds", "limit_in_seconds"}) {
    EXPECT_TRUE(total.at(name).is_null()) << name;
  }
  const auto& protected_data = forecast.at("protected").as_object();
  EXPECT_EQ(protected_data.at("outlook"), "growing");
  EXPECT_EQ(protected_data.at("growth_bytes_per_hour"), 12);
  EXPECT_EQ(protected_data.at("warning_in_seconds"), 0);
  EXPECT_EQ(protected_data.at("limit_in_seconds"), 7200);
  EXPECT_EQ(protected_data.at("observed_seconds"), 86400);
}

}  // namespace
}  // namespace redkeep
