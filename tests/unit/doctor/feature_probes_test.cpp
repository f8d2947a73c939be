#include "doctor/feature_probes.h"

#include <gtest/gtest.h>

#include <set>

namespace redkeep::doctor {
namespace {

redis::Reply error(const std::string& text) {
  redis::Reply reply;
  reply.type = redis::Reply::Type::Error;
  reply.text = text;
  return reply;
}

redis::Reply integer(std::int64_t value) {
  redis::Reply reply;
  reply.type = redis::Reply::Type::Integer;
  reply.integer = value;
  return reply;
}

const Probe kSizes{"sizes", "memory|usage", {"MEMORY", "USAGE", "k"}};

TEST(FeatureProbes, RefusalsAreToldApartByWhatWouldMendThem) {
  const std::pair<std::string, Refusal::Kind> cases[] = {
      {"ERR unknown command 'MEMORY', with args beginning with: 'USAGE' ",
       Refusal::Kind::UnknownCommand},
      {"NOPERM this user has no permissions to run the 'memory|usage' command",
       Refusal::Kind::Command},
      {"NOPERM User x has no permissions to run the 'memory|usage' command",
       Refusal::Kind::Command},
      {"NOPERM this user has no permissions to access one of the keys used as arguments",
       Refusal::Kind::Keys},
      {"NOPERM No permissions to access a key", Refusal::Kind::Keys},
      {"NOPERM this user has no permissions to access one of the channels used as arguments",
       Refusal::Kind::Channel}};
  for (const auto& [text, kind] : cases) {
    const auto refusal = refusal_in(kSizes, error(text));
    ASSERT_TRUE(refusal) << text;
    EXPECT_EQ(refusal->kind, kind) << text;
    EXPECT_EQ(refusal->feature, "sizes");
  }
}

TEST(FeatureProbes, WhatIsNoPermissionIsNoRefusal) {
  for (const std::string text :
       {"READONLY You can't write against a read only replica.",
        "OOM command not allowed when used memory > 'maxmemory'.", "LOADING Redis is loading",
        "MISCONF Redis is configured to save RDB snapshots", "ERR no such key",
        "ERR An LFU maxmemory policy is not selected", "ERR syntax error"}) {
    EXPECT_FALSE(refusal_in(kSizes, error(text))) << text;
  }
  EXPECT_FALSE(refusal_in(kSizes, redis::Reply{}));
  EXPECT_FALSE(refusal_in(kSizes, integer(0))) << "0 is an answer";
}

// A command that a person may have missed is told of once, not after each grant anew.
TEST(FeatureProbes, AllThatOurCommandsSendIsAskedFor) {
  std::set<std::string> asked;
  const keys::KeySchema schema("reed:");
  for (const auto& probe : feature_probes(schema)) asked.insert(probe.command);
  for (const auto& probe : queued_probes(schema)) asked.insert(probe.command);
  for (const char* command :
       {"dbsize", "exists", "hget", "hmget", "mset", "hset", "sadd", "setrange", "exec", "discard",
        "publish", "time", "dump", "scard", "sismember", "smembers", "unlink", "config|set"}) {
    EXPECT_TRUE(asked.contains(command)) << command;
  }
}

TEST(FeatureProbes, WhatHasAnEffectIsOnlyQueued) {
  for (const auto& probe : feature_probes(keys::KeySchema("reed:"))) {
    for (const char* effect : {"hset", "sadd", "mset", "setrange", "publish", "bgsave"}) {
      EXPECT_NE(probe.command, effect);
    }
  }
}

TEST(FeatureProbes, WhoMayNotMultiIsToldOfAllThatComesWithIt) {
  const auto queued = queued_probes(keys::KeySchema("reed:"));
  const Refusal multi{"content-writing", "multi", Refusal::Kind::Command, "NOPERM"};
  std::set<std::string> named;
  for (const auto& refusal : refused_with_multi(queued, multi)) named.insert(refusal.command);
  EXPECT_EQ(named, (std::set<std::string>{"multi", "publish", "hset", "sadd", "mset", "setrange"}));
  const Refusal unknown{"content-writing", "multi", Refusal::Kind::UnknownCommand, "ERR"};
  EXPECT_EQ(refused_with_multi(queued, unknown).size(), 1U);
}

TEST(FeatureProbes, ACommandOfANewerServerIsNotMissedOnAnOlderOne) {
  const Probe newer{"content-reading", "hpttl", {"HPTTL", "k"}, Unknown::IsFine};
  EXPECT_FALSE(refusal_in(newer, error("ERR unknown command 'HPTTL'")));
  EXPECT_TRUE(refusal_in(newer, error("NOPERM User x has no permissions to run 'hpttl'")));
}

}  // namespace
}  // namespace redkeep::doctor
