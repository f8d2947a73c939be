// Limit and use of memory: how much there may be, how much there is, and what of it is not data.
#include <algorithm>

#include "doctor/judge_parts.h"
#include "doctor/limit_advice.h"
#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::doctor {
namespace {

// Eviction runs before a command and may be a little late; what is above by more is no moment's.
constexpr double kClearlyAbove = 1.02;
// Below these sizes nobody is hurt by it, and small servers have large ratios.
constexpr std::int64_t kFragmentedBytes = 64 * kMiB;
constexpr double kFragmentedRatio = 1.4;
constexpr std::int64_t kRetainedBytes = 128 * kMiB;
constexpr double kSwappedRatio = 0.85;
constexpr std::int64_t kSwappedBytes = 128 * kMiB;
constexpr std::int64_t kBufferBytes = 64 * kMiB;
constexpr double kBufferShare = 0.1;
constexpr double kNearMostClients = 0.9;

std::string machine_memory(const Case& patient) {
  return patient.system_bytes > 0 ? sizes::print_bytes(patient.system_bytes) : "unknown";
}

// Gives the finding the limit that is advised, or says that the machine is too small for one.
void advise_limit(const Case& patient, Finding& finding) {
  if (const auto limit = advised_limit(patient)) {
    finding.mend = {config_set("maxmemory", in_mebibytes(*limit))};
  } else {
    finding.advice = "the machine is too small for what is used: more memory, or fewer keys";
  }
}

void advise(Finding& finding, std::string_view what) {
  finding.advice += fmt::format("{}{}", finding.advice.empty() ? "" : "; ", what);
}

// Only what has a TTL is shed; and what a replica holds is its master's, whose limit is another.
void shed_if_possible(const Case& patient, Finding& finding, std::string to) {
  if (patient.is_replica()) {
    advise(finding, "what it holds is its master's: nothing can be shed here");
  } else if (!patient.can_shed()) {
    advise(finding, "no key has a TTL, so that nothing can be shed: fewer keys, or more memory");
  } else {
    finding.mend.push_back(redkeep_command({"shed", "--to", std::move(to)}));
  }
}

void judge_no_limit(const Case& patient, Findings& found) {
  const std::int64_t configured = patient.options.pressure.limit_bytes;
  if (configured > 0) {
    found.push_back(
        {"limit-only-configured",
         Severity::Note,
         fmt::format("the server has no maxmemory; the limit of {} is our configuration's, and "
                     "only a guard keeps to it",
                     sizes::print_bytes(configured)),
         "",
         {config_set("maxmemory", in_mebibytes(configured))}});
    return;
  }
  Finding finding{
      "no-limit", Severity::Warning,
      fmt::format(
          "maxmemory is 0: {} are used and nothing bounds it but the machine ({}); without a limit "
          "nothing is shed in time, and the kernel ends the server when memory is out",
          sizes::print_bytes(patient.memory.used_bytes), machine_memory(patient))};
  advise_limit(patient, finding);
  found.push_back(std::move(finding));
}

void judge_limit_and_machine(const Case& patient, Findings& found) {
  if (fits_machine(patient, patient.memory.limit_bytes)) return;
  Finding finding{
      "limit-above-machine", Severity::Warning,
      fmt::format("the limit is {}, the machine has {}: the kernel ends the server before it",
                  sizes::print_bytes(patient.memory.limit_bytes), machine_memory(patient))};
  advise_limit(patient, finding);
  found.push_back(std::move(finding));
}

Finding limit_below_use(const Case& patient) {
  const std::int64_t enough = least_limit(patient);
  const bool fits = fits_machine(patient, enough);
  Finding finding{"limit-below-use", Severity::Critical,
                  fmt::format("{} are used, the limit is {}: every write that needs memory {}",
                              sizes::print_bytes(patient.memory.used_bytes),
                              sizes::print_bytes(patient.memory.limit_bytes),
                              patient.memory.eviction_policy == "noeviction"
                                  ? "is answered with OOM"
                                  : "evicts first, or is answered with OOM"),
                  fits ? "raise the limit" : "the machine has no more"};
  if (fits) finding.mend.push_back(config_set("maxmemory", in_mebibytes(enough)));
  shed_if_possible(patient, finding, "80%");
  return finding;
}

void judge_marks(const Case& patient, Findings& found) {
  const PressureOptions& marks = patient.options.pressure;
  const double usage = patient.memory.usage_pct();
  if (usage < marks.start_shedding_pct) return;
  const bool critical = usage >= marks.emergency_pct;
  Finding finding{
      critical ? "above-critical-mark" : "above-warning-mark",
      critical ? Severity::Critical : Severity::Warning,
      fmt::format("{} of {} are used: {}, and the {} mark is at {}{}",
                  sizes::print_bytes(patient.memory.used_bytes),
                  sizes::print_bytes(patient.memory.limit_bytes), sizes::print_pct(usage),
                  critical ? "critical" : "warning",
                  sizes::print_pct(critical ? marks.emergency_pct : marks.start_shedding_pct),
                  patient.reading.is_guarded ? "" : "; no guard is running")};
  shed_if_possible(patient, finding, fmt::format("{}%", marks.stop_shedding_pct));
  found.push_back(std::move(finding));
}

void judge_fragmentation(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  const auto wasted = info.count("allocator_frag_bytes").value_or(0);
  const auto ratio = info.number("allocator_frag_ratio").value_or(1);
  const auto retained = info.count("allocator_rss_bytes").value_or(0);
  if (wasted >= kFragmentedBytes && ratio >= kFragmentedRatio) {
    found.push_back(
        {"fragmentation",
         Severity::Warning,
         fmt::format("{} lie unused between the values (ratio {:.2f}): the server takes {} of the "
                     "machine for {}",
                     sizes::print_bytes(wasted), ratio,
                     sizes::print_bytes(patient.memory.resident_bytes),
                     sizes::print_bytes(patient.memory.used_bytes)),
         "a server whose allocator cannot defragment refuses this (Debian's): restart it when it "
         "can be spared",
         {config_set("activedefrag", "yes")}});
  } else if (retained >= std::max(kRetainedBytes, patient.memory.used_bytes / 2)) {
    found.push_back(
        {"fragmentation",
         Severity::Warning,
         fmt::format("the allocator keeps {} that it does not use, beside the {} in use",
                     sizes::print_bytes(retained), sizes::print_bytes(patient.memory.used_bytes)),
         "",
         {redis_command({"MEMORY", "PURGE"})}});
  }
}

void judge_swapping(const Case& patient, Findings& found) {
  const auto resident = static_cast<double>(patient.memory.resident_bytes);
  const auto used = static_cast<double>(patient.memory.used_bytes);
  if (patient.memory.used_bytes < kSwappedBytes || resident <= 0) return;
  if (resident >= kSwappedRatio * used) return;
  Finding finding{
      "swapped-out", Severity::Critical,
      fmt::format("{} are used and only {} are in the machine's memory: the rest is swapped out, "
                  "and each access to it waits for a disk",
                  sizes::print_bytes(patient.memory.used_bytes),
                  sizes::print_bytes(patient.memory.resident_bytes)),
      "give the machine more memory, or the server less"};
  shed_if_possible(patient, finding, "60%");
  found.push_back(std::move(finding));
}

// What client and replica buffers are compared with.
std::int64_t buffer_bound(const Case& patient) {
  const std::int64_t whole =
      patient.memory.limit_bytes > 0 ? patient.memory.limit_bytes : patient.memory.used_bytes;
  return std::max(kBufferBytes,
                  static_cast<std::int64_t>(kBufferShare * static_cast<double>(whole)));
}

void judge_client_buffers(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  const auto clients = info.count("mem_clients_normal").value_or(0);
  if (clients < buffer_bound(patient)) return;
  Finding finding{
      "client-buffers", Severity::Warning,
      fmt::format(
          "the buffers of all clients ({}) take {}, the largest waiting reply {}: somebody asks "
          "for more than he reads, and it counts against the limit",
          info.text("connected_clients").value_or("?"), sizes::print_bytes(clients),
          sizes::print_bytes(info.count("client_recent_max_output_buffer").value_or(0))),
      "CLIENT LIST shows whose (omem, qbuf); from Redis 7.0 on the server can bound it"};
  // An older server would refuse it.
  if (patient.reading.setting("maxmemory-clients")) {
    finding.mend = {config_set("maxmemory-clients", "5%")};
  }
  found.push_back(std::move(finding));
}

void judge_replica_buffers(const Case& patient, Findings& found) {
  const redis::ServerInfo& info = patient.reading.info;
  const auto replicas = std::max(info.count("mem_clients_slaves").value_or(0),
                                 info.count("mem_total_replication_buffers").value_or(0) -
                                     info.count("mem_replication_backlog").value_or(0));
  if (replicas < buffer_bound(patient)) return;
  found.push_back({"replica-buffers",
                   Severity::Warning,
                   fmt::format("{} wait to be sent to replicas: one of them does not keep up",
                               sizes::print_bytes(replicas)),
                   "",
                   {config_set("client-output-buffer-limit", "replica 256mb 64mb 60")}});
}

void judge_clients(const Case& patient, Findings& found) {
  const auto connected = patient.reading.info.count("connected_clients").value_or(0);
  const auto most = patient.reading.info.count("maxclients").value_or(0);
  if (most <= 0 || static_cast<double>(connected) < kNearMostClients * static_cast<double>(most)) {
    return;
  }
  found.push_back(
      {"near-maxclients",
       Severity::Warning,
       fmt::format(
           "{} of {} connections are taken: the next ones, a guard's among them, are refused",
           connected, most),
       "",
       {config_set("maxclients", std::to_string(2 * most))}});
}

void judge_lazyfree(const Case& patient, Findings& found) {
  std::vector<Mend> mend;
  std::string names;
  const bool evicts = patient.memory.eviction_policy != "noeviction";
  for (const std::string setting : {"lazyfree-lazy-expire", "lazyfree-lazy-eviction"}) {
    if (setting == "lazyfree-lazy-eviction" && !evicts) continue;
    if (patient.reading.setting(setting) != "no") continue;
    names += (names.empty() ? "" : " and ") + setting;
    mend.push_back(config_set(setting, "yes"));
  }
  if (mend.empty()) return;
  const std::string_view when = mend.size() == 2                  ? "expires, is shed or evicted"
                                : names == "lazyfree-lazy-expire" ? "expires or is shed"
                                                                  : "is evicted";
  found.push_back(
      {"frees-in-foreground", Severity::Warning,
       fmt::format("{} off: a big collection that {} stalls everybody (a set of a million members "
                   "about 200 ms)",
                   names + (mend.size() == 1 ? " is" : " are"), when),
       "", std::move(mend)});
}

}  // namespace

void judge_limit(const Case& patient, Findings& found) {
  const pressure::MemoryReading& memory = patient.memory;
  if (patient.reading.info.count("maxmemory").value_or(0) == 0) judge_no_limit(patient, found);
  if (memory.limit_bytes == 0) return;
  judge_limit_and_machine(patient, found);
  const bool is_above = static_cast<double>(memory.used_bytes) >
                        kClearlyAbove * static_cast<double>(memory.limit_bytes);
  if (is_above) {
    found.push_back(limit_below_use(patient));
  } else {
    judge_marks(patient, found);
  }
}

void judge_memory_use(const Case& patient, Findings& found) {
  judge_fragmentation(patient, found);
  judge_swapping(patient, found);
  judge_client_buffers(patient, found);
  judge_replica_buffers(patient, found);
  judge_clients(patient, found);
  judge_lazyfree(patient, found);
}

}  // namespace redkeep::doctor
