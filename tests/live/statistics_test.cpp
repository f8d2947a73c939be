// `redkeep status` and `redkeep stats`: the names that scripts rely on, and exact numbers.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/program.h"
#include "live/running_guard.h"

namespace redkeep::test {
namespace {

using Names = std::set<std::string>;

Names names_of(const boost::json::value& value) {
  Names names;
  for (const auto& member : value.as_object()) names.insert(std::string(member.key()));
  return names;
}

class StatisticsLive : public testing::Test {
 protected:
  void write_some_of_everything() {
    const std::vector<std::pair<std::string, int>> lasting{
        {"entity:page:", 5}, {"type_of:", 4},   {"semantic:page:$", 3}, {"assoc:/", 6},
        {"children:", 2},    {"parent:", 3},    {"links:", 1},          {"word:", 9},
        {"type_index:", 2},  {"queue:mail:", 2}};
    for (const auto& [start, count] : lasting) {
      for (int i = 0; i < count; ++i) redis.run({"SET", "reed:" + start + std::to_string(i), "x"});
    }
    for (const auto& [kind, count] : std::vector<std::pair<KeyKind, int>>{
             {kPages, 11}, {kSessions, 7}, {kTemplates, 4}, {kQueries, 3}, {kTemporary, 1}}) {
      write_keys(redis, kind, count);
    }
    redis.run({"SET", "reed:lock:cron", "me", "EX", "900"});
    redis.run({"SADD", "reed:word:big", "a", "b", "c"});
    redis.run({"SET", "reed:unknown", "x"});
    redis.run({"SET", "theirs", "x", "EX", "900"});
  }

  Ended ask(const std::string& command, std::vector<std::string> further = {}) {
    std::vector<std::string> arguments{command, "--url", redis.url()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    Ended ended = run_program(arguments);
    EXPECT_EQ(ended.exit_code, 0) << ended;
    return ended;
  }
  boost::json::object json(const std::string& command, std::vector<std::string> further = {}) {
    further.push_back("--json");
    return boost::json::parse(ask(command, std::move(further)).out).as_object();
  }
  std::int64_t bytes_of(const std::string& glob) {
    std::int64_t sum = 0;
    for (const auto& key : redis.keys(glob)) sum += redis.integer({"MEMORY", "USAGE", key});
    return sum;
  }

  LiveRedis redis{{"--maxmemory", "24mb", "--maxmemory-policy", "noeviction"}};
};

TEST_F(StatisticsLive, JsonHasExactlyThePromisedNames) {
  for (const std::string command : {"stats", "status"}) {
    auto statistics = json(command);
    EXPECT_EQ(statistics.erase("census"), command == "stats" ? 1U : 0U) << "see stats_test";
    EXPECT_EQ(statistics.erase("cut_load"), command == "status" ? 1U : 0U);
    EXPECT_EQ(names_of(statistics),
              (Names{"total_memory_mb", "max_memory_mb", "usage_percent", "protected_keys",
                     "evictable_keys", "breakdown", "level", "level_source", "limit_bytes",
                     "used_bytes", "keys_with_ttl", "keys_without_ttl", "classes",
                     "unclassified_keys", "derived_limit_bytes", "forecast", "alarms"}));
    EXPECT_EQ(names_of(statistics.at("breakdown")),
              (Names{"ucg_entities", "ucg_associations", "search_index", "page_cache", "sessions",
                     "other_cache"}));
    for (const auto& row : statistics.at("classes").as_array()) {
      EXPECT_EQ(names_of(row), (Names{"name", "level", "keys", "bytes"}));
    }
  }
}

TEST_F(StatisticsLive, TheNumbersAreThoseOfWhatWasWritten) {
  write_some_of_everything();
  const auto statistics = json("stats");
  const auto& breakdown = statistics.at("breakdown").as_object();
  EXPECT_EQ(breakdown.at("ucg_entities"), 5 + 4 + 3);
  EXPECT_EQ(breakdown.at("ucg_associations"), 6 + 2 + 3 + 1);
  EXPECT_EQ(breakdown.at("search_index"), 9 + 2 + 1);
  EXPECT_EQ(breakdown.at("page_cache"), 11);
  EXPECT_EQ(breakdown.at("sessions"), 7);
  EXPECT_EQ(breakdown.at("other_cache"), 4 + 3 + 1 + 1);
  EXPECT_EQ(statistics.at("protected_keys"), 12 + 12 + 12 + 2);
  EXPECT_EQ(statistics.at("evictable_keys"), 11 + 7 + 9);
  EXPECT_EQ(statistics.at("unclassified_keys"), 2);
  EXPECT_EQ(statistics.at("keys_with_ttl"), 11 + 7 + 9 + 1);
  EXPECT_EQ(statistics.at("keys_without_ttl"), 38 + 1);
  EXPECT_EQ(statistics.at("limit_bytes"), 24 << 20);
  EXPECT_EQ(statistics.at("max_memory_mb").to_number<double>(), 24);
  const auto used = statistics.at("used_bytes").as_int64();
  EXPECT_NEAR(static_cast<double>(used), static_cast<double>(redis.info_number("used_memory")),
              200'000);
  EXPECT_NEAR(statistics.at("total_memory_mb").to_number<double>(),
              static_cast<double>(used) / 1048576, 0.01);
  EXPECT_NEAR(statistics.at("usage_percent").to_number<double>(),
              100.0 * static_cast<double>(used) / (24 << 20), 0.01);
}

TEST_F(StatisticsLive, BytesByClassAreTheSumsOfMemoryUsage) {
  write_some_of_everything();
  const std::map<std::string, std::string> globs{{"entities", "reed:entity:*"},
                                                 {"search_index", "reed:word:*"},
                                                 {"page_cache", "reed:page:cache:*"},
                                                 {"sessions", "reed:session:*"},
                                                 {"locks", "reed:lock:*"},
                                                 {"csrf_tokens", "reed:csrf:*"}};
  std::size_t compared = 0;
  const auto statistics = json("stats");
  for (const auto& row : statistics.at("classes").as_array()) {
    const auto glob = globs.find(row.at("name").as_string().c_str());
    if (glob == globs.end()) continue;
    EXPECT_EQ(row.at("bytes").as_int64(), bytes_of(glob->second)) << glob->first;
    ++compared;
  }
  EXPECT_EQ(compared, globs.size());
}

TEST_F(StatisticsLive, OnlyTheDatabaseOfTheUrlIsCounted) {
  write_some_of_everything();
  redis.run({"SELECT", "3"});
  write_keys(redis, kPages, 2);
  const Ended ended = run_program({"stats", "--json", "--url", redis.url() + "?db=3"});
  const auto statistics = boost::json::parse(ended.out).as_object();
  EXPECT_EQ(statistics.at("evictable_keys"), 2);
  EXPECT_EQ(statistics.at("protected_keys"), 0);
  EXPECT_EQ(statistics.at("keys_with_ttl"), 2);
}

TEST_F(StatisticsLive, ATableForPeopleNamesEveryClass) {
  write_some_of_everything();
  const std::string table = ask("stats").out;
  for (const char* part : {"memory ", "level ", "entities ", "page_cache ", "unclassified "}) {
    EXPECT_TRUE(has(table, part));
  }
  EXPECT_FALSE(has(ask("status").out, "page_cache"));
}

TEST_F(StatisticsLive, WithoutAGuardTheLevelIsThatOfTheMoment) {
  EXPECT_TRUE(has(ask("status").out, "normal (instantaneous, no guard)"));
  fill_to(redis, kPages, 87);
  EXPECT_EQ(json("status").at("level"), "warning");
  EXPECT_TRUE(has(ask("status").out, "warning (instantaneous, no guard)"));
  fill_to(redis, kPages, 97);
  EXPECT_EQ(json("status").at("level"), "critical");
  EXPECT_EQ(json("status").at("level_source"), "instantaneous, no guard");
}

TEST_F(StatisticsLive, WithAGuardTheLevelIsThatOfTheGuard) {
  fill_to(redis, kPages, 87);
  // It sheds at once and stays at warning for a minute, so the moment alone would say normal.
  RunningGuard guard(redis.url(), {}, {}, "[pressure]\ninterval = \"40ms\"\ndwell = \"60s\"\n");
  ASSERT_TRUE(eventually([&] { return redis.usage_pct() < 81; }));
  ASSERT_TRUE(eventually([&] { return json("status").at("level_source") == "guard"; }));
  EXPECT_EQ(json("status").at("level"), "warning");
  EXPECT_TRUE(has(ask("status").out, "warning (from the running guard)"));
}

TEST_F(StatisticsLive, WhatAGuardForesawIsShownForSomeSecondsAsItIsByNow) {
  EXPECT_TRUE(json("status").at("forecast").is_null());
  const std::int64_t now_ms = std::stoll(redis.list({"TIME"}).front()) * 1000;
  const std::string foreseen = " steady 900 0 - - 7200 growing 300 1048576 3600 7200 86400";
  redis.run({"SET", "reed:guard:forecast", std::to_string(now_ms - 4'000) + foreseen});
  EXPECT_TRUE(has(ask("status").out,
                  "forecast   used memory does not grow; protected data grows by 1.0 "
                  "MiB an hour, at the warning mark in 59m "));
  const auto forecast = json("stats").at("forecast").as_object();
  EXPECT_EQ(forecast.at("total").as_object().at("outlook"), "steady");
  EXPECT_LE(forecast.at("protected").as_object().at("limit_in_seconds").as_int64(), 7196);
  redis.run({"SET", "reed:guard:forecast", std::to_string(now_ms - 20'000) + foreseen});
  EXPECT_TRUE(json("status").at("forecast").is_null()) << "who wrote it is gone";
}

TEST_F(StatisticsLive, AForecastFromBeforeEverythingWasDeletedIsNotShown) {
  const std::int64_t now_ms = std::stoll(redis.list({"TIME"}).front()) * 1000;
  const std::string foreseen = " growing 25000000 272000000 0 1 60 unknown 0 0 - - 0";
  redis.run({"SET", "reed:guard:forecast", std::to_string(now_ms) + foreseen});
  EXPECT_TRUE(has(ask("status").out, "forecast   used memory not known yet; "));
  const auto total = json("status").at("forecast").at("total").as_object();
  EXPECT_TRUE(total.at("warning_in_seconds").is_null());
  EXPECT_TRUE(total.at("limit_in_seconds").is_null());
}

TEST_F(StatisticsLive, WithoutAServerItSaysWhereItLooked) {
  redis.kill();
  for (const std::string command : {"stats", "status"}) {
    const Ended ended = run_program({command, "--url", redis.url()});
    EXPECT_EQ(ended.exit_code, 3) << ended;
    EXPECT_TRUE(has(ended.err, redis.socket_path()));
    EXPECT_EQ(ended.out, "");
  }
}

TEST_F(StatisticsLive, AResultThatCannotBePrintedIsAFailure) {
  const TemporaryDirectory place;
  const std::vector<std::vector<std::string>> commands{{"status", "--json", "--url", redis.url()},
                                                       {"--version"}};
  for (const auto& arguments : commands) {
    Process::Start start;
    start.executable = REDKEEP_PROGRAM;
    start.arguments = arguments;
    start.directory = place.path();
    start.out_file = "/dev/full";
    start.err_file = place.write("err", "");
    EXPECT_EQ(Process(start).wait(std::chrono::seconds{60}), 1) << arguments.front();
    EXPECT_TRUE(has(read_file(start.err_file), "the result could not be printed"));
  }
}

TEST_F(StatisticsLive, WrongUrlsEndItWithASentence) {
  for (const std::string url : {"http://localhost", "redis://", "unix://relative", "redis://h:x/0",
                                "redis://localhost/one", "nonsense", ""}) {
    const Ended ended = run_program({"stats", "--url", url});
    EXPECT_EQ(ended.exit_code, url.empty() ? ended.exit_code : 2) << url << ended;
    EXPECT_GT(ended.err.size(), 20U) << url;
  }
}

}  // namespace
}  // namespace redkeep::test
