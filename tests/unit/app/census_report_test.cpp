// The tables of `redkeep stats`.
#include "app/census_report.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

namespace redkeep::app {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

// Two classes, one of them not met by the sample, and the keys of no class.
CensusReport sampled_report(const std::string& name) {
  CensusReport report;
  ClassUse pages;
  pages.name = name;
  pages.level = KeyLevel::Evictable;
  ClassUse unmet;
  unmet.name = "locks";
  report.statistics.classes = {pages, unmet};
  report.keys = 100;
  report.population_keys = 10'000;
  report.with_ttl = true;
  report.details.resize(3);
  report.details[0].ttl.add(std::nullopt);
  report.details[2].ttl.add(std::nullopt);
  report.estimate.emplace();
  report.estimate->groups.resize(3);
  report.estimate->groups[0].sampled_keys = 60;
  report.estimate->groups[2].sampled_keys = 40;
  return report;
}

// Where the second column of each row of classes begins.
std::vector<std::size_t> second_columns(const std::string& text, const std::string& name) {
  std::vector<std::size_t> columns;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name) && !line.starts_with("unclassified")) continue;
    columns.push_back(line.find_first_not_of(' ', line.find(' ')));
  }
  return columns;
}

TEST(CensusReport, OfAClassThatHasNoSizeInTheSampleTheBytesAreUnknown) {
  auto report = sampled_report("pages");
  report.with_bytes = true;
  report.details[0].add_size(300, "a");
  report.estimate->groups[0].byte_share_pct = {97, 80, 99};
  report.estimate->groups[2].byte_share_pct = {0, 0, 3};
  const std::string text = census_text(report);
  EXPECT_NE(text.find("97.0 % (80.0 to 99.0)"), std::string::npos) << text;
  EXPECT_NE(text.find("? % (0.0 to 3.0)"), std::string::npos) << text;
  EXPECT_NE(text.find("sizes and TTLs are those of 1 of them"), std::string::npos) << text;
  EXPECT_NE(census_json(report).find("\"sized_keys\":1"), std::string::npos) << census_json(report);
}

TEST(CensusReport, LongClassNamesKeepTheColumnsInLine) {
  const std::string name(40, 'p');
  auto report = sampled_report(name);
  const std::string table = census_text(report).substr(0, census_text(report).find("TTL (of"));
  const auto sampled = second_columns(table, name);
  ASSERT_EQ(sampled.size(), 2U) << table;
  EXPECT_EQ(sampled[0], sampled[1]) << table;
  report.estimate.reset();
  for (auto& use : report.statistics.classes) use.keys = 1;
  const std::string exact = census_text(report);
  EXPECT_NE(exact.find("\n" + name + " evictable "), std::string::npos) << exact;
  EXPECT_NE(exact.find("\nlocks" + std::string(36, ' ') + "protected "), std::string::npos)
      << exact;
}

TEST(CensusReport, AClassThatWasNotMetHasNoLimitWithoutTheServersCounter) {
  auto report = sampled_report("pages");
  auto& unmet = report.estimate->groups[1];
  unmet.key_share_pct.high = 3.7;
  unmet.byte_share_pct.high = 6.25;
  unmet.bytes.high = 1000;
  EXPECT_NE(census_text(report).find("at most 3.70 % of the keys and 6.2 % of the bytes"),
            std::string::npos)
      << census_text(report);
  unmet.bytes.high = kInfinite;
  EXPECT_NE(census_text(report).find("of the bytes any part"), std::string::npos);
}

TEST(CensusReport, WhatMayBeInKeysThatWereNotMetIsSaid) {
  auto report = sampled_report("pages");
  EXPECT_EQ(census_text(report).find("not met, and"), std::string::npos);
  report.estimate->bytes = {100 << 20, 90 << 20, 154 << 20};
  EXPECT_NE(census_text(report).find("up to 64.0 MiB may be in keys that were not met"),
            std::string::npos)
      << census_text(report);
  EXPECT_EQ(census_text(report).find("not explained"), std::string::npos);
  report.estimate->unexplained_bytes = 54 << 20;
  EXPECT_NE(census_text(report).find("54.0 MiB of the server's memory are not explained"),
            std::string::npos);
  report.estimate->bytes.high = kInfinite;
  EXPECT_EQ(census_text(report).find("not met, and"), std::string::npos);
}

}  // namespace
}  // namespace redkeep::app
