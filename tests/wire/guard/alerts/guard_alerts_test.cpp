// The guard's alerts from end to end: a scripted Redis on one side, receivers on the other.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <mutex>

#include "guard/guard.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/small_keyspace.h"

namespace redkeep::guard {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using wire::Peer;
using wire::ScriptedServer;

class GuardAlerts : public testing::Test {
 protected:
  GuardAlerts() {
    keyspace_.install(answers_);
    answers_.on("TIME", wire::array({wire::bulk("1700000000"), wire::bulk("123456")}));
    answers_.on("SET", wire::status("OK"));
    use(50'000);
    options_.endpoint = redis_.endpoint();
    options_.pressure.interval = 5ms;
    options_.pressure.min_interval = 5ms;
    options_.pressure.dwell = 0ms;
    options_.alerts.grace = 0ms;
  }
  ~GuardAlerts() override {
    if (guard_) stop();
  }

  void start() {
    auto guard = Guard::create(loop_.executor(), options_);
    ASSERT_TRUE(guard) << guard.error().message;
    guard_ = std::move(*guard);
    loop_.start(watch_end());
  }
  redis::awaitable<void> watch_end() {
    co_await guard_->run(stop_.get_token());
    has_ended_ = true;
  }
  void stop() {
    stop_.request_stop();
    EXPECT_TRUE(loop_.run_until([this] { return has_ended_; }, 4s)) << "the guard did not stop";
  }

  // A receiver that takes everything.
  void receive() {
    play([this](Peer& peer) {
      const auto request = peer.next_http_request();
      if (!request) return;
      peer.send("HTTP/1.1 200 OK\r\n\r\n");
      const std::lock_guard lock(mutex_);
      bodies_.push_back(request->substr(request->find("\r\n\r\n") + 4));
    });
  }
  void play(ScriptedServer::Script script) {
    receiver_.emplace(std::vector<ScriptedServer::Script>{std::move(script)});
    options_.alerts.webhook = fmt::format("http://127.0.0.1:{}/hook", receiver_->endpoint().port);
  }
  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

  void use(std::int64_t bytes) { keyspace_.info("used_memory", std::to_string(bytes)); }
  bool read(std::int64_t count) {
    const auto end = guard_->snapshot().readings + count;
    return loop_.run_until([&] { return guard_->snapshot().readings >= end; });
  }
  std::vector<LedgerEntry> entries(LedgerKind kind, std::string_view subject) const {
    auto all = guard_->ledger().newest(10'000);
    std::erase_if(all, [&](const LedgerEntry& entry) {
      return entry.kind != kind || entry.subject != subject;
    });
    return all;
  }

  wire::SmallKeyspace keyspace_{wire::keys_named("reed:query:cache:", 100)};  // 100,000 bytes
  wire::Answers answers_;
  ScriptedServer redis_{answers_};
  wire::EventLoop loop_;
  Options options_;
  std::stop_source stop_;
  std::unique_ptr<Guard> guard_;
  bool has_ended_ = false;
  std::mutex mutex_;
  std::vector<std::string> bodies_;
  std::optional<ScriptedServer> receiver_;
};

TEST_F(GuardAlerts, BlindnessAndItsEndReachTheWebhookOnceEach) {
  receive();
  answers_.on("INFO", wire::refusal("LOADING Redis is loading the dataset in memory"));
  start();
  ASSERT_TRUE(loop_.run_until([&] { return bodies().size() == 1; }));
  const auto fired = json::parse(bodies()[0]).as_array().at(0).as_object();
  EXPECT_EQ(fired.at("labels").at("alertname"), "RedkeepBlind");
  EXPECT_EQ(fired.at("labels").at("severity"), "critical");
  EXPECT_EQ(fired.at("labels").at("instance").as_string(), redis::describe(redis_.endpoint()));
  EXPECT_NE(fired.at("annotations").at("cause").as_string().find("LOADING"), std::string::npos);
  keyspace_.install(answers_);
  ASSERT_TRUE(loop_.run_until([&] { return bodies().size() == 2; }));
  const auto over = json::parse(bodies()[1]).as_array().at(0).as_object();
  EXPECT_EQ(over.at("labels"), fired.at("labels"));
  ASSERT_TRUE(read(20));
  EXPECT_EQ(bodies().size(), 2u);
  EXPECT_EQ(entries(LedgerKind::Alarm, "blind").size(), 1u);
  const auto recovered = entries(LedgerKind::Notice, "blind");
  ASSERT_EQ(recovered.size(), 1u);
  EXPECT_EQ(recovered[0].outcome, "Recovered");
  EXPECT_EQ(guard_->snapshot().deliveries.at("webhook").sent, 2);
}

TEST_F(GuardAlerts, AnAlertNamesWhatWasDoneAboutIt) {
  receive();
  options_.alerts.webhook_form = AlertOptions::Form::Plain;
  keyspace_.info("used_memory", "");
  keyspace_.info("maxmemory", "115000");  // 100,000 of them used: 87 %
  start();
  ASSERT_TRUE(loop_.run_until([&] { return bodies().size() == 2; }));
  const auto fired = json::parse(bodies()[0]).as_object();
  EXPECT_EQ(fired.at("subject"), "warning");
  EXPECT_EQ(fired.at("state"), "firing");
  EXPECT_EQ(fired.at("action"), "shed 8 keys, 7.8 KiB, of query_cache -> TargetReached");
  EXPECT_EQ(fired.at("used_bytes"), 100'000);
  const auto over = json::parse(bodies()[1]).as_object();
  EXPECT_EQ(over.at("state"), "resolved");
  EXPECT_EQ(over.at("used_bytes"), 92'000);
}

TEST_F(GuardAlerts, ACrossingThatSheddingUndoesWithinTheGraceIsInTheLedgerOnly) {
  receive();
  options_.alerts.grace = 30s;
  keyspace_.info("used_memory", "");
  keyspace_.info("maxmemory", "115000");
  start();
  ASSERT_TRUE(loop_.run_until([&] { return !entries(LedgerKind::Notice, "warning").empty(); }));
  ASSERT_TRUE(read(5));
  const auto brief = entries(LedgerKind::Notice, "warning");
  ASSERT_EQ(brief.size(), 1u);
  EXPECT_NE(brief[0].reason.find("undone by: shed 8 keys"), std::string::npos) << brief[0].reason;
  EXPECT_EQ(guard_->snapshot().alerts.count("warning"), 0u);
  EXPECT_EQ(receiver_->connections(), 0);
}

TEST_F(GuardAlerts, AMarkThatStaysCrossedIsAnAlertAfterTheGrace) {
  options_.alerts.grace = 100ms;
  use(90'000);
  answers_.on("SCAN", wire::scan_page("0", {}));
  start();
  ASSERT_TRUE(loop_.run_until([&] { return guard_->snapshot().alerts.contains("warning"); }));
  EXPECT_TRUE(entries(LedgerKind::Notice, "warning").empty());
}

// The receivers hang, each in its way, and there is no more to be seen of it than a count.
TEST_F(GuardAlerts, ReceiversThatHangHarmNothing) {
  play([](Peer& peer) { peer.read_nothing(); });
  const TemporaryDirectory directory;
  const auto program = directory.write("alert", "#!/bin/sh\nsleep 600\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  options_.alerts.command = program;
  keyspace_.info("maxmemory_policy", "allkeys-lru");
  start();
  ASSERT_TRUE(loop_.run_until([&] { return receiver_->connections() == 1; }));
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(read(50));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
  EXPECT_EQ(guard_->snapshot().failed_readings, 0);
  stop();
  EXPECT_EQ(guard_->snapshot().deliveries.at("webhook").failed, 1);
  EXPECT_EQ(guard_->snapshot().deliveries.at("command").failed, 1);
}

TEST_F(GuardAlerts, AWebhookThatIsNoUrlIsRefusedAtTheStart) {
  options_.alerts.webhook = "hooks.example/secret";
  const auto guard = Guard::create(loop_.executor(), options_);
  ASSERT_FALSE(guard);
  EXPECT_EQ(guard.error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(guard.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace redkeep::guard
