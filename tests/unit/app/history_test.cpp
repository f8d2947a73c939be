// The ledger folded and summed up for a person at 3 a.m.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "app/history_text.h"

namespace redkeep::app {
namespace {

using guard::LedgerEntry;
using guard::LedgerKind;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Saturday, 2025-11-22, 22:00:00 UTC.
const WallTime kEvening{seconds{1'763'848'800}};

// A ledger in the making: each entry is added at the time that the clock has come to.
class Night {
 public:
  Night& wait(milliseconds time) {
    now_ += time;
    return *this;
  }
  Night& level(const std::string& to, const std::string& from) {
    return add(LedgerKind::LevelChange, to, "was " + from);
  }
  Night& shed(const std::string& name, std::int64_t keys, double before = 85, double after = 80) {
    add(LedgerKind::Shed, name, "warning: full");
    LedgerEntry& entry = entries_.back();
    entry.outcome = "TargetReached";
    entry.keys = keys;
    entry.bytes = 1000 * keys;
    entry.usage_before_pct = before;
    entry.usage_after_pct = after;
    return *this;
  }
  Night& alarm(const std::string& subject, const std::string& reason, std::int64_t keys = 0) {
    add(LedgerKind::Alarm, subject, reason);
    entries_.back().keys = keys;
    return *this;
  }
  Night& notice(const std::string& subject, const std::string& reason) {
    return add(LedgerKind::Notice, subject, reason);
  }
  Night& start() { return notice(std::string(guard::kGuardStarts), "the guard starts"); }
  Night& end() { return notice(std::string(guard::kGuardEnds), "asked to stop"); }

  WallTime now() const { return now_; }
  History history(WallTime from = {}) const { return history_of(entries_, from, now_); }

 private:
  Night& add(LedgerKind kind, const std::string& subject, const std::string& reason) {
    LedgerEntry entry;
    entry.number = entries_.size() + 1;
    entry.when = now_;
    entry.kind = kind;
    entry.subject = subject;
    entry.reason = reason;
    entries_.push_back(entry);
    return *this;
  }

  WallTime now_ = kEvening;
  std::vector<LedgerEntry> entries_;
};

std::vector<std::string> subjects(const History& history) {
  std::vector<std::string> out;
  for (const auto& line : history.lines) out.push_back(line.entry.subject);
  return out;
}

using Subjects = std::vector<std::string>;

TEST(History, ShedEntriesOfOneClassInOneLevelAreOneLineWithSumAndFirstAndLastUsage) {
  Night night;
  night.start().level("normal", "blind").wait(minutes{5}).level("warning", "normal");
  for (int i = 0; i < 100; ++i) {
    night.shed("page_cache", 10, 90 - i * 0.1, 89 - i * 0.1).wait(seconds{1});
    night.shed("query_cache", 1);
  }
  const auto history = night.level("normal", "warning").history();
  ASSERT_EQ(subjects(history),
            (Subjects{"guard-start", "normal", "warning", "page_cache", "query_cache", "normal"}));
  const HistoryLine& pages = history.lines[3];
  EXPECT_EQ(pages.count, 100);
  EXPECT_EQ(pages.entry.keys, 1000);
  EXPECT_EQ(pages.entry.bytes, 1'000'000);
  EXPECT_DOUBLE_EQ(pages.entry.usage_before_pct, 90);
  EXPECT_NEAR(pages.entry.usage_after_pct, 79.1, 1e-9);
  EXPECT_EQ(pages.last - pages.entry.when, seconds{99});
}

TEST(History, SheddingInTwoLevelsStaysApart) {
  Night night;
  night.level("warning", "normal").shed("page_cache", 1).wait(seconds{1});
  night.level("critical", "warning").shed("page_cache", 2).wait(seconds{1});
  EXPECT_EQ(subjects(night.history()),
            (Subjects{"warning", "page_cache", "critical", "page_cache"}));
}

TEST(History, AlarmsOfOneSubjectAreOneLineWithTheLastReason) {
  Night night;
  night.level("critical", "warning");
  for (int i = 1; i <= 60; ++i) {
    night.alarm("critical", std::to_string(i)).alarm("does-not-fit", "x").wait(minutes{1});
  }
  const auto history = night.history();
  ASSERT_EQ(subjects(history), (Subjects{"critical", "critical", "does-not-fit"}));
  EXPECT_EQ(history.lines[1].count, 60);
  EXPECT_EQ(history.lines[1].entry.reason, "60");
  EXPECT_EQ(history.summary.alarms.at("critical"), 60);
}

TEST(History, NoticesWithAnotherReasonAreOtherFacts) {
  Night night;
  night.notice("settings", "a").notice("settings", "b").notice("settings", "a");
  const auto history = night.history();
  ASSERT_EQ(history.lines.size(), 2U);
  EXPECT_EQ(history.lines[0].count, 2);
}

TEST(History, LevelsHoldUntilTheNextOneAndTheLastOneUntilNow) {
  Night night;
  night.level("normal", "blind").wait(minutes{10}).level("warning", "normal").wait(minutes{3});
  night.level("critical", "warning").wait(seconds{20}).level("warning", "critical");
  const auto history = night.wait(minutes{2}).history();
  const auto& levels = history.summary.levels;
  EXPECT_EQ(levels.at("normal").lasted, minutes{10});
  EXPECT_EQ(levels.at("warning").lasted, minutes{5});
  EXPECT_EQ(levels.at("warning").times, 2);
  EXPECT_EQ(levels.at("critical").lasted, seconds{20});
  EXPECT_EQ(history.lines[1].lasted, minutes{3});
}

TEST(History, AGuardThatWasKilledHeldItsLevelUntilItsLastEntry) {
  Night night;
  night.start().level("warning", "blind").wait(minutes{4}).shed("page_cache", 1);
  night.wait(minutes{300}).start().level("normal", "blind").wait(minutes{1});
  const auto levels = night.history().summary.levels;
  EXPECT_EQ(levels.at("warning").lasted, minutes{4});
  EXPECT_EQ(levels.at("normal").lasted, minutes{1});
}

TEST(History, AGuardThatWasStoppedHeldItsLevelUntilThen) {
  Night night;
  night.start().level("normal", "blind").wait(minutes{4}).end().wait(minutes{300});
  EXPECT_EQ(night.history().summary.levels.at("normal").lasted, minutes{4});
}

TEST(History, SinceCountsOnlyWhatIsNotOlderAndTheLevelThatHeldThen) {
  Night night;
  night.start().level("warning", "normal").shed("page_cache", 1).alarm("warning", "old");
  night.wait(minutes{60});
  const WallTime from = night.now();
  night.wait(minutes{10}).shed("page_cache", 2).wait(minutes{5}).level("normal", "warning");
  const auto history = night.wait(minutes{1}).history(from);
  EXPECT_EQ(subjects(history), (Subjects{"page_cache", "normal"}));
  EXPECT_EQ(history.summary.entries, 2);
  EXPECT_EQ(history.summary.shed.at("page_cache").keys, 2);
  EXPECT_TRUE(history.summary.alarms.empty());
  EXPECT_EQ(history.summary.levels.at("warning").lasted, minutes{15});
  EXPECT_EQ(history.summary.levels.at("warning").times, 0);
  EXPECT_EQ(night.history(night.now() + minutes{1}).lines.size(), 0U);
}

TEST(History, EvictionsByTheServerAreAddedUp) {
  Night night;
  night.alarm("server-eviction", "3 keys", 3).alarm("server-eviction", "40 keys", 40);
  const auto summary = night.history().summary;
  EXPECT_EQ(summary.evictions, 2);
  EXPECT_EQ(summary.evicted_keys, 43);
}

TEST(History, AClockThatWasSetBackMakesNoNegativeTimes) {
  Night night;
  night.level("warning", "normal").wait(-minutes{60}).level("normal", "warning");
  night.wait(minutes{1}).shed("page_cache", 1);
  const auto history = night.history(kEvening - minutes{1});
  EXPECT_EQ(history.summary.levels.count("warning"), 1U);
  EXPECT_EQ(history.summary.levels.at("warning").lasted, seconds{0});
  EXPECT_EQ(history.lines.size(), 3U) << "what follows an entry that is shown is shown";
}

TEST(History, ANightOfFloodFitsAScreen) {
  Night night;
  night.start().notice("connected", "Redis 7.0.15").level("normal", "blind").wait(minutes{40});
  std::int64_t keys = 0;
  for (int cycle = 0; cycle < 1400; ++cycle) {
    night.level("warning", "normal");
    if (cycle % 3 == 0) night.alarm("warning", "85 % used");
    for (int second = 0; second < 8; ++second) {
      night.shed("page_cache", 500).shed("query_cache", 20).wait(seconds{1});
      keys += 500;
    }
    if (cycle == 700) night.level("critical", "warning").shed("sessions", 7).wait(seconds{5});
    night.level("normal", "warning").wait(seconds{12});
  }
  const auto history = night.history();
  EXPECT_LE(history.lines.size(), 20U);
  EXPECT_EQ(history.summary.shed.at("page_cache").keys, keys);
  std::int64_t shown = 0;
  std::int64_t warnings = 0;
  milliseconds lasted{0};
  for (const auto& line : history.lines) {
    if (line.entry.subject == "page_cache") shown += line.entry.keys;
    if (line.entry.kind == LedgerKind::LevelChange && line.entry.subject == "warning") {
      warnings += line.count;
      lasted += line.lasted;
    }
  }
  EXPECT_EQ(shown, keys);
  EXPECT_EQ(warnings, 1400);
  EXPECT_EQ(lasted, history.summary.levels.at("warning").lasted);
  EXPECT_EQ(lasted, seconds{8 * 1400});
  const auto names = subjects(history);
  EXPECT_EQ(std::count(names.begin(), names.end(), "critical"), 1);
  EXPECT_EQ(names.back(), "normal") << "the newest levels are told one by one";
  EXPECT_EQ(history.lines.back().count, 1);
}

TEST(History, TwelveLevelsInARowAreTheStillReadOneByOneAndMoreAreNot) {
  for (const int levels : {12, 13}) {
    Night night;
    for (int i = 0; i < levels; ++i) {
      night.level(i % 2 == 0 ? "warning" : "normal", "x").wait(minutes{1});
    }
    EXPECT_EQ(night.history().lines.size(), levels == 12 ? 12U : 2U + 3U);
  }
}

TEST(History, CalmLevelsAreNeverJoined) {
  Night night;
  for (int i = 0; i < 40; ++i) {
    night.level(i % 2 == 0 ? "warning" : "normal", "x").wait(minutes{30});
  }
  EXPECT_EQ(night.history().lines.size(), 40U);
}

TEST(History, AGuardThatIsRestartedAgainAndAgainFitsAScreenToo) {
  Night night;
  for (int i = 0; i < 5000; ++i) {
    night.start().notice("connected", "Redis").level("normal", "blind").wait(seconds{5});
  }
  const auto history = night.history();
  EXPECT_LE(history.lines.size(), 12U);
  EXPECT_EQ(history.summary.guard_starts, 5000);
}

// ---- in words

class HistoryText : public testing::Test {
 protected:
  HistoryText() {
    ::setenv("TZ", "UTC-1", 1);  // POSIX: one hour east
    ::tzset();
  }
  ~HistoryText() override {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST_F(HistoryText, TellsLocalTimeAndTheDateWhereItChanges) {
  Night night;
  night.level("warning", "normal").wait(minutes{90}).shed("page_cache", 1234);
  EXPECT_EQ(print_lines(night.history().lines),
            "\nSaturday, 2025-11-22\n"
            "23:00:00           level-change  warning for 1h 30m: was normal\n"
            "\nSunday, 2025-11-23\n"
            "00:30:00           shed          page_cache: 1,234 keys, 1.2 MiB, usage 85.0 % -> "
            "80.0 %, TargetReached: warning: full\n");
}

TEST_F(HistoryText, TellsHowOftenAndUntilWhen) {
  Night night;
  for (int i = 0; i < 3; ++i) night.wait(minutes{10}).shed("page_cache", 1).alarm("leap", "x");
  EXPECT_EQ(print_lines(night.history().lines),
            "\nSaturday, 2025-11-22\n"
            "23:10:00-23:30:00  shed          page_cache, 3 times: 3 keys, 2.9 KiB, usage 85.0 % "
            "-> 80.0 %, TargetReached: warning: full\n"
            "23:10:00-23:30:00  alarm         leap, 3 times; last: x\n");
  night.wait(minutes{60}).alarm("leap", "y");
  EXPECT_NE(print_lines(night.history().lines)
                .find("23:10:00 to 11-23 00:30:00  alarm         leap, 4 times; last: y"),
            std::string::npos);
}

TEST_F(HistoryText, QuotesStayQuotesAndBackslashesAreShown) {
  Night night;
  night.alarm("policy", "it is \"volatile-lfu\" \\x22");
  EXPECT_NE(print_lines(night.history().lines).find("policy: it is \"volatile-lfu\" \\x5cx22\n"),
            std::string::npos);
}

TEST_F(HistoryText, SumsUp) {
  Night night;
  night.start().level("warning", "normal").shed("page_cache", 5).shed("query_cache", 70'000);
  night.alarm("warning", "x").alarm("warning", "x").alarm("server-eviction", "x", 12);
  night.wait(minutes{2});
  EXPECT_EQ(print_summary(night.history().summary),
            "levels     warning 2m 0s, entered once\n"
            "shed       page_cache                    5 keys      4.9 KiB\n"
            "           query_cache              70,000 keys     66.8 MiB\n"
            "alarms     server-eviction once; warning 2 times\n"
            "evicted    by the server itself: at least 12 keys, noticed once\n"
            "guard      started once\n");
}

TEST_F(HistoryText, ShowsNoControlCharactersWhateverIsInTheFile) {
  const std::string hostile = "\x1b[31m\x07\n\r\xC2\x9B\xff";
  Night night;
  night.level(hostile, hostile).shed(hostile, 1).alarm(hostile, hostile).notice(hostile, hostile);
  const auto history = night.history();
  for (const char c : print_summary(history.summary) + print_lines(history.lines)) {
    const auto byte = static_cast<unsigned char>(c);
    EXPECT_TRUE(c == '\n' || (byte >= 0x20 && byte < 0x7F)) << static_cast<int>(byte);
  }
  EXPECT_EQ(print_lines(history.lines).find('\n' + hostile.substr(4)), std::string::npos);
}

}  // namespace
}  // namespace redkeep::app
