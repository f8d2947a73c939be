// Shedding, command by command: what is sent, what is never sent, and how it ends when the server
// does not play along.
#include <atomic>
#include <limits>
#include <set>
#include <thread>

#include "wire/shed/shedder_fixture.h"

namespace redkeep::shed {
namespace {

TEST_F(ShedderTest, NothingElseThanTheseCommandsIsEverSent) {
  std::vector<SmallKeyspace::Key> keys = pages(30);
  keys[3].fate = Fate::Persistent;
  keys[4].fate = Fate::Ghost;
  keys[5].bytes = 2 << 20;
  keys[5].type = "set";
  add(keys, keys_named("reed:session:", 5));
  auto capabilities = everything();
  capabilities.frees_in_background = false;
  serve(keys, capabilities);
  EXPECT_EQ(run(plan_of({"query_cache"}, 0)).end, ShedEnd::NothingLeft);
  const std::set<std::string> allowed{"PING", "CLIENT", "SCAN",   "MEMORY", "TYPE",
                                      "PTTL", "INFO",   "DBSIZE", "PEXPIRE"};
  for (const auto& command : server_->received()) {
    EXPECT_TRUE(allowed.contains(command.front())) << command.front();
    if (command.front() == "MEMORY") {
      EXPECT_EQ(command[1], "USAGE");
    }
    if (command.front() == "PEXPIRE") {
      EXPECT_EQ(command, (Command{"PEXPIRE", command[1], "-1", "XX"}));
    }
  }
}

TEST_F(ShedderTest, OnlyKeysOfTheClassesOfTheStepAreTouched) {
  std::vector<SmallKeyspace::Key> keys = pages(3);
  for (const auto* other : {"reed:entity:page:1", "reed:word:hello", "reed:session:1",
                            "reed:lock:1", "reed:unknown:1", "query:cache:1", "other:query:cache:1",
                            "reed:query:cache:1:2", "reed:reed:query:cache:1"}) {
    add(keys, {{other, 1000, "string", Fate::Mortal}});
  }
  serve(keys);
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(outcome.end, ShedEnd::NothingLeft);
  EXPECT_EQ(expired(), (std::vector<std::string>{"reed:query:cache:0", "reed:query:cache:1",
                                                 "reed:query:cache:2"}));
}

// A plan can only be made of evictable classes; should one not be, it is left alone all the same.
TEST_F(ShedderTest, AClassThatIsNotEvictableIsLeftAloneEvenIfThePlanNamesIt) {
  serve(keys_named("reed:entity:page:", 3));
  const auto outcome = run(plan_of({"entities"}, 0));
  EXPECT_EQ(outcome.keys(), 0);
  EXPECT_TRUE(expired().empty());
}

TEST_F(ShedderTest, F28AKeyThatLostItsTtlStaysAndIsToldFromOneThatIsGone) {
  auto keys = pages(6);
  keys[1].fate = Fate::Persistent;
  keys[4].fate = Fate::Ghost;
  serve(keys);
  answers_.on("MEMORY USAGE", wire::integer(1000));  // as if it went just after it was asked about
  // Not to the end of the keyspace, which would be walked twice.
  const auto outcome = run(plan_of({"query_cache"}, 1000));
  ASSERT_EQ(outcome.classes.size(), 1u);
  EXPECT_EQ(outcome.classes[0].keys, 4);
  EXPECT_EQ(outcome.classes[0].bytes, 4000);
  EXPECT_EQ(outcome.classes[0].became_persistent, 1);
  EXPECT_EQ(outcome.classes[0].gone_before, 1);
  EXPECT_TRUE(keyspace_->holds("reed:query:cache:1"));
}

// The keyspace is walked round until a round finds nothing: what stays is met again and again.
TEST_F(ShedderTest, KeysThatStayAreCountedOnceHoweverOftenTheWalkComesBy) {
  auto keys = pages(6);
  keys[1].fate = keys[2].fate = Fate::Persistent;
  keys[3].bytes = 2 << 20;
  keys[3].type = "list";
  auto capabilities = everything();
  capabilities.frees_in_background = false;
  serve(keys, capabilities);
  ShedPlan plan = plan_of({"query_cache"}, 0);
  plan.asked_for = false;  // a part of them in each round
  const auto outcome = run(plan);
  EXPECT_EQ(outcome.end, ShedEnd::NothingLeft);
  ASSERT_EQ(outcome.classes.size(), 1u);
  EXPECT_EQ(outcome.classes[0].keys, 3);
  EXPECT_EQ(outcome.classes[0].became_persistent, 2);
  EXPECT_EQ(outcome.classes[0].too_big, 1);
}

TEST_F(ShedderTest, AReplicaShedsNothing) {
  auto capabilities = everything();
  capabilities.cannot_shed = "this server is a replica";
  serve(pages(5), capabilities);
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(outcome.end, ShedEnd::NotAllowed);
  ASSERT_TRUE(outcome.failure);
  EXPECT_NE(outcome.failure->message.find("replica"), std::string::npos);
  EXPECT_EQ(server_->count("PEXPIRE"), 0);
}

TEST_F(ShedderTest, AnEmptyPlanAsksNothingAndFailsNowhere) {
  auto capabilities = everything();
  capabilities.cannot_shed = "this server is a replica";
  serve(pages(5), capabilities);
  const auto before = server_->received().size();
  const auto outcome = run(ShedPlan{});
  EXPECT_FALSE(outcome.failure) << outcome.failure->message;
  EXPECT_EQ(server_->received().size(), before);
}

TEST_F(ShedderTest, StopsAtTheMarkAndNotAKeyLater) {
  serve(pages(100));
  const auto outcome = run(plan_of({"query_cache"}, 87'500));
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  EXPECT_EQ(outcome.keys(), 13);
  EXPECT_EQ(outcome.used_after_bytes, 87'000);
  EXPECT_EQ(outcome.used_after_bytes, keyspace_->used_bytes());
}

TEST_F(ShedderTest, APlanThatIsOutOfDateShedsNothing) {
  serve(pages(5));
  const auto outcome = run(plan_of({"query_cache"}, 5000));  // planned at 1,000,000
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  EXPECT_EQ(server_->count("PEXPIRE"), 0);
}

// `shed --free`: memory has fallen by more than that before the first key was looked at.
TEST_F(ShedderTest, WhatWasAskedForComesFromKeysThatWereShedWhateverMemoryDoes) {
  auto keys = pages(20);
  add(keys, keys_named("reed:session:", 20));
  serve(std::move(keys));  // 40,000 bytes, where the plan saw a million
  ShedPlan plan = plan_of({"query_cache"}, 995'000);
  plan.to_free_bytes = 5'000;
  ShedOutcome outcome = run(plan);
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  EXPECT_EQ(outcome.keys(), 5);
  EXPECT_EQ(outcome.bytes(), 5'000);
  plan.steps.push_back(step_of({"sessions"}, 995'000));
  plan.to_free_bytes = 18'000;  // 15 pages are left
  outcome = run(plan);
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  EXPECT_EQ(outcome.keys(), 18) << "so many in all, not of each step";
  outcome = run(plan);
  EXPECT_EQ(outcome.end, ShedEnd::NothingLeft);
  EXPECT_EQ(outcome.keys(), 17);
}

TEST_F(ShedderTest, WithoutSizesWhatWasAskedForIsMeasured) {
  auto met = everything();
  met.memory_usage = false;
  serve(pages(20), met);
  ShedPlan plan = plan_of({"query_cache"}, 995'000);
  plan.to_free_bytes = 5'000;
  const ShedOutcome outcome = run(plan);
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  EXPECT_EQ(outcome.keys(), 5);
  EXPECT_EQ(outcome.bytes(), 5'000);
}

TEST_F(ShedderTest, LaterStepsAreTouchedOnlyWhenNothingIsLeftOfEarlierOnes) {
  auto keys = keys_named("reed:session:", 10);
  add(keys, pages(10));
  serve(keys);
  ShedPlan plan = plan_of({"query_cache"}, 5000);
  plan.steps.push_back(step_of({"sessions"}, 8000));
  const auto outcome = run(plan);
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  const auto order = expired();
  ASSERT_EQ(order.size(), 12u);
  for (std::size_t i = 0; i < order.size(); ++i) {
    EXPECT_TRUE(order[i].starts_with(i < 10 ? "reed:query:" : "reed:session:")) << order[i];
  }
}

TEST_F(ShedderTest, TheBudgetOfKeysIsKept) {
  serve(pages(50));
  const auto outcome = run(plan_of({"query_cache"}, 0), {.most_keys = 17});
  EXPECT_EQ(outcome.end, ShedEnd::BudgetSpent);
  EXPECT_EQ(outcome.keys(), 17);
  EXPECT_EQ(expired().size(), 17u);
}

// The last page has more keys than the budget: that is no reason to say that nothing is left.
TEST_F(ShedderTest, ABudgetThatEndsWithinTheLastPageIsSpent) {
  serve(pages(10));
  const auto outcome = run(plan_of({"query_cache"}, 0), {.most_keys = 4});
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::BudgetSpent));
  EXPECT_EQ(outcome.keys(), 4);
}

// Sizes are estimates: memory may fall by less than was reckoned.
TEST_F(ShedderTest, NothingIsLeftOnlyWhenEveryKeyWasTried) {
  serve(pages(10));
  answers_.on("MEMORY USAGE", wire::integer(3000));
  const auto outcome = run(plan_of({"query_cache"}, 2000));
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::TargetReached));
  EXPECT_EQ(keyspace_->used_bytes(), 2000);
}

TEST_F(ShedderTest, F26ACursorWithoutEndEndsWithTheBudgetOfTime) {
  serve(pages(5));
  answers_.on("SCAN", wire::scan_page("5", {}));
  const auto outcome = run(plan_of({"query_cache"}, 0), {.most_time = 100ms});
  EXPECT_EQ(outcome.end, ShedEnd::BudgetSpent);
  EXPECT_LT(outcome.took, 2s);
}

TEST_F(ShedderTest, StopsOnRequestBeforeTheFirstKeyAndBetweenTwoBatches) {
  serve(pages(50));
  std::stop_source before;
  before.request_stop();
  EXPECT_EQ(run(plan_of({"query_cache"}, 0), {}, ShedMode::Real, before.get_token()).end,
            ShedEnd::Stopped);
  EXPECT_TRUE(expired().empty());

  std::stop_source source;
  answers_.on("PEXPIRE", [&source](const Command&) {
    source.request_stop();
    return wire::integer(1);
  });
  const auto outcome = run(plan_of({"query_cache"}, 0), {}, ShedMode::Real, source.get_token());
  EXPECT_EQ(outcome.end, ShedEnd::Stopped);
  EXPECT_EQ(outcome.keys(), 50) << "a batch under way is finished";
}

TEST_F(ShedderTest, WithoutTheLeaseNotOneBatchMoreIsSent) {
  serve(pages(50));
  std::atomic<bool> may_act = false;
  shedder_->only_while([&may_act] { return may_act.load(); });
  EXPECT_EQ(run(plan_of({"query_cache"}, 0)).end, ShedEnd::LeaseLost);
  EXPECT_TRUE(expired().empty());
  EXPECT_EQ(run(plan_of({"query_cache"}, 0), {}, ShedMode::DryRun).end, ShedEnd::TargetReached);

  may_act = true;
  answers_.on("PEXPIRE", [&may_act](const Command&) {
    may_act = false;
    return wire::integer(1);
  });
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(outcome.end, ShedEnd::LeaseLost);
  EXPECT_EQ(outcome.keys(), 50) << "what was sent is counted";
}

// A server that answers slowly is left alone for a while, and a process may be stopped then.
TEST_F(ShedderTest, AfterAPauseTheLeaseIsAskedForAgainBeforeAnythingIsDeleted) {
  serve(pages(10));
  std::atomic<std::int64_t> weighed_at = std::numeric_limits<std::int64_t>::max() / 2;
  const auto now = [] { return std::chrono::steady_clock::now().time_since_epoch().count(); };
  answers_.on("MEMORY USAGE", [&](const Command&) {
    std::this_thread::sleep_for(2ms);
    weighed_at = now();
    return wire::integer(1000);
  });
  // Lost while the shedder pauses, which is for as long as the answer took: 20 ms.
  shedder_->only_while([&] { return now() < weighed_at + std::int64_t{5'000'000}; });
  EXPECT_EQ(to_string(run(plan_of({"query_cache"}, 1000)).end), to_string(ShedEnd::LeaseLost));
  EXPECT_TRUE(expired().empty());
}

// More than one write takes would be held up in the middle if the process was stopped there.
TEST_F(ShedderTest, EveryWriteOfDeletionsAsksForTheLeaseAnew) {
  constexpr int kKeys = 900;
  auto keys = keys_named("reed:query:cache:" + std::string(100, 'x'), kKeys);
  serve(keys);
  std::atomic<int> gone = 0;
  answers_.on("PEXPIRE", [&gone](const Command&) {
    ++gone;
    return wire::integer(1);
  });
  shedder_->only_while([&gone] { return gone == 0; });
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::LeaseLost));
  EXPECT_EQ(outcome.keys(), gone);
  EXPECT_GT(gone, 0);
  EXPECT_LT(gone, kKeys / 2);
}

TEST_F(ShedderTest, ADryRunReckonsAndTouchesNothing) {
  auto keys = pages(20);
  serve(keys);
  ShedPlan plan = plan_of({"query_cache"}, 15'000);
  plan.used_bytes = 20'000;
  const auto outcome = run(plan, {}, ShedMode::DryRun);
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  EXPECT_EQ(outcome.keys(), 5);
  EXPECT_EQ(outcome.used_after_bytes, 15'000);
  EXPECT_EQ(server_->count("PEXPIRE"), 0);
  EXPECT_EQ(keyspace_->used_bytes(), 20'000);
}

TEST_F(ShedderTest, ADryRunReckonsWithoutTheKeysThatHaveNoTtl) {
  auto keys = pages(6);
  keys[1].fate = keys[4].fate = Fate::Persistent;
  serve(keys);
  const auto outcome = run(plan_of({"query_cache"}, 0), {}, ShedMode::DryRun);
  EXPECT_EQ(outcome.end, ShedEnd::NothingLeft);
  ASSERT_EQ(outcome.classes.size(), 1u);
  EXPECT_EQ(outcome.classes[0].keys, 4);
  EXPECT_EQ(outcome.classes[0].became_persistent, 2);
  EXPECT_EQ(server_->count("PEXPIRE"), 0);
}

// Without MEMORY USAGE: types are asked instead, and what it gave is what memory fell by.
TEST_F(ShedderTest, WithoutMemoryUsageNothingBigCanBeToldSoCollectionsStay) {
  auto keys = pages(6);
  keys[2].type = "hash";
  auto capabilities = everything();
  capabilities.memory_usage = capabilities.frees_in_background = false;
  serve(keys, capabilities);
  const auto outcome = run(plan_of({"query_cache"}, 3000));
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  EXPECT_EQ(server_->count("MEMORY"), 0);
  ASSERT_EQ(outcome.classes.size(), 1u);
  EXPECT_EQ(outcome.classes[0].keys, 3);
  EXPECT_EQ(outcome.classes[0].bytes, 3000);
  EXPECT_EQ(outcome.classes[0].too_big, 1);
  EXPECT_TRUE(keyspace_->holds("reed:query:cache:2"));
}

TEST_F(ShedderTest, WhereTypeIsRefusedTooWhatMayBeBigStaysAndIsToldApart) {
  auto capabilities = everything();
  capabilities.memory_usage = capabilities.frees_in_background = false;
  serve(pages(6), capabilities);
  answers_.on("TYPE", wire::refusal("NOPERM this user has no permissions to run 'type'"));
  const auto outcome = run(plan_of({"query_cache"}, 3000));
  EXPECT_EQ(outcome.end, ShedEnd::NothingLeft);
  ASSERT_EQ(outcome.classes.size(), 1u);
  EXPECT_EQ(outcome.classes[0].keys, 0);
  EXPECT_EQ(outcome.classes[0].type_unknown, 6);
  EXPECT_EQ(outcome.classes[0].too_big, 0);
}

TEST_F(ShedderTest, EachClassHasItsPartOfTheTime) {
  serve(pages(6));
  const auto outcome = run(plan_of({"query_cache"}, 0));
  ASSERT_EQ(outcome.classes.size(), 1u);
  EXPECT_GT(outcome.classes[0].took.count(), 0);
  EXPECT_LE(outcome.classes[0].took, outcome.took + std::chrono::milliseconds{1});
}

TEST_F(ShedderTest, BigCollectionsStayUnlessTheServerFreesInTheBackground) {
  auto keys = pages(3);
  keys[0].bytes = keys[1].bytes = 2 << 20;
  keys[0].type = "zset";
  auto capabilities = everything();
  capabilities.frees_in_background = false;
  serve(keys, capabilities);
  const auto careful = run(plan_of({"query_cache"}, (2 << 20) + 100));
  EXPECT_EQ(careful.classes[0].too_big, 1);
  EXPECT_EQ(expired(), (std::vector<std::string>{"reed:query:cache:1", "reed:query:cache:2"}));
  EXPECT_EQ(server_->count("TYPE"), 2) << "small keys need no question";

  shedder_->use(everything());
  EXPECT_EQ(run(plan_of({"query_cache"}, 0)).keys(), 1);
  EXPECT_EQ(keyspace_->used_bytes(), 0);
}

TEST_F(ShedderTest, AServerWithoutXxGetsTheScriptAndNothingElse) {
  auto keys = pages(5);
  keys[1].fate = Fate::Persistent;
  auto capabilities = everything();
  capabilities.pexpire_xx = false;
  serve(keys, capabilities);
  EXPECT_EQ(run(plan_of({"query_cache"}, 1000)).keys(), 4);
  EXPECT_EQ(server_->count("PEXPIRE"), 0);
  for (const auto& command : server_->received()) {
    if (command.front() != "EVAL") continue;
    ASSERT_EQ(command.size(), 4u);
    EXPECT_NE(command[1].find("PTTL"), std::string::npos);
    EXPECT_EQ(command[2], "1");
  }
}

// What the memory is said to be comes after the server's background thread has freed it.
TEST_F(ShedderTest, WaitsUntilWhatWasHandedToTheBackgroundIsFreed) {
  serve(keys_named("reed:query:cache:", 40, 20'000));
  int infos = 0;
  answers_.on("INFO", [&](const Command&) {
    // Two answers while objects wait, as if nothing had been freed; then the truth.
    const bool pending = ++infos % 3 != 0;
    return wire::bulk(fmt::format("used_memory:{}\r\nlazyfree_pending_objects:{}\r\n",
                                  pending ? 800'000 : keyspace_->used_bytes(), pending ? 7 : 0));
  });
  const auto outcome = run(plan_of({"query_cache"}, 700'000));
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  EXPECT_EQ(outcome.keys(), 5);
  EXPECT_EQ(outcome.used_after_bytes, 700'000);
}

// Sizes are not asked for then, so anything may have been big.
TEST_F(ShedderTest, WhereAllGoesWhatIsFreedInTheBackgroundIsWaitedForToo) {
  serve(keys_named("reed:query:cache:", 4, 20'000));
  int infos_after = 0;
  answers_.on("INFO", [&](const Command&) {
    const auto used = keyspace_->used_bytes();
    const bool pending = used == 0 && ++infos_after < 5;
    return wire::bulk(fmt::format("used_memory:{}\r\nlazyfree_pending_objects:{}\r\n",
                                  pending ? 80'000 : used, pending ? 4 : 0));
  });
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::TargetReached));
  EXPECT_EQ(outcome.used_after_bytes, 0);
  ASSERT_EQ(outcome.classes.size(), 1U);
  EXPECT_EQ(outcome.classes[0].bytes, 80'000);
}

TEST_F(ShedderTest, ABackgroundThreadThatNeverEndsIsNotWaitedForForEver) {
  serve(keys_named("reed:query:cache:", 5, 20'000));
  answers_.on("INFO", wire::bulk("used_memory:90000\r\nlazyfree_pending_objects:7\r\n"));
  const auto outcome = run(plan_of({"query_cache"}, 80'000), {.most_time = 500ms});
  EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::BudgetSpent));
}

TEST_F(ShedderTest, TheWalkGoesOnWhereTheLastRunEnded) {
  serve(pages(400));
  ShedPlan plan = plan_of({"query_cache"}, 390'000);
  plan.asked_for = false;  // in small slices
  EXPECT_EQ(run(plan).keys(), 10);
  const auto before = server_->received().size();
  plan.steps[0].stop_at_bytes = 388'000;
  EXPECT_EQ(run(plan).keys(), 2);
  const auto received = server_->received();
  const auto scan = std::find_if(received.begin() + static_cast<std::ptrdiff_t>(before),
                                 received.end(), [](const auto& c) { return c.front() == "SCAN"; });
  ASSERT_NE(scan, received.end());
  EXPECT_NE((*scan)[1], "0");
  // The pages before are looked at again before it is said that nothing is left.
  EXPECT_EQ(run(plan_of({"query_cache"}, -1)).end, ShedEnd::NothingLeft);
  EXPECT_EQ(keyspace_->used_bytes(), 0);
}

TEST_F(ShedderTest, AnotherServerIsWalkedFromItsBeginning) {
  serve(pages(40));
  run(plan_of({"query_cache"}, 28'000));
  shedder_->use(everything());
  const auto before = server_->received().size();
  run(plan_of({"query_cache"}, 27'000));
  const auto received = server_->received();
  const auto scan = std::find_if(received.begin() + static_cast<std::ptrdiff_t>(before),
                                 received.end(), [](const auto& c) { return c.front() == "SCAN"; });
  ASSERT_NE(scan, received.end());
  EXPECT_EQ((*scan)[1], "0");
}

TEST_F(ShedderTest, F26KeysNamedTwiceCountOnce) {
  serve(pages(3));
  answers_.on("SCAN", [](const Command& command) {
    const std::vector<std::string> page{"reed:query:cache:0", "reed:query:cache:0",
                                        "reed:query:cache:1"};
    return wire::scan_page(command[1] == "0" ? "1" : "0", page);
  });
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(outcome.end, ShedEnd::NothingLeft);
  EXPECT_EQ(outcome.classes[0].keys, 2);
  EXPECT_EQ(outcome.classes[0].bytes, 2000);
  EXPECT_EQ(outcome.classes[0].became_persistent, 0);
}

TEST_F(ShedderTest, F26EmptyPagesAreNoEnd) {
  serve(pages(30));
  answers_.on("SCAN", [](const Command& command) {
    const int at = std::stoi(command[1]);
    if (at < 5) return wire::scan_page(std::to_string(at + 1), {});
    return wire::scan_page("0", {"reed:query:cache:7"});
  });
  EXPECT_EQ(run(plan_of({"query_cache"}, 0)).keys(), 1);
}

TEST_F(ShedderTest, WhereAllGoesNeitherUseNorSizesAreAskedForAndBytesAreMeasured) {
  serve(pages(50));
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(outcome.keys(), 50);
  EXPECT_EQ(outcome.classes[0].bytes, 50'000);
  for (const auto& command : server_->received()) {
    EXPECT_NE(command[0], "MEMORY");
    EXPECT_NE(command[0], "OBJECT");
  }
}

TEST_F(ShedderTest, WhereAllOfSeveralClassesGoesEachIsToldWithItsOwnBytes) {
  auto keys = keys_named("reed:page:cache:/a:de_DE:x", 10);
  add(keys, pages(30));
  for (auto& key : keys) key.bytes = key.name.starts_with("reed:page:") ? 5000 : 1000;
  serve(keys);
  const auto outcome = run(plan_of({"page_cache", "query_cache"}, 0));
  ASSERT_EQ(outcome.classes.size(), 2u);
  for (const auto& row : outcome.classes) {
    EXPECT_EQ(row.bytes, row.name == "page_cache" ? 50'000 : 30'000) << row.name;
  }
}

// How shedding breaks off; whatever the answer, no key was touched after it.
class BrokenShedding : public ShedderTest {
 protected:
  void expect_broken_off(const ShedOutcome& outcome, ErrorKind kind) {
    EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::BrokenOff));
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, kind) << outcome.failure->message;
  }
};

TEST_F(BrokenShedding, ByACursorThatIsNoNumber) {
  for (const auto* cursor : {"garbage", "-1", "1.5", ""}) {
    serve(pages(5));
    answers_.on("SCAN", wire::scan_page(cursor, {"reed:query:cache:1"}));
    expect_broken_off(run(plan_of({"query_cache"}, 0)), ErrorKind::Protocol);
    EXPECT_TRUE(expired().empty());
  }
}

TEST_F(BrokenShedding, ByAScanOfAnotherShape) {
  for (const auto& reply : {wire::array({}), wire::array({wire::bulk("0")}), wire::bulk("0"),
                            wire::array({wire::bulk("0"), wire::bulk("key")}), wire::nil()}) {
    serve(pages(5));
    answers_.on("SCAN", reply);
    expect_broken_off(run(plan_of({"query_cache"}, 0)), ErrorKind::Protocol);
    EXPECT_TRUE(expired().empty());
  }
}

TEST_F(BrokenShedding, ByAConnectionThatIsLostWhileKeysGo) {
  serve(pages(30));
  int left = 15;
  answers_.on("PEXPIRE", [&left](const Command&) -> std::optional<std::string> {
    if (--left < 0) return std::nullopt;
    return wire::integer(1);
  });
  expect_broken_off(run(plan_of({"query_cache"}, 0)), ErrorKind::UnknownOutcome);
}

TEST_F(BrokenShedding, BySilence) {
  serve(pages(30));
  answers_.on("MEMORY USAGE", "");
  expect_broken_off(run(plan_of({"query_cache"}, 1)), ErrorKind::UnknownOutcome);
  EXPECT_TRUE(expired().empty());
}

TEST_F(BrokenShedding, ByAServerThatIsLoadingOrTellsNoMemory) {
  for (const auto& [text, kind] :
       {std::pair{"loading:1\r\nused_memory:1\r\n", ErrorKind::ServerBusy},
        std::pair{"used_memory:-1\r\n", ErrorKind::Protocol},
        std::pair{"used_memory:N/A\r\n", ErrorKind::Protocol}}) {
    serve(pages(5));
    answers_.on("INFO", wire::bulk(text));
    expect_broken_off(run(plan_of({"query_cache"}, 0)), kind);
    EXPECT_TRUE(expired().empty());
  }
}

// Another server may answer at the same address by now: a replica, or one of somebody else.
TEST_F(BrokenShedding, ByAConnectionThatHadToBeMadeAnew) {
  for (const auto* last : {"SCAN", "MEMORY"}) {
    SmallKeyspace keyspace(pages(30));
    Answers answers;
    keyspace.install(answers);
    const ScriptedServer server(
        {[&answers, last](wire::Peer& peer) {
           while (const auto command = peer.next_command()) {
             peer.send(answers.to(*command).value_or(""));
             const bool is_last = command->front() == last && command->back() != "0";
             if (is_last && command->back().ends_with(last[0] == 'S' ? "0" : "9")) break;
           }
           peer.finish();
           peer.stay_silent();
         },
         [&answers](wire::Peer& peer) { peer.serve(answers); }},
        wire::Listen::Unix);
    const auto client = redis::Client::create(loop_.executor(), server.endpoint());
    ASSERT_TRUE(loop_.run(client->call({"PING"})));
    Shedder shedder(client, table());
    shedder.use(everything());
    const auto outcome =
        loop_.run(shedder.run(plan_of({"query_cache"}, 1), {}, ShedMode::Real, {}));
    EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::BrokenOff)) << last;
    EXPECT_TRUE(outcome.failure);
    for (const auto& command : server.received_on(1)) EXPECT_NE(command.front(), "PEXPIRE");
  }
}

TEST_F(BrokenShedding, F12KeysThatWentBeforeARefusalAreCounted) {
  serve(pages(10));
  int left = 4;
  answers_.on("PEXPIRE", [&left](const Command&) {
    return --left == 0 ? wire::refusal("READONLY You can't write against a read only replica.")
                       : wire::integer(1);
  });
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(outcome.end, ShedEnd::NotAllowed);
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->kind, ErrorKind::NotPermitted);
  EXPECT_EQ(outcome.keys(), 9) << "all that the server said it had deleted";
}

}  // namespace
}  // namespace redkeep::shed
