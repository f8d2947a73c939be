// `redkeep doctor` on prepared servers: each gives the findings that it should, and no others.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <set>
#include <thread>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/program.h"

namespace redkeep::test {
namespace {

namespace json = boost::json;

using Names = std::set<std::string>;
using Arguments = std::vector<std::string>;

// With these a server has nothing that the doctor would find; further ones come behind and win.
Arguments healthy(const Arguments& further = {}) {
  Arguments arguments{"--maxmemory",
                      "256mb",
                      "--maxmemory-policy",
                      "volatile-lfu",
                      "--lazyfree-lazy-expire",
                      "yes",
                      "--lazyfree-lazy-eviction",
                      "yes",
                      "--appendonly",
                      "yes"};
  arguments.insert(arguments.end(), further.begin(), further.end());
  return arguments;
}

void write_some_of_everything(Commands& redis) {
  for (int i = 0; i < 20; ++i) {
    const std::string id = std::to_string(i);
    redis.run({"HSET", "reed:entity:page:" + id, "type", "page", "data", "{}"});
    redis.run({"SET", "reed:type_of:" + id, "page"});
    redis.run({"SADD", "reed:word:owl", id});
  }
  write_keys(redis, kPages, 20);
  write_keys(redis, kSessions, 10);
  redis.run({"SET", "theirs", "x"});
}

json::object examine(const std::string& url, int exit_code, const Environment& environment = {},
                     const Arguments& further = {}) {
  const auto begun = std::chrono::steady_clock::now();
  Arguments arguments{"doctor", "--json", "--url", url};
  arguments.insert(arguments.end(), further.begin(), further.end());
  const Ended ended = run_program(arguments, environment);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{2});
  EXPECT_EQ(ended.exit_code, exit_code) << ended;
  std::error_code failure;
  const auto parsed = json::parse(ended.out, failure);
  EXPECT_FALSE(failure) << ended;
  return failure ? json::object{} : parsed.as_object();
}

Names names_in(const json::object& report) {
  Names names;
  if (!report.contains("findings")) return names;
  for (const auto& finding : report.at("findings").as_array()) {
    names.insert(finding.at("name").as_string().c_str());
  }
  return names;
}

// The commands that the report has for this tool, the worst finding's first.
Arguments mends_in(const json::object& report, const std::string& tool) {
  Arguments mends;
  for (const auto& finding : report.at("findings").as_array()) {
    for (const auto& mend : finding.at("mend").as_array()) {
      if (mend.as_string().starts_with(tool + " ")) mends.emplace_back(mend.as_string());
    }
  }
  return mends;
}

// Into a shell, in a directory where nothing lies.
void paste(std::string command) {
  if (command.starts_with("redkeep ")) command.replace(0, 7, REDKEEP_PROGRAM);
  TemporaryDirectory elsewhere;
  const std::string said = elsewhere.path() + "/said";
  const char* places = std::getenv("PATH");
  Process shell({"sh",
                 {"-c", command},
                 {{"PATH", places == nullptr ? "/usr/bin" : places}},
                 elsewhere.path(),
                 said,
                 said});
  EXPECT_EQ(shell.wait(std::chrono::seconds{30}), 0) << command << "\n" << read_file(said);
  EXPECT_EQ(read_file(said).find("ERR"), std::string::npos) << command << "\n" << read_file(said);
}

/// One server: how it is started, what is done to it, what is found.
struct Prepared {
  std::string what;
  Arguments arguments;
  std::function<void(LiveRedis&)> prepare;
  Names findings;
  bool is_problem = true;  ///< Exit code 1.
};

void nothing(LiveRedis&) {}

std::function<void(LiveRedis&)> after(std::vector<Command> commands) {
  return [commands](LiveRedis& redis) { redis.run_all(commands); };
}

// Its values lie scattered: nine of ten are gone.
void scatter(LiveRedis& redis) {
  std::vector<Command> writes;
  std::vector<Command> removals;
  for (int i = 0; i < 400'000; ++i) {
    const std::string key = "reed:page:cache:/f" + std::to_string(i) + ":eu:plain";
    writes.push_back({"SET", key, std::string(300, 'x'), "EX", "1000"});
    if (i % 10 != 0) removals.push_back({"DEL", key});
  }
  redis.run_all(writes);
  redis.run_all(removals);
}

void fail_a_snapshot(LiveRedis& redis) {
  const auto directory = std::filesystem::path(redis.socket_path()).parent_path();
  std::filesystem::create_directory(directory / "taken");
  redis.run({"BGSAVE"});
  ASSERT_TRUE(eventually([&] { return redis.info("rdb_last_bgsave_status") == "err"; }));
}

void foresee_growth(LiveRedis& redis) {
  const std::string now_ms = redis.list({"TIME"}).front() + "000";
  redis.run({"SET", "reed:guard:level", "normal keeps-up " + now_ms});
  redis.run({"SET", "reed:guard:forecast",
             now_ms + " steady 900 0 - - 7200 growing 300 1048576 3600 72000 86400"});
}

std::vector<Prepared> prepared_servers() {
  return {
      {"Healthy", healthy(), nothing, {}, false},
      {"AsRedisStartsByDefault",
       {},
       nothing,
       {"no-limit", "policy-refuses-writes", "persistence-off", "frees-in-foreground"}},
      {"NoLimit", healthy({"--maxmemory", "0"}), nothing, {"no-limit"}},
      {"LimitBelowUse",
       healthy(),
       [](LiveRedis& redis) {
         write_keys(redis, kProtected, 2000);
         redis.run({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
         redis.run({"CONFIG", "SET", "maxmemory", "3mb"});
       },
       {"limit-below-use", "policy-refuses-writes"}},
      {"AboveTheWarningMark",
       healthy({"--maxmemory", "24mb"}),
       [](LiveRedis& redis) { fill_to(redis, kPages, 87); },
       {"above-warning-mark"}},
      {"AboveTheCriticalMark",
       healthy({"--maxmemory", "24mb"}),
       [](LiveRedis& redis) { fill_to(redis, kPages, 96); },
       {"above-critical-mark"}},
      {"PolicyAllkeys",
       healthy({"--maxmemory-policy", "allkeys-lru"}),
       nothing,
       {"policy-endangers-protected"}},
      {"PolicyByTtl",
       healthy({"--maxmemory-policy", "volatile-ttl"}),
       nothing,
       {"policy-takes-locks-first"}},
      {"PolicyNone",
       healthy({"--maxmemory-policy", "noeviction"}),
       nothing,
       {"policy-refuses-writes"},
       false},
      {"NothingToEvict",
       healthy(),
       after({{"FLUSHALL"}, {"SET", "reed:queue:mail", "x"}}),
       {"policy-finds-nothing"},
       false},
      {"PersistenceOff", healthy({"--appendonly", "no"}), nothing, {"persistence-off"}},
      {"SnapshotFailing",
       healthy({"--save", "3600", "1", "--dbfilename", "taken"}),
       fail_a_snapshot,
       {"snapshot-failing"}},
      {"FreesInForeground",
       healthy({"--lazyfree-lazy-expire", "no"}),
       nothing,
       {"frees-in-foreground"}},
      {"Fragmentation",
       healthy({"--maxmemory", "1gb", "--appendonly", "no", "--save", "3600", "1"}),
       scatter,
       {"fragmentation"}},
      {"NearMaxclients", healthy({"--maxclients", "2"}), nothing, {"near-maxclients"}},
      {"ProtectedWithTtl",
       healthy(),
       after({{"EXPIRE", "reed:entity:page:3", "9000"}}),
       {"protected-with-ttl"}},
      {"CachesWithoutTtl",
       healthy(),
       after({{"SET", "reed:session:forever", "x"}}),
       {"caches-without-ttl"}},
      {"ForeignCachesWithoutTtl",
       healthy(),
       after({{"SET", "wp_cache:options", "x"}}),
       {"unclassified-caches-without-ttl"}},
      {"HugeKeys",
       healthy(),
       after({{"SETRANGE", "reed:queue:mail", "20000000", "x"}}),
       {"huge-keys"}},
      {"NoKeyIsOurs",
       healthy(),
       [](LiveRedis& redis) {
         redis.run({"FLUSHALL"});
         for (int i = 0; i < 30; ++i) {
           redis.run({"SET", "blog:" + std::to_string(i), "x", "EX", "900"});
         }
       },
       {"no-key-is-ours"}},
      {"ForeseenGrowth", healthy(), foresee_growth, {"protected-growth"}},
      {"ConfigTakenAway",
       healthy({"--rename-command", "CONFIG", ""}),
       nothing,
       {"permission-settings"}},
      {"ReplicaOfNobody",
       healthy({"--replicaof", "127.0.0.1", "1"}),
       nothing,
       {"is-replica", "replica-link-down"}},
  };
}

class DoctorLive : public testing::TestWithParam<Prepared> {};

TEST_P(DoctorLive, FindsWhatIsWrongAndNothingElse) {
  const Prepared& prepared = GetParam();
  LiveRedis redis(prepared.arguments);
  // A replica takes no writes; what is in it is its master's.
  if (redis.info("role") == "master") write_some_of_everything(redis);
  prepared.prepare(redis);
  const auto report = examine(redis.url(), prepared.is_problem ? 1 : 0);
  EXPECT_EQ(names_in(report), prepared.findings) << json::serialize(report);
}

INSTANTIATE_TEST_SUITE_P(Servers, DoctorLive, testing::ValuesIn(prepared_servers()),
                         [](const auto& tested) { return tested.param.what; });

class DoctorUsers : public testing::Test {
 protected:
  DoctorUsers() { write_some_of_everything(redis); }

  Names findings_as(const std::vector<std::string>& rules, int exit_code = 1) {
    Command set{"ACL", "SETUSER", "limited", "reset", "on", ">secret"};
    set.insert(set.end(), rules.begin(), rules.end());
    redis.run(set);
    return names_in(examine(redis.url("limited"), exit_code, {{"REDKEEP_PASSWORD", "secret"}}));
  }

  LiveRedis redis{healthy()};
};

TEST_F(DoctorUsers, WhoMayDoAllIsToldOfNothing) {
  EXPECT_EQ(findings_as({"~*", "&*", "+@all"}, 0), Names{});
}

TEST_F(DoctorUsers, WhatAManagedServiceForbidsIsNamedByWhatDependsOnIt) {
  EXPECT_EQ(
      findings_as({"~*", "&*", "+@all", "-config", "-memory", "-client", "-object", "-acl"}),
      (Names{"permission-settings", "permission-sizes", "permission-use", "permission-details"}));
}

TEST_F(DoctorUsers, WhoMayOnlyReadCanNeitherShedNorWrite) {
  EXPECT_EQ(findings_as({"~*", "&*", "+@read", "+info", "+config|get", "+time"}),
            (Names{"permission-shedding", "permission-scripts", "permission-guard-keys",
                   "permission-content-writing", "permission-details"}));
}

TEST_F(DoctorUsers, WhoMayTouchOtherKeysOnly) {
  const auto found = findings_as({"~other:*", "&*", "+@all"});
  EXPECT_TRUE(found.contains("permission-shedding"));
  EXPECT_TRUE(found.contains("permission-keyspace"));
  EXPECT_FALSE(found.contains("permission-settings"));
}

TEST_F(DoctorUsers, WhoMayNotPublish) {
  EXPECT_EQ(findings_as({"~*", "resetchannels", "+@all"}), Names{"permission-guard-keys"});
}

TEST_F(DoctorUsers, WhoMayNotEvenAskIsToldThatNothingCanBeJudged) {
  EXPECT_EQ(findings_as({"~*", "&*", "+@all", "-info"}), Names{"permission-info"});
}

TEST_F(DoctorUsers, TheCommandThatIsNamedMendsIt) {
  redis.run({"ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-memory"});
  const auto report = examine(redis.url("limited"), 1, {{"REDKEEP_PASSWORD", "secret"}});
  ASSERT_EQ(names_in(report), (Names{"permission-details", "permission-sizes"}));
  const auto mends = mends_in(report, "redis-cli");
  const std::string sizes =
      "redis-cli -s " + redis.socket_path() + " ACL SETUSER limited '+memory|usage'";
  EXPECT_EQ(std::count(mends.begin(), mends.end(), sizes), 1)
      << "as an administrator, not as who lacks it";
  for (const auto& mend : mends) paste(mend);
  EXPECT_EQ(names_in(examine(redis.url("limited"), 0, {{"REDKEEP_PASSWORD", "secret"}})), Names{});
}

// One paste, and what the doctor says nothing of works.
TEST_F(DoctorUsers, WhoIsGrantedAllThatIsNamedMayLoadCountAndMend) {
  redis.run({"ACL", "SETUSER", "limited", "reset", "on", ">secret", "~*", "&*", "+info"});
  const Environment secret{{"REDKEEP_PASSWORD", "secret"}};
  for (const auto& mend : mends_in(examine(redis.url("limited"), 1, secret), "redis-cli")) {
    paste(mend);
  }
  const auto after = examine(redis.url("limited"), 0, secret);
  EXPECT_EQ(names_in(after), Names{}) << json::serialize(after);
  redis.run({"FLUSHALL"});
  const std::string site = std::string(REDKEEP_SOURCE_DIR) + "/examples/site";
  for (const Arguments& command :
       {Arguments{"load", site}, Arguments{"stats"}, Arguments{"stats", "--sample"},
        Arguments{"verify", site}, Arguments{"repair", site}, Arguments{"audit", "--fix"}}) {
    Arguments arguments = command;
    arguments.insert(arguments.end(), {"--url", redis.url("limited")});
    const Ended ended = run_program(arguments, secret);
    EXPECT_EQ(ended.exit_code, 0) << command.front() << ended;
    EXPECT_EQ(ended.err.find("NOPERM"), std::string::npos) << ended;
  }
}

TEST_F(DoctorUsers, WhoMayNotSetIsGivenAnAdministratorsCommand) {
  redis.run({"CONFIG", "SET", "lazyfree-lazy-expire", "no"});
  redis.run(
      {"ACL", "SETUSER", "limited", "reset", "on", ">secret", "~*", "&*", "+@all", "-config|set"});
  const auto report = examine(redis.url("limited"), 1, {{"REDKEEP_PASSWORD", "secret"}});
  ASSERT_EQ(names_in(report), Names{"frees-in-foreground"});
  for (const auto& mend : mends_in(report, "redis-cli")) {
    EXPECT_EQ(mend.find("--user"), std::string::npos) << mend;
  }
}

TEST(DoctorReads, AndChangesNothing) {
  LiveRedis redis(healthy());
  write_some_of_everything(redis);
  redis.run({"SET", "reed:session:forever", "x"});
  const auto before = redis.contents();
  const auto changes = redis.info("rdb_changes_since_last_save");
  const auto config = redis.list({"CONFIG", "GET", "*"});
  EXPECT_EQ(names_in(examine(redis.url(), 1)), Names{"caches-without-ttl"});
  EXPECT_EQ(redis.contents(), before);
  EXPECT_EQ(redis.info("rdb_changes_since_last_save"), changes);
  EXPECT_EQ(redis.list({"CONFIG", "GET", "*"}), config);
}

TEST(DoctorReads, ReplicasThatKeepUpAreToldApartFromTheirMaster) {
  const std::string port = std::to_string(free_port());
  LiveRedis master(healthy({"--port", port}));
  write_some_of_everything(master);
  LiveRedis replica(healthy({"--replicaof", "127.0.0.1", port, "--repl-diskless-sync-delay", "0"}));
  ASSERT_TRUE(eventually([&] { return replica.info("master_link_status") == "up"; }));
  ASSERT_TRUE(
      eventually([&] { return master.info("slave0").find("online") != std::string::npos; }));
  EXPECT_EQ(names_in(examine(master.url(), 0)), Names{});
  EXPECT_EQ(names_in(examine(replica.url(), 0)), Names{"is-replica"});
}

TEST(DoctorReads, AReplicaInItsFirstSyncIsANoteOnBothSides) {
  const std::string port = std::to_string(free_port());
  LiveRedis master(healthy(
      {"--port", port, "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "600"}));
  write_some_of_everything(master);
  LiveRedis replica(healthy({"--replicaof", "127.0.0.1", port}));
  ASSERT_TRUE(
      eventually([&] { return master.info("slave0").find("wait_bgsave") != std::string::npos; }));
  ASSERT_TRUE(eventually([&] {
    const auto role = replica.list({"ROLE"});
    return role.size() > 3 && role[3] == "handshake";
  }));
  EXPECT_EQ(names_in(examine(master.url(), 0)), Names{"first-sync"});
  EXPECT_EQ(names_in(examine(replica.url(), 0)), (Names{"is-replica", "first-sync"}));
}

TEST(DoctorMends, WhoPastesAllRedisCommandsIsLeftWithNothingAndToldOfNothingNew) {
  LiveRedis redis;
  write_some_of_everything(redis);
  redis.run({"SETRANGE", "reed:page:cache:/huge:eu:plain", "20000000", "x"});
  redis.run({"EXPIRE", "reed:page:cache:/huge:eu:plain", "9000"});
  const auto report = examine(redis.url(), 1);
  EXPECT_EQ(names_in(report), (Names{"no-limit", "policy-refuses-writes", "persistence-off",
                                     "frees-in-foreground", "huge-keys"}));
  for (const auto& mend : mends_in(report, "redis-cli")) paste(mend);
  const auto after = examine(redis.url(), 0);
  EXPECT_EQ(names_in(after), Names{}) << json::serialize(after);
}

// Without its configuration the audit would have given the protected sessions a TTL.
TEST(DoctorMends, WhatIsPastedKnowsTheConfigurationThatWasJudgedBy) {
  TemporaryDirectory place;
  const std::string config = place.write("p.toml", R"(classes = "replace"
[[class]]
name = "sessions"
patterns = ["session:{id}"]
level = "protected"
[[class]]
name = "carts"
patterns = ["cart:*"]
level = "evictable"
ttl = "2h"
)");
  LiveRedis redis(healthy());
  redis.run_all({{"SET", "session:1", "x"}, {"SET", "cart:1", "x"}});
  const Arguments flags{"--config", config, "--prefix", ""};
  const auto report = examine(redis.url(), 1, {}, flags);
  ASSERT_TRUE(names_in(report).contains("caches-without-ttl")) << json::serialize(report);
  for (const auto& mend : mends_in(report, "redkeep")) paste(mend);
  EXPECT_EQ(redis.integer({"TTL", "session:1"}), -1);
  EXPECT_GT(redis.integer({"TTL", "cart:1"}), 7000);
  EXPECT_EQ(names_in(examine(redis.url(), 0, {}, flags)), Names{});
}

TEST(DoctorMends, OfAReplicaKeysAreMendedOnItsMaster) {
  const std::string port = std::to_string(free_port());
  LiveRedis master(healthy({"--port", port, "--repl-diskless-sync-delay", "0"}));
  write_some_of_everything(master);
  master.run({"SET", "reed:session:forever", "x"});
  LiveRedis replica(healthy({"--replicaof", "127.0.0.1", port}));
  ASSERT_TRUE(eventually([&] { return replica.info("master_link_status") == "up"; }));
  const auto report = examine(replica.url(), 1);
  EXPECT_EQ(names_in(report), (Names{"is-replica", "caches-without-ttl"}));
  const auto mends = mends_in(report, "redkeep");
  ASSERT_EQ(mends, Arguments{"redkeep audit --fix --url redis://127.0.0.1:" + port + "/0"});
  paste(mends.front());
  EXPECT_GT(master.integer({"TTL", "reed:session:forever"}), 0);
  ASSERT_TRUE(eventually([&] { return replica.integer({"TTL", "reed:session:forever"}) > 0; }));
  EXPECT_EQ(names_in(examine(replica.url(), 0)), Names{"is-replica"});
}

TEST(DoctorReads, AServerThatIsHeldUpByAScriptIsBusy) {
  LiveRedis redis(healthy({"--busy-reply-threshold", "50"}));
  std::thread script([&] {
    Commands caller(redis.socket_path());
    caller.error({"EVAL", "while true do end", "0"});
  });
  const bool is_busy = eventually([&] { return redis.error({"PING"}).starts_with("BUSY"); });
  EXPECT_TRUE(is_busy);
  EXPECT_EQ(names_in(examine(redis.url(), 1)), Names{"busy-script"});
  redis.error({"SCRIPT", "KILL"});
  script.join();
  EXPECT_EQ(names_in(examine(redis.url(), 0)), Names{});
}

TEST(DoctorReads, WithoutAServerItSaysWhereItLooked) {
  LiveRedis redis;
  redis.kill();
  const Ended ended = run_program({"doctor", "--url", redis.url()});
  EXPECT_EQ(ended.exit_code, 3) << ended;
  EXPECT_TRUE(has(ended.err, redis.socket_path()));
}

TEST(DoctorReads, TheTextNamesFindingEvidenceAndCommandAndWhatEvictionWouldDo) {
  LiveRedis redis(healthy({"--maxmemory-policy", "volatile-ttl"}));
  write_some_of_everything(redis);
  const Ended ended = run_program({"doctor", "--url", redis.url()});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.out, "warning     policy-takes-locks-first"));
  EXPECT_TRUE(has(ended.out, "CONFIG SET maxmemory-policy volatile-lfu\n"));
  EXPECT_TRUE(has(ended.out, "evicted early: its TTL (30.0 s)"));
  redis.run({"CONFIG", "SET", "maxmemory-policy", "volatile-lfu"});
  const Ended mended = run_program({"doctor", "--url", redis.url()});
  EXPECT_EQ(mended.exit_code, 0) << mended;
  EXPECT_TRUE(has(mended.out, "Healthy: nothing found"));
}

TEST(DoctorReads, AServerOfHalfAMillionKeysTakesNoLonger) {
  const std::string content = std::string(REDKEEP_SOURCE_DIR) + "/../shared/data/debian-content";
  if (!std::filesystem::exists(content)) GTEST_SKIP() << content << " is not there";
  LiveRedis redis(healthy({"--maxmemory", "2gb"}));
  ASSERT_EQ(run_program({"load", content, "--url", redis.url()}).exit_code, 0);
  write_some_of_everything(redis);
  const auto report = examine(redis.url(), 0);
  EXPECT_EQ(names_in(report), Names{});
  EXPECT_GT(report.at("sampled_keys").as_int64(), 1000);
  EXPECT_FALSE(report.at("sample_is_whole").as_bool());
  // One in a hundred is found by a sample of two thousand.
  std::vector<Command> persist;
  for (int i = 0; i < 20'000; ++i) {
    persist.push_back({"SET", "reed:query:cache:" + std::to_string(i), "x"});
  }
  redis.run_all(persist);
  EXPECT_EQ(names_in(examine(redis.url(), 1)), Names{"caches-without-ttl"});
}

}  // namespace
}  // namespace redkeep::test
