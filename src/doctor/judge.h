#pragma once
// From a reading of a server to what is wrong with it. Pure.
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "doctor/server_reading.h"
#include "redkeep/options.h"

namespace redkeep::doctor {

struct JudgeOptions {
  PressureOptions pressure;  ///< Marks, and the limit where the server has none.
  std::string prefix;        ///< Of our keys.
  int database = 0;
};

/// The worst first. Of a server that is loading, busy or tells nothing, only that is said. Where
/// CONFIG is refused, what it would have set is advice instead of a command.
std::vector<Finding> judge(const ServerReading& reading, const keys::ClassTable& table,
                           const JudgeOptions& options);

/// Warnings and critical ones: what a shell is told of by the exit code.
bool has_problems(const std::vector<Finding>& findings);

}  // namespace redkeep::doctor
