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
  const std::string metrics = get("/metrics").body;
  EXPECT_TRUE(has(metrics, "\nredkeep_memory_limit_bytes 536870912\n"));
  EXPECT_TRUE(has(metrics, "\nredkeep_level{level=\"normal\"} 1\n"));
  EXPECT_TRUE(has(metrics, "# TYPE redkeep_readings_total counter\n"));
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
