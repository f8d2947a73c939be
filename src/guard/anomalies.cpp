#include "guard/anomalies.h"

#include <fmt/format.h>

#include "redis/capabilities.h"
#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

using pressure::MemoryReading;

// A tenth of the limit between two readings is no traffic that one plans for.
constexpr double kLeapPct = 10;
// Below this much, resident memory above used memory is the allocator's ordinary slack.
constexpr std::int64_t kSlackBytes = std::int64_t{128} << 20;
constexpr double kFragmentation = 1.5;

std::string print_limit(std::int64_t limit_bytes) {
  return limit_bytes > 0 ? sizes::print_bytes(limit_bytes) : "none";
}

// The names are those that `redkeep doctor` has for them.
void find_failing_disk(const pressure::Persistence& persistence, std::vector<Anomaly>& found) {
  if (!persistence.appends) {
    found.push_back({"append-only-failing",
                     "the server cannot write its append-only file (aof_last_write_status:err), "
                     "mostly because its disk is full, and refuses writes with MISCONF until it "
                     "can: make room where its `CONFIG GET dir` is; its log says why",
                     true});
  } else if (!persistence.has_file) {
    found.push_back(
        {"append-only-failing",
         "the server could not write its first append-only file "
         "(aof_last_bgrewrite_status:err), so nothing is on its disk and all that is in "
         "memory is lost when it ends: make room where its `CONFIG GET dir` is, or "
         "memory to fork, then BGREWRITEAOF; its log says why",
         true});
  } else if (!persistence.rewrites) {
    found.push_back({"append-only-failing",
                     "the server could not rewrite its append-only file "
                     "(aof_last_bgrewrite_status:err), so it grows on: make room on the server's "
                     "disk, or memory to fork, then BGREWRITEAOF; its log says why",
                     true});
  }
  if (!persistence.snapshots) {
    found.push_back(
        {"snapshot-failing",
         fmt::format("the server's last snapshot failed (rdb_last_bgsave_status:err): {} changes "
                     "are in none, and where snapshots are configured it refuses writes with "
                     "MISCONF; make room on the server's disk, or memory to fork, then BGSAVE; "
                     "its log says why",
                     sizes::print_count(persistence.unsaved_changes)),
         true});
  }
}

}  // namespace

std::vector<Anomaly> find_anomalies(const MemoryReading& now) {
  std::vector<Anomaly> found;
  if (now.limit_bytes == 0) {
    found.push_back({"no-limit",
                     "the server has no maxmemory and none is configured: usage is not known and "
                     "nothing is shed; set [pressure] limit or CONFIG SET maxmemory",
                     true});
  }
  if (!now.eviction_policy.empty() && !redis::is_safe_policy(now.eviction_policy)) {
    found.push_back({"unsafe-policy",
                     fmt::format("the eviction policy \"{}\" may evict protected keys: CONFIG SET "
                                 "maxmemory-policy volatile-lfu",
                                 now.eviction_policy),
                     true});
  }
  const auto slack = now.resident_bytes - now.used_bytes;
  if (slack > kSlackBytes && static_cast<double>(now.resident_bytes) >
                                 kFragmentation * static_cast<double>(now.used_bytes)) {
    found.push_back(
        {"fragmentation",
         fmt::format("the server holds {} of memory for {} of data",
                     sizes::print_bytes(now.resident_bytes), sizes::print_bytes(now.used_bytes)),
         false});
  }
  find_failing_disk(now.persistence, found);
  return found;
}

std::vector<Anomaly> find_anomalies(const MemoryReading& before, const MemoryReading& now) {
  std::vector<Anomaly> found = find_anomalies(now);
  if (before.run_id != now.run_id) {
    found.push_back({"restart",
                     fmt::format("the server was restarted or replaced; it has {} now",
                                 sizes::print_counted(now.keyspace.keys, "key")),
                     true});
    return found;  // what its counters say has nothing to do with the one before
  }
  if (now.evicted_keys > before.evicted_keys) {
    found.push_back(
        {"server-eviction",
         fmt::format("the server itself evicted {} under the policy \"{}\"",
                     sizes::print_counted(now.evicted_keys - before.evicted_keys, "key"),
                     now.eviction_policy),
         true, now.evicted_keys - before.evicted_keys});
  }
  if (before.limit_bytes != now.limit_bytes) {
    found.push_back({"limit",
                     fmt::format("the limit changed from {} to {}", print_limit(before.limit_bytes),
                                 print_limit(now.limit_bytes)),
                     false});
  }
  if (before.eviction_policy != now.eviction_policy) {
    found.push_back({"policy",
                     fmt::format("the eviction policy changed from \"{}\" to \"{}\"",
                                 before.eviction_policy, now.eviction_policy),
                     false});
  }
  if (now.limit_bytes > 0 && before.limit_bytes == now.limit_bytes &&
      now.usage_pct() - before.usage_pct() >= kLeapPct) {
    found.push_back(
        {"leap",
         fmt::format("usage went from {} to {} between two readings",
                     sizes::print_pct(before.usage_pct()), sizes::print_pct(now.usage_pct())),
         false});
  }
  return found;
}

}  // namespace redkeep::guard
