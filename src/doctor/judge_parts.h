#pragma once
// The parts of judge(), one a file. Pure.
#include <vector>

#include "doctor/judge.h"
#include "pressure/memory_reading.h"

namespace redkeep::doctor {

inline constexpr std::int64_t kMiB = std::int64_t{1} << 20;

struct Case {
  const ServerReading& reading;
  const keys::ClassTable& table;
  const JudgeOptions& options;
  pressure::MemoryReading memory;
  std::int64_t system_bytes = 0;  ///< The machine's memory; 0: not known.

  /// Some key has a TTL: without one nothing can be shed.
  bool can_shed() const { return memory.keyspace.with_ttl > 0; }
  bool is_replica() const { return reading.info.text("role").value_or("master") != "master"; }
  /// A replica keeps to no maxmemory and evicts nothing, unless it is told to.
  bool ignores_limit() const {
    return is_replica() && reading.setting("replica-ignore-maxmemory").value_or("yes") != "no";
  }
};

using Findings = std::vector<Finding>;

void judge_limit(const Case& patient, Findings& found);
void judge_memory_use(const Case& patient, Findings& found);
void judge_policy(const Case& patient, Findings& found);
void judge_persistence(const Case& patient, Findings& found);
void judge_replication(const Case& patient, Findings& found);
void judge_keys(const Case& patient, Findings& found);
void judge_forecast(const Case& patient, Findings& found);
void judge_version(const Case& patient, Findings& found);
void judge_permissions(const ServerReading& reading, const std::string& prefix, Findings& found);

/// As whom to do what this user may not: "" is the default user; who is that names another.
std::string administrator_above(const std::string& user);

/// "CONFIG SET maxmemory" takes it: 512 MiB -> "512mb", rounded down to whole mebibytes.
std::string in_mebibytes(std::int64_t bytes);

}  // namespace redkeep::doctor
