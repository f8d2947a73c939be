// What a guard foresees, what is known of the version, and what the user may not do.
#include <algorithm>
#include <iterator>
#include <map>

#include "doctor/feature_probes.h"
#include "doctor/judge_parts.h"
#include "doctor/known_problems.h"
#include "doctor/limit_advice.h"
#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::doctor {
namespace {

// What is lost without it, by the feature's name.
std::string_view what_follows(std::string_view feature) {
  static const std::map<std::string_view, std::string_view> kFeatures{
      {"details", "what a look costs, and how a replica's link stands, is told less exactly"},
      {"info", "nothing can be judged, and a guard is blind"},
      {"keyspace", "keys can neither be counted nor shed nor looked at"},
      {"sizes", "bytes by class are not known, and what is shed is not chosen by size"},
      {"use", "what is shed is chosen by size alone"},
      {"settings", "the server's settings are not known: big collections are not shed"},
      {"shedding", "nothing can be shed"},
      {"scripts", "several guards cannot agree which one acts, and stores are not atomic"},
      {"guard-keys", "a guard cannot tell applications how things stand"},
      {"content-reading", "verify, repair and export do not work"},
      {"content-writing", "load, repair, rebuild and audit --fix do not work"}};
  const auto found = kFeatures.find(feature);
  return found == kFeatures.end() ? std::string_view("a part of Redkeep does not work")
                                  : found->second;
}

Severity severity_of(std::string_view feature) {
  if (feature == "info" || feature == "keyspace" || feature == "shedding") {
    return Severity::Critical;
  }
  return feature == "details" ? Severity::Note : Severity::Warning;
}

std::string grant(const Refusal& refusal, const std::string& prefix) {
  switch (refusal.kind) {
    case Refusal::Kind::Keys: return "~" + prefix + "*";
    case Refusal::Kind::Channel: return "&" + prefix + "*";
    case Refusal::Kind::Command:
    case Refusal::Kind::UnknownCommand: return "+" + refusal.command;
  }
  return {};
}

// Who lacks a permission cannot grant it to himself.
Mend granted_by_an_administrator(const std::string& user, std::vector<std::string> grants) {
  Mend mend = redis_command({"ACL", "SETUSER", user});
  std::move(grants.begin(), grants.end(), std::back_inserter(mend.words));
  mend.user = administrator_above(user);
  return mend;
}

// The refusals of one feature.
Finding missing_permission(const std::string& feature, const std::vector<const Refusal*>& refusals,
                           const std::string& user, const std::string& prefix) {
  std::vector<std::string> commands;
  std::vector<std::string> grants;
  bool unknown = false;
  for (const Refusal* refusal : refusals) {
    if (commands.empty() || commands.back() != refusal->command) {
      commands.push_back(refusal->command);
    }
    if (refusal->kind == Refusal::Kind::UnknownCommand) {
      unknown = true;
      continue;
    }
    std::string word = grant(*refusal, prefix);
    if (std::find(grants.begin(), grants.end(), word) == grants.end()) {
      grants.push_back(std::move(word));
    }
  }
  Finding finding{"permission-" + feature, severity_of(feature),
                  fmt::format("{} is refused ({}): {}", fmt::join(commands, ", "),
                              refusals.front()->said, what_follows(feature))};
  if (unknown) {
    finding.advice = "the server does not have this command, or its operator took it away";
  }
  if (!grants.empty()) {
    finding.advice += fmt::format(
        "{}an administrator of the server grants it, with a password of his own in REDISCLI_AUTH",
        unknown ? "; the rest " : "");
    finding.mend = {granted_by_an_administrator(user, std::move(grants))};
  }
  return finding;
}

Finding foreseen(std::string name, std::string_view what, const GrowthOutlook& outlook) {
  return {std::move(name),
          *outlook.limit_in <= std::chrono::hours{24} ? Severity::Critical : Severity::Warning,
          fmt::format("{} grows by {} an hour and reaches the limit in {} (observed for {})", what,
                      sizes::print_bytes(static_cast<std::int64_t>(outlook.growth_bytes_per_hour)),
                      sizes::print_duration(*outlook.limit_in),
                      sizes::print_duration(outlook.observed))};
}

// Half as much again, as far as the machine goes; nothing where it goes no further.
std::optional<std::int64_t> larger_limit(const Case& patient) {
  const std::int64_t larger = patient.memory.limit_bytes * 3 / 2;
  if (patient.system_bytes <= 0) return larger;
  const std::int64_t most = std::min(larger, largest_limit_with_fork(patient));
  return most > patient.memory.limit_bytes ? std::optional(most) : std::nullopt;
}

}  // namespace

std::string administrator_above(const std::string& user) {
  return user == "default" ? "ADMINISTRATOR" : "";
}

void judge_forecast(const Case& patient, Findings& found) {
  if (!patient.reading.forecast) return;
  const auto within = patient.options.pressure.protected_full_within;
  const auto is_near = [&](const GrowthOutlook& outlook) {
    return outlook.outlook == Outlook::Growing && outlook.limit_in && *outlook.limit_in <= within;
  };
  const GrowthOutlook& lasting = patient.reading.forecast->protected_data;
  const GrowthOutlook& total = patient.reading.forecast->total;
  if (is_near(lasting)) {
    Finding finding = foreseen("protected-growth", "protected data", lasting);
    if (const auto larger = larger_limit(patient)) {
      finding.advice = "it cannot be shed: raise the limit in time, or store less";
      finding.mend = {config_set("maxmemory", in_mebibytes(*larger))};
    } else {
      finding.advice = "it cannot be shed: a larger machine in time, or store less";
    }
    found.push_back(std::move(finding));
  } else if (is_near(total)) {
    Finding finding = foreseen("memory-growth", "used memory", total);
    finding.advice = "the classes are not what grows: see whether others' keys are";
    finding.mend = {redkeep_command({"stats"})};
    found.push_back(std::move(finding));
  }
}

void judge_version(const Case& patient, Findings& found) {
  const auto problems = known_problems(patient.reading.info);
  if (problems.empty()) return;
  Severity worst = Severity::Note;
  std::string text;
  for (const auto& problem : problems) {
    text +=
        fmt::format("{}{} (until {})", text.empty() ? "" : "; ", problem.what, problem.fixed_in);
    worst = std::max(worst, problem.is_critical ? Severity::Critical : Severity::Warning);
  }
  found.push_back(
      {"version-has-known-problem", worst,
       fmt::format("{}: {}", patient.reading.info.product(), text),
       fmt::format("go to {} or later; a distribution may have mended it under the old number",
                   problems.back().fixed_in)});
}

void judge_permissions(const ServerReading& reading, const std::string& prefix, Findings& found) {
  std::vector<std::string> features;
  std::map<std::string, std::vector<const Refusal*>> by_feature;
  for (const auto& refusal : reading.refusals) {
    if (refusal.feature == kMending) continue;
    auto& refusals = by_feature[refusal.feature];
    if (refusals.empty()) features.push_back(refusal.feature);
    refusals.push_back(&refusal);
  }
  for (const auto& feature : features) {
    found.push_back(missing_permission(feature, by_feature[feature], reading.user, prefix));
  }
}

}  // namespace redkeep::doctor
