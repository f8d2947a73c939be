// An outbox with a receiver that does what the test says.
#include "guard/alerts/outbox.h"

#include <gtest/gtest.h>

#include "redis/pause.h"
#include "wire/event_loop.h"

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Texts = std::vector<std::string>;

struct Script {
  Texts tried;               // every attempt, in order
  std::vector<Status> ends;  // of the attempts; further ones are fine
  bool hangs = false;
  bool gave_up = false;
};

class ScriptedReceiver : public Receiver {
 public:
  explicit ScriptedReceiver(Script& script) : script_(script) {}
  std::string_view name() const override { return "webhook"; }
  boost::asio::awaitable<Status> deliver(std::string json) override {
    const std::size_t attempt = script_.tried.size();
    script_.tried.push_back(std::move(json));
    while (script_.hangs && !script_.gave_up) co_await redis::pause_for(1ms);
    if (script_.gave_up) co_return Error{ErrorKind::Interrupted, "gave up"};
    co_return attempt < script_.ends.size() ? script_.ends[attempt] : Status{};
  }
  void give_up() override { script_.gave_up = true; }

 private:
  Script& script_;
};

class OutboxTest : public testing::Test {
 protected:
  ~OutboxTest() override { stop(); }

  void start(OutboxLimits limits = {.most_waiting = 3, .first_backoff = 1ms}) {
    outbox_ = std::make_unique<Outbox>(
        loop_.executor(), std::make_unique<ScriptedReceiver>(script_), counts_, limits);
    loop_.start(watch_end());
  }
  boost::asio::awaitable<void> watch_end() {
    co_await outbox_->run(stop_.get_token());
    has_ended_ = true;
  }
  void stop(Clock::duration longest = 20s) {
    stop_.request_stop();
    EXPECT_TRUE(loop_.run_until([this] { return has_ended_; }, longest));
  }
  bool is_settled(std::int64_t alerts) {
    return loop_.run_until(
        [&] { return counts_.sent + counts_.failed + counts_.dropped == alerts; });
  }

  wire::EventLoop loop_;
  Script script_;
  AlertDeliveries counts_;
  std::unique_ptr<Outbox> outbox_;
  std::stop_source stop_;
  bool has_ended_ = false;
};

Status failed(ErrorKind kind) { return Error{kind, "no"}; }

TEST_F(OutboxTest, DeliversInOrderWhateverIsBeforeTheStart) {
  start();
  for (const char* json : {"1", "2", "3"}) outbox_->push(json);
  ASSERT_TRUE(is_settled(3));
  outbox_->push("4");
  ASSERT_TRUE(is_settled(4));
  EXPECT_EQ(script_.tried, (Texts{"1", "2", "3", "4"}));
  EXPECT_EQ(counts_.sent, 4);
}

TEST_F(OutboxTest, TriesAgainWhatMayPassAndThenGoesOn) {
  script_.ends = {failed(ErrorKind::Unreachable),
                  failed(ErrorKind::ServerBusy),
                  {},
                  failed(ErrorKind::Unreachable),
                  failed(ErrorKind::Unreachable),
                  failed(ErrorKind::Unreachable)};
  start();
  for (const char* json : {"1", "2", "3"}) outbox_->push(json);
  ASSERT_TRUE(is_settled(3));
  EXPECT_EQ(script_.tried, (Texts{"1", "1", "1", "2", "2", "2", "3"}));
  EXPECT_EQ(counts_.sent, 2);
  EXPECT_EQ(counts_.failed, 1);
}

TEST_F(OutboxTest, DoesNotTryAgainWhatWouldFailAgain) {
  script_.ends = {failed(ErrorKind::Refused), failed(ErrorKind::Io), failed(ErrorKind::Protocol)};
  start();
  for (const char* json : {"1", "2", "3"}) outbox_->push(json);
  ASSERT_TRUE(is_settled(3));
  EXPECT_EQ(script_.tried, (Texts{"1", "2", "3"}));
  EXPECT_EQ(counts_.failed, 3);
}

TEST_F(OutboxTest, DropsTheOldestWhenTheReceiverHangs) {
  script_.hangs = true;
  start();
  outbox_->push("1");
  ASSERT_TRUE(loop_.run_until([&] { return script_.tried.size() == 1; }));
  for (const char* json : {"2", "3", "4", "5"}) outbox_->push(json);
  EXPECT_EQ(counts_.dropped, 1);
  script_.hangs = false;
  ASSERT_TRUE(is_settled(5));
  EXPECT_EQ(script_.tried, (Texts{"1", "3", "4", "5"}));
}

TEST_F(OutboxTest, AnotherAlertDoesNotShortenThePauseBeforeTheNextAttempt) {
  script_.ends = {failed(ErrorKind::Unreachable)};
  start({.first_backoff = 300ms});
  const auto begun = Clock::now();
  outbox_->push("1");
  ASSERT_TRUE(loop_.run_until([&] { return script_.tried.size() == 1; }));
  outbox_->push("2");
  ASSERT_TRUE(is_settled(2));
  EXPECT_GE(Clock::now() - begun, 300ms);
  EXPECT_EQ(script_.tried, (Texts{"1", "1", "2"}));
}

TEST_F(OutboxTest, AtTheEndWhatWaitsIsStillDelivered) {
  start();
  for (const char* json : {"1", "2"}) outbox_->push(json);
  stop();
  EXPECT_EQ(counts_.sent, 2);
}

TEST_F(OutboxTest, AtTheEndItIsTriedOnceAndTheBackoffIsNotWaitedFor) {
  script_.ends.assign(10, failed(ErrorKind::Unreachable));
  start({.first_backoff = 1h});
  outbox_->push("1");
  outbox_->push("2");
  ASSERT_TRUE(loop_.run_until([&] { return script_.tried.size() == 1; }));
  stop();
  EXPECT_EQ(script_.tried, (Texts{"1", "1", "2"}));
  EXPECT_EQ(counts_.failed, 2);
}

TEST_F(OutboxTest, StoppingDoesNotWaitForAReceiverThatHangs) {
  script_.hangs = true;
  start();
  for (const char* json : {"1", "2", "3"}) outbox_->push(json);
  ASSERT_TRUE(loop_.run_until([&] { return script_.tried.size() == 1; }));
  stop(4s);
  EXPECT_EQ(counts_.failed, 1);
  EXPECT_EQ(counts_.dropped, 2);
}

TEST_F(OutboxTest, AnIdleOneStopsAtOnce) {
  start();
  loop_.run_until([] { return true; });
  stop(1s);
}

}  // namespace
}  // namespace redkeep::guard
