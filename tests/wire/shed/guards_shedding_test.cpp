// How a guard sheds: the coldest of each sample, round by round, within its budgets.
#include <set>

#include "wire/shed/shedder_fixture.h"

namespace redkeep::shed {
namespace {

// The plan that a guard makes: nobody waits, and the choice matters.
ShedPlan guards_plan(const std::vector<std::string>& names, std::int64_t stop_at_bytes) {
  ShedPlan plan = plan_of(names, stop_at_bytes);
  plan.asked_for = false;
  plan.steps[0].calm_at_bytes = 10'000'000;
  plan.steps[0].urgent_at_bytes = 20'000'000;
  return plan;
}

TEST_F(ShedderTest, AGuardTakesTheColdestOfASampleAndLeavesTheRest) {
  auto keys = pages(640);
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i].use = i % 4 == 3 ? 5 : 50;
  auto capabilities = everything();
  capabilities.object_use = true;
  capabilities.eviction_policy = "volatile-lfu";
  serve(keys, capabilities);
  answers_.on("DBSIZE", wire::integer(640));
  const auto outcome = run(guards_plan({"query_cache"}, 632'000));
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::TargetReached));
  ASSERT_EQ(outcome.keys(), 8);
  for (const auto& name : expired()) {
    EXPECT_EQ(std::stoi(name.substr(name.rfind(':') + 1)) % 4, 3) << name;
  }
}

TEST_F(ShedderTest, AGuardGoesRoundUntilNothingIsLeft) {
  auto keys = pages(100);
  keys[7].fate = Fate::Persistent;
  serve(keys);
  const auto outcome = run(guards_plan({"query_cache"}, 0));
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::NothingLeft));
  EXPECT_EQ(outcome.keys(), 99);
  EXPECT_EQ(outcome.classes[0].became_persistent, 1);
}

// Pages trickle in all the time; that must not keep templates that flood from being shed.
TEST_F(ShedderTest, AClassThatTricklesDoesNotHoldUpTheNextStep) {
  auto keys = pages(5);
  add(keys, keys_named("reed:temp:a:", 50));
  serve(keys);
  int written = 0;
  answers_.on("DBSIZE", wire::integer(55));
  answers_.on("SCAN", [&](const Command& command) {
    std::vector<std::string> page{"reed:query:cache:new" + std::to_string(++written)};
    for (int i = 0; i < 50; ++i) page.push_back("reed:temp:a:" + std::to_string(i));
    return wire::scan_page(command[1] == "0" ? "1" : "0", page);
  });
  answers_.on("MEMORY USAGE", [&](const Command& command) {
    if (command[2].starts_with("reed:query:")) return wire::integer(10);
    return keyspace_->holds(command[2]) ? wire::integer(1000) : wire::nil();
  });
  answers_.on("PEXPIRE", [&](const Command& command) {
    if (command[1].starts_with("reed:query:")) return wire::integer(1);
    return keyspace_->expire(command[1]);
  });
  ShedPlan plan = guards_plan({"query_cache"}, 21'000);
  plan.steps.push_back(step_of({"temporary"}, 21'000));
  const auto outcome = run(plan, {.most_time = 2s});
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::TargetReached));
}

TEST_F(ShedderTest, WhatExpiresByItselfInTimeIsSpared) {
  serve(pages(20));  // each has 60 s to live
  ShedPlan plan = guards_plan({"query_cache"}, 0);
  plan.spare_expiring_within = 61s;
  EXPECT_EQ(to_string(run(plan).end), to_string(ShedEnd::NothingLeft));
  EXPECT_TRUE(expired().empty());
  plan.spare_expiring_within = 60s;
  EXPECT_EQ(run(plan).keys(), 20);
}

TEST_F(ShedderTest, APlanEndsWhereItIsNoLongerGood) {
  serve(pages(20));
  ShedPlan plan = guards_plan({"query_cache"}, 0);
  plan.good_below_bytes = 20'000;
  EXPECT_EQ(to_string(run(plan).end), to_string(ShedEnd::BudgetSpent));
  EXPECT_TRUE(expired().empty());
}

TEST_F(ShedderTest, AQuotaEndsWithTheBytesOfKeysWhateverMemoryDoes) {
  serve(pages(100));
  ShedPlan plan = guards_plan({"query_cache"}, 0);
  plan.steps[0].most_freed_bytes = 5000;
  const auto outcome = run(plan);
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::TargetReached));
  EXPECT_EQ(outcome.keys(), 5);
}

// A round of a large keyspace takes longer than a run may.
TEST_F(ShedderTest, AStepThatTakesManyRunsIsGoneOnWithAndTheNextOneComes) {
  auto keys = keys_named("reed:entity:page:", 3000);
  add(keys, pages(5));
  add(keys, keys_named("reed:temp:a:", 50));
  serve(keys);
  ShedPlan plan = guards_plan({"query_cache"}, 3'020'000);
  plan.steps.push_back(step_of({"temporary"}, 3'020'000));
  ShedOutcome outcome;
  int runs = 0;
  do {
    outcome = run(plan, {.most_time = 20ms});
  } while (outcome.end == ShedEnd::BudgetSpent && ++runs < 500);
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::TargetReached));
  EXPECT_GT(runs, 1) << "the keyspace is too small to tell";
}

TEST_F(ShedderTest, TheQuotaOfOneClassIsNotTakenFromAnother) {
  auto keys = pages(50);
  add(keys, keys_named("reed:temp:a:", 50));
  serve(keys);
  ShedPlan plan = guards_plan({"query_cache"}, 0);
  plan.steps[0].most_freed_bytes = 5000;
  plan.steps.push_back(step_of({"temporary"}, 0));
  plan.steps[1].most_freed_bytes = 3000;
  const auto outcome = run(plan);
  ASSERT_EQ(outcome.classes.size(), 2u);
  EXPECT_EQ(outcome.classes[0].keys, 5);
  EXPECT_EQ(outcome.classes[1].keys, 3);
}

TEST_F(ShedderTest, EveryKeyThatWentIsTold) {
  serve(pages(20));
  std::set<std::string> shed;
  shedder_->tell([&](keys::ClassIndex, std::string_view key) { shed.emplace(key); });
  EXPECT_EQ(run(guards_plan({"query_cache"}, 10'000)).keys(), 10);
  EXPECT_EQ(shed.size(), 10u);
}

TEST_F(ShedderTest, TheBudgetOfDeletionsAMinuteHoldsOverRuns) {
  serve(pages(50));
  ShedOptions options;
  options.most_keys_per_minute = 12;
  shedder_ = std::make_unique<Shedder>(client_, table(), options);
  shedder_->use(everything());
  const auto first = run(guards_plan({"query_cache"}, 40'000));
  EXPECT_EQ(first.keys(), 10);
  const auto second = run(guards_plan({"query_cache"}, 0));
  EXPECT_EQ(to_string(second.end), to_string(ShedEnd::BudgetSpent));
  EXPECT_TRUE(second.minute_budget_spent);
  EXPECT_EQ(second.keys(), 2);
}

}  // namespace
}  // namespace redkeep::shed
