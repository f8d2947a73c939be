// `redkeep stats`: details of an exact count, samples with intervals, what it cost, and counts that
// are stopped and gone on with.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <csignal>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/program.h"

namespace redkeep::test {
namespace {

namespace json = boost::json;

class StatsLive : public testing::Test {
 protected:
  // Sessions, pages, entities and foreign keys, 20,000 in all.
  void write_many() {
    std::vector<Command> commands;
    for (int i = 0; i < 20'000; ++i) {
      const std::string number = std::to_string(i);
      const std::string value(static_cast<std::size_t>(50 + i % 700), 'x');
      if (i % 10 < 4) {
        commands.push_back({"SET", "reed:session:" + number, value, "EX", "7200"});
      } else if (i % 10 < 7) {
        commands.push_back({"SET", "reed:page:cache:/" + number + ":eu:x", value, "EX", "300"});
      } else if (i % 10 < 9) {
        commands.push_back({"SET", "reed:entity:page:" + number, value});
      } else {
        commands.push_back({"SET", "theirs:" + number, value});
      }
    }
    for (std::size_t i = 0; i < commands.size(); i += 1000) {
      const auto begin = commands.begin() + static_cast<std::ptrdiff_t>(i);
      redis.run_all({begin, begin + 1000});
    }
  }

  // Pages of a hundred keys: "calls=600,usec=..." means that some are behind it.
  bool some_pages_are_counted() {
    return eventually([this] {
      const std::string calls = redis.info("cmdstat_pttl");
      return calls.size() > 6 && std::stoi(calls.substr(6)) > 500;
    });
  }

  std::vector<std::string> arguments(std::vector<std::string> further) const {
    std::vector<std::string> all{"stats", "--url", redis.url()};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }
  json::object stats(std::vector<std::string> further) {
    further.push_back("--json");
    const Ended ended = run_program(arguments(std::move(further)));
    EXPECT_EQ(ended.exit_code, 0) << ended;
    return json::parse(ended.out).as_object();
  }
  static json::object row(const json::object& stats, const std::string& name) {
    for (const auto& found : stats.at("census").at("classes").as_array()) {
      if (found.at("name").as_string() == name) return found.as_object();
    }
    ADD_FAILURE() << name;
    return {};
  }
  static void expect_inside(const json::value& interval, double truth) {
    EXPECT_LE(interval.at("low").to_number<double>(), truth);
    EXPECT_GE(interval.at("high").to_number<double>(), truth);
  }

  LiveRedis redis;
};

TEST_F(StatsLive, AnExactCountKnowsTheLargestKeysAndTheTtls) {
  write_keys(redis, {"reed:session:", "", 7200, 100}, 30);
  redis.run({"SET", "reed:session:big", std::string(100'000, 'x'), "EX", "30"});
  redis.run({"SET", "reed:session:for-ever", "x"});
  redis.run({"SET", "theirs", "x"});
  const auto found = stats({"--exact"});
  const auto sessions = row(found, "sessions");
  EXPECT_EQ(sessions.at("keys"), 32);
  EXPECT_EQ(sessions.at("largest_key"), "reed:session:big");
  EXPECT_EQ(sessions.at("largest_bytes"), redis.integer({"MEMORY", "USAGE", "reed:session:big"}));
  EXPECT_EQ(sessions.at("average_bytes").as_int64(), sessions.at("bytes").as_int64() / 32);
  const auto& ttl = sessions.at("ttl");
  EXPECT_EQ(ttl.at("none"), 1);
  EXPECT_EQ(ttl.at("1m"), 1);
  EXPECT_EQ(ttl.at("1h"), 0);
  EXPECT_EQ(ttl.at("1d"), 30);
  EXPECT_EQ(row(found, "unclassified").at("bytes"), redis.integer({"MEMORY", "USAGE", "theirs"}));
  EXPECT_EQ(found.at("census").at("method"), "exact");
  EXPECT_EQ(found.at("census").at("keys"), 33);
}

TEST_F(StatsLive, ASampleHoldsTheTruthAndSaysThatItIsOne) {
  write_many();
  const auto exact = stats({"--exact"});
  const auto sample = stats({"--sample", "--sample-keys", "2000"});
  const auto& census = sample.at("census").as_object();
  EXPECT_EQ(census.at("method"), "sample");
  EXPECT_EQ(census.at("population_keys"), 20'000);
  EXPECT_GE(census.at("keys").as_int64(), 2000);
  EXPECT_LT(census.at("keys").as_int64(), 4000);
  int inside = 0;
  for (const char* name : {"sessions", "page_cache", "entities", "unclassified"}) {
    const auto& estimate = row(sample, name);
    const auto truth = row(exact, name);
    const auto& keys = estimate.at("keys");
    EXPECT_NEAR(keys.at("value").to_number<double>(), truth.at("keys").to_number<double>(), 1500);
    const auto& bytes = estimate.at("bytes");
    for (const auto& [interval, true_value] :
         {std::pair{keys, truth.at("keys").to_number<double>()},
          std::pair{bytes, truth.at("bytes").to_number<double>()}}) {
      inside += interval.at("low").to_number<double>() <= true_value &&
                true_value <= interval.at("high").to_number<double>();
    }
  }
  EXPECT_GE(inside, 6) << "of 8, each 19 times in 20";
  // The names of data-model.md hold the estimates.
  EXPECT_NEAR(sample.at("protected_keys").to_number<double>(), 4000, 800);
  EXPECT_EQ(sample.at("keys_with_ttl"), 14'000) << "the server's own counter";
  const std::string text = run_program(arguments({"--sample", "--sample-keys", "2000"})).out;
  EXPECT_TRUE(has(text, "95 of 100 samples"));
  EXPECT_TRUE(has(text, "sessions "));
  EXPECT_TRUE(has(text, "not met    entity_types"));
  EXPECT_TRUE(has(text, "of which 0 can be rebuilt from the others"));
}

// 20,000 small keys and a session of 32 MiB: the server has some 45 MiB, whether it was met or not.
TEST_F(StatsLive, AHugeKeyIsInsideTheIntervalsWhetherItIsMetOrNot) {
  write_many();
  redis.run({"SET", "reed:session:huge", std::string(32 << 20, 'x'), "EX", "7200"});
  const auto exact = stats({"--exact"});
  const auto truth = row(exact, "sessions").at("bytes").to_number<double>();
  const auto used = static_cast<double>(redis.info_number("used_memory"));
  int inside = 0;
  for (int i = 0; i < 10; ++i) {
    const auto sample = stats({"--sample", "--sample-keys", "1000"});
    const auto& census = sample.at("census").as_object();
    const auto sessions = row(sample, "sessions").at("bytes");
    inside += sessions.at("low").to_number<double>() <= truth &&
              truth <= sessions.at("high").to_number<double>();
    EXPECT_LT(census.at("bytes").at("value").to_number<double>(), used);
    EXPECT_LT(census.at("bytes").at("high").to_number<double>(), used);
    const auto locks = row(sample, "locks").at("bytes");
    EXPECT_LT(locks.at("high").to_number<double>(), used) << "not met";
  }
  EXPECT_GE(inside, 8) << "of 10, each 19 times in 20";
}

TEST_F(StatsLive, ASmallServerIsLookedAtWholeEvenByASample) {
  write_keys(redis, kSessions, 50);
  EXPECT_TRUE(has(run_program(arguments({"--sample"})).out, "so few"));
  const auto sample = stats({"--sample"});
  const auto keys = row(sample, "sessions").at("keys");
  EXPECT_EQ(keys.at("low"), 50);
  EXPECT_EQ(keys.at("high"), 50);
}

TEST_F(StatsLive, ClassesWithoutAKeyAreNamedInOneLineOfTheText) {
  write_keys(redis, kSessions, 1);
  const std::string text = run_program(arguments({"--exact"})).out;
  EXPECT_TRUE(has(text, "evictable  1 key\n"));
  EXPECT_TRUE(has(text, "\nsessions "));
  EXPECT_TRUE(has(text, "\nwithout a key: "));
  EXPECT_TRUE(has(text, "page_cache, "));
  EXPECT_FALSE(has(text, "\npage_cache "));
  EXPECT_FALSE(has(text, "\nunclassified  "));
}

TEST_F(StatsLive, AnEmptyServerHasNothing) {
  EXPECT_EQ(row(stats({"--sample"}), "sessions").at("keys").at("high"), 0);
  EXPECT_EQ(row(stats({"--exact"}), "sessions").at("keys"), 0);
}

TEST_F(StatsLive, SaysWhatItCostTheServer) {
  write_many();
  for (const std::string way : {"--exact", "--sample"}) {
    const auto found = stats({way});
    const auto& census = found.at("census").as_object();
    EXPECT_GT(census.at("commands_ms").to_number<double>(), 0) << way;
    EXPECT_GE(census.at("server_cpu_ms").to_number<double>(), 0) << way;
    EXPECT_EQ(census.at("slow_log_from_ms").to_number<double>(), 10) << way;
  }
  redis.run({"CONFIG", "SET", "slowlog-log-slower-than", "0"});
  const auto found = stats({"--exact"});
  EXPECT_GT(found.at("census").at("longest_command_ms").to_number<double>(), 0);
  EXPECT_TRUE(has(run_program(arguments({"--exact"})).out, "longest command"));
}

TEST_F(StatsLive, WhatIsRefusedIsSaidToBeUnknown) {
  write_many();
  redis.run({"ACL", "SETUSER", "weak", "on", ">open-sesame", "~*", "+@read", "+info", "+dbsize",
             "+scan", "-memory", "+select", "+client"});
  for (const std::string way : {"--exact", "--sample"}) {
    const Environment password{{"REDKEEP_PASSWORD", "open-sesame"}};
    const Ended ended = run_program({"stats", way, "--json", "--url", redis.url("weak")}, password);
    ASSERT_EQ(ended.exit_code, 0) << ended;
    const auto found = json::parse(ended.out).as_object();
    EXPECT_TRUE(found.at("census").at("longest_command_ms").is_null());
    EXPECT_TRUE(found.at("classes").at(0).at("bytes").is_null());
    const Ended text = run_program({"stats", way, "--url", redis.url("weak")}, password);
    EXPECT_TRUE(has(text.out, "longest command not known")) << text;
  }
}

TEST_F(StatsLive, WhoMayNotAskTtlsOrReadOurKeysIsToldTheRest) {
  write_many();
  redis.run({"ACL", "SETUSER", "no-ttl", "on", ">open-sesame", "~*", "+@all", "-pttl"});
  redis.run({"ACL", "SETUSER", "theirs", "on", ">open-sesame", "~theirs:*", "+@all"});
  const Environment password{{"REDKEEP_PASSWORD", "open-sesame"}};
  for (const std::string way : {"--exact", "--sample"}) {
    const Ended no_ttl = run_program({"stats", way, "--url", redis.url("no-ttl")}, password);
    EXPECT_EQ(no_ttl.exit_code, 0) << no_ttl;
    EXPECT_TRUE(has(no_ttl.out, "PTTL is refused")) << no_ttl;
    const Ended theirs = run_program({"stats", way, "--url", redis.url("theirs")}, password);
    EXPECT_EQ(theirs.exit_code, 0) << theirs;
    EXPECT_TRUE(has(theirs.out, "whether a guard runs is not known")) << theirs;
    EXPECT_TRUE(has(theirs.out, "lease      not known: ")) << theirs;
    EXPECT_TRUE(has(theirs.out, "sessions ")) << theirs;
  }
  EXPECT_EQ(run_program({"status", "--url", redis.url("theirs")}, password).exit_code, 0);
}

TEST_F(StatsLive, ACountThatIsStoppedIsGoneOnWith) {
  write_many();
  TemporaryDirectory directory;
  const std::string file = directory.path() + "/count.json";
  {
    Program program(arguments({"--exact", "--budget", "1%", "--resume", file}));
    ASSERT_TRUE(some_pages_are_counted());
    program.signal(SIGINT);
    const Ended ended = program.wait();
    EXPECT_EQ(ended.exit_code, 1) << ended;
    EXPECT_TRUE(has(ended.err, "stopped after"));
    EXPECT_TRUE(has(ended.err, file));
  }
  const auto counted = json::parse(read_file(file)).as_object();
  EXPECT_NE(counted.at("cursor"), "0") << "in the middle";
  // Not with other flags: half of the numbers would be missing.
  EXPECT_EQ(run_program(arguments({"--exact", "--no-ttl", "--resume", file})).exit_code, 4);
  const auto found = stats({"--exact", "--resume", file});
  EXPECT_EQ(row(found, "sessions").at("keys"), 8000);
  EXPECT_EQ(row(found, "sessions").at("ttl").at("1d"), 8000);
  EXPECT_EQ(row(found, "page_cache").at("keys"), 6000);
  EXPECT_EQ(row(found, "unclassified").at("keys"), 2000);
  EXPECT_TRUE(found.at("census").at("may_count_twice").as_bool());
  EXPECT_TRUE(found.at("census").at("cost_is_of_last_part").as_bool());
  EXPECT_EQ(read_file(file), "") << "done with";
}

TEST_F(StatsLive, ACountWhoseConnectionBreaksIsKeptToo) {
  write_many();
  TemporaryDirectory directory;
  const std::string file = directory.path() + "/count.json";
  {
    Program program(arguments({"--exact", "--budget", "1%", "--resume", file}));
    ASSERT_TRUE(some_pages_are_counted());
    redis.run({"CLIENT", "KILL", "TYPE", "normal"});
    const Ended ended = program.wait();
    EXPECT_EQ(ended.exit_code, 3) << ended;
    EXPECT_TRUE(has(ended.err, "goes on from " + file)) << ended;
  }
  const auto found = stats({"--exact", "--budget", "100%", "--resume", file});
  EXPECT_EQ(row(found, "sessions").at("keys"), 8000);
  EXPECT_EQ(row(found, "sessions").at("ttl").at("1d"), 8000);
  EXPECT_EQ(row(found, "page_cache").at("keys"), 6000);
  EXPECT_EQ(read_file(file), "") << "done with";
}

TEST_F(StatsLive, WhereACountCannotBeKeptIsSaidBeforeItBegins) {
  write_many();
  TemporaryDirectory directory;
  const std::string file = directory.path() + "/none/count.json";
  const Ended ended = run_program(arguments({"--exact", "--resume", file}));
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, "cannot write " + file)) << ended;
  EXPECT_EQ(redis.info("cmdstat_scan"), "");
  EXPECT_EQ(stats({"--exact", "--resume", directory.path() + "/f"}).at("census").at("keys"),
            20'000);
  EXPECT_EQ(read_file(directory.path() + "/f.new"), "") << "nothing is left of it";
}

TEST_F(StatsLive, ACountOfAServerThatWasRestartedIsNotGoneOnWith) {
  write_many();
  TemporaryDirectory directory;
  const std::string file = directory.path() + "/count.json";
  Program program(arguments({"--budget", "1%", "--resume", file}));
  ASSERT_TRUE(eventually([&] { return redis.info("cmdstat_memory|usage").size() > 0; }));
  program.signal(SIGTERM);
  program.wait();
  redis.kill();
  redis.start();
  const Ended ended = run_program(arguments({"--resume", file}));
  EXPECT_EQ(ended.exit_code, 4) << ended;
  EXPECT_TRUE(has(ended.err, "restart"));
  EXPECT_TRUE(has(ended.err, "remove the file"));
}

TEST_F(StatsLive, WrongFlagsEndItWithASentence) {
  for (const auto& [flags, said] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--budget", "1"}, "--budget"},
           {{"--budget", "0%"}, "--budget"},
           {{"--exact", "--sample"}, "--"},
           {{"--sample", "--sample-keys", "3"}, "--sample-keys"},
           {{"--exact", "--sample-keys", "1000"}, "--sample-keys"},
           {{"--resume", "/tmp/no-such", "--sample-keys", "1000"}, "--sample-keys"},
           {{"--resume", "/"}, "not a regular file"}}) {
    const Ended ended = run_program(arguments(flags));
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_TRUE(has(ended.err, said));
  }
}

TEST_F(StatsLive, AReplicaIsEnough) {
  write_keys(redis, kSessions, 50);
  redis.run({"REPLICAOF", "127.0.0.1", "1"});  // nobody is there: it serves what it has
  EXPECT_EQ(row(stats({"--exact"}), "sessions").at("keys"), 50);
  EXPECT_EQ(row(stats({"--sample"}), "sessions").at("keys").at("value"), 50);
}

}  // namespace
}  // namespace redkeep::test
