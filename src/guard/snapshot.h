#pragma once
// What the guard shows of itself: command line, HTTP and metrics read this and nothing else.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drift/drift.h"
#include "guard/lease_rule.h"
#include "pressure/persistence.h"
#include "redkeep/statistics.h"
#include "shed/regret.h"

namespace redkeep::guard {

/// What was shed of one class since the guard started.
struct ShedTotals {
  std::int64_t keys = 0;
  std::int64_t bytes = 0;
};

/// What became of the alerts that were to go to one receiver.
struct AlertDeliveries {
  std::int64_t sent = 0;
  std::int64_t failed = 0;
  std::int64_t dropped = 0;  ///< More waited than are kept, or it was the end of the guard.
};

/// What the last audit for drift found.
struct LastAudit {
  drift::AuditOutcome outcome;  ///< Without what was counted.
  bool fix = false;             ///< Whether it was to mend.
  std::chrono::milliseconds took{0};
  std::chrono::steady_clock::time_point at{};     ///< When it was complete.
  std::chrono::system_clock::time_point clock{};  ///< The same, for people.
};

/// Of the data directory's journal.
struct JournalState {
  bool stores = true;   ///< The last store was journaled.
  bool applies = true;  ///< Redis gets what is journaled.
};

/// A condition that was told and is not over.
struct OpenAlarm {
  std::string kind;  ///< The alert's subject.
  bool is_critical = false;
  std::chrono::system_clock::time_point since{};
  std::string sentence;  ///< As it is now: the cause, and what was done about it of late.
};

struct Snapshot {
  bool connected = false;
  std::string endpoint;         ///< Where the server is, without user and password.
  std::string server_version;   ///< For example "Redis 7.0.15".
  std::string eviction_policy;  ///< As the server says it; empty: unknown.
  PressureLevel level = PressureLevel::Blind;
  std::string blind_reason;  ///< Why there is no reading; empty unless blind.
  LeaseView lease;           ///< Whether this guard acts, or who does.
  MemoryUse memory;
  std::int64_t derived_limit_bytes = 0;  ///< As in Statistics.
  std::int64_t resident_bytes = 0;
  std::int64_t keys_with_ttl = 0;     ///< The server's own counter.
  std::int64_t keys_without_ttl = 0;  ///< The server's own counter.
  std::int64_t evicted_keys = 0;      ///< By the server itself, since it started.
  std::int64_t expired_keys = 0;
  pressure::Persistence persistence;    ///< As the last reading has it.
  std::optional<JournalState> journal;  ///< None without a data directory.
  std::chrono::steady_clock::time_point last_reading{};
  std::int64_t readings = 0;
  std::int64_t failed_readings = 0;
  std::map<std::string, ShedTotals> shed;                ///< By class.
  std::map<std::string, shed::Regret> regret;            ///< By class; those that were sampled.
  std::map<std::string, std::int64_t> alerts;            ///< Raised, by level or kind.
  std::vector<OpenAlarm> open_alarms;                    ///< By kind.
  std::map<std::string, AlertDeliveries> deliveries;     ///< By receiver: "webhook", "command".
  std::optional<Statistics> census;                      ///< The last complete count by class.
  std::chrono::steady_clock::time_point census_time{};   ///< When it was complete.
  std::map<std::string, ShedTotals> shed_before_census;  ///< `shed` when it began.
  Forecast forecast;
  std::int64_t audits = 0;                           ///< For drift, that were complete.
  std::map<std::string, std::int64_t> drift_found;   ///< By kind, of all audits.
  std::map<std::string, std::int64_t> drift_mended;  ///< Of these.
  std::optional<LastAudit> last_audit;
};

/// The kinds of the open alarms.
std::vector<std::string> alarm_kinds(const Snapshot& snapshot);

/// The statistics as they are known now: memory and level of the last reading, classes of the last
/// census (none before the first one is complete).
Statistics current_statistics(const Snapshot& snapshot);

/// The classes of the last census less all that was shed since that began: what was shed behind its
/// back and what it did not meet any more cannot be told apart, so a class has no less than this,
/// and nothing is shed twice. Empty before the first one.
std::vector<ClassUse> least_sizes(const Snapshot& snapshot);

}  // namespace redkeep::guard
