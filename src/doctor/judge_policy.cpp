// What the server would do by itself when it is full.
#include <algorithm>

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
             ? fmt::format("; evicted keys since the server started: {}",
                           sizes::print_count(patient.memory.evicted_keys))
             : "";
}

void judge_unsafe(const Case& patient, Findings& found) {
  const std::string& policy = patient.memory.eviction_policy;
  found.push_back(
      {policy.empty() ? "policy-unknown" : "policy-endangers-protected",
       Severity::Critical,
       fmt::format("{} may evict keys without a TTL: at the limit it takes {} like any cache{}",
                   policy.empty() ? "the server does not tell its maxmemory-policy, which"
                                  : fmt::format("maxmemory-policy {}", policy),
                   endangered(eviction_outlook(policy, patient.table)), evicted_so_far(patient)),
       patient.memory.evicted_keys > 0 ? "protected keys may be gone already: redkeep verify tells"
                                       : "",
       {config_set("maxmemory-policy", "volatile-lfu")}});
}

void judge_volatile_ttl(const Case& patient, Findings& found) {
  const auto classes = endangered(eviction_outlook("volatile-ttl", patient.table));
  if (classes.empty()) return;
  found.push_back(
      {"policy-takes-locks-first",
       Severity::Warning,
       fmt::format("maxmemory-policy volatile-ttl evicts the shortest TTL first: {} go before the "
                   "caches, and losing one breaks a promise to somebody{}",
                   classes, evicted_so_far(patient)),
       "",
       {config_set("maxmemory-policy", "volatile-lfu")}});
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

// There are keys, and none that a policy which spares keys without a TTL could take.
bool finds_nothing(const redis::KeyspaceCounts& counts) {
  return counts.keys > 0 && counts.with_ttl == 0;
}

void judge_noeviction(const Case& patient, Findings& found) {
  Finding finding{
      "policy-refuses-writes", Severity::Note,
      "maxmemory-policy noeviction: nothing is lost at the limit, but every write is answered with "
      "OOM, protected ones too, unless a guard sheds caches in time"};
  if (finds_nothing(all_databases(patient.reading.info))) {
    finding.advice = "no key has a TTL, so that a policy which spares protected keys finds nothing";
  } else {
    finding.mend = {config_set("maxmemory-policy", "volatile-lfu")};
    // Harmless as long as nothing is evicted, and the next finding from then on.
    if (patient.reading.setting("lazyfree-lazy-eviction") == "no") {
      finding.mend.push_back(config_set("lazyfree-lazy-eviction", "yes"));
    }
  }
  found.push_back(std::move(finding));
}

bool some_cache_lost_its_ttl(const Case& patient) {
  const auto& keys = patient.reading.sample.keys;
  return std::any_of(keys.begin(), keys.end(), [&](const SampledKey& sampled) {
    return !sampled.has_ttl && sampled.class_index &&
           patient.table.at(*sampled.class_index).level == KeyLevel::Evictable;
  });
}

void judge_nothing_to_evict(const Case& patient, Findings& found) {
  const auto counts = all_databases(patient.reading.info);
  if (!finds_nothing(counts)) return;
  const bool near = patient.memory.usage_pct() >= patient.options.pressure.stop_shedding_pct;
  Finding finding{
      "policy-finds-nothing", near ? Severity::Critical : Severity::Note,
      fmt::format("maxmemory-policy {} takes keys with a TTL only, and {}: at the limit writes are "
                  "answered with OOM",
                  patient.memory.eviction_policy,
                  counts.keys == 1 ? "the only key has none"
                                   : fmt::format("none of the {} keys has one",
                                                 sizes::print_count(counts.keys)))};
  if (some_cache_lost_its_ttl(patient)) {
    finding.advice = "caches that have lost their TTL are given one by:";
    finding.mend = {redkeep_command({"audit", "--fix"})};
  } else {
    finding.advice =
        "none that was looked at is a cache of ours, which could be given one: a larger limit, or "
        "fewer keys";
  }
  found.push_back(std::move(finding));
}

}  // namespace

void judge_policy(const Case& patient, Findings& found) {
  const std::string& policy = patient.memory.eviction_policy;
  if (!redis::is_safe_policy(policy)) return judge_unsafe(patient, found);
  if (policy == "noeviction") return judge_noeviction(patient, found);
  if (policy == "volatile-ttl") judge_volatile_ttl(patient, found);
  judge_nothing_to_evict(patient, found);
}

}  // namespace redkeep::doctor
