// What the probe makes of servers that refuse this or that.
#include "redis/capabilities.h"

#include <gtest/gtest.h>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/small_keyspace.h"

namespace redkeep::redis {
namespace {

using wire::Answers;
using wire::Command;
using wire::ScriptedServer;
using wire::SmallKeyspace;

class CapabilitiesTest : public testing::Test {
 protected:
  CapabilitiesTest() { keyspace_.install(answers_); }

  Result<Capabilities> try_probe(ServerSettings settings = ServerSettings::LeaveAlone) {
    const auto client = Client::create(loop_.executor(), server_.endpoint());
    return loop_.run(probe_capabilities(client, "reed:guard:probe", settings));
  }

  Capabilities probe(ServerSettings settings = ServerSettings::LeaveAlone) {
    auto found = try_probe(settings);
    EXPECT_TRUE(found) << found.error().message;
    return found ? std::move(*found) : Capabilities{};
  }

  // True if a limitation says `words`.
  static bool says(const Capabilities& found, std::string_view words) {
    return std::any_of(
        found.limitations.begin(), found.limitations.end(),
        [words](const std::string& line) { return line.find(words) != std::string::npos; });
  }

  SmallKeyspace keyspace_{{}};
  Answers answers_;
  ScriptedServer server_{answers_};
  wire::EventLoop loop_;
};

TEST_F(CapabilitiesTest, AServerThatPermitsEverythingHasNoLimitation) {
  const auto found = probe();
  EXPECT_TRUE(found.pexpire_xx);
  EXPECT_TRUE(found.memory_usage);
  EXPECT_TRUE(found.config_get);
  EXPECT_TRUE(found.frees_in_background);
  EXPECT_FALSE(found.is_replica);
  EXPECT_EQ(found.product, "Redis 7.0.15");
  EXPECT_EQ(found.run_id, "0123456789abcdef");
  EXPECT_EQ(found.eviction_policy, "volatile-lfu");
  EXPECT_TRUE(found.limitations.empty());
  EXPECT_TRUE(found.changes.empty());
}

TEST_F(CapabilitiesTest, TheProbeNeedsNoOtherCommandThanItsFive) {
  for (const auto* name : {"CLIENT", "OBJECT", "COMMAND", "CONFIG GET"}) {
    answers_.on(name, wire::refusal("NOPERM this user has no permissions to run it"));
  }
  const auto found = probe();
  EXPECT_TRUE(found.pexpire_xx);
  EXPECT_TRUE(found.memory_usage);
  EXPECT_FALSE(found.config_get);
  for (const auto& command : server_.received()) {
    const std::string& name = command.front();
    EXPECT_TRUE(name == "CLIENT" || name == "INFO" || name == "PEXPIRE" || name == "MEMORY" ||
                name == "OBJECT" || name == "CONFIG")
        << name;
  }
}

TEST_F(CapabilitiesTest, ConfigRefusedOrUnknownIsALimitation) {
  for (const auto* refusal : {"NOPERM this user has no permissions to run the 'config' command",
                              "ERR unknown command 'CONFIG', with args beginning with: 'GET' "}) {
    answers_.on("CONFIG GET", wire::refusal(refusal));
    const auto found = probe(ServerSettings::MayChange);
    EXPECT_FALSE(found.config_get);
    EXPECT_FALSE(found.frees_in_background);
    EXPECT_TRUE(says(found, "CONFIG is refused"));
    EXPECT_TRUE(says(found, "big collections are not shed"));
  }
  EXPECT_EQ(server_.count("CONFIG SET"), 0) << "it was set although it could not be read";
}

TEST_F(CapabilitiesTest, AnUnknownSettingIsTakenAsOff) {
  answers_.on("CONFIG GET", wire::array({}));
  const auto found = probe(ServerSettings::MayChange);
  EXPECT_TRUE(found.config_get);
  EXPECT_FALSE(found.frees_in_background);
  EXPECT_TRUE(says(found, "lazyfree-lazy-expire is off"));
}

TEST_F(CapabilitiesTest, MemoryUsageRefusedIsALimitation) {
  answers_.on("MEMORY USAGE", wire::refusal("NOPERM this user has no permissions"));
  const auto found = probe();
  EXPECT_FALSE(found.memory_usage);
  EXPECT_TRUE(says(found, "MEMORY USAGE is refused"));
}

TEST_F(CapabilitiesTest, AServerWithoutXxGetsTheScript) {
  answers_.on("PEXPIRE", wire::refusal("ERR wrong number of arguments for 'pexpire' command"));
  const auto found = probe();
  EXPECT_FALSE(found.pexpire_xx);
  EXPECT_TRUE(says(found, "script"));
}

// Reading needs no write: such a server is watched, and shed as soon as it takes writes again.
TEST_F(CapabilitiesTest, AServerThatRefusesWritesForNowIsReadAllTheSame) {
  for (const auto* refusal : {"NOREPLICAS Not enough good replicas to write.",
                              "MISCONF Redis is configured to save RDB snapshots",
                              "READONLY You can't write against a read only replica.",
                              "OOM command not allowed when used memory > 'maxmemory'."}) {
    answers_.on("PEXPIRE", wire::refusal(refusal));
    keyspace_.info("redis_version", "7.0.15");
    const auto found = probe();
    EXPECT_TRUE(found.memory_usage) << refusal;
    EXPECT_TRUE(found.pexpire_xx) << "Redis 7 knows it, whatever it refuses now";
    EXPECT_TRUE(found.cannot_shed.empty()) << found.cannot_shed;
    EXPECT_NE(found.writes_refused.find(refusal), std::string::npos) << found.writes_refused;
    EXPECT_TRUE(says(found, "nothing can be shed at the moment"));
    EXPECT_TRUE(says(found, refusal));
    EXPECT_FALSE(says(found, "script"));
    keyspace_.info("redis_version", "6.2.14");
    EXPECT_FALSE(probe().pexpire_xx) << "it is not known before Redis 7";
  }
}

TEST_F(CapabilitiesTest, AMissingPermissionToDeleteIsTold) {
  for (const auto* refusal : {"NOPERM this user has no permissions to run the 'pexpire' command",
                              "ERR unknown command 'PEXPIRE', with args beginning with: 'x' "}) {
    answers_.on("PEXPIRE", wire::refusal(refusal));
    const auto found = probe();
    EXPECT_NE(found.cannot_shed.find("PEXPIRE is refused"), std::string::npos);
    EXPECT_TRUE(says(found, "+pexpire"));
    EXPECT_FALSE(says(found, "script")) << "it would be refused there, too";
  }
  answers_.on("PEXPIRE", wire::refusal("NOPERM this user has no permissions to access one of the "
                                       "keys used as arguments"));
  EXPECT_TRUE(probe().cannot_shed.empty()) << "what is said of one key is not true of all";
}

TEST_F(CapabilitiesTest, WhatTheServerSaysInALimitationCannotSteerATerminal) {
  answers_.on("MEMORY USAGE", wire::refusal("ERR \x1b[31m"));
  keyspace_.info("maxmemory_policy", "allkeys-\x1b[31mlru");
  keyspace_.info("redis_version", "7\x1b[31m");
  const auto found = probe();
  ASSERT_EQ(found.limitations.size(), 2u);
  for (const auto& line : found.limitations)
    EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
  EXPECT_EQ(found.product.find('\x1b'), std::string::npos);
}

TEST_F(CapabilitiesTest, ALoadingOrBusyServerTellsNothing) {
  for (const auto* refusal :
       {"LOADING Redis is loading the dataset in memory", "BUSY Redis is busy running a script."}) {
    for (const auto* command : {"INFO", "PEXPIRE", "MEMORY USAGE"}) {
      Answers answers;
      keyspace_.install(answers);
      answers.on(command, wire::refusal(refusal));
      const ScriptedServer server(answers);
      const auto client = Client::create(loop_.executor(), server.endpoint());
      const auto found = loop_.run(probe_capabilities(client, "probe", ServerSettings::MayChange));
      ASSERT_FALSE(found) << refusal << " to " << command;
      EXPECT_EQ(found.error().kind, ErrorKind::ServerBusy);
      EXPECT_EQ(server.count("CONFIG SET"), 0) << "a setting was changed";
    }
  }
}

TEST_F(CapabilitiesTest, OfAServerThatIsLoadingItIsSaidHowLongStill) {
  keyspace_.info("loading", "1");
  keyspace_.info("loading_eta_seconds", "7");
  answers_.on("PEXPIRE", wire::refusal("LOADING Redis is loading the dataset in memory"));
  const auto found = try_probe();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::ServerBusy);
  EXPECT_NE(found.error().message.find("is loading its data (7 s left)"), std::string::npos)
      << found.error().message;
}

TEST_F(CapabilitiesTest, InfoRefusedIsAnError) {
  answers_.on("INFO", wire::refusal("NOPERM this user has no permissions to run 'info'"));
  const auto found = try_probe();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::NotPermitted);
}

TEST_F(CapabilitiesTest, AnInfoOfAnotherShapeIsAnError) {
  answers_.on("INFO", wire::array({wire::bulk("used_memory"), wire::integer(1)}));
  const auto found = try_probe();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::Protocol);
}

// Redis and Valkey say slave, Dragonfly replica, KeyDB may say active-replica.
TEST_F(CapabilitiesTest, WhateverIsNotAMasterIsAReplica) {
  answers_.on("PEXPIRE", wire::refusal("READONLY You can't write against a read only replica."));
  for (const auto* role : {"slave", "replica", "active-replica"}) {
    keyspace_.info("role", role);
    const auto found = probe(ServerSettings::MayChange);
    EXPECT_TRUE(found.is_replica) << role;
    EXPECT_TRUE(says(found, "replica")) << role;
    EXPECT_FALSE(says(found, "script")) << "a replica sheds nothing, by script neither";
  }
  keyspace_.info("role", "");
  EXPECT_FALSE(probe().is_replica) << "a server without the field";
}

TEST_F(CapabilitiesTest, ThePolicyIsJudgedByItsName) {
  for (const auto* policy : {"noeviction", "volatile-lru", "volatile-ttl", "volatile-lrm"}) {
    keyspace_.info("maxmemory_policy", policy);
    EXPECT_TRUE(probe().limitations.empty()) << policy;
  }
  for (const auto* policy : {"allkeys-lru", "allkeys-lrm", "eviction", "volatile", "Noeviction"}) {
    keyspace_.info("maxmemory_policy", policy);
    const auto found = probe();
    EXPECT_TRUE(says(found, policy)) << policy;
    EXPECT_TRUE(says(found, "CONFIG SET maxmemory-policy")) << policy;
  }
  keyspace_.info("maxmemory_policy", "");
  EXPECT_TRUE(says(probe(), "is unknown"));
}

TEST_F(CapabilitiesTest, FreeingInTheBackgroundIsTurnedOnOnlyWherePermitted) {
  answers_.on("CONFIG GET", wire::array({wire::bulk("lazyfree-lazy-expire"), wire::bulk("no")}));
  answers_.on("CONFIG SET", wire::status("OK"));

  EXPECT_FALSE(probe(ServerSettings::LeaveAlone).frees_in_background);
  EXPECT_EQ(server_.count("CONFIG SET"), 0);

  const auto changed = probe(ServerSettings::MayChange);
  EXPECT_TRUE(changed.frees_in_background);
  ASSERT_EQ(changed.changes.size(), 1u);
  EXPECT_NE(changed.changes[0].find("lazyfree-lazy-expire"), std::string::npos);
  const auto received = server_.received();
  EXPECT_EQ(received.back(), (Command{"CONFIG", "SET", "lazyfree-lazy-expire", "yes"}));

  answers_.on("CONFIG SET", wire::refusal("NOPERM this user has no permissions"));
  const auto refused = probe(ServerSettings::MayChange);
  EXPECT_FALSE(refused.frees_in_background);
  EXPECT_TRUE(refused.changes.empty());
  EXPECT_TRUE(says(refused, "lazyfree-lazy-expire is off"));
}

TEST_F(CapabilitiesTest, NothingIsChangedOnAReplica) {
  answers_.on("CONFIG GET", wire::array({wire::bulk("lazyfree-lazy-expire"), wire::bulk("no")}));
  keyspace_.info("role", "slave");
  EXPECT_TRUE(probe(ServerSettings::MayChange).changes.empty());
  EXPECT_EQ(server_.count("CONFIG SET"), 0);
}

TEST_F(CapabilitiesTest, WhatIsKnownOfTheUseOfKeysIsFoundWhateverThePolicy) {
  EXPECT_TRUE(probe().object_use);
  answers_.on("OBJECT", wire::refusal("ERR An LFU maxmemory policy is selected, idle time not "
                                      "tracked."));
  EXPECT_TRUE(probe().object_use);
  answers_.on("OBJECT", wire::refusal("NOPERM this user has no permissions"));
  const auto refused = probe();
  EXPECT_FALSE(refused.object_use);
  EXPECT_TRUE(says(refused, "by size alone"));
}

TEST_F(CapabilitiesTest, TheCountersFactorIsReadOrTakenAsRedissDefault) {
  for (const auto& [text, factor] : {std::pair{"0", 0.0}, {"1", 1.0}, {"x", 10.0}, {"-1", 10.0}}) {
    answers_.on("CONFIG GET", wire::array({wire::bulk("lfu-log-factor"), wire::bulk(text)}));
    EXPECT_EQ(probe().lfu_log_factor, factor) << text;
  }
}

TEST_F(CapabilitiesTest, ALostConnectionIsAnError) {
  answers_.on("MEMORY USAGE", [](const Command&) { return std::nullopt; });
  const auto found = try_probe();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::UnknownOutcome);
}

}  // namespace
}  // namespace redkeep::redis
