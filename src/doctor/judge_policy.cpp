// What the server would do by itself when it is full.
#include "doctor/eviction_outlook.h"
#include "doctor/judge_parts.h"
#include "error/error.h"
#include "redis/capabilities.h"
#include "sizes/sizes.h"

namespace redkeep::doctor {
namespace {

// "locks, rate_limits": classes whose promise the policy breaks.
std::string endangered(const std::vector<ClassOutlook>& outlooks) {
  std::string names;
  for (const auto& outlook : outlooks) {
    if (outlook.is_wrong) names += (names.empty() ? "" : ", ") + outlook.name;
  }
  return names;
}

std::string evicted_so_far(const Case& patient) {
  return patient.memory.evicted_keys > 0
             ? fmt::format("; {} keys were evicted since the server started",
                           sizes::print_count(patient.memory.evicted_keys))
             : "";
}

void judge_unsafe(const Case& patient, Findings& found) {
  const std::string& policy = patient.memory.eviction_policy;
  Finding finding;
  finding.severity = Severity::Critical;
  finding.name = policy.empty() ? "policy-unknown" : "policy-endangers-protected";
  finding.evidence =
      fmt::format("{} may evict keys without a TTL: at the limit it takes {} like any cache{}",
                  policy.empty() ? "the server does not tell its maxmemory-policy, which"
                                 : fmt::format("maxmemory-policy {}", policy),
                  endangered(eviction_outlook(policy, patient.table)), evicted_so_far(patient));
  if (patient.memory.evicted_keys > 0) {
    finding.advice = "protected keys may be gone already: redkeep verify tells";
  }
  finding.mend = {config_set("maxmemory-policy", "volatile-lfu")};
  found.push_back(std::move(finding));
}

void judge_by_ttl(const Case& patient, Findings& found) {
  const auto classes = endangered(eviction_outlook("volatile-ttl", patient.table));
  if (classes.empty()) return;
  Finding finding;
  finding.name = "policy-takes-locks-first";
  finding.severity = Severity::Warning;
  finding.evidence = fmt::format(
      "maxmemory-policy volatile-ttl evicts the shortest TTL first: {} go before the caches, and "
      "losing one breaks a promise to somebody{}",
      classes, evicted_so_far(patient));
  finding.mend = {config_set("maxmemory-policy", "volatile-lfu")};
  found.push_back(std::move(finding));
}

void judge_noeviction(Findings& found) {
  Finding finding;
  finding.name = "policy-refuses-writes";
  finding.severity = Severity::Note;
  finding.evidence =
      "maxmemory-policy noeviction: nothing is lost at the limit, but every write is answered with "
      "OOM, protected ones too, unless a guard sheds caches in time";
  finding.mend = {config_set("maxmemory-policy", "volatile-lfu")};
  found.push_back(std::move(finding));
}

// All databases count: eviction takes from each.
redis::KeyspaceCounts all_databases(const redis::ServerInfo& info) {
  redis::KeyspaceCounts all;
  for (int database = 0; database < 64; ++database) {
    const auto one = redis::keyspace_counts(info, database);
    all.keys += one.keys;
    all.with_ttl += one.with_ttl;
  }
  return all;
}

void judge_nothing_to_evict(const Case& patient, Findings& found) {
  const auto counts = all_databases(patient.reading.info);
  if (counts.keys == 0 || counts.with_ttl > 0) return;
  const bool near = patient.memory.usage_pct() >= patient.options.pressure.stop_shedding_pct;
  Finding finding;
  finding.name = "policy-finds-nothing";
  finding.severity = near ? Severity::Critical : Severity::Note;
  finding.evidence = fmt::format(
      "maxmemory-policy {} takes keys with a TTL only, and none of {} has one: at the limit writes "
      "are answered with OOM",
      patient.memory.eviction_policy, sizes::print_count(counts.keys));
  finding.advice = "caches that have lost their TTL are given one by:";
  finding.mend = {redkeep_command({"audit", "--fix"})};
  found.push_back(std::move(finding));
}

}  // namespace

void judge_policy(const Case& patient, Findings& found) {
  const std::string& policy = patient.memory.eviction_policy;
  if (!redis::is_safe_policy(policy)) return judge_unsafe(patient, found);
  if (policy == "noeviction") return judge_noeviction(found);
  if (policy == "volatile-ttl") judge_by_ttl(patient, found);
  judge_nothing_to_evict(patient, found);
}

}  // namespace redkeep::doctor
