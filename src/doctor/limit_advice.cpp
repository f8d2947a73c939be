#include "doctor/limit_advice.h"

#include <algorithm>

namespace redkeep::doctor {
namespace {

// The rest of the machine, buffers and the kernel need some of it, too.
constexpr double kMostOfMachine = 0.9;
// So far below the stop mark that the next writes do not bring back what was just mended: 75 % of
// the limit by default.
constexpr double kBelowStopMark = 15.0 / 16;
constexpr double kLeastUsage = 0.1;  // of a limit, whatever the marks are
// A fork shares memory until it is written: at worst all of it is there twice.
constexpr std::int64_t kForkFactor = 2;

}  // namespace

std::int64_t least_limit(const Case& patient) {
  const double usage =
      std::max(kLeastUsage, kBelowStopMark * patient.options.pressure.stop_shedding_pct / 100);
  const auto bytes =
      static_cast<std::int64_t>(static_cast<double>(patient.memory.used_bytes) / usage);
  return (bytes / kMiB + 1) * kMiB;
}

std::int64_t largest_limit_with_fork(const Case& patient) {
  return patient.system_bytes / kForkFactor;
}

bool fits_machine(const Case& patient, std::int64_t limit_bytes) {
  return patient.system_bytes <= 0 ||
         static_cast<double>(limit_bytes) <=
             kMostOfMachine * static_cast<double>(patient.system_bytes);
}

std::optional<std::int64_t> advised_limit(const Case& patient) {
  const std::int64_t least = least_limit(patient);
  if (patient.system_bytes <= 0) return 2 * least;
  if (!fits_machine(patient, least)) return std::nullopt;
  return std::max(least, largest_limit_with_fork(patient));
}

}  // namespace redkeep::doctor
