#pragma once
// What the doctor found, as text for a person and as JSON.
#include <chrono>
#include <string>
#include <vector>

#include "doctor/eviction_outlook.h"
#include "doctor/judge.h"
#include "doctor/server_reading.h"
#include "redkeep/options.h"

namespace redkeep::app {

struct DoctorReport {
  const doctor::ServerReading& reading;
  const std::vector<doctor::Finding>& findings;
  const std::vector<doctor::ClassOutlook>& eviction;
  const Options& options;
  std::chrono::milliseconds took{0};
};

/// A command as it can be pasted into a shell: where the server is included, the password not (it
/// comes from REDISCLI_AUTH or REDKEEP_PASSWORD).
std::string shell_command(const doctor::Mend& mend, const Options& options);

std::string describe_doctor(const DoctorReport& report);

/// One object; the names are in docs/doctor.md.
std::string doctor_json(const DoctorReport& report);

}  // namespace redkeep::app
