// `redkeep plan`: what it foretells of a server, and that it changes nothing.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/program.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

namespace json = boost::json;

class PlanLive : public testing::Test {
 protected:
  json::object plan(const std::vector<std::string>& further = {}) {
    std::vector<std::string> arguments{"plan", "--url", redis.url(), "--json"};
    arguments.insert(arguments.end(), further.begin(), further.end());
    const Ended ended = run_program(arguments);
    EXPECT_EQ(ended.exit_code, 0) << ended;
    std::error_code failure;
    const auto parsed = json::parse(ended.out, failure);
    EXPECT_FALSE(failure) << ended;
    return failure ? json::object{} : parsed.as_object();
  }
  void load() {
    write_made_up_content(content, 500, 1);
    ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  }

  LiveRedis redis{{"--maxmemory", "64mb", "--maxmemory-policy", "volatile-lfu"}};
  TemporaryDirectory content;
};

TEST_F(PlanLive, TellsContentFromCachesAndChangesNothing) {
  load();
  write_keys(redis, kPages, 300);
  write_keys(redis, kSessions, 50);
  const Contents before = redis.contents();
  const auto found = plan({"--maxmemory", "1KiB", "--maxmemory", "1GiB"});
  EXPECT_EQ(redis.contents(), before);
  EXPECT_EQ(found.at("entities"), 500);
  EXPECT_GT(found.at("protected_bytes").as_int64(), 100'000);
  EXPECT_GT(found.at("cache_bytes").as_int64(), 350 * 2'000);
  const auto& limits = found.at("limits").as_array();
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[0].at("fits"), false);
  EXPECT_EQ(limits[1].at("fits"), true);
  EXPECT_EQ(limits[1].at("hit_ratio_is_at_least"), true);
}

TEST_F(PlanLive, CachesWithoutAKeyAreLeftOut) {
  write_keys(redis, kSessions, 50);
  const Ended ended = run_program({"plan", "--url", redis.url()});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "\nsessions "));
  EXPECT_FALSE(has(ended.out, "\npage_cache "));
}

// Ten pages are read all the time: a tenth of the memory gives most of the hits.
TEST_F(PlanLive, AFewPagesThatAreReadOftenGiveMostOfTheHits) {
  redis.run({"CONFIG", "SET", "lfu-log-factor", "1"});
  const auto pages = write_keys(redis, kPages, 200);
  for (int round = 0; round < 300; ++round) {
    std::vector<Command> reads;
    for (int i = 0; i < 10; ++i) reads.push_back({"GET", pages[static_cast<std::size_t>(i)]});
    redis.run_all(reads);
  }
  redis.text({"GET", "reed:page:cache:/none:eu:plain"});
  const auto found = plan();
  const auto& page_cache = found.at("caches").as_array().at(0).as_object();
  EXPECT_EQ(page_cache.at("name"), "page_cache");
  const auto& at_80_pct = page_cache.at("curve").as_array().at(1).as_object();
  EXPECT_LT(at_80_pct.at("bytes").as_int64(), page_cache.at("bytes").as_int64() / 10);
}

TEST_F(PlanLive, TwiceTheEntitiesTakeTwiceAsMuch) {
  load();
  const auto now = plan();
  const auto twice = plan({"--entities", "1000"});
  EXPECT_EQ(twice.at("entities"), 1'000);
  EXPECT_NEAR(static_cast<double>(twice.at("protected_bytes").as_int64()),
              2.0 * static_cast<double>(now.at("protected_bytes").as_int64()), 10);
}

TEST_F(PlanLive, WhatRedkeepLooksAtCountsAsNoHit) {
  const auto pages = write_keys(redis, kPages, 300);
  redis.run({"CONFIG", "RESETSTAT"});
  std::vector<Command> reads;
  for (int i = 0; i < 600; ++i) reads.push_back({"GET", pages[static_cast<std::size_t>(i % 300)]});
  for (int i = 0; i < 1800; ++i) reads.push_back({"GET", "none:" + std::to_string(i)});
  redis.run_all(reads);
  for (const std::string command : {"plan", "discover", "audit", "doctor"}) {
    run_program({command, "--url", redis.url(), "--json"});
  }
  run_program({"stats", "--sample", "--url", redis.url()});
  ASSERT_GT(redis.info_number("keyspace_hits"), 1000) << "to the server they are hits";
  EXPECT_NEAR(plan().at("hit_ratio").to_number<double>(), 0.25, 0.02);
}

// One page is larger than all others together, and the sample has it or not.
TEST_F(PlanLive, WhereAFewKeysHoldMostTheTruthIsWithinTheIntervalsAndTheTextSaysHowFarTheyGo) {
  redis.run({"CONFIG", "SET", "maxmemory", "0"});
  write_keys(redis, kPages, 90'000);
  redis.run({"SET", "reed:page:cache:/huge:eu:plain", std::string(std::size_t{64} << 20, 'x')});
  const auto exact =
      json::parse(run_program({"stats", "--exact", "--url", redis.url(), "--json"}).out);
  std::int64_t truth = 0;
  for (const auto& row : exact.at("classes").as_array()) {
    if (row.at("name") == "page_cache") truth = row.at("bytes").as_int64();
  }
  const auto found = plan();
  EXPECT_EQ(found.at("method"), "sample");
  EXPECT_LE(found.at("cache_bytes_low").as_int64(), truth + truth / 100);
  EXPECT_GE(found.at("cache_bytes_high").as_int64(), truth);
  const auto& cache = found.at("caches").as_array().at(0).as_object();
  EXPECT_GE(cache.at("bytes_high").as_int64(), truth);
  const Ended text = run_program({"plan", "--url", redis.url()});
  EXPECT_TRUE(has(text.out, "lie within the intervals in brackets")) << text;
  EXPECT_FALSE(has(text.out, "within some percent")) << text;
}

TEST_F(PlanLive, WhereAllKeysAreLookedAtNothingIsEstimated) {
  write_keys(redis, kPages, 300);
  const auto found = plan();
  EXPECT_EQ(found.at("method"), "exact");
  EXPECT_EQ(found.at("cache_bytes_low"), found.at("cache_bytes"));
  EXPECT_EQ(found.at("cache_bytes_high"), found.at("cache_bytes"));
  EXPECT_TRUE(has(run_program({"plan", "--url", redis.url()}).out, "All keys were looked at"));
}

TEST_F(PlanLive, WrongFlagsAndAnEmptyServerGetASentence) {
  const Ended size = run_program({"plan", "--url", redis.url(), "--maxmemory", "lots"});
  EXPECT_EQ(size.exit_code, 2) << size;
  EXPECT_TRUE(has(size.err, "--maxmemory")) << size;
  const Ended no_limit = run_program({"plan", "--url", redis.url(), "--maxmemory", "0"});
  EXPECT_EQ(no_limit.exit_code, 2) << no_limit;
  const Ended none = run_program({"plan", "--url", redis.url(), "--entities", "10"});
  EXPECT_EQ(none.exit_code, 4) << none;
  EXPECT_TRUE(has(none.err, "load some of the content first")) << none;
  EXPECT_EQ(run_program({"plan", "--url", redis.url()}).exit_code, 0);
}

}  // namespace
}  // namespace redkeep::test
