#include "app/doctor_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/shell_command.h"
#include "error/error.h"
#include "pressure/memory_reading.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace json = boost::json;
using doctor::Finding;

std::string guarded(const DoctorReport& report) {
  return report.reading.is_guarded ? "guarded" : "no guard is running";
}

std::string describe_server(const DoctorReport& report) {
  const redis::ServerInfo& info = report.reading.info;
  const auto memory = pressure::read_memory(info, report.settings.options.pressure.limit_bytes,
                                            report.settings.options.endpoint.database);
  if (!memory) return fmt::format("server      {}\n", info.product());
  std::string use = fmt::format("{} used", sizes::print_bytes(memory->used_bytes));
  if (memory->limit_bytes > 0) {
    use += fmt::format(" of {} ({})", sizes::print_bytes(memory->limit_bytes),
                       sizes::print_pct(memory->usage_pct()));
  }
  return fmt::format("server      {}, {}, {}\nkeys        {}, {} of them looked at\n",
                     info.product(), use, guarded(report),
                     sizes::print_count(memory->keyspace.keys),
                     sizes::print_count(std::ssize(report.reading.sample.keys)));
}

std::string describe_finding(const Finding& finding, const Settings& settings) {
  std::string text = fmt::format("{:<11} {}\n            {}\n", to_string(finding.severity),
                                 finding.name, finding.evidence);
  if (!finding.advice.empty()) text += fmt::format("            {}\n", finding.advice);
  for (const auto& mend : finding.mend) {
    text += fmt::format("              {}\n", shell_command(mend, settings));
  }
  return text;
}

// Classes that fare alike on one line.
std::string describe_eviction(const DoctorReport& report) {
  std::vector<std::pair<std::string, std::string>> fates;
  for (const auto& outlook : report.eviction) {
    auto place = std::find_if(fates.begin(), fates.end(),
                              [&](const auto& fate) { return fate.first == outlook.text; });
    if (place == fates.end()) place = fates.insert(fates.end(), {outlook.text, ""});
    place->second += (place->second.empty() ? "" : ", ") + outlook.name;
  }
  std::string text =
      fmt::format("at the limit, by maxmemory-policy {}:\n",
                  report.reading.info.text("maxmemory_policy").value_or("(unknown)"));
  for (const auto& [fate, names] : fates) text += fmt::format("  {}: {}\n", fate, names);
  return text;
}

json::object finding_json(const Finding& finding, const Settings& settings) {
  json::array mend;
  for (const auto& each : finding.mend) mend.emplace_back(shell_command(each, settings));
  return json::object{{"name", finding.name},
                      {"severity", to_string(finding.severity)},
                      {"evidence", finding.evidence},
                      {"advice", finding.advice},
                      {"mend", std::move(mend)}};
}

bool is_judged(const DoctorReport& report) {
  return report.reading.info.count("used_memory").has_value() && !report.reading.is_loading();
}

}  // namespace

std::string describe_doctor(const DoctorReport& report) {
  std::string text = report.reading.is_busy ? "" : describe_server(report);
  for (const auto& finding : report.findings) text += describe_finding(finding, report.settings);
  if (is_judged(report)) text += describe_eviction(report);
  if (report.findings.empty()) text += "Healthy: nothing found\n";
  return text;
}

std::string doctor_json(const DoctorReport& report) {
  json::array findings;
  for (const auto& finding : report.findings) {
    findings.emplace_back(finding_json(finding, report.settings));
  }
  json::array eviction;
  if (is_judged(report)) {
    for (const auto& outlook : report.eviction) {
      eviction.emplace_back(json::object{{"class", outlook.name},
                                         {"level", to_string(outlook.level)},
                                         {"fate", to_string(outlook.fate)},
                                         {"wrong", outlook.is_wrong},
                                         {"text", outlook.text}});
    }
  }
  const redis::ServerInfo& info = report.reading.info;
  const json::object object{
      {"outcome", doctor::has_problems(report.findings) ? "Problems" : "Healthy"},
      {"server", info.product()},
      {"guarded", report.reading.is_guarded},
      {"user", report.reading.user},
      {"policy", info.text("maxmemory_policy").value_or("")},
      {"findings", std::move(findings)},
      {"eviction", std::move(eviction)},
      {"sampled_keys", report.reading.sample.keys.size()},
      {"sample_is_whole", report.reading.sample.is_whole},
      {"took_ms", report.took.count()}};
  return sizes::print_json(object);
}

}  // namespace redkeep::app
