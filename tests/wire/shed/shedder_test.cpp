// Shedding, command by command: what is sent, what is never sent, and how it ends when the server
// does not play along.
#include "shed/shedder.h"

#include <gtest/gtest.h>

#include <set>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/small_keyspace.h"

namespace redkeep::shed {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::keys_named;
using wire::ScriptedServer;
using wire::SmallKeyspace;
using Fate = SmallKeyspace::Fate;

const keys::ClassTable& table() {
  static const auto compiled = keys::ClassTable::compile("reed:", default_key_classes());
  return *compiled;
}

ShedStep step_of(const std::vector<std::string>& names, std::int64_t stop_at_bytes) {
  ShedStep step;
  for (const auto& name : names) step.classes.push_back(*table().find(name));
  step.stop_at_bytes = stop_at_bytes;
  return step;
}

// One step; memory is measured by the shedder itself before it begins.
ShedPlan plan_of(const std::vector<std::string>& names, std::int64_t stop_at_bytes) {
  ShedPlan plan;
  plan.steps.push_back(step_of(names, stop_at_bytes));
  plan.used_bytes = 1'000'000;
  return plan;
}

redis::Capabilities everything() {
  redis::Capabilities capabilities;
  capabilities.pexpire_xx = capabilities.memory_usage = capabilities.config_get = true;
  capabilities.frees_in_background = true;
  return capabilities;
}

class ShedderTest : public testing::Test {
 protected:
  // A server with these keys, and a shedder that has met it.
  void serve(std::vector<SmallKeyspace::Key> keys, redis::Capabilities met = everything()) {
    keyspace_ = std::make_unique<SmallKeyspace>(std::move(keys));
    keyspace_->install(answers_);
    server_ = std::make_unique<ScriptedServer>(answers_);
    EndpointOptions options = server_->endpoint();
    options.deadline = 2s;
    client_ = redis::Client::create(loop_.executor(), options);
    shedder_ = std::make_unique<Shedder>(client_, table());
    // Met on the connection that the shedding then goes over, as the guard does.
    ASSERT_TRUE(loop_.run(client_->call({"PING"})));
    shedder_->use(std::move(met));
  }

  ShedOutcome run(const ShedPlan& plan, ShedBudget budget = {}, ShedMode mode = ShedMode::Real,
                  std::stop_token stop = {}) {
    return loop_.run(shedder_->run(plan, budget, mode, std::move(stop)));
  }

  // Keys that were asked to go, in order.
  std::vector<std::string> expired() const {
    std::vector<std::string> names;
    for (const auto& command : server_->received()) {
      if (command.front() == "PEXPIRE") names.push_back(command[1]);
    }
    return names;
  }

  void add(std::vector<SmallKeyspace::Key>& keys, std::vector<SmallKeyspace::Key> more) {
    keys.insert(keys.end(), more.begin(), more.end());
  }

  Answers answers_;
  std::unique_ptr<SmallKeyspace> keyspace_;
  std::unique_ptr<ScriptedServer> server_;
  wire::EventLoop loop_;
  std::shared_ptr<redis::Client> client_;
  std::unique_ptr<Shedder> shedder_;
};

std::vector<SmallKeyspace::Key> pages(int count) { return keys_named("reed:query:cache:", count); }

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
  const std::set<std::string> allowed{"PING", "CLIENT", "SCAN", "MEMORY",
                                      "TYPE", "PTTL",   "INFO", "PEXPIRE"};
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

TEST_F(ShedderTest, AKeyThatLostItsTtlStaysAndIsToldFromOneThatIsGone) {
  auto keys = pages(6);
  keys[1].fate = Fate::Persistent;
  keys[4].fate = Fate::Ghost;
  serve(keys);
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
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(outcome.end, ShedEnd::NothingLeft);
  EXPECT_GE(server_->count("SCAN"), 2);
  ASSERT_EQ(outcome.classes.size(), 1u);
  EXPECT_EQ(outcome.classes[0].keys, 3);
  EXPECT_EQ(outcome.classes[0].became_persistent, 2);
  EXPECT_EQ(outcome.classes[0].too_big, 1);
}

TEST_F(ShedderTest, AReplicaShedsNothing) {
  auto capabilities = everything();
  capabilities.is_replica = true;
  serve(pages(5), capabilities);
  const auto outcome = run(plan_of({"query_cache"}, 0));
  EXPECT_EQ(outcome.end, ShedEnd::NotAllowed);
  ASSERT_TRUE(outcome.failure);
  EXPECT_NE(outcome.failure->message.find("replica"), std::string::npos);
  EXPECT_EQ(server_->count("PEXPIRE"), 0);
}

TEST_F(ShedderTest, AnEmptyPlanAsksNothingAndFailsNowhere) {
  auto capabilities = everything();
  capabilities.is_replica = true;
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

TEST_F(ShedderTest, ACursorWithoutEndEndsWithTheBudgetOfTime) {
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
  EXPECT_EQ(outcome.keys(), 10) << "a batch under way is finished";
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
  serve(pages(40));
  int infos = 0;
  answers_.on("INFO", [&](const Command&) {
    // Two answers while objects wait, as if nothing had been freed; then the truth.
    const bool pending = ++infos % 3 != 0;
    return wire::bulk(fmt::format("used_memory:{}\r\nlazyfree_pending_objects:{}\r\n",
                                  pending ? 40'000 : keyspace_->used_bytes(), pending ? 7 : 0));
  });
  const auto outcome = run(plan_of({"query_cache"}, 35'000));
  EXPECT_EQ(outcome.end, ShedEnd::TargetReached);
  EXPECT_EQ(outcome.keys(), 5);
  EXPECT_EQ(outcome.used_after_bytes, 35'000);
}

TEST_F(ShedderTest, ABackgroundThreadThatNeverEndsIsNotWaitedForForEver) {
  serve(pages(5));
  answers_.on("INFO", wire::bulk("used_memory:9000\r\nlazyfree_pending_objects:7\r\n"));
  const auto outcome = run(plan_of({"query_cache"}, 1000), {.most_time = 500ms});
  EXPECT_EQ(outcome.end, ShedEnd::BudgetSpent);
}

TEST_F(ShedderTest, TheWalkGoesOnWhereTheLastRunEnded) {
  serve(pages(40));
  EXPECT_EQ(run(plan_of({"query_cache"}, 28'000)).keys(), 12);
  EXPECT_EQ(run(plan_of({"query_cache"}, 26'000)).keys(), 2);
  // Of the second page two were taken; the second run begins with the third.
  EXPECT_EQ(expired()[12], "reed:query:cache:20");
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

TEST_F(ShedderTest, KeysNamedTwiceCountOnce) {
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

TEST_F(ShedderTest, EmptyPagesAreNoEnd) {
  serve(pages(30));
  answers_.on("SCAN", [](const Command& command) {
    const int at = std::stoi(command[1]);
    if (at < 5) return wire::scan_page(std::to_string(at + 1), {});
    return wire::scan_page("0", {"reed:query:cache:7"});
  });
  EXPECT_EQ(run(plan_of({"query_cache"}, 0)).keys(), 1);
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
  expect_broken_off(run(plan_of({"query_cache"}, 0)), ErrorKind::UnknownOutcome);
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
        loop_.run(shedder.run(plan_of({"query_cache"}, 0), {}, ShedMode::Real, {}));
    EXPECT_EQ(to_string(outcome.end), to_string(ShedEnd::BrokenOff)) << last;
    EXPECT_TRUE(outcome.failure);
    for (const auto& command : server.received_on(1)) EXPECT_NE(command.front(), "PEXPIRE");
  }
}

TEST_F(BrokenShedding, KeysThatWentBeforeARefusalAreCounted) {
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
