// What the HTTP pages say, and that nothing a server or a key name holds can break out of it (F55).
#include "app/http/pages.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <regex>
#include <set>

namespace redkeep::app::http {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

const TimePoint kPagesNow{seconds{1000}};

guard::Snapshot connected() {
  guard::Snapshot snapshot;
  snapshot.connected = true;
  snapshot.endpoint = "redis://127.0.0.1:6390/0";
  snapshot.server_version = "Redis 7.0.15";
  snapshot.eviction_policy = "volatile-lfu";
  snapshot.level = PressureLevel::Warning;
  snapshot.memory = {850, 1000, 85};
  snapshot.last_reading = kPagesNow - seconds{1};
  snapshot.persistence.appends = false;
  snapshot.shed["page_cache"] = {17, 4096};
  snapshot.alerts["warning"] = 2;
  snapshot.deliveries["webhook"] = {7, 2, 1};
  return snapshot;
}

guard::Snapshot counted(std::string class_name) {
  auto snapshot = connected();
  Statistics census;
  census.classes = {{std::move(class_name), KeyLevel::Evictable, 3, 300},
                    {"queues", KeyLevel::Protected, 1, std::nullopt}};
  census.unclassified_keys = 5;
  snapshot.census = census;
  snapshot.census_time = kPagesNow - seconds{7};
  return snapshot;
}

// Names that would break out of a label, a JSON text, a terminal or a page.
const std::string kHostile[] = {"a\"} 1\nredkeep_level{level=\"normal",
                                "back\\slash",
                                "line\nbreak",
                                "\x1b[31mred\x1b[0m",
                                "<script>alert(1)</script>",
                                "caf\xC3\xA9"};

// One line of the text format: a comment, or a sample with escaped labels and a number
// (https://prometheus.io/docs/instrumenting/exposition_formats).
const std::regex kMetricsLine(
    R"re(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* [^\n]*|)re"
    R"re([a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)+\})? [0-9.eE+-]+)re");

void expect_valid_metrics(const std::string& text) {
  ASSERT_TRUE(text.ends_with('\n'));
  std::set<std::string> series;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(std::regex_match(line, kMetricsLine)) << line;
    if (!line.starts_with('#')) {
      EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << "twice: " << line;
    }
  }
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, AreValidPrometheusTextBeforeTheFirstReading) {
  expect_valid_metrics(metrics_text(guard::Snapshot{}, {}, kPagesNow));
}

TEST(Metrics, SayWhatTheSnapshotSays) {
  const std::string text = metrics_text(counted("page_cache"), {}, kPagesNow);
  expect_valid_metrics(text);
  for (const char* line :
       {"redkeep_connected 1",
        "redkeep_memory_used_bytes 850",
        "redkeep_memory_limit_bytes 1000",
        "redkeep_memory_usage_ratio 0.85",
        "redkeep_level{level=\"warning\"} 1",
        "redkeep_level{level=\"normal\"} 0",
        "redkeep_shed_keys_total{class=\"page_cache\"} 17",
        "redkeep_shed_bytes_total{class=\"page_cache\"} 4096",
        "redkeep_alerts_total{subject=\"warning\"} 2",
        "redkeep_alert_deliveries_total{receiver=\"webhook\",outcome=\"sent\"} 7",
        "redkeep_alert_deliveries_total{receiver=\"webhook\",outcome=\"failed\"} 2",
        "redkeep_alert_deliveries_total{receiver=\"webhook\",outcome=\"dropped\"} 1",
        "redkeep_census_age_seconds 7",
        "redkeep_class_keys{class=\"page_cache\",level=\"evictable\"} 3",
        "redkeep_class_bytes{class=\"page_cache\",level=\"evictable\"} 300",
        "redkeep_redis_persistence_ok{of=\"append\"} 0",
        "redkeep_redis_persistence_ok{of=\"snapshot\"} 1",
        "redkeep_unclassified_keys 5",
        "# TYPE redkeep_shed_keys_total counter",
        "# TYPE redkeep_level gauge"}) {
    EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
  }
  EXPECT_EQ(text.find("redkeep_class_bytes{class=\"queues\""), std::string::npos)
      << "bytes that are not known are left out";
}

TEST(Metrics, HaveTheJournalWhereThereIsOne) {
  auto snapshot = connected();
  EXPECT_EQ(metrics_text(snapshot, {}, kPagesNow).find("redkeep_journal"), std::string::npos);
  snapshot.journal = guard::JournalState{false, true};
  const std::string text = metrics_text(snapshot, {}, kPagesNow);
  expect_valid_metrics(text);
  EXPECT_TRUE(has_line(text, "redkeep_journal_stores 0"));
  EXPECT_TRUE(has_line(text, "redkeep_journal_applies 1"));
}

TEST(Metrics, SayWhatIsForeseenAndLeaveOutWhatIsNot) {
  auto snapshot = counted("page_cache");
  snapshot.forecast.total.outlook = Outlook::Held;
  snapshot.forecast.protected_data = {Outlook::Growing, 1000,          12,
                                      std::nullopt,     seconds{7200}, seconds{60}};
  const std::string text = metrics_text(snapshot, {}, kPagesNow);
  expect_valid_metrics(text);
  for (const char* line : {"redkeep_forecast_outlook{of=\"total\",outlook=\"held\"} 1",
                           "redkeep_forecast_outlook{of=\"total\",outlook=\"growing\"} 0",
                           "redkeep_forecast_growth_bytes_per_hour{of=\"protected\"} 12",
                           "redkeep_forecast_seconds{of=\"protected\",mark=\"limit\"} 7200"}) {
    EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
  }
  EXPECT_EQ(text.find("mark=\"warning\""), std::string::npos);
}

TEST(Regret, IsInTheMetricsAndTheStatus) {
  auto snapshot = connected();
  snapshot.regret["page_cache"] = {312, 14, 3.5, 1000, 140};
  const std::string text = metrics_text(snapshot, {}, kPagesNow);
  expect_valid_metrics(text);
  for (const char* line : {"redkeep_regret_ratio{class=\"page_cache\"} 0.14",
                           "redkeep_regret_ratio_error{class=\"page_cache\"} 0.035",
                           "redkeep_regret_sampled_keys_total{class=\"page_cache\"} 1000",
                           "redkeep_regret_written_again_keys_total{class=\"page_cache\"} 140"}) {
    EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
  }
  const auto page = json::parse(status_json(snapshot, kPagesNow));
  const auto& regret = page.at("regret").at(0).as_object();
  EXPECT_EQ(regret.at("class"), "page_cache");
  EXPECT_EQ(regret.at("sampled_keys"), 312);
  EXPECT_EQ(regret.at("written_again_pct"), 14);
  EXPECT_EQ(regret.at("error_pct"), 3.5);
}

TEST(Metrics, NamesCannotBreakOutOfTheirLabel) {
  for (const auto& name : kHostile) {
    auto snapshot = counted(name);
    snapshot.shed[name] = {1, 1};
    snapshot.alerts[name] = 1;
    expect_valid_metrics(metrics_text(snapshot, {}, kPagesNow));
  }
}

TEST(StatusPage, IsTheStatisticsWithTheGuardsFieldsBeside) {
  const auto page = json::parse(status_json(counted("page_cache"), kPagesNow)).as_object();
  EXPECT_EQ(page.at("level"), "warning");
  EXPECT_EQ(page.at("level_source"), "guard");
  EXPECT_EQ(page.at("used_bytes"), 850);
  EXPECT_EQ(page.at("connected"), true);
  EXPECT_EQ(page.at("endpoint"), "redis://127.0.0.1:6390/0");
  EXPECT_EQ(page.at("server"), "Redis 7.0.15");
  EXPECT_EQ(page.at("eviction_policy"), "volatile-lfu");
  EXPECT_EQ(page.at("census_age_seconds"), 7);
  EXPECT_EQ(page.at("classes").as_array().size(), 2u);
  EXPECT_TRUE(json::parse(status_json(connected(), kPagesNow)).at("census_age_seconds").is_null());
}

TEST(StatusPage, IsValidJsonWhateverTheServerAndTheClassesAreCalled) {
  std::vector<std::string> names(std::begin(kHostile), std::end(kHostile));
  names.emplace_back("\xff\xfe not UTF-8");
  for (const auto& name : names) {
    auto snapshot = counted(name.front() == '\xff' ? "page_cache" : name);
    snapshot.endpoint = snapshot.server_version = snapshot.eviction_policy = name;
    snapshot.blind_reason = name;
    boost::system::error_code code;
    const auto page = json::parse(status_json(snapshot, kPagesNow), code);
    ASSERT_FALSE(code) << code.message();
    if (name.front() != '\xff') {
      EXPECT_EQ(page.at("server").as_string(), name);
    }
  }
}

TEST(LedgerPage, IsValidJsonNewestFirst) {
  guard::Ledger ledger;
  ledger.add(guard::LedgerKind::Notice, "policy", "first");
  for (const auto& name : kHostile) ledger.add(guard::LedgerKind::Alarm, name, name);
  ledger.add(guard::LedgerKind::Notice, "\xff", "bytes \xff\xfe");
  const auto all = json::parse(ledger_json(ledger, 100)).as_array();
  ASSERT_EQ(all.size(), 2 + std::size(kHostile));
  EXPECT_EQ(all.back().at("reason"), "first");
  EXPECT_EQ(all.back().at("number"), 1);
  EXPECT_EQ(all.back().at("kind"), "notice");
  EXPECT_EQ(all[1].at("subject").as_string(), std::end(kHostile)[-1]);
  const std::string time(all.back().at("time").as_string());
  EXPECT_TRUE(std::regex_match(time, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")))
      << time;
  EXPECT_EQ(json::parse(ledger_json(ledger, 1)).as_array().size(), 1u);
  EXPECT_EQ(ledger_json(ledger, 0), "[]");
}

TEST(Readiness, IsThereWithAFreshReading) {
  const PressureOptions options;
  EXPECT_EQ(not_ready_because(connected(), options, kPagesNow), "");
  EXPECT_EQ(not_ready_because(connected(), options, kPagesNow + seconds{4}), "")
      << "three intervals, 2 s";
  EXPECT_EQ(not_ready_because(connected(), options, kPagesNow + seconds{5}),
            "the last reading is 6.0 s old");
}

TEST(Readiness, SaysWhyItIsNotThere) {
  guard::Snapshot snapshot;
  EXPECT_EQ(not_ready_because(snapshot, {}, kPagesNow), "no reading yet");
  snapshot.blind_reason = "LOADING";
  EXPECT_EQ(not_ready_because(snapshot, {}, kPagesNow), "LOADING");
}

TEST(Pages, SayWhichGuardActs) {
  auto snapshot = connected();
  snapshot.lease = {guard::LeaseStand::Watching, "web1:4711", 3, seconds{5}, ""};
  const auto lease = json::parse(status_json(snapshot, kPagesNow)).at("lease");
  EXPECT_EQ(lease.at("stand"), "watching");
  EXPECT_EQ(lease.at("holder"), "web1:4711");
  EXPECT_EQ(lease.at("fencing"), 3);
  EXPECT_EQ(lease.at("text"), "watching; web1:4711 acts since 1970-01-01T00:00:05Z, fencing 3");
  const auto metrics = metrics_text(snapshot, {}, kPagesNow);
  EXPECT_NE(metrics.find("redkeep_lease{stand=\"watching\"} 1\n"), std::string::npos);
  EXPECT_NE(metrics.find("redkeep_lease{stand=\"held\"} 0\n"), std::string::npos);
  EXPECT_NE(metrics.find("redkeep_lease_fencing 3\n"), std::string::npos);
}

}  // namespace
}  // namespace redkeep::app::http
