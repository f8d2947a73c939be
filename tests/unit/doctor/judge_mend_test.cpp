// What mends a finding: a command that works, where it works, and that no other finding objects to.
#include <gtest/gtest.h>

#include "unit/doctor/patient.h"

namespace redkeep::doctor {
namespace {

using Words = std::vector<std::string>;

std::vector<Mend> mends_of(Patient& patient, const std::string& name) {
  for (const auto& finding : patient.judge()) {
    if (finding.name == name) return finding.mend;
  }
  ADD_FAILURE() << name << " is not found";
  return {};
}

TEST(JudgeMend, NamesTheCommandThatMendsIt) {
  Patient patient;
  patient.info["maxmemory_policy"] = "allkeys-lru";
  const auto findings = patient.judge();
  ASSERT_EQ(findings.front().mend.size(), 1U);
  EXPECT_EQ(findings.front().mend.front().words,
            (std::vector<std::string>{"CONFIG", "SET", "maxmemory-policy", "volatile-lfu"}));
}

TEST(JudgeMend, WhatIsSetIsKeptOverARestartWhereThereIsAConfigurationFile) {
  Patient patient;
  patient.info["maxmemory_policy"] = "allkeys-lru";
  patient.info["config_file"] = "/etc/redis/redis.conf";
  const auto findings = patient.judge();
  ASSERT_EQ(findings.front().mend.size(), 2U);
  EXPECT_EQ(findings.front().mend.back().words, (std::vector<std::string>{"CONFIG", "REWRITE"}));
}

TEST(JudgeMend, WithoutAConfigurationFileItSaysThatWhatIsSetDoesNotLast) {
  Patient patient;
  patient.info["maxmemory_policy"] = "allkeys-lru";
  patient.info["config_file"] = "";
  const auto findings = patient.judge();
  ASSERT_EQ(findings.front().mend.size(), 1U);
  EXPECT_NE(findings.front().advice.find("until the server's next start"), std::string::npos)
      << findings.front().advice;
}

TEST(JudgeMend, WhereConfigIsRefusedItIsAdviceAndNoCommand) {
  Patient patient;
  patient.info["maxmemory_policy"] = "allkeys-lru";
  patient.info["config_file"] = "/etc/redis/redis.conf";
  patient.reading.settings.clear();
  patient.reading.refusals.push_back(
      {"settings", "config|get", Refusal::Kind::UnknownCommand, "ERR unknown command"});
  const auto findings = patient.judge();
  ASSERT_EQ(findings.front().name, "policy-endangers-protected");
  EXPECT_TRUE(findings.front().mend.empty());
  EXPECT_NE(findings.front().advice.find("maxmemory-policy = volatile-lfu"), std::string::npos);
}

TEST(JudgeMend, AMissingPermissionIsGrantedByAnAdministratorToTheUserWhoLacksIt) {
  Patient patient;
  patient.reading.user = "guard";
  patient.reading.refusals = {
      {"sizes", "memory|usage", Refusal::Kind::Command, "NOPERM"},
      {"shedding", "pexpire", Refusal::Kind::Keys, "NOPERM"},
      {"use", "object|freq", Refusal::Kind::UnknownCommand, "ERR unknown command"}};
  const auto sizes = mends_of(patient, "permission-sizes");
  EXPECT_EQ(sizes.front().words, (Words{"ACL", "SETUSER", "guard", "+memory|usage"}));
  EXPECT_EQ(sizes.front().user, "") << "who lacks it cannot grant it";
  EXPECT_EQ(mends_of(patient, "permission-shedding").front().words,
            (Words{"ACL", "SETUSER", "guard", "~reed:*"}));
  EXPECT_TRUE(mends_of(patient, "permission-use").empty())
      << "no permission brings a command that is not there";
  patient.reading.user = "default";
  EXPECT_EQ(mends_of(patient, "permission-sizes").front().user, "ADMINISTRATOR");
}

TEST(JudgeMend, OfAReplicaKeysAreMendedOnItsMaster) {
  Patient patient;
  patient.info["role"] = "slave";
  patient.info["master_host"] = "10.0.0.1";
  patient.info["master_port"] = "6390";
  patient.info["maxmemory"] = "1170000000";
  patient.reading.settings["lazyfree-lazy-expire"] = "no";
  patient.add_key("reed:session:1", false);
  const auto mends = mends_of(patient, "caches-without-ttl");
  ASSERT_EQ(mends.size(), 1U);
  EXPECT_EQ(mends.front().host, "10.0.0.1");
  EXPECT_EQ(mends.front().port, 6390);
  patient.reading.settings["replica-ignore-maxmemory"] = "no";
  EXPECT_TRUE(mends_of(patient, "above-warning-mark").empty())
      << "what is shed on the master is measured by the master's limit";
  EXPECT_EQ(mends_of(patient, "frees-in-foreground").front().host, "") << "that is the replica's";
  patient.info.erase("master_host");
  EXPECT_TRUE(mends_of(patient, "caches-without-ttl").empty());
}

TEST(JudgeMend, AReplicaThatKeepsToNoLimitIsNotJudgedByIt) {
  Patient patient;
  patient.info["role"] = "slave";
  patient.info["maxmemory"] = "900000000";
  patient.info["maxmemory_policy"] = "noeviction";
  EXPECT_EQ(patient.names(), (std::set<std::string>{"is-replica", "once-promoted"}));
  EXPECT_FALSE(has_problems(patient.judge()));
  patient.reading.settings["replica-ignore-maxmemory"] = "no";
  EXPECT_TRUE(patient.names().contains("limit-below-use"));
}

TEST(JudgeMend, WhatTheUserMayNotDoIsAnAdministrators) {
  Patient patient;
  patient.reading.user = "reader";
  patient.info["maxmemory_policy"] = "allkeys-lru";
  patient.info["config_file"] = "/etc/redis/redis.conf";
  patient.add_key("reed:page:cache:/huge:eu:plain", true, 40'000'000);
  EXPECT_FALSE(mends_of(patient, "huge-keys").front().user);
  patient.reading.refusals = {{"mending", "config|set", Refusal::Kind::Command, "NOPERM"},
                              {"mending", "config|rewrite", Refusal::Kind::Command, "NOPERM"},
                              {"content-writing", "unlink", Refusal::Kind::Command, "NOPERM"}};
  for (const std::string name : {"policy-endangers-protected", "huge-keys"}) {
    for (const auto& mend : mends_of(patient, name)) EXPECT_EQ(mend.user, "") << name;
  }
  EXPECT_FALSE(patient.names().contains("permission-mending")) << "none of our features takes it";
}

TEST(JudgeMend, SheddingIsOfferedWhereSomeKeyHasATtl) {
  Patient patient;
  patient.info["maxmemory"] = "900000000";
  EXPECT_EQ(mends_of(patient, "limit-below-use").back().words.front(), "shed");
  patient.info["db0"] = "keys=1000,expires=0,avg_ttl=0";
  EXPECT_EQ(mends_of(patient, "limit-below-use").back().words.front(), "CONFIG");
}

TEST(JudgeMend, OnlyWhatTheSettingThatIsOffDoesIsSaid) {
  Patient patient;
  patient.reading.settings["lazyfree-lazy-eviction"] = "no";
  const auto said = patient.judge().front().evidence;
  EXPECT_NE(said.find("that is evicted stalls"), std::string::npos) << said;
  EXPECT_EQ(said.find("expires"), std::string::npos) << said;
}

TEST(JudgeMend, AnAuditIsOfferedWhereItHasATtlToGive) {
  Patient patient;
  patient.info["db0"] = "keys=1000,expires=0,avg_ttl=0";
  EXPECT_TRUE(mends_of(patient, "policy-finds-nothing").empty());
  patient.add_key("reed:session:1", false);
  EXPECT_EQ(mends_of(patient, "policy-finds-nothing").front().words, (Words{"audit", "--fix"}));
}

TEST(JudgeMend, AClientLimitIsOfferedWhereTheServerKnowsIt) {
  Patient patient;
  patient.info["mem_clients_normal"] = "300000000";
  EXPECT_TRUE(mends_of(patient, "client-buffers").empty());
  patient.reading.settings["maxmemory-clients"] = "0";
  EXPECT_EQ(mends_of(patient, "client-buffers").size(), 1U);
}

TEST(JudgeMend, ALargerLimitDoesNotGoBeyondTheMachine) {
  Patient patient;
  patient.reading.forecast.emplace();
  GrowthOutlook& outlook = patient.reading.forecast->protected_data;
  outlook.outlook = Outlook::Growing;
  outlook.limit_in = std::chrono::hours{30};
  EXPECT_EQ(mends_of(patient, "protected-growth").front().words.back(), "2861mb");
  patient.info["total_system_memory"] = "5000000000";
  EXPECT_EQ(mends_of(patient, "protected-growth").front().words.back(), "2384mb");
  patient.info["total_system_memory"] = "4000000000";
  EXPECT_TRUE(mends_of(patient, "protected-growth").empty());
}

// What CONFIG SET makes of the patient.
void apply(const Mend& mend, Patient& patient) {
  if (mend.tool != Mend::Tool::Redis || mend.words.size() != 4) return;
  const std::string& setting = mend.words[2];
  const std::string& value = mend.words[3];
  if (setting == "maxmemory") {
    ASSERT_TRUE(value.ends_with("mb")) << value;
    patient.info["maxmemory"] = std::to_string(std::stoll(value) << 20);
  } else if (setting == "maxmemory-policy") {
    patient.info["maxmemory_policy"] = value;
  } else if (setting == "appendonly") {
    patient.info["aof_enabled"] = value == "yes" ? "1" : "0";
  } else {
    patient.reading.settings[setting] = value;
  }
}

// Pastes all that was said, and expects that nothing is said of it.
void expect_mends_agree(Patient patient) {
  const auto before = patient.names();
  for (const auto& finding : patient.judge()) {
    for (const auto& mend : finding.mend) apply(mend, patient);
  }
  for (const auto& finding : patient.judge()) {
    const bool is_new = !before.contains(finding.name);
    EXPECT_TRUE(!is_new || finding.mend.empty()) << finding.name << ": " << finding.evidence;
    for (const auto& mend : finding.mend) {
      EXPECT_NE(mend.words.front(), "CONFIG") << finding.name << ": " << finding.evidence;
    }
  }
}

constexpr std::int64_t kMachineGigabytes = 16;

std::string gigabytes(double count) {
  return std::to_string(static_cast<std::int64_t>(count * 1e9));
}

TEST(JudgeMends, WhoPastesAllOfThemIsToldOfNothingNew) {
  for (double used = 0.5; used <= kMachineGigabytes; used += 0.5) {
    for (const double limit : {0.0, 0.4, 4.0, 7.0, 9.0, 12.0, 15.0, 30.0}) {
      for (const std::string policy : {"noeviction", "allkeys-lru", "volatile-ttl"}) {
        for (const std::string save : {"", "3600 1"}) {
          Patient patient;
          patient.info["total_system_memory"] = gigabytes(kMachineGigabytes);
          patient.info["used_memory"] = gigabytes(used);
          patient.info["used_memory_rss"] = gigabytes(used);
          patient.info["maxmemory"] = gigabytes(limit);
          patient.info["maxmemory_policy"] = policy;
          patient.reading.settings = {
              {"save", save}, {"lazyfree-lazy-expire", "no"}, {"lazyfree-lazy-eviction", "no"}};
          SCOPED_TRACE(testing::Message() << used << " GB used of " << limit << ", " << policy
                                          << ", save \"" << save << '"');
          expect_mends_agree(patient);
          patient.info["maxmemory"] = "0";
          patient.options.pressure.limit_bytes = std::stoll(gigabytes(limit));
          expect_mends_agree(patient);
        }
      }
    }
  }
}

TEST(JudgeMends, AServerWithoutATtlIsNotGivenAPolicyThatFindsNothing) {
  Patient patient;
  patient.info["db0"] = "keys=1000,expires=0,avg_ttl=0";
  patient.info["maxmemory_policy"] = "noeviction";
  EXPECT_TRUE(mends_of(patient, "policy-refuses-writes").empty());
}

TEST(JudgeMends, TheLimitThatIsAdvisedLeavesRoomForAFork) {
  Patient patient;
  patient.info["maxmemory"] = "0";
  EXPECT_EQ(mends_of(patient, "no-limit").front().words.back(), "7629mb") << "half of 16 GB";
  patient.info["used_memory"] = "9000000000";
  EXPECT_EQ(mends_of(patient, "no-limit").front().words.back(), "11445mb")
      << "more is used: the limit is what is used and a third";
  patient.info["used_memory"] = "14000000000";
  EXPECT_TRUE(mends_of(patient, "no-limit").empty()) << "the machine is too small";
}

}  // namespace
}  // namespace redkeep::doctor
