#pragma once
// What the doctor found, as text for a person and as JSON.
#include <chrono>
#include <string>
#include <vector>

#include "app/settings.h"
#include "doctor/eviction_outlook.h"
#include "doctor/judge.h"
#include "doctor/server_reading.h"

namespace redkeep::app {

struct DoctorReport {
  const doctor::ServerReading& reading;
  const std::vector<doctor::Finding>& findings;
  const std::vector<doctor::ClassOutlook>& eviction;
  const Settings& settings;
  std::chrono::milliseconds took{0};
};

std::string describe_doctor(const DoctorReport& report);

/// One object; the names are in docs/doctor.md.
std::string doctor_json(const DoctorReport& report);

}  // namespace redkeep::app
