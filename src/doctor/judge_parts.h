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

/// "CONFIG SET maxmemory" takes it: 512 MiB -> "512mb", rounded down to whole mebibytes.
std::string in_mebibytes(std::int64_t bytes);

}  // namespace redkeep::doctor
