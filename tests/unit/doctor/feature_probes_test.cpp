#include "doctor/feature_probes.h"

#include <gtest/gtest.h>

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

TEST(FeatureProbes, WhatCannotBeTriedIsAskedOfTheServersOwnCheck) {
  std::size_t indirect = 0;
  for (const auto& probe : feature_probes(keys::KeySchema("reed:"))) {
    if (probe.words.size() < 4 || probe.words[2] != "0") continue;
    ++indirect;
    EXPECT_TRUE(refusal_in(probe, integer(0))) << probe.command;
    EXPECT_FALSE(refusal_in(probe, integer(1))) << probe.command;
    EXPECT_FALSE(refusal_in(probe, error("NOPERM no eval"))) << "that is told of scripts";
  }
  EXPECT_EQ(indirect, 3U);
}

}  // namespace
}  // namespace redkeep::doctor
