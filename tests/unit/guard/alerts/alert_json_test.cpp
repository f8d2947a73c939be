// Alerts as JSON: what receivers rely on, and text of hostile origin.
#include "guard/alerts/alert_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace redkeep::guard {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point kAlertNow{1'732'471'200'250ms};
constexpr auto kInstance = "redis://127.0.0.1:6390/0";

Alert critical() {
  return {{"server-eviction",
           AlertKind::Recurring,
           AlertSeverity::Critical,
           "961 B of 1000 B used",
           "shed 12 keys",
           {961, 1000, 96.1}},
          false,
          90s,
          {},
          kAlertNow - 90s};
}

json::object alertmanager(const Alert& alert) {
  const auto list = json::parse(alertmanager_json(alert, kInstance, kAlertNow, 240s)).as_array();
  EXPECT_EQ(list.size(), 1u);
  return list.at(0).as_object();
}

json::object plain(const Alert& alert) {
  return json::parse(plain_json(alert, kInstance, kAlertNow)).as_object();
}

TEST(AlertmanagerJson, HasTheFormOfItsApi) {
  const auto object = alertmanager(critical());
  EXPECT_EQ(object.at("labels"), (json::value{{"alertname", "RedkeepServerEviction"},
                                              {"severity", "critical"},
                                              {"subject", "server-eviction"},
                                              {"instance", kInstance}}));
  EXPECT_EQ(object.at("startsAt"), "2024-11-24T17:58:30.250Z");
  EXPECT_EQ(object.at("endsAt"), "2024-11-24T18:04:00.250Z") << "ends by itself if we are gone";
  const auto& annotations = object.at("annotations").as_object();
  for (const auto& one : annotations) EXPECT_TRUE(one.value().is_string()) << one.key();
  EXPECT_EQ(annotations.at("description"), "961 B of 1000 B used. Done about it: shed 12 keys");
  EXPECT_EQ(annotations.at("usage_percent"), "96.1");
  EXPECT_EQ(annotations.at("used_bytes"), "961");
}

TEST(AlertmanagerJson, KnowsAnAlertAgainWhenItIsOver) {
  Alert over = critical();
  over.is_over = true;
  over.condition.cause = "over";
  EXPECT_EQ(alertmanager(over).at("labels"), alertmanager(critical()).at("labels"));
  EXPECT_EQ(alertmanager(over).at("endsAt"), "2024-11-24T18:00:00.250Z");
}

TEST(PlainJson, IsFlatWithNumbersAsNumbers) {
  EXPECT_EQ(plain(critical()), (json::object{{"subject", "server-eviction"},
                                             {"severity", "critical"},
                                             {"state", "firing"},
                                             {"cause", "961 B of 1000 B used"},
                                             {"action", "shed 12 keys"},
                                             {"used_bytes", 961},
                                             {"limit_bytes", 1000},
                                             {"usage_percent", 96.1},
                                             {"since", "2024-11-24T17:58:30.250Z"},
                                             {"time", "2024-11-24T18:00:00.250Z"},
                                             {"instance", kInstance}}));
  Alert over = critical();
  over.is_over = true;
  over.condition.action.clear();
  EXPECT_EQ(plain(over).at("state"), "resolved");
  EXPECT_EQ(plain(over).at("action"), "none");
}

TEST(AlertJson, HostileTextComesThroughAsTextAndNothingElse) {
  for (const std::string text :
       {"\"},{\"x\":\"", "\\", "line\nbreak\r\n", "\x1b[31m", "</script>", "€ \xf0\x9f\x98\x80"}) {
    Alert alert = critical();
    alert.condition.cause = alert.condition.action = alert.condition.subject = text;
    EXPECT_EQ(plain(alert).at("cause").as_string(), text);
    EXPECT_EQ(plain(alert).size(), 11u);
    EXPECT_EQ(alertmanager(alert).at("annotations").at("action").as_string(), text);
    EXPECT_EQ(plain_json(alert, kInstance, kAlertNow).find('\n'), std::string::npos) << "one line";
  }
}

TEST(AlertJson, WhatIsNotUtf8IsShownEscaped) {
  Alert alert = critical();
  alert.condition.cause = std::string("bytes \xff\xfe and \0", 14);
  EXPECT_EQ(plain(alert).at("cause"), "bytes \\xff\\xfe and \\x00");
  alert.condition.memory.usage_pct = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(plain(alert).at("usage_percent"), 0);
}

TEST(AlertJson, LongTextIsCutBetweenTwoCharacters) {
  for (int shift = 0; shift < 4; ++shift) {
    Alert alert = critical();
    alert.condition.cause = std::string(static_cast<std::size_t>(shift), 'x');
    for (int i = 0; i < 5000; ++i) alert.condition.cause += "€";
    const std::string cause(plain(alert).at("cause").as_string());
    EXPECT_LE(cause.size(), 2003u);
    EXPECT_GE(cause.size(), 1990u);
    EXPECT_TRUE(cause.ends_with("€...")) << "cut within a character it would be escaped";
  }
}

}  // namespace
}  // namespace redkeep::guard
