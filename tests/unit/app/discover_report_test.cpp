// What `redkeep discover` proposes can be read as a configuration, whatever the keys are called.
#include "app/discover_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/config/config_file.h"
#include "keys/class_table.h"
#include "unit/app/clean_surroundings.h"
#include "unit/discover/key_styles.h"

namespace redkeep::app {
namespace {

using discover::KeyMaker;

DiscoverReport report_of(const std::vector<discover::KeyFact>& keys) {
  DiscoverReport report;
  report.server = "unix:///run/redis.sock, Redis 7.0.15";
  report.sample.sampled_keys = static_cast<std::int64_t>(keys.size());
  report.sample.population_keys = report.sample.sampled_keys * 10;
  report.discovery = discover::discover_families(keys, {report.sample.population_keys, {}});
  return report;
}

// Of keys and values that were put together by somebody who means ill.
KeyMaker hostile_keys(std::uint64_t seed) {
  KeyMaker made(seed);
  const std::vector<std::string> parts{
      "user",     ":",        "{",         "}",        "*",
      "\"",       "\\",       "\n",        "\x1b[31m", std::string(1, '\0'),
      "\xff\xfe", "é",        "[[class]]", "'''",      " ",
      "-",        "12",       "=",         "#",        "\r\n",
      "cache",    "\xc2\x9b", "\t"};
  for (int i = 0; i < 3000; ++i) {
    std::string key;
    for (std::int64_t j = made.below(7); j >= 0; --j) key += made.one_of(parts);
    made.add(std::move(key), made.one_of({"string", "hash", "weird\ntype"}), made.below(2) * 100);
  }
  made.add(std::string(100'000, 'k'), "string", 0, 10'000'000);
  return made;
}

class ProposedConfig : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ProposedConfig, CanBeReadWhateverTheKeysAreCalled) {
  const auto made = hostile_keys(GetParam());
  const auto report = report_of(made.facts);
  const std::string text = proposed_config(report);
  CleanSurroundings around;
  const auto settings = load_settings(flags_for(around.write("c.toml", text)));
  ASSERT_TRUE(settings) << settings.error().message << "\n" << text;
  const auto& families = report.discovery.families;
  const auto decided = std::count_if(families.begin(), families.end(),
                                     [](const auto& family) { return !family.is_undecided; });
  const auto classes =
      decided > 0 ? static_cast<std::size_t>(decided) : default_key_classes().size();
  EXPECT_EQ(settings->options.classes.size(), classes);
  for (const auto& shown : {text, discover_text(report), discover_json(report)}) {
    for (const char c : shown) {
      ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << "a control character";
    }
  }
  EXPECT_NO_THROW(boost::json::parse(discover_json(report)));
}

INSTANTIATE_TEST_SUITE_P(Seeds, ProposedConfig, testing::Range<std::uint64_t>(1, 6));

TEST(DiscoverReport, NothingThatCannotBeSeenIsShown) {
  KeyMaker made(2);
  for (int i = 0; i < 100; ++i) {
    made.add(fmt::format("user\u202e:{}", i), "string");
    made.add(fmt::format("acc\u200bount:{}", i), "string");
    made.add(fmt::format("line\u2028\u2066:{}", i), "string");
  }
  const auto report = report_of(made.facts);
  for (const auto& shown :
       {proposed_config(report), discover_text(report), discover_json(report)}) {
    for (const char* character : {"\u202e", "\u200b", "\u2028", "\u2066"}) {
      EXPECT_EQ(shown.find(character), std::string::npos) << shown;
    }
  }
}

TEST(DiscoverReport, TheTableShortensLongPatternsAndTheProposalHasThemWhole) {
  KeyMaker made(2);
  const std::string name = "a" + std::string(300, 'b') + "c";
  for (int i = 0; i < 100; ++i) made.add(fmt::format("{}:{}", name, i), "string");
  const auto report = report_of(made.facts);
  EXPECT_EQ(discover_text(report).find(name), std::string::npos);
  EXPECT_NE(discover_text(report).find("bbb...bbb"), std::string::npos) << discover_text(report);
  EXPECT_NE(proposed_config(report).find("\"" + name + ":{number}\""), std::string::npos);
}

TEST(DiscoverReport, TheProposedClassesAreThoseThatWereFound) {
  KeyMaker made(1);
  add_redkeep(made, 100);
  add_spring(made, 100);
  const auto report = report_of(made.facts);
  CleanSurroundings around;
  const auto settings = load_settings(flags_for(around.write("c.toml", proposed_config(report))));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->options.prefix, "");
  const auto table = keys::ClassTable::compile("", settings->options.classes);
  ASSERT_TRUE(table);
  const auto session = table->classify("spring:session:sessions:expires:" + made.uuid());
  ASSERT_TRUE(session.has_value());
  EXPECT_EQ(table->at(*session).name, "spring_session_sessions_expires");
  EXPECT_EQ(table->at(*session).ttl, std::chrono::minutes{30});
  EXPECT_EQ(table->at(*session).shed_at, ShedAt::Critical);
}

std::string without_comments_on_code(std::string text) {
  for (const char* line : {"[[class]]", "name", "patterns", "classes", "[keys]", "prefix",
                           "level = \"evictable\"", "ttl"}) {
    const std::string commented = std::string("\n#") + line;
    for (auto at = text.find(commented); at != std::string::npos; at = text.find(commented)) {
      text.erase(at + 1, 1);
    }
  }
  return text;
}

// 1,000 baskets, of which two thirds have a TTL: any class would put one on or take one off.
TEST(DiscoverReport, AFamilyWithMixedTtlsIsACommentUntilAPersonDecides) {
  KeyMaker made(1);
  for (int i = 0; i < 1000; ++i) {
    made.add(fmt::format("basket:{}", i), "hash", i % 3 == 0 ? 0 : 3600);
    made.add(fmt::format("user:{}", i), "hash");
  }
  const std::string text = proposed_config(report_of(made.facts));
  CleanSurroundings around;
  const auto settings = load_settings(flags_for(around.write("c.toml", text)));
  ASSERT_TRUE(settings) << settings.error().message << "\n" << text;
  ASSERT_EQ(settings->options.classes.size(), 1U) << text;
  EXPECT_EQ(settings->options.classes.front().name, "user");
  EXPECT_EQ(settings->options.drift.background, DriftOptions::Background::Look);
  const auto decided =
      load_settings(flags_for(around.write("d.toml", without_comments_on_code(text))));
  ASSERT_TRUE(decided) << decided.error().message;
  EXPECT_EQ(decided->options.classes.size(), 2U);
}

TEST(DiscoverReport, WhereNoFamilyIsDecidedTheProposalCanStillBeRead) {
  KeyMaker made(1);
  for (int i = 0; i < 100; ++i) made.add(fmt::format("basket:{}", i), "hash", i % 2 * 3600);
  const std::string text = proposed_config(report_of(made.facts));
  CleanSurroundings around;
  EXPECT_TRUE(load_settings(flags_for(around.write("c.toml", text)))) << text;
  const auto decided =
      load_settings(flags_for(around.write("d.toml", without_comments_on_code(text))));
  ASSERT_TRUE(decided) << decided.error().message;
  EXPECT_EQ(decided->options.classes.size(), 1U);
}

TEST(DiscoverReport, WhatIsLeftOutOrNotExplainedIsSaid) {
  KeyMaker made(1);
  add_spring(made, 100);
  auto report = report_of(made.facts);
  EXPECT_EQ(discover_text(report).find("more families"), std::string::npos);
  EXPECT_EQ(discover_text(report).find("not explained"), std::string::npos);
  report.discovery.left_out_families = 30;
  report.discovery.estimate.unexplained_bytes = 64 << 20;
  EXPECT_NE(discover_text(report).find("30 more families"), std::string::npos);
  EXPECT_NE(discover_text(report).find("64.0 MiB of the server's memory are not explained"),
            std::string::npos);
  EXPECT_NE(proposed_config(report).find("# 30 more families"), std::string::npos);
  EXPECT_EQ(boost::json::parse(discover_json(report)).at("left_out_families"), 30);
}

TEST(DiscoverReport, OfAnEmptyServerTheBuiltInClassesStay) {
  const auto report = report_of({});
  CleanSurroundings around;
  const auto settings = load_settings(flags_for(around.write("c.toml", proposed_config(report))));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->options.classes.size(), default_key_classes().size());
}

}  // namespace
}  // namespace redkeep::app
