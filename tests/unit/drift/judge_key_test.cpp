// What an audit holds keys to, by their class.
#include <gtest/gtest.h>

#include "drift/key_audit.h"

namespace redkeep::drift {
namespace {

using Kinds = std::vector<DriftKind>;

constexpr std::int64_t kNoTtl = -1;
constexpr std::int64_t kGone = -2;

ClassRule rule(const std::string& name) {
  const auto table = keys::ClassTable::compile("reed:", default_key_classes());
  return class_rules(*table)[*table->find(name)];
}

TEST(JudgeKey, AProtectedOrRebuildableKeyHasNoTtl) {
  EXPECT_EQ(judge_key(rule("entities"), "hash", kNoTtl), Kinds{});
  EXPECT_EQ(judge_key(rule("entities"), "hash", 5000), Kinds{DriftKind::ProtectedWithTtl});
  EXPECT_EQ(judge_key(rule("search_index"), "set", 0), Kinds{DriftKind::ProtectedWithTtl});
  EXPECT_EQ(judge_key(rule("queues"), "list", 5000), Kinds{DriftKind::ProtectedWithTtl});
}

TEST(JudgeKey, AnEvictableKeyHasOne) {
  EXPECT_EQ(judge_key(rule("page_cache"), "string", 5000), Kinds{});
  EXPECT_EQ(judge_key(rule("page_cache"), "string", kNoTtl), Kinds{DriftKind::EvictableWithoutTtl});
  EXPECT_EQ(judge_key(rule("locks"), "string", kNoTtl), Kinds{DriftKind::EvictableWithoutTtl});
}

TEST(JudgeKey, TypesAreThoseOfTheClassWhereItHasOne) {
  EXPECT_EQ(judge_key(rule("entities"), "string", kNoTtl), Kinds{DriftKind::WrongType});
  EXPECT_EQ(judge_key(rule("children"), "list", 5000),
            (Kinds{DriftKind::ProtectedWithTtl, DriftKind::WrongType}));
  EXPECT_EQ(judge_key(rule("sessions"), "hash", 5000), Kinds{DriftKind::WrongType});
  for (const std::string type : {"string", "list", "stream"}) {
    EXPECT_EQ(judge_key(rule("queues"), type, kNoTtl), Kinds{});
    EXPECT_EQ(judge_key(rule("temporary"), type, 1000), Kinds{});
    EXPECT_EQ(judge_key(rule("rate_limits"), type, 1000), Kinds{});
  }
}

TEST(JudgeKey, WhatIsGoneMeanwhileIsNotDrifted) {
  EXPECT_EQ(judge_key(rule("entities"), "none", kGone), Kinds{});
  EXPECT_EQ(judge_key(rule("page_cache"), "string", kGone), Kinds{});
  EXPECT_EQ(judge_key(rule("page_cache"), "none", kNoTtl), Kinds{});
}

TEST(ClassRules, AClassThatAConfigurationGaveOtherPatternsMayHoldAnything) {
  auto classes = default_key_classes();
  for (auto& key_class : classes) {
    if (key_class.name == "sessions") key_class.patterns = {"sess:{id}"};
    if (key_class.name == "children") key_class.patterns = {"kids:{id}"};
  }
  const auto table = keys::ClassTable::compile("reed:", classes);
  const auto rules = class_rules(*table);
  EXPECT_EQ(rules[*table->find("sessions")].type, "");
  EXPECT_EQ(rules[*table->find("children")].type, "");
  EXPECT_EQ(rules[*table->find("children")].role, Role::None);
  EXPECT_EQ(rules[*table->find("links")].role, Role::Links);
}

}  // namespace
}  // namespace redkeep::drift
