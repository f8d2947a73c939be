#include "app/http/inspection_pages.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <functional>
#include <set>

#include "app/audit_report.h"
#include "sizes/print_json.h"

namespace redkeep::app::http {
namespace {

namespace json = boost::json;
using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

constexpr std::chrono::seconds kAskAgainIn{10};

InspectionPage not_yet(std::string_view what) {
  return {503, fmt::format("{} yet: ask again in a moment\n", what), kAskAgainIn};
}

InspectionPage turned_off(std::string_view what, std::string_view setting) {
  return {404, fmt::format("{} in the background: {}\n", what, setting), {}};
}

// The JSON of a command's report, and when it was true.
InspectionPage taken(const std::string& report, SteadyTime at, WallTime clock, SteadyTime now) {
  json::object object = json::parse(report).as_object();
  object["taken_at"] = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                                   fmt::gmtime(std::chrono::system_clock::to_time_t(clock)));
  object["age_seconds"] = std::floor(seconds_since(at, now));
  return {200, sizes::print_json(object), {}};
}

// Of what is found out every Inspections::every.
template <class Found, class Print>
InspectionPage page_of(const Inspections& inspections,
                       const std::optional<Inspected<Found>>& inspected, Print print,
                       std::string_view what, SteadyTime now) {
  if (inspected) return taken(print(inspected->found), inspected->at, inspected->clock, now);
  if (inspections.every.count() == 0) {
    return turned_off(fmt::format("no {} is made", what), "[census] every is \"never\"");
  }
  return not_yet(fmt::format("no {} was made", what));
}

InspectionPage audit_page(const guard::Snapshot& snapshot, const Inspections& inspections,
                          SteadyTime now) {
  if (snapshot.last_audit) {
    const auto& audit = *snapshot.last_audit;
    return taken(audit_json(audit.outcome, inspections.settings, audit.took), audit.at, audit.clock,
                 now);
  }
  if (!inspections.with_audits) {
    return turned_off("nothing is audited", "[drift] background is \"off\"");
  }
  return not_yet("no audit was complete (the first one begins after a tenth of [drift] every)");
}

// A class of the report, with what its sample tells.
struct Row {
  Families::Labels labels;
  const census::ClassDetail& detail;
  const census::GroupEstimate& estimate;
};

std::vector<Row> rows_of(const CensusReport& report) {
  std::vector<Row> rows;
  const auto& classes = report.statistics.classes;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    rows.push_back(
        {{{"class", classes[i].name}, {"level", std::string(to_string(classes[i].level))}},
         report.details[i],
         report.estimate->groups[i]});
  }
  return rows;
}

double average_bytes(const census::ClassDetail& detail) {
  return detail.sized_keys > 0 ? as_double(detail.bytes / detail.sized_keys) : 0;
}

// From those of the sample to all.
double in_all(std::int64_t sampled_keys, const Row& row) {
  const double share = as_double(sampled_keys) / as_double(row.detail.ttl.counted());
  return std::round(share * row.estimate.keys.value);
}

void add_ttls(const std::vector<Row>& rows, Families& out) {
  out.start("redkeep_class_ttl_keys",
            "Keys by what is left of their TTL (more than the bucket before, up to this one; none: "
            "without a TTL), by class; estimated from a sample.",
            MetricType::Gauge);
  for (const auto& row : rows) {
    const auto& ttl = row.detail.ttl;
    if (ttl.counted() == 0) continue;
    const auto add = [&](std::string_view bucket, std::int64_t keys) {
      auto labels = row.labels;
      labels.push_back({"ttl", std::string(bucket)});
      out.add(in_all(keys, row), std::move(labels));
    };
    add("none", ttl.without);
    for (std::size_t i = 0; i < ttl.keys.size(); ++i) {
      add(census::TtlHistogram::kBuckets[i].name, ttl.keys[i]);
    }
  }
}

void add_sizes(const CensusReport& report, const std::vector<Row>& rows, Families& out) {
  const auto each = [&](const char* name, const char* help, auto value_of) {
    out.start(name, help, MetricType::Gauge);
    for (const auto& row : rows) {
      if (row.detail.sized_keys > 0) out.add(value_of(row.detail), row.labels);
    }
  };
  each("redkeep_class_average_bytes", "Of a key, by class; of a sample.", average_bytes);
  each("redkeep_class_largest_bytes", "Of the largest key of a sample, by class.",
       [](const census::ClassDetail& detail) { return as_double(detail.largest_bytes); });
  const census::ClassDetail& none = report.details.back();
  out.gauge("redkeep_unclassified_bytes", "Of all keys of no class, estimated from a sample.",
            std::round(report.estimate->groups.back().bytes.value));
  out.gauge("redkeep_unclassified_average_bytes", "Of a key of no class; of a sample.",
            average_bytes(none));
  out.gauge("redkeep_unclassified_largest_bytes", "Of the largest key of no class of a sample.",
            as_double(none.largest_bytes));
}

void add_findings(const std::vector<doctor::Finding>& findings, Families& out) {
  out.start("redkeep_doctor_finding", "1 for each finding of the doctor's last look.",
            MetricType::Gauge);
  std::set<std::pair<std::string, std::string>> told;  // a series may be there once only
  for (const auto& finding : findings) {
    const std::string severity(doctor::to_string(finding.severity));
    if (!told.emplace(finding.name, severity).second) continue;
    out.add(1, {{"name", finding.name}, {"severity", severity}});
  }
}

void add_plan(const PlanReport& report, double age_seconds, Families& out) {
  out.gauge("redkeep_plan_age_seconds", "Since the plan was made.", age_seconds);
  out.gauge("redkeep_plan_least_limit_bytes",
            "The limit below whose stop mark all that has to stay fits, without any cache.",
            as_double(plan::limit_for(report.picture, 0, report.marks)));
  out.start("redkeep_plan_hit_ratio",
            "Expected at this maxmemory; estimated from a sample. Missing where caches would have "
            "more than they take now: nobody can know how many more hits there would be.",
            MetricType::Gauge);
  for (const auto& limit : report.limits) {
    if (limit.cache_bytes < 0 || !limit.hit_ratio || limit.has_more) continue;
    out.add(*limit.hit_ratio, {{"maxmemory_bytes", std::to_string(limit.limit_bytes)}});
  }
}

}  // namespace

std::optional<InspectionPage> inspection_page(std::string_view name,
                                              const guard::Snapshot& snapshot,
                                              const Inspections& inspections, SteadyTime now) {
  if (name == "census") {
    return page_of(inspections, inspections.census, census_json, "census by sample", now);
  }
  if (name == "doctor") {
    const auto print = [](const DoctorVisit& visit) { return visit.json; };
    return page_of(inspections, inspections.doctor, print, "doctor's look", now);
  }
  if (name == "plan") return page_of(inspections, inspections.plan, plan_json, "plan", now);
  if (name == "audit") return audit_page(snapshot, inspections, now);
  return std::nullopt;
}

void add_inspections(const Inspections& inspections, SteadyTime now, Families& out) {
  if (inspections.doctor) {
    out.gauge("redkeep_doctor_age_seconds", "Since the doctor looked.",
              seconds_since(inspections.doctor->at, now));
    add_findings(inspections.doctor->found.findings, out);
  }
  if (inspections.plan) {
    add_plan(inspections.plan->found, seconds_since(inspections.plan->at, now), out);
  }
  if (!inspections.census || !inspections.census->found.estimate) return;
  const CensusReport& report = inspections.census->found;
  out.gauge("redkeep_sample_age_seconds", "Since the census by sample was taken.",
            seconds_since(inspections.census->at, now));
  const auto rows = rows_of(report);
  if (report.with_bytes) add_sizes(report, rows, out);
  if (report.with_ttl) add_ttls(rows, out);
}

}  // namespace redkeep::app::http
