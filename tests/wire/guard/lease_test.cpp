// The lease, command by command: lost connections, refusals and replies that make no sense.
#include "guard/lease.h"

#include <gtest/gtest.h>

#include <atomic>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::ScriptedServer;

const std::string kKey = "reed:guard:lease";

// What the script answers.
std::string lease_of(const std::string& owner, int fencing = 1, const std::string& leaving = "-") {
  return wire::array(
      {wire::bulk("1000"), wire::bulk(fmt::format("{} {} 1000 1000 {}", owner, fencing, leaving))});
}

class LeaseTest : public testing::Test {
 protected:
  LeaseTest() {
    EndpointOptions options = server_.endpoint();
    options.deadline = 300ms;
    client_ = redis::Client::create(loop_.executor(), options);
    lease_ = std::make_unique<Lease>(client_, kKey, "me@here:1");
  }
  ~LeaseTest() override { client_->close(); }

  bool keep() { return loop_.run(lease_->keep()); }
  // Whoever asks has it.
  void give() {
    answers_.on("EVAL", [](const Command& command) { return lease_of(command[4]); });
  }
  redis::awaitable<bool> released() {
    co_await lease_->release();
    co_return true;
  }
  bool release() { return loop_.run(released()); }

  Answers answers_;
  ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  std::shared_ptr<redis::Client> client_;
  std::unique_ptr<Lease> lease_;
};

TEST_F(LeaseTest, IsAskedForInOneScriptOnOneKey) {
  give();
  EXPECT_FALSE(lease_->may_act());
  EXPECT_TRUE(keep());
  EXPECT_TRUE(lease_->may_act());
  for (const auto& command : server_.received()) {
    if (command.front() == "CLIENT") continue;
    ASSERT_EQ(command.size(), 9u);
    EXPECT_EQ(command[0], "EVAL");
    EXPECT_EQ(command[2], "1");
    EXPECT_EQ(command[3], kKey);
    EXPECT_EQ(command[5], "keep");
  }
}

TEST_F(LeaseTest, IsNotAskedForMoreThanOnceASecond) {
  give();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(keep());
  EXPECT_EQ(server_.count("EVAL"), 1);
}

TEST_F(LeaseTest, OfAnotherOneLetsThisOneOnlyWatch) {
  answers_.on("EVAL", lease_of("other@there:2", 7));
  EXPECT_FALSE(keep());
  EXPECT_EQ(lease_->view().stand, LeaseStand::Watching);
  EXPECT_EQ(lease_->view().holder, "there:2");
  EXPECT_EQ(lease_->view().fencing, 7);
  EXPECT_TRUE(release());
  EXPECT_EQ(server_.count("EVAL"), 1) << "there is nothing to give back";
}

// `up` on the data directory of one that was killed: nobody else can have its private server.
TEST_F(LeaseTest, OfAProcessThatIsKnownToBeGoneIsTakenAtOnce) {
  const std::string before = "dead@" + lease_holder(4711);
  answers_.on("EVAL", [&](const Command& command) {
    const bool may_take = command[6].starts_with(before + " ");
    return may_take ? lease_of(command[4], 8) : lease_of(before, 7);
  });
  lease_->know_gone(4711);
  EXPECT_TRUE(keep());
  EXPECT_EQ(lease_->view().stand, LeaseStand::Held);
  EXPECT_EQ(lease_->view().fencing, 8);
  EXPECT_EQ(server_.count("EVAL"), 2);
}

class OddLease : public LeaseTest, public testing::WithParamInterface<std::string> {};

// Nothing known for certain means no action.
TEST_P(OddLease, LetsNobodyAct) {
  answers_.on("EVAL", GetParam());
  EXPECT_FALSE(keep());
  EXPECT_EQ(lease_->view().stand, LeaseStand::Unknown);
}

INSTANTIATE_TEST_SUITE_P(
    Replies, OddLease,
    testing::Values(wire::integer(1), wire::nil(), wire::status("OK"), wire::array({}),
                    wire::array({wire::bulk("5")}),
                    wire::array({wire::bulk("soon"), wire::bulk("me@here:1 1 5 5 -")}),
                    wire::array({wire::integer(5), wire::bulk("me@here:1 1 5 5 -")}),
                    wire::array({wire::bulk("5"), wire::nil()}),
                    wire::array({wire::bulk("5"), wire::bulk("")}),
                    wire::array({wire::bulk("5"), wire::bulk("me@here:1 x 5 5 -")}),
                    wire::refusal("BUSY Redis is busy running a script"),
                    wire::refusal("LOADING Redis is loading the dataset in memory"),
                    wire::refusal("MISCONF Redis is configured to save RDB snapshots"),
                    std::string{}));

TEST_F(LeaseTest, SaysWhyItIsNotKnown) {
  answers_.on("EVAL", wire::refusal("BUSY Redis is busy running a script"));
  EXPECT_FALSE(keep());
  EXPECT_NE(lease_->view().why.find("BUSY"), std::string::npos) << lease_->view().why;
  give();
  ASSERT_TRUE(loop_.run_until([this] { return keep(); }, 3s));
  EXPECT_EQ(lease_->view().why, "");
}

class RefusedLease : public LeaseTest, public testing::WithParamInterface<std::string> {};

// A server that nobody guards is worse than one that two do.
TEST_P(RefusedLease, LetsTheGuardActAloneAndSayWhy) {
  answers_.on("EVAL", wire::refusal(GetParam()));
  EXPECT_TRUE(keep());
  EXPECT_EQ(lease_->view().stand, LeaseStand::Alone);
  EXPECT_NE(describe(lease_->view()).find(GetParam()), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Errors, RefusedLease,
    testing::Values("NOPERM this user has no permissions to run the eval command",
                    "ERR unknown command, with args beginning with: ",
                    "ERR The user executing the script may not run this command",
                    "WRONGTYPE Operation against a key holding the wrong kind of value",
                    "OOM command not allowed", "READONLY write against a read only replica."));

TEST_F(LeaseTest, OfALostConnectionIsWorthNothingUntilItIsRenewed) {
  give();
  ASSERT_TRUE(keep());
  answers_.on("PING", [](const Command&) { return std::nullopt; });
  EXPECT_FALSE(loop_.run(client_->call({"PING"})));
  answers_.on("PING", wire::status("PONG"));
  ASSERT_TRUE(loop_.run(client_->call({"PING"})));
  EXPECT_FALSE(lease_->may_act()) << "who answers now may be another server";
  answers_.on("EVAL", lease_of("other@there:2"));
  EXPECT_FALSE(keep());
  EXPECT_EQ(lease_->view().stand, LeaseStand::Watching);
}

TEST_F(LeaseTest, ARenewalThatIsCutLeavesTheRestOfItsTimeAndIsTriedAgainSoon) {
  give();
  ASSERT_TRUE(keep());
  answers_.on("EVAL", [](const Command&) { return std::nullopt; });
  loop_.start(lease_->keep_up());
  ASSERT_TRUE(loop_.run_until([this] { return server_.count("EVAL") >= 2; }));
  give();
  ASSERT_TRUE(loop_.run_until([this] { return server_.connections() == 2 && lease_->may_act(); }));
  release();
}

TEST_F(LeaseTest, IsKeptWhileNobodyElseHasTheTimeTo) {
  give();
  ASSERT_TRUE(keep());
  loop_.start(lease_->keep_up());
  ASSERT_TRUE(loop_.run_until([this] { return server_.count("EVAL") >= 3; }));
  lease_->rest();
  const auto now = server_.count("EVAL");
  EXPECT_FALSE(loop_.run_until([&] { return server_.count("EVAL") > now; }, 1500ms))
      << "a blind guard lets it run out";
  release();
}

TEST_F(LeaseTest, LongWorkIsStoppedWhenAnotherOneHasTakenIt) {
  give();
  EXPECT_TRUE(lease_->until_lost().stop_requested()) << "not held yet";
  ASSERT_TRUE(keep());
  const std::stop_token lost = lease_->until_lost();
  loop_.start(lease_->keep_up());
  ASSERT_TRUE(loop_.run_until([this] { return server_.count("EVAL") >= 2 && lease_->may_act(); }));
  EXPECT_FALSE(lost.stop_requested());
  answers_.on("EVAL", lease_of("other@there:2", 2));
  EXPECT_TRUE(loop_.run_until([&] { return lost.stop_requested(); }, 3s));
  release();
}

TEST_F(LeaseTest, OnceGivenBackIsNotTakenAgain) {
  give();
  ASSERT_TRUE(keep());
  release();
  EXPECT_FALSE(lease_->may_act());
  EXPECT_FALSE(keep());
  const auto received = server_.received();
  EXPECT_EQ(received.back()[5], "release");
  EXPECT_EQ(server_.count("EVAL"), 2);
}

TEST_F(LeaseTest, TakenByHandIsWaitedForUntilTheHolderHasSteppedBack) {
  std::atomic<int> asked = 0;
  answers_.on("EVAL", [&](const Command& command) {
    ++asked;
    return lease_of(command[4], 2, asked < 4 ? "other@there:2" : "-");
  });
  EXPECT_TRUE(loop_.run(lease_->seize()));
  EXPECT_EQ(asked, 4);
  EXPECT_TRUE(lease_->may_act());
}

TEST_F(LeaseTest, TakenByHandAndThenByAnotherHandIsRefused) {
  std::atomic<int> asked = 0;
  answers_.on("EVAL", [&](const Command& command) {
    return ++asked == 1 ? lease_of(command[4], 2, "x@y:1") : lease_of("third@there:3/shed", 3);
  });
  const Status seized = loop_.run(lease_->seize());
  ASSERT_FALSE(seized);
  EXPECT_NE(seized.error().message.find("there:3/shed"), std::string::npos);
}

}  // namespace
}  // namespace redkeep::guard
