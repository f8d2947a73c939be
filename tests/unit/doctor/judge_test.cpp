// Each thing that the doctor can find: it is found, and nothing else is.
#include "doctor/judge.h"

#include <gtest/gtest.h>

#include <functional>

#include "unit/doctor/patient.h"

namespace redkeep::doctor {
namespace {

using Names = std::set<std::string>;

struct Illness {
  std::string what;  ///< For the test's name.
  std::function<void(Patient&)> make;
  Names findings;
  Severity worst = Severity::Warning;
};

std::function<void(Patient&)> with(std::map<std::string, std::string> fields) {
  return [fields](Patient& patient) {
    for (const auto& [name, value] : fields) patient.info[name] = value;
  };
}

std::function<void(Patient&)> with_setting(std::string name, std::string value) {
  return [name, value](Patient& patient) { patient.reading.settings[name] = value; };
}

std::function<void(Patient&)> with_key(std::string key, bool has_ttl, std::int64_t bytes = 200) {
  return [=](Patient& patient) { patient.add_key(key, has_ttl, bytes); };
}

std::function<void(Patient&)> with_refusal(std::string feature, std::string command) {
  return [=](Patient& patient) {
    patient.reading.refusals.push_back({feature, command, Refusal::Kind::Command, "NOPERM"});
  };
}

void make_replica_without_link(Patient& patient) {
  with({{"role", "slave"},
        {"master_host", "10.0.0.1"},
        {"master_port", "6379"},
        {"master_link_status", "down"},
        {"master_last_io_seconds_ago", "-1"},
        {"master_sync_in_progress", "0"},
        {"master_link_down_since_seconds", "-1"}})(patient);
}

GrowthOutlook growing(std::chrono::hours limit_in) {
  GrowthOutlook outlook;
  outlook.outlook = Outlook::Growing;
  outlook.growth_bytes_per_hour = 1'000'000;
  outlook.limit_in = limit_in;
  return outlook;
}

std::vector<Illness> memory_illnesses() {
  return {
      {"NoLimit", with({{"maxmemory", "0"}}), {"no-limit"}},
      {"LimitOnlyConfigured",
       [](Patient& patient) {
         patient.info["maxmemory"] = "0";
         patient.options.pressure.limit_bytes = 2'000'000'000;
       },
       {"limit-only-configured"},
       Severity::Note},
      {"LimitBelowUse",
       with({{"maxmemory", "900000000"}}),
       {"limit-below-use"},
       Severity::Critical},
      {"AboveTheWarningMark", with({{"maxmemory", "1170000000"}}), {"above-warning-mark"}},
      {"AboveTheCriticalMark",
       with({{"maxmemory", "1040000000"}}),
       {"above-critical-mark"},
       Severity::Critical},
      {"ALittleAboveTheLimitIsAMoment",
       with({{"maxmemory", "995000000"}}),
       {"above-critical-mark"},
       Severity::Critical},
      {"LimitAboveTheMachine",
       with({{"total_system_memory", "2000000000"}}),
       {"limit-above-machine"}},
      {"ForkHeadroomAtTheLimit", with({{"total_system_memory", "3000000000"}}), {"fork-headroom"}},
      {"ForkHeadroomNow",
       with({{"used_memory", "1600000000"},
             {"used_memory_rss", "1700000000"},
             {"total_system_memory", "3000000000"}}),
       {"fork-headroom"}},
      {"Fragmentation",
       with({{"allocator_frag_ratio", "1.6"}, {"allocator_frag_bytes", "600000000"}}),
       {"fragmentation"}},
      {"RetainedPages", with({{"allocator_rss_bytes", "700000000"}}), {"fragmentation"}},
      {"SwappedOut", with({{"used_memory_rss", "600000000"}}), {"swapped-out"}, Severity::Critical},
      {"ClientBuffers", with({{"mem_clients_normal", "300000000"}}), {"client-buffers"}},
      {"ReplicaBuffers", with({{"mem_clients_slaves", "300000000"}}), {"replica-buffers"}},
      {"NearMaxclients", with({{"connected_clients", "9500"}}), {"near-maxclients"}},
      {"LazyExpireOff", with_setting("lazyfree-lazy-expire", "no"), {"frees-in-foreground"}},
      {"LazyEvictionOff", with_setting("lazyfree-lazy-eviction", "no"), {"frees-in-foreground"}},
  };
}

std::vector<Illness> policy_illnesses() {
  return {
      {"AllkeysLru",
       with({{"maxmemory_policy", "allkeys-lru"}}),
       {"policy-endangers-protected"},
       Severity::Critical},
      {"AllkeysLrmOfANewServer",
       with({{"maxmemory_policy", "allkeys-lrm"}}),
       {"policy-endangers-protected"},
       Severity::Critical},
      {"Dragonflys",
       with({{"maxmemory_policy", "eviction"}}),
       {"policy-endangers-protected"},
       Severity::Critical},
      {"PolicyUnknown",
       [](Patient& patient) { patient.info.erase("maxmemory_policy"); },
       {"policy-unknown"},
       Severity::Critical},
      {"VolatileTtl", with({{"maxmemory_policy", "volatile-ttl"}}), {"policy-takes-locks-first"}},
      {"Noeviction",
       with({{"maxmemory_policy", "noeviction"}}),
       {"policy-refuses-writes"},
       Severity::Note},
      {"NothingToEvict",
       with({{"db0", "keys=1000,expires=0,avg_ttl=0"}}),
       {"policy-finds-nothing"},
       Severity::Note},
      {"NothingToEvictAndFull",
       with({{"db0", "keys=1000,expires=0,avg_ttl=0"}, {"maxmemory", "1220000000"}}),
       {"policy-finds-nothing"},
       Severity::Critical},
  };
}

std::vector<Illness> persistence_illnesses() {
  return {
      {"PersistenceOff", with_setting("save", ""), {"persistence-off"}},
      {"PersistenceOffWithReplicas",
       [](Patient& patient) {
         patient.reading.settings["save"] = "";
         patient.info["connected_slaves"] = "1";
         patient.info["slave0"] = "ip=10.0.0.2,port=6379,state=online,offset=100,lag=0";
         patient.info["master_repl_offset"] = "100";
       },
       {"persistence-off"},
       Severity::Critical},
      {"SnapshotFailing",
       with({{"rdb_last_bgsave_status", "err"}}),
       {"snapshot-failing"},
       Severity::Critical},
      {"AppendOnlyFailing",
       with({{"aof_enabled", "1"}, {"aof_last_write_status", "err"}}),
       {"append-only-failing"},
       Severity::Critical},
      {"AppendOnlyRewriteFailing",
       with({{"aof_enabled", "1"}, {"aof_last_bgrewrite_status", "err"}}),
       {"append-only-failing"},
       Severity::Critical},
      {"Replica",
       with({{"role", "slave"}, {"master_host", "10.0.0.1"}, {"master_link_status", "up"}}),
       {"is-replica"},
       Severity::Note},
      {"ReplicaLinkDown",
       with({{"role", "slave"}, {"master_host", "10.0.0.1"}, {"master_link_status", "down"}}),
       {"is-replica", "replica-link-down"},
       Severity::Critical},
      {"ReplicaWhoseLinkWasNeverUp",
       [](Patient& patient) {
         make_replica_without_link(patient);
         patient.reading.link_state = "connect";
       },
       {"is-replica", "replica-link-down"},
       Severity::Critical},
      {"ReplicaThatWaitsForItsFirstCopy",
       [](Patient& patient) {
         make_replica_without_link(patient);
         patient.reading.link_state = "handshake";
       },
       {"is-replica", "first-sync"},
       Severity::Note},
      {"ReplicaInItsFirstCopyWhereRoleIsRefused",
       [](Patient& patient) {
         make_replica_without_link(patient);
         patient.info["master_sync_in_progress"] = "1";
       },
       {"is-replica", "first-sync"},
       Severity::Note},
      {"ReplicaThatIsCopiedAgain",
       [](Patient& patient) {
         make_replica_without_link(patient);
         patient.info["master_link_down_since_seconds"] = "20";
         patient.info["master_sync_in_progress"] = "1";
       },
       {"is-replica", "replica-link-down"},
       Severity::Critical},
      {"ReplicaOfASilentMaster",
       with(
           {{"role", "slave"}, {"master_link_status", "up"}, {"master_last_io_seconds_ago", "60"}}),
       {"is-replica", "replica-lagging"}},
      {"ReplicaThatTakesWrites",
       with({{"role", "slave"}, {"master_link_status", "up"}, {"slave_read_only", "0"}}),
       {"is-replica", "replica-writable"}},
      {"LaggingReplica",
       with({{"connected_slaves", "2"},
             {"master_repl_offset", "100000000"},
             {"slave0", "ip=10.0.0.2,port=6379,state=online,offset=99999999,lag=1"},
             {"slave1", "ip=10.0.0.3,port=6379,state=online,offset=1,lag=0"}}),
       {"replica-lagging"}},
      {"ReplicaInFullCopy",
       with({{"connected_slaves", "1"},
             {"master_repl_offset", "100000000"},
             {"slave0", "ip=10.0.0.2,port=6379,state=send_bulk,offset=0,lag=0"}}),
       {"first-sync"},
       Severity::Note},
      {"ReplicaThatWaitsForASnapshot",
       with({{"connected_slaves", "1"},
             {"slave0", "ip=10.0.0.2,port=6379,state=wait_bgsave,offset=0,lag=0"}}),
       {"first-sync"},
       Severity::Note},
  };
}

std::vector<Illness> key_illnesses() {
  return {
      {"ProtectedWithTtl",
       with_key("reed:entity:page:1", true),
       {"protected-with-ttl"},
       Severity::Critical},
      {"CacheWithoutTtl", with_key("reed:session:1", false), {"caches-without-ttl"}},
      {"ForeignCacheWithoutTtl",
       with_key("shop:Cache:7", false),
       {"unclassified-caches-without-ttl"}},
      {"ForeignCacheWithTtl", with_key("shop:cache:7", true), {}, Severity::Note},
      {"AWordThatHoldsACacheWord", with_key("shop:attempts:blocks", false), {}, Severity::Note},
      {"HugeKey", with_key("reed:queue:mail", false, 40'000'000), {"huge-keys"}},
      {"ALoadThatWasCut",
       [](Patient& patient) { patient.reading.load_mark = "/srv/content"; },
       {"load-cut"}},
      {"NoKeyIsOurs",
       [](Patient& patient) {
         patient.reading.sample.keys.clear();
         for (int i = 0; i < 50; ++i) patient.add_key("blog:" + std::to_string(i), false);
       },
       {"no-key-is-ours"}},
      {"FewForeignKeys",
       [](Patient& patient) {
         patient.reading.sample.keys.clear();
         patient.add_key("blog:1", false);
       },
       {},
       Severity::Note},
  };
}

std::vector<Illness> other_illnesses() {
  return {
      {"ProtectedGrowth",
       [](Patient& patient) {
         patient.reading.forecast.emplace();
         patient.reading.forecast->protected_data = growing(std::chrono::hours{72});
         patient.reading.forecast->total = growing(std::chrono::hours{40});
       },
       {"protected-growth"}},
      {"ProtectedGrowthWithinADay",
       [](Patient& patient) {
         patient.reading.forecast.emplace();
         patient.reading.forecast->protected_data = growing(std::chrono::hours{20});
       },
       {"protected-growth"},
       Severity::Critical},
      {"GrowthOfOthers",
       [](Patient& patient) {
         patient.reading.forecast.emplace();
         patient.reading.forecast->total = growing(std::chrono::hours{40});
       },
       {"memory-growth"}},
      {"GrowthThatIsFarOff",
       [](Patient& patient) {
         patient.reading.forecast.emplace();
         patient.reading.forecast->protected_data = growing(std::chrono::hours{24 * 30});
       },
       {},
       Severity::Note},
      {"OldVersion", with({{"redis_version", "6.2.14"}}), {"version-has-known-problem"}},
      {"DangerousVersion",
       with({{"redis_version", "7.2.5"}}),
       {"version-has-known-problem"},
       Severity::Critical},
      {"Loading",
       with({{"loading", "1"}, {"maxmemory", "0"}, {"loading_eta_seconds", "12"}}),
       {"loading"}},
      {"BusyScript",
       [](Patient& patient) { patient.reading.is_busy = true; },
       {"busy-script"},
       Severity::Critical},
      {"NoShedding",
       with_refusal("shedding", "pexpire"),
       {"permission-shedding"},
       Severity::Critical},
      {"NoSizes", with_refusal("sizes", "memory|usage"), {"permission-sizes"}},
      {"NoScripts", with_refusal("scripts", "eval"), {"permission-scripts"}},
      {"NoInfo",
       [](Patient& patient) {
         patient.info.clear();
         patient.reading.sample = {};
         patient.reading.refusals.push_back(
             {"info", "info", Refusal::Kind::Command, "NOPERM no info"});
       },
       {"permission-info"},
       Severity::Critical},
  };
}

class Judge : public testing::TestWithParam<Illness> {};

TEST_P(Judge, FindsItAndNothingElse) {
  Patient patient;
  GetParam().make(patient);
  EXPECT_EQ(patient.names(), GetParam().findings);
}

TEST_P(Judge, SaysHowBadItIsWhyItIsBelievedAndWhatMendsIt) {
  Patient patient;
  GetParam().make(patient);
  const auto findings = patient.judge();
  Severity worst = Severity::Note;
  for (const auto& finding : findings) {
    worst = std::max(worst, finding.severity);
    EXPECT_GT(finding.evidence.size(), 30U) << finding.name;
    const bool says_what_to_do = !finding.mend.empty() || !finding.advice.empty();
    EXPECT_TRUE(says_what_to_do || finding.name == "replica-lagging") << finding.name;
  }
  EXPECT_EQ(worst, GetParam().worst);
  EXPECT_EQ(has_problems(findings), GetParam().worst != Severity::Note);
}

std::string name_of(const testing::TestParamInfo<Illness>& tested) { return tested.param.what; }

INSTANTIATE_TEST_SUITE_P(Memory, Judge, testing::ValuesIn(memory_illnesses()), name_of);
INSTANTIATE_TEST_SUITE_P(Policy, Judge, testing::ValuesIn(policy_illnesses()), name_of);
INSTANTIATE_TEST_SUITE_P(Persistence, Judge, testing::ValuesIn(persistence_illnesses()), name_of);
INSTANTIATE_TEST_SUITE_P(Keys, Judge, testing::ValuesIn(key_illnesses()), name_of);
INSTANTIATE_TEST_SUITE_P(Others, Judge, testing::ValuesIn(other_illnesses()), name_of);

TEST(JudgeHealthy, GivesNothing) { EXPECT_EQ(Patient().names(), Names{}); }

TEST(JudgeHealthy, AnEmptyServerAndOneThatTellsHardlyAnythingAreNotIll) {
  Patient empty;
  empty.info["db0"] = "";
  empty.reading.sample = {};
  EXPECT_EQ(empty.names(), Names{});
  Patient silent;
  silent.info = {
      {"used_memory", "1000"}, {"maxmemory", "2000"}, {"maxmemory_policy", "noeviction"}};
  silent.reading.settings.clear();
  EXPECT_EQ(silent.names(), Names{"policy-refuses-writes"});
}

TEST(JudgeOrder, TheWorstComesFirst) {
  Patient patient;
  patient.info["maxmemory_policy"] = "noeviction";
  patient.info["rdb_last_bgsave_status"] = "err";
  patient.reading.settings["lazyfree-lazy-expire"] = "no";
  const auto findings = patient.judge();
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[0].severity, Severity::Critical);
  EXPECT_EQ(findings[1].severity, Severity::Warning);
  EXPECT_EQ(findings[2].severity, Severity::Note);
}

TEST(JudgeKeys, NamesInEvidenceAreEscaped) {
  Patient patient;
  patient.add_key(std::string("reed:session:\x1b[31m\n\"", 18), false);
  const auto findings = patient.judge();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].evidence.find('\x1b'), std::string::npos);
  EXPECT_EQ(findings[0].evidence.find('\n'), std::string::npos);
}

TEST(JudgeWords, OneIsNotSaidAsMany) {
  Patient patient;
  patient.reading.sample.keys.clear();
  patient.reading.sample.is_whole = true;
  patient.add_key("reed:queue:mail", false, 40'000'000);
  patient.info["db0"] = "keys=1,expires=0,avg_ttl=0";
  patient.info["connected_slaves"] = "1";
  patient.reading.settings["save"] = "";
  std::string text;
  for (const auto& finding : patient.judge()) text += finding.evidence + "\n";
  for (const std::string said :
       {"its 1 replica copies", "the only key has none", "1 existing key takes"}) {
    EXPECT_NE(text.find(said), std::string::npos) << said << " is not in:\n" << text;
  }
}

}  // namespace
}  // namespace redkeep::doctor
