// The guard finds drift in the background, mends it where it may, alarms, and says so in its
// metrics.
#include <gtest/gtest.h>

#include "live/damaged_graph.h"
#include "live/filling.h"
#include "live/running_guard.h"

namespace redkeep::test {
namespace {

const std::string kQuickAudits =
    "[pressure]\ninterval = \"40ms\"\n[alerts]\nevery = \"1s\"\n[drift]\nevery = \"1s\"\n";

class GuardDriftLive : public testing::Test {
 protected:
  GuardDriftLive() {
    write_small_graph(content);
    EXPECT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
    write_others_keys(redis);
  }

  void drift() {
    redis.run({"EXPIRE", kEntity, "9000"});
    redis.run({"SET", kPage, "x"});
    redis.run({"SADD", "reed:word:owl", id_of(77)});
  }

  bool is_mended() {
    return redis.integer({"TTL", kEntity}) == -1 && redis.integer({"TTL", kPage}) > 0 &&
           redis.integer({"EXISTS", "reed:word:owl"}) == 0;
  }

  static std::string drift_in(const RunningGuard& guard) {
    std::string text;
    for (const auto& entry : guard.ledger()) {
      if (entry.at("subject") != "drift") continue;
      text += std::string(entry.at("kind").as_string()) + " " +
              std::string(entry.at("outcome").as_string()) + " " +
              std::string(entry.at("reason").as_string()) + "\n";
    }
    return text;
  }

  const std::string kEntity = "reed:entity:page:" + id_of(2);
  const std::string kPage = "reed:page:cache:/drifted:eu:plain";
  LiveRedis redis{{"--maxmemory", "64mb", "--maxmemory-policy", "noeviction"}};
  TemporaryDirectory content;
};

TEST_F(GuardDriftLive, WhatHasDriftedIsMendedAndTold) {
  RunningGuard guard(redis.url(), {}, {}, kQuickAudits);
  drift();
  ASSERT_TRUE(eventually([&] { return is_mended(); }));
  // It says so once the audit is over, which is a little later.
  ASSERT_TRUE(eventually([&] {
    const std::string metrics = http_get(guard.http(), "/metrics").body;
    return metrics.find("drift_mended_total{kind=\"dead_member\"} 1\n") != std::string::npos;
  }));
  ASSERT_TRUE(eventually([&] { return has(drift_in(guard), "alarm"); }));
  EXPECT_TRUE(has(drift_in(guard), "notice Mended"));
  EXPECT_TRUE(has(drift_in(guard), kEntity));
  const std::string metrics = http_get(guard.http(), "/metrics").body;
  EXPECT_TRUE(has(metrics, "redkeep_drift_mended_total{kind=\"protected_with_ttl\"} 1\n"));
  EXPECT_TRUE(has(metrics, "redkeep_drift_mended_total{kind=\"evictable_without_ttl\"} 1\n"));
  EXPECT_TRUE(has(metrics, "redkeep_drift_mended_total{kind=\"dead_member\"} 1\n"));
  const auto audit = get_json(guard.http(), "/api/v1/audit").as_object();
  EXPECT_TRUE(audit.contains("dead_member"));
  EXPECT_TRUE(audit.contains("taken_at"));
  // Nothing is found by the next one: the alarm is over.
  ASSERT_TRUE(eventually([&] { return has(drift_in(guard), "notice Recovered"); }));
}

TEST_F(GuardDriftLive, WhoIsToLookOnlyAlarmsAndLeavesItAsItIs) {
  drift();
  const Contents before = redis.contents();
  RunningGuard guard(redis.url(), {}, {}, kQuickAudits + "background = \"look\"\n");
  ASSERT_TRUE(eventually([&] { return has(drift_in(guard), "alarm"); }));
  EXPECT_TRUE(has(drift_in(guard), "notice Drifted"));
  EXPECT_FALSE(is_mended());
  const Contents after = redis.contents();
  for (const auto& [key, value] : before) EXPECT_EQ(after.at(key), value);
}

TEST_F(GuardDriftLive, AGuardThatOnlyWatchesMendsNothing) {
  RunningGuard acting(redis.url(), {}, {}, kQuickAudits + "background = \"off\"\n");
  ASSERT_TRUE(eventually([&] { return acting.level() == "normal"; }));
  ASSERT_TRUE(eventually([&] { return redis.integer({"EXISTS", "reed:guard:lease"}) == 1; }));
  drift();
  RunningGuard watching(redis.url(), {}, {}, kQuickAudits);
  ASSERT_TRUE(eventually([&] { return has(drift_in(watching), "notice Drifted"); }));
  EXPECT_FALSE(is_mended());
}

TEST_F(GuardDriftLive, ItIsStoppedAtOnce) {
  RunningGuard guard(redis.url(), {}, {}, "[drift]\nevery = \"1h\"\n");
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  guard.program().signal(SIGTERM);
  EXPECT_EQ(guard.program().wait(std::chrono::seconds{5}).exit_code, 0);
}

}  // namespace
}  // namespace redkeep::test
