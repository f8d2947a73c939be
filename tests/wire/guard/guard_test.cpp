// The guard's loop against a server that misbehaves: what it does, and above all what it does not
// do as long as it knows nothing for certain.
#include "guard/guard.h"

#include <gtest/gtest.h>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/small_keyspace.h"

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::keys_named;
using wire::ScriptedServer;
using wire::SmallKeyspace;
using Clock = std::chrono::steady_clock;

// 50 pages and 50 sessions of 1,000 bytes each; the limit is 100,000 bytes.
std::vector<SmallKeyspace::Key> some_keys() {
  auto keys = keys_named("reed:query:cache:", 50);
  for (auto& key : keys_named("reed:session:", 50)) keys.push_back(key);
  return keys;
}

class GuardTest : public testing::Test {
 protected:
  GuardTest() {
    keyspace_.install(answers_);
    answers_.on("TIME", wire::array({wire::bulk("1700000000"), wire::bulk("123456")}));
    answers_.on("SET", wire::status("OK"));
    at_rest();
    options_.endpoint = server_.endpoint();
    options_.endpoint.deadline = 200ms;
    options_.pressure.interval = 5ms;
    options_.pressure.min_interval = 5ms;
    options_.pressure.dwell = 0ms;
    options_.alerts.grace = 0ms;
  }
  ~GuardTest() override { stop(); }

  void start() {
    auto guard = Guard::create(loop_.executor(), options_);
    ASSERT_TRUE(guard) << guard.error().message;
    guard_ = std::move(*guard);
    loop_.start(watch_end());
  }

  void stop() {
    if (!guard_ || ended_) return;
    stop_.request_stop();
    EXPECT_TRUE(loop_.run_until([this] { return ended_; })) << "the guard did not stop";
  }

  // After `count` more readings; false if they do not come.
  bool read(std::int64_t count) {
    const auto end = guard_->snapshot().readings + count;
    return loop_.run_until([&] { return guard_->snapshot().readings >= end; });
  }

  bool reaches(PressureLevel level) {
    return loop_.run_until([&] { return guard_->snapshot().level == level; });
  }

  std::int64_t alerts(const std::string& subject) const {
    const auto& sent = guard_->snapshot().alerts;
    const auto found = sent.find(subject);
    return found != sent.end() ? found->second : 0;
  }

  // How often the ledger has such an entry.
  std::int64_t entries(LedgerKind kind, std::string_view subject) const {
    const auto all = guard_->ledger().newest(10'000);
    return std::count_if(all.begin(), all.end(), [&](const LedgerEntry& entry) {
      return entry.kind == kind && entry.subject == subject;
    });
  }

  // What the server says it uses; "0" fields apart, nothing else changes.
  void use(std::int64_t bytes) { keyspace_.info("used_memory", std::to_string(bytes)); }
  void at_rest() { use(50'000); }

  redis::awaitable<void> watch_end() {
    co_await guard_->run(stop_.get_token());
    ended_ = true;
  }

  SmallKeyspace keyspace_{some_keys()};
  Answers answers_;
  ScriptedServer server_{answers_};
  wire::EventLoop loop_;
  Options options_;
  std::stop_source stop_;
  std::unique_ptr<Guard> guard_;
  bool ended_ = false;
};

struct BlindCase {
  const char* name;
  std::string info_reply;
  const char* reason;
};

void PrintTo(const BlindCase& blind, std::ostream* out) { *out << blind.name; }

class BlindGuard : public GuardTest, public testing::WithParamInterface<BlindCase> {};

// No reading means no action, never an action on old numbers.
TEST_P(BlindGuard, DoesNothingAndSaysWhy) {
  answers_.on("INFO", GetParam().info_reply);
  start();
  ASSERT_TRUE(read(3));
  EXPECT_EQ(guard_->snapshot().level, PressureLevel::Blind);
  EXPECT_NE(guard_->snapshot().blind_reason.find(GetParam().reason), std::string::npos)
      << guard_->snapshot().blind_reason;
  EXPECT_FALSE(guard_->snapshot().connected);
  EXPECT_EQ(alerts("blind"), 1) << "once a minute is enough";
  for (const auto& command : server_.received()) {
    EXPECT_TRUE(command.front() == "INFO" || command.front() == "CLIENT") << command.front();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Servers, BlindGuard,
    testing::Values(
        BlindCase{"Loading", wire::refusal("LOADING Redis is loading the dataset"), "LOADING"},
        BlindCase{"LoadingField", wire::bulk("loading:1\r\nused_memory:99000\r\n"), "loading"},
        BlindCase{"Busy", wire::refusal("BUSY Redis is busy running a script"), "BUSY"},
        BlindCase{"Silent", "", "deadline"},
        BlindCase{"NoRights", wire::refusal("NOPERM no permissions to run 'info'"), "NOPERM"},
        BlindCase{"NotResp", "HTTP/1.1 400 Bad Request\r\n", "RESP"},
        BlindCase{"NoMemory", wire::bulk("redis_version:7.0.15\r\n"), "used_memory"},
        BlindCase{"NegativeMemory", wire::bulk("used_memory:-1\r\n"), "used_memory"},
        BlindCase{"TextMemory", wire::bulk("used_memory:unavailable\r\n"), "used_memory"},
        BlindCase{"NilInfo", wire::nil(), "used_memory"}),
    [](const auto& test) { return test.param.name; });

TEST_F(GuardTest, AServerThatRefusesWritesIsWatchedAndItIsSaidThatNothingCanBeShed) {
  answers_.on("PEXPIRE", wire::refusal("NOREPLICAS Not enough good replicas to write."));
  answers_.on("EVAL", wire::refusal("NOREPLICAS Not enough good replicas to write."));
  use(90'000);
  start();
  ASSERT_TRUE(reaches(PressureLevel::Warning));
  ASSERT_TRUE(read(3));
  EXPECT_EQ(guard_->snapshot().level, PressureLevel::Warning);
  EXPECT_EQ(alerts("blind"), 0);
  const auto all = guard_->ledger().newest(100);
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const LedgerEntry& entry) {
    return entry.subject == "limitation" &&
           entry.reason.find("nothing can be shed at the moment") != std::string::npos;
  }));
}

TEST_F(GuardTest, ALevelThatWasHighIsNotActedOnWhileBlind) {
  use(90'000);
  answers_.on("SCAN", wire::scan_page("0", {}));
  start();
  ASSERT_TRUE(reaches(PressureLevel::Warning));
  answers_.on("INFO", wire::refusal("BUSY Redis is busy running a script"));
  ASSERT_TRUE(reaches(PressureLevel::Blind));
  const auto scans = server_.count("SCAN");
  ASSERT_TRUE(read(5));
  EXPECT_EQ(server_.count("SCAN"), scans);
}

TEST_F(GuardTest, SeesAgainWhenTheServerAnswersAgain) {
  answers_.on("INFO", wire::refusal("LOADING Redis is loading the dataset in memory"));
  start();
  ASSERT_TRUE(read(3));
  keyspace_.install(answers_);
  ASSERT_TRUE(reaches(PressureLevel::Normal));
  EXPECT_TRUE(guard_->snapshot().connected);
  EXPECT_TRUE(guard_->snapshot().blind_reason.empty());
  EXPECT_EQ(entries(LedgerKind::LevelChange, "normal"), 1);
  EXPECT_EQ(guard_->snapshot().server_version, "Redis 7.0.15");
}

TEST_F(GuardTest, FieldsThatAreOddOrMissingAreNoReasonToBeBlind) {
  for (const auto& [field, value] : std::vector<std::pair<std::string, std::string>>{
           {"evicted_keys", "N/A"},
           {"used_memory_rss", "-1"},
           {"role", ""},
           {"maxmemory_policy", ""},
           {"run_id", ""},
           {"redis_version", ""},
           {"mem_not_counted_for_evict", "what"},
           {"db0", "keys=many,expires="},
           {"an_unknown_field", ":::"},
           {"lazyfree_pending_objects", "unavailable"}}) {
    keyspace_.info(field, value);
  }
  start();
  ASSERT_TRUE(read(3));
  EXPECT_EQ(guard_->snapshot().level, PressureLevel::Normal);
  EXPECT_EQ(guard_->snapshot().memory.used_bytes, 50'000);
  EXPECT_EQ(guard_->snapshot().failed_readings, 0);
}

TEST_F(GuardTest, WhatTheServerSaysOfItselfCannotSteerATerminalOrBreakJson) {
  keyspace_.info("redis_version", "7\x1b[31m\xff");
  keyspace_.info("maxmemory_policy", "allkeys-\x1b[31m\xff");
  start();
  ASSERT_TRUE(read(3));
  std::vector<std::string> shown{guard_->snapshot().server_version,
                                 guard_->snapshot().eviction_policy};
  for (const auto& entry : guard_->ledger().newest(100)) shown.push_back(entry.reason);
  for (const auto& text : shown) {
    EXPECT_EQ(text.find_first_of("\x1b\xff"), std::string::npos) << text;
  }
}

TEST_F(GuardTest, AboveTheWarningMarkPagesGoDownToTheStopMarkAndSessionsStay) {
  keyspace_.info("used_memory", "");
  keyspace_.info("maxmemory", "115000");  // 100,000 of them used: 87 %
  start();
  ASSERT_TRUE(loop_.run_until([&] { return !guard_->snapshot().shed.empty(); }));
  EXPECT_EQ(guard_->snapshot().shed.size(), 1u);
  EXPECT_EQ(guard_->snapshot().shed.at("query_cache").keys, 8);
  EXPECT_EQ(keyspace_.used_bytes(), 92'000);  // 80 % of 115,000
  const auto newest = guard_->ledger().newest(100);
  const auto shed = std::find_if(newest.begin(), newest.end(), [](const LedgerEntry& entry) {
    return entry.kind == LedgerKind::Shed;
  });
  ASSERT_NE(shed, newest.end());
  EXPECT_EQ(shed->subject, "query_cache");
  EXPECT_EQ(shed->outcome, "TargetReached");
  EXPECT_EQ(shed->bytes, 8'000);
  EXPECT_NEAR(shed->usage_before_pct, 86.96, 0.01);
  EXPECT_NEAR(shed->usage_after_pct, 80.0, 0.01);
}

TEST_F(GuardTest, WhileAnotherGuardActsItOnlyReadsAndAlerts) {
  answers_.on("EVAL", wire::array({wire::bulk("5"), wire::bulk("x@there:2 1 5 5 -")}));
  options_.content_directory = "/nowhere";
  use(97'000);
  start();
  ASSERT_TRUE(reaches(PressureLevel::Critical));
  ASSERT_TRUE(read(10));
  EXPECT_EQ(alerts("critical"), 1);
  EXPECT_EQ(alerts("restore") + alerts("does-not-fit"), 0);
  EXPECT_EQ(server_.count("SCAN"), 0);
  EXPECT_EQ(server_.count("SET"), 0) << "the level is told by the guard that acts";
  stop();
  EXPECT_EQ(server_.count("UNLINK"), 0);
}

TEST_F(GuardTest, OneAlarmForEachLevelHoweverOftenItIsRead) {
  use(90'000);
  answers_.on("SCAN", wire::scan_page("0", {}));
  start();
  ASSERT_TRUE(read(10));
  EXPECT_EQ(alerts("warning"), 1);
  EXPECT_EQ(alerts("critical"), 0);
  use(97'000);
  ASSERT_TRUE(reaches(PressureLevel::Critical));
  ASSERT_TRUE(read(10));
  EXPECT_EQ(alerts("warning"), 1);
  EXPECT_EQ(alerts("critical"), 1) << "a warning does not hide it";
  EXPECT_EQ(alerts("does-not-fit"), 1);
}

TEST_F(GuardTest, AnAlarmComesAgainAfterItsTime) {
  options_.alerts.every = 1s;
  answers_.on("INFO", wire::refusal("LOADING Redis is loading the dataset in memory"));
  const auto begun = Clock::now();
  start();
  ASSERT_TRUE(
      loop_.run_until([&] { return guard_->snapshot().readings > 0 && alerts("blind") == 2; }));
  EXPECT_GE(Clock::now() - begun, 1s);
  EXPECT_GT(guard_->snapshot().readings, 5);
}

TEST_F(GuardTest, AReplicaAtEaseIsNoReasonForAnAlarm) {
  keyspace_.info("role", "slave");
  start();
  ASSERT_TRUE(read(5));
  EXPECT_EQ(guard_->snapshot().level, PressureLevel::Normal);
  EXPECT_TRUE(guard_->snapshot().alerts.empty()) << guard_->snapshot().alerts.begin()->first;
}

TEST_F(GuardTest, OnAReplicaNothingIsShedAndOneAlarmSaysSo) {
  keyspace_.info("role", "slave");
  use(90'000);
  start();
  ASSERT_TRUE(reaches(PressureLevel::Warning));
  ASSERT_TRUE(read(5));
  ASSERT_EQ(entries(LedgerKind::Alarm, "warning"), 1);
  const auto all = guard_->ledger().newest(10'000);
  const auto told = std::find_if(all.begin(), all.end(), [](const LedgerEntry& entry) {
    return entry.kind == LedgerKind::Alarm && entry.subject == "warning";
  });
  EXPECT_NE(told->reason.find("a replica, where nothing is shed"), std::string::npos)
      << told->reason;
  for (const auto& command : server_.received()) {
    EXPECT_NE(command.front(), "SCAN");
    EXPECT_FALSE(command.front() == "PEXPIRE" && command[1] != "reed:guard:probe");
  }
}

TEST_F(GuardTest, WithoutAnyLimitNothingIsShedAndThatIsAnAlarm) {
  keyspace_.info("maxmemory", "0");
  start();
  ASSERT_TRUE(read(5));
  EXPECT_EQ(guard_->snapshot().level, PressureLevel::Normal);
  EXPECT_EQ(alerts("no-limit"), 1);
  EXPECT_EQ(server_.count("SCAN"), 0);
  for (const auto& entry : guard_->ledger().newest(100)) {
    EXPECT_EQ(entry.reason.find("of 0 B"), std::string::npos) << entry.reason;
    if (entry.kind == LedgerKind::LevelChange) {
      EXPECT_NE(entry.reason.find("48.8 KiB used, no limit known"), std::string::npos)
          << entry.reason;
    }
  }
}

TEST_F(GuardTest, ItsBeginningAndItsEndAreInLogAndLedgerWithoutADirectoryToo) {
  start();
  ASSERT_TRUE(read(1));
  EXPECT_EQ(entries(LedgerKind::Notice, kGuardStarts), 1);
  EXPECT_EQ(entries(LedgerKind::Notice, kGuardEnds), 0);
  stop();
  EXPECT_EQ(guard_->ledger().newest(1).front().subject, kGuardEnds);
}

TEST_F(GuardTest, WhatComesBackWithinTheMinuteIsInTheLedgerAgain) {
  start();
  for (int time = 1; time <= 2; ++time) {
    keyspace_.info("maxmemory", "0");
    ASSERT_TRUE(loop_.run_until([&] { return entries(LedgerKind::Alarm, "no-limit") == time; }));
    ASSERT_TRUE(read(5));
    EXPECT_EQ(entries(LedgerKind::Alarm, "no-limit"), time) << "once, however long it holds";
    keyspace_.info("maxmemory", "100000");
    ASSERT_TRUE(loop_.run_until([&] { return entries(LedgerKind::Notice, "no-limit") == time; }));
  }
}

TEST_F(GuardTest, AConfiguredLimitIsUsedWhereTheServerHasNone) {
  keyspace_.info("maxmemory", "0");
  options_.pressure.limit_bytes = 55'000;
  start();
  ASSERT_TRUE(reaches(PressureLevel::Warning));
  EXPECT_EQ(guard_->snapshot().memory.limit_bytes, 55'000);
  EXPECT_EQ(alerts("no-limit"), 0);
}

// A full disk: memory is at ease, and every write is refused.
TEST_F(GuardTest, AServerThatCannotWriteToItsDiskIsAnAlarmUntilItCanAgain) {
  answers_.on("BGREWRITEAOF", wire::status("Background append only file rewriting started"));
  keyspace_.info("aof_enabled", "1");
  keyspace_.info("aof_last_write_status", "err");
  keyspace_.info("rdb_last_bgsave_status", "err");
  start();
  ASSERT_TRUE(read(5));
  EXPECT_EQ(guard_->snapshot().level, PressureLevel::Normal);
  EXPECT_EQ(alerts("append-only-failing"), 1);
  EXPECT_EQ(alerts("snapshot-failing"), 1);
  EXPECT_FALSE(guard_->snapshot().persistence.appends);
  EXPECT_EQ(server_.count("BGREWRITEAOF"), 0);
  keyspace_.info("aof_last_write_status", "ok");
  ASSERT_TRUE(
      loop_.run_until([&] { return entries(LedgerKind::Notice, "append-only-failing") == 1; }));
  ASSERT_TRUE(read(5));
  EXPECT_TRUE(guard_->snapshot().persistence.appends);
  EXPECT_EQ(entries(LedgerKind::Notice, "append-only-failing"), 1) << "it recovers once";
  EXPECT_EQ(entries(LedgerKind::Notice, "snapshot-failing"), 0) << "that one still fails";
  EXPECT_EQ(server_.count("BGREWRITEAOF"), 1) << "Redis 7.0 leaves a hole where a write was cut";
  EXPECT_EQ(entries(LedgerKind::Notice, "append-only-file"), 1);
}

TEST_F(GuardTest, AfterEveryReconnectTheServerIsMetAnew) {
  start();
  ASSERT_TRUE(read(3));
  EXPECT_EQ(entries(LedgerKind::Notice, "connected"), 1);
  keyspace_.info("run_id", "another");
  keyspace_.info("maxmemory_policy", "allkeys-lru");
  answers_.on("INFO", [this](const Command&) -> std::optional<std::string> {
    keyspace_.install(answers_);  // this connection is cut, the next one is served
    return std::nullopt;
  });
  ASSERT_TRUE(loop_.run_until([&] { return entries(LedgerKind::Notice, "connected") == 2; }));
  ASSERT_TRUE(read(1));
  EXPECT_EQ(server_.connections(), 2);
  EXPECT_EQ(alerts("restart"), 1);
  EXPECT_EQ(alerts("unsafe-policy"), 1);
}

TEST_F(GuardTest, ShedsByTheScriptAfterAFailoverToAnOlderServer) {
  start();
  ASSERT_TRUE(read(2));
  answers_.on("PEXPIRE", wire::refusal("ERR wrong number of arguments for 'pexpire' command"));
  answers_.on("TIME", [](const Command&) { return std::nullopt; });
  ASSERT_TRUE(loop_.run_until([&] { return server_.connections() >= 2; }));
  use(90'000);
  ASSERT_TRUE(loop_.run_until([&] {
    const auto received = server_.received();
    return std::any_of(received.begin(), received.end(), [](const Command& command) {
      return command.front() == "EVAL" && command[1].find("PEXPIRE") != std::string::npos;
    });
  }));
}

TEST_F(GuardTest, TheLevelIsPublishedWithTheServersTimeAndWithoutATtl) {
  start();
  ASSERT_TRUE(loop_.run_until([&] { return server_.count("SET") > 0; }));
  for (const auto& command : server_.received()) {
    if (command.front() != "SET") continue;
    EXPECT_EQ(command,
              (Command{"SET", "reed:guard:level", "normal keeps-up alarms= 1700000000123"}));
  }
  ASSERT_TRUE(read(20));
  EXPECT_EQ(server_.count("SET"), 1) << "every two seconds, not with every reading";
}

TEST_F(GuardTest, AServerThatRefusesToTellTheTimeIsGuardedAllTheSame) {
  answers_.on("TIME", wire::refusal("NOPERM this user has no permissions to run 'time'"));
  start();
  ASSERT_TRUE(read(5));
  EXPECT_EQ(guard_->snapshot().failed_readings, 0);
  EXPECT_EQ(server_.count("SET"), 0);
}

TEST_F(GuardTest, StoppingDoesNotWaitForASilentServer) {
  options_.endpoint.deadline = 30s;
  answers_.on("INFO", "");
  start();
  ASSERT_TRUE(loop_.run_until([&] { return server_.count("INFO") == 1; }));
  stop_.request_stop();
  EXPECT_TRUE(loop_.run_until([this] { return ended_; }, 4s));
}

TEST_F(GuardTest, StopsWhileTheServerCannotBeReached) {
  answers_.on("CLIENT", [](const Command&) { return std::nullopt; });
  options_.pressure.interval = 1h;
  start();
  ASSERT_TRUE(read(1));
  EXPECT_EQ(guard_->snapshot().level, PressureLevel::Blind);
  stop_.request_stop();
  EXPECT_TRUE(loop_.run_until([this] { return ended_; }, 2s));
}

}  // namespace
}  // namespace redkeep::guard
