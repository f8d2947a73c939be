// The census, the doctor and the audits over HTTP: as the commands tell them, with the time; and
// what is said where there is none.
#include "app/http/inspection_pages.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "app/http/pages.h"

namespace redkeep::app::http {
namespace {

namespace json = boost::json;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kInspectionNow{seconds{1000}};
const std::chrono::system_clock::time_point kClock{seconds{1'000'000'000}};

census::GroupEstimate estimate(double keys, double bytes) {
  census::GroupEstimate group;
  group.sampled_keys = 10;
  group.keys = {keys, keys - 10, keys + 10};
  group.bytes = {bytes, bytes - 100, bytes + 100};
  return group;
}

// One class of 10 sampled keys that stand for 1,000, and 5 keys of no class that stand for 500.
CensusReport sampled() {
  CensusReport report;
  report.statistics.classes = {{"sessions", KeyLevel::Evictable, 1000, 250'000}};
  report.statistics.unclassified_keys = 500;
  report.estimate.emplace();
  report.estimate->groups = {estimate(1000, 250'000), estimate(500, 7'000)};
  report.details.resize(2);
  for (int i = 0; i < 10; ++i) {
    report.details[0].add_size(i == 3 ? 700 : 200, "reed:session:" + std::to_string(i));
    report.details[0].ttl.add(i < 4 ? std::optional<std::chrono::milliseconds>(minutes{3})
                                    : std::nullopt);
  }
  for (int i = 0; i < 5; ++i) report.details[1].add_size(14, "theirs");
  report.with_ttl = true;
  report.keys = 15;
  report.population_keys = 1500;
  return report;
}

Inspections inspected() {
  Inspections inspections;
  inspections.every = seconds{300};
  inspections.census = {sampled(), kInspectionNow - seconds{20}, kClock};
  DoctorVisit visit;
  visit.findings = {{"no-limit", doctor::Severity::Critical, "", "", {}},
                    {"huge-key", doctor::Severity::Note, "", "", {}},
                    {"huge-key", doctor::Severity::Note, "another", "", {}}};
  visit.json = R"({"outcome":"Problems","findings":[]})";
  inspections.doctor = {std::move(visit), kInspectionNow - seconds{30}, kClock};
  plan::MemoryPicture picture;
  picture.used_bytes = 600;
  picture.limit_bytes = 1000;
  picture.entities = 3;
  picture.protected_bytes = 400;
  inspections.plan = {plan_at_usual_limits(std::move(picture), {}), kInspectionNow - seconds{40},
                      kClock};
  return inspections;
}

json::object page_of(std::string_view name, const guard::Snapshot& snapshot,
                     const Inspections& inspections) {
  const auto page = inspection_page(name, snapshot, inspections, kInspectionNow);
  EXPECT_TRUE(page && page->status == 200) << name;
  return page ? json::parse(page->body).as_object() : json::object{};
}

TEST(InspectionPages, AreTheReportsOfTheCommandsWithTheirTime) {
  const auto inspections = inspected();
  const auto census = page_of("census", {}, inspections);
  EXPECT_EQ(census.at("taken_at"), "2001-09-09T01:46:40Z");
  EXPECT_EQ(census.at("age_seconds").to_number<double>(), 20);
  EXPECT_EQ(census.at("census").at("method"), "sample");
  const auto& row = census.at("census").at("classes").at(0);
  EXPECT_EQ(row.at("keys").at("low").to_number<double>(), 990);
  EXPECT_EQ(row.at("ttl").at("5m"), 4);
  const auto doctor = page_of("doctor", {}, inspections);
  EXPECT_EQ(doctor.at("outcome"), "Problems");
  EXPECT_EQ(doctor.at("age_seconds").to_number<double>(), 30);
  const auto plan = page_of("plan", {}, inspections);
  EXPECT_EQ(plan.at("protected_bytes"), 400);
  EXPECT_EQ(plan.at("limits").at(3).at("limit_bytes"), 1500);
  EXPECT_EQ(plan.at("age_seconds").to_number<double>(), 40);
}

TEST(InspectionPages, TheLastAuditIsThere) {
  guard::Snapshot snapshot;
  snapshot.last_audit.emplace();
  snapshot.last_audit->outcome.note(drift::DriftKind::DeadMember, "reed:word:owl", "7");
  snapshot.last_audit->at = kInspectionNow - seconds{5};
  snapshot.last_audit->clock = kClock;
  const auto audit = page_of("audit", snapshot, {});
  EXPECT_EQ(audit.at("outcome"), "Drifted");
  EXPECT_EQ(audit.at("dead_member").at("found"), 1);
  EXPECT_EQ(audit.at("age_seconds").to_number<double>(), 5);
  EXPECT_EQ(audit.at("taken_at"), "2001-09-09T01:46:40Z");
}

TEST(InspectionPages, BeforeTheFirstOneTheySayThatItIsToBeAskedAgain) {
  Inspections inspections;
  inspections.every = seconds{300};
  for (const auto* name : {"census", "doctor", "plan", "audit"}) {
    const auto page = inspection_page(name, {}, inspections, kInspectionNow);
    ASSERT_TRUE(page) << name;
    EXPECT_EQ(page->status, 503U) << name;
    EXPECT_GT(page->retry_after.count(), 0) << name;
    EXPECT_TRUE(page->body.ends_with('\n')) << name;
  }
}

TEST(InspectionPages, WhereTheyAreTurnedOffTheSettingIsNamed) {
  Inspections inspections;
  inspections.with_audits = false;
  for (const auto& [name, setting] :
       {std::pair{"census", "[census] every"}, std::pair{"doctor", "[census] every"},
        std::pair{"plan", "[census] every"}, std::pair{"audit", "[drift] background"}}) {
    const auto page = inspection_page(name, {}, inspections, kInspectionNow);
    ASSERT_TRUE(page) << name;
    EXPECT_EQ(page->status, 404U) << name;
    EXPECT_NE(page->body.find(setting), std::string::npos) << page->body;
  }
}

TEST(InspectionPages, OtherNamesAreNone) {
  EXPECT_FALSE(inspection_page("stats", {}, {}, kInspectionNow));
  EXPECT_FALSE(inspection_page("", {}, {}, kInspectionNow));
}

TEST(InspectionMetrics, TellSizesTtlsAndFindings) {
  const std::string text = "\n" + metrics_text(guard::Snapshot{}, inspected(), kInspectionNow);
  for (const char* line :
       {"redkeep_sample_age_seconds 20", "redkeep_doctor_age_seconds 30",
        "redkeep_plan_least_limit_bytes 750", "redkeep_plan_age_seconds 40",
        "redkeep_class_average_bytes{class=\"sessions\",level=\"evictable\"} 250",
        "redkeep_class_largest_bytes{class=\"sessions\",level=\"evictable\"} 700",
        "redkeep_class_ttl_keys{class=\"sessions\",level=\"evictable\",ttl=\"none\"} 600",
        "redkeep_class_ttl_keys{class=\"sessions\",level=\"evictable\",ttl=\"5m\"} 400",
        "redkeep_class_ttl_keys{class=\"sessions\",level=\"evictable\",ttl=\"1m\"} 0",
        "redkeep_unclassified_bytes 7000", "redkeep_unclassified_average_bytes 14",
        "redkeep_unclassified_largest_bytes 14",
        "redkeep_doctor_finding{name=\"no-limit\",severity=\"critical\"} 1"}) {
    EXPECT_NE(text.find("\n" + std::string(line) + "\n"), std::string::npos) << line << text;
  }
  const std::string twice = "redkeep_doctor_finding{name=\"huge-key\",severity=\"note\"} 1\n";
  EXPECT_NE(text.find(twice), std::string::npos);
  EXPECT_EQ(text.find(twice), text.rfind(twice))
      << "Prometheus refuses a series that is there twice";
}

// "At least" is nothing that a graph can show.
TEST(InspectionMetrics, AHitRatioOfWhichOnlyALowerBoundIsKnownIsLeftOut) {
  auto inspections = inspected();
  plan::MemoryPicture picture;
  picture.used_bytes = 600;
  picture.limit_bytes = 1000;
  picture.protected_bytes = 400;
  picture.caches = {{"pages", 1, 100}};
  picture.hit_ratio = 0.5;
  inspections.plan = {plan_at_usual_limits(std::move(picture), {}), kInspectionNow, kClock};
  const std::string text = metrics_text(guard::Snapshot{}, inspections, kInspectionNow);
  EXPECT_NE(text.find("redkeep_plan_hit_ratio{maxmemory_bytes=\"750\"} 0.5"), std::string::npos);
  EXPECT_EQ(text.find("redkeep_plan_hit_ratio{maxmemory_bytes=\"1000\"}"), std::string::npos);
  EXPECT_EQ(text.find("redkeep_plan_hit_ratio{maxmemory_bytes=\"1500\"}"), std::string::npos);
}

TEST(InspectionMetrics, WhatIsRefusedIsLeftOut) {
  auto inspections = inspected();
  inspections.census->found.with_bytes = false;
  inspections.census->found.with_ttl = false;
  const std::string text = metrics_text(guard::Snapshot{}, inspections, kInspectionNow);
  EXPECT_EQ(text.find("redkeep_class_average_bytes"), std::string::npos);
  EXPECT_EQ(text.find("redkeep_unclassified_bytes"), std::string::npos);
  EXPECT_EQ(text.find("redkeep_class_ttl_keys"), std::string::npos);
  EXPECT_NE(text.find("redkeep_sample_age_seconds"), std::string::npos);
}

}  // namespace
}  // namespace redkeep::app::http
