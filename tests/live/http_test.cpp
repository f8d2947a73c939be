// The HTTP side of `redkeep up`, as a browser, a probe and Prometheus see it.
#include <gtest/gtest.h>

#include "live/filling.h"
#include "live/running_guard.h"
#include "live/running_up.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

class HttpLive : public testing::Test {
 protected:
  HttpLive() {
    write_content(content, entity_row(1, "page", "$one", "first"), "");
    up = std::make_unique<RunningUp>(directory.path(),
                                     std::vector<std::string>{"--content", content.path()});
  }

  HttpAnswer get(const std::string& target, const std::string& host = "localhost") {
    return http_get(up->http(), target, host);
  }

  TemporaryDirectory directory;
  TemporaryDirectory content;
  std::unique_ptr<RunningUp> up;
};

TEST_F(HttpLive, ProbesSayThatItLivesAndThatItIsReady) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_TRUE(eventually([&] { return get("/readyz").status == 200; }));
}

TEST_F(HttpLive, StatusHasTheNamesOfStatsAndTheGuardsOwn) {
  ASSERT_TRUE(eventually([&] {
    return !get_json(up->http(), "/api/v1/status").as_object().at("census_age_seconds").is_null();
  }));
  const auto status = get_json(up->http(), "/api/v1/status").as_object();
  EXPECT_EQ(status.at("level"), "normal");
  EXPECT_EQ(status.at("level_source"), "guard");
  EXPECT_EQ(status.at("limit_bytes"), 512LL << 20);
  EXPECT_EQ(status.at("breakdown").as_object().at("ucg_entities"), 3);
  EXPECT_TRUE(status.at("server").as_string().starts_with("Redis "));
}

TEST_F(HttpLive, MetricsAreTextThatPrometheusReads) {
  ASSERT_TRUE(eventually([&] { return get("/readyz").status == 200; }));
  // Whether the server may be shed from is found out between the first reading and its publication.
  ASSERT_TRUE(eventually([&] { return !has(get("/metrics").body, "limit_bytes 0\n"); }));
  const std::string metrics = get("/metrics").body;
  EXPECT_TRUE(has(metrics, "\nredkeep_memory_limit_bytes 536870912\n"));
  EXPECT_TRUE(has(metrics, "\nredkeep_level{level=\"normal\"} 1\n"));
  EXPECT_TRUE(has(metrics, "# TYPE redkeep_readings_total counter\n"));
}

TEST_F(HttpLive, CensusDoctorAndPlanAreThereWithoutAskingForThem) {
  ASSERT_TRUE(eventually([&] { return get("/api/v1/census").status == 200; }));
  const auto stats = get_json(up->http(), "/api/v1/census").as_object();
  EXPECT_EQ(stats.at("census").at("method"), "sample");
  EXPECT_EQ(stats.at("breakdown").at("ucg_entities"), 3);
  EXPECT_LT(stats.at("age_seconds").to_number<double>(), 60);
  EXPECT_TRUE(stats.at("taken_at").as_string().ends_with("Z"));
  const auto doctor = get_json(up->http(), "/api/v1/doctor").as_object();
  EXPECT_TRUE(doctor.at("findings").is_array());
  ASSERT_TRUE(eventually([&] { return get("/api/v1/plan").status == 200; }));
  const auto plan = get_json(up->http(), "/api/v1/plan").as_object();
  EXPECT_EQ(plan.at("entities"), 1);
  EXPECT_EQ(plan.at("limits").as_array().size(), 4U);
  const std::string metrics = get("/metrics").body;
  EXPECT_TRUE(has(metrics, "\nredkeep_plan_least_limit_bytes "));
  EXPECT_TRUE(has(metrics, "\nredkeep_class_largest_bytes{class=\"entities\","));
  EXPECT_TRUE(has(metrics, "\nredkeep_class_ttl_keys{class=\"entities\",level=\"protected\",ttl="));
  EXPECT_TRUE(has(metrics, "\nredkeep_unclassified_bytes "));
  EXPECT_TRUE(has(metrics, "\nredkeep_doctor_age_seconds "));
  EXPECT_EQ(get("/api/v1/audit").status, 503) << "the first one comes after a minute";
}

TEST_F(HttpLive, TheLedgerBeginsWithTheStartAndTheServerThatIsGuarded) {
  ASSERT_TRUE(eventually([&] { return ledger_of(up->http()).size() >= 2; }));
  const auto entries = ledger_of(up->http());
  EXPECT_EQ(entries[0].at("subject"), "guard-start");
  EXPECT_EQ(entries[1].at("subject"), "connected");
  EXPECT_EQ(get("/api/v1/ledger?limit=x").status, 400);
}

TEST_F(HttpLive, ForeignHostsAreRefused) {
  for (const char* host : {"evil.example", "evil.example:80", "localhost.evil.example", ""}) {
    EXPECT_EQ(get("/api/v1/status", host).status, 403) << host;
  }
  for (const char* host : {"localhost", "127.0.0.1:1234", "[::1]", "LOCALHOST:80"}) {
    EXPECT_EQ(get("/healthz", host).status, 200) << host;
  }
}

TEST_F(HttpLive, AnUnknownPageNamesThoseThereAre) {
  const HttpAnswer answer = get("/admin");
  EXPECT_EQ(answer.status, 404);
  EXPECT_TRUE(has(answer.body, "/api/v1/status"));
}

}  // namespace
}  // namespace redkeep::test
