#include "shed/shed_plan.h"

#include <algorithm>
#include <functional>
#include <map>

#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::shed {
namespace {

using pressure::Pressure;

std::int64_t bytes_at(double pct, std::int64_t limit_bytes) {
  return static_cast<std::int64_t>(pct / 100.0 * static_cast<double>(limit_bytes));
}

// One step for each shed order among the classes that `take` accepts.
void add_steps(const keys::ClassTable& table, std::int64_t stop_at_bytes,
               const std::function<bool(keys::ClassIndex)>& take, std::vector<ShedStep>& steps) {
  std::map<int, ShedStep> by_order;
  for (keys::ClassIndex index = 0; index < table.classes().size(); ++index) {
    if (!take(index)) continue;
    ShedStep& step = by_order[table.at(index).shed_order];
    step.order = table.at(index).shed_order;
    step.stop_at_bytes = stop_at_bytes;
    step.classes.push_back(index);
  }
  for (auto& [order, step] : by_order) steps.push_back(std::move(step));
}

}  // namespace

ShedPlan plan_for_pressure(const Pressure& pressure, const keys::ClassTable& table,
                           const PressureOptions& options) {
  ShedPlan plan;
  const auto& reading = pressure.reading;
  plan.used_bytes = reading.used_bytes;
  const bool acts =
      pressure.level == PressureLevel::Warning || pressure.level == PressureLevel::Critical;
  if (!acts || reading.limit_bytes == 0) return plan;

  const auto stop_bytes = bytes_at(options.stop_shedding_pct, reading.limit_bytes);
  if (reading.used_bytes > stop_bytes) {
    add_steps(
        table, stop_bytes,
        [&](keys::ClassIndex i) { return table.at(i).shed_at == ShedAt::Warning; }, plan.steps);
  }
  const auto leave_bytes = bytes_at(options.leave_emergency_pct, reading.limit_bytes);
  if (pressure.level == PressureLevel::Critical && reading.used_bytes > leave_bytes) {
    add_steps(
        table, leave_bytes,
        [&](keys::ClassIndex i) { return table.at(i).shed_at == ShedAt::Critical; }, plan.steps);
  }
  plan.reason = fmt::format(
      "{}: {} of {} used ({}); expendable classes go down to {}", to_string(pressure.level),
      sizes::print_bytes(reading.used_bytes), sizes::print_bytes(reading.limit_bytes),
      sizes::print_pct(reading.usage_pct()), sizes::print_pct(options.stop_shedding_pct));
  return plan;
}

Result<ShedPlan> plan_for_request(const std::vector<std::string>& class_names,
                                  std::int64_t used_bytes, std::int64_t stop_at_bytes,
                                  const keys::ClassTable& table) {
  std::vector<keys::ClassIndex> asked;
  for (const auto& name : class_names) {
    const auto index = table.find(name);
    if (!index) {
      return make_error(ErrorKind::InvalidInput,
                        "there is no class \"{}\": `redkeep stats` lists the classes",
                        printable(name));
    }
    if (table.at(*index).shed_at == ShedAt::Never) {
      return make_error(ErrorKind::Refused, "class \"{}\" ({}) is never shed", name,
                        to_string(table.at(*index).level));
    }
    asked.push_back(*index);
  }
  ShedPlan plan;
  plan.used_bytes = used_bytes;
  plan.reason = fmt::format("asked for by a person: {} used, to come down to {}",
                            sizes::print_bytes(used_bytes), sizes::print_bytes(stop_at_bytes));
  if (used_bytes <= stop_at_bytes) return plan;
  add_steps(
      table, stop_at_bytes,
      [&](keys::ClassIndex i) {
        if (asked.empty()) return table.at(i).shed_at == ShedAt::Warning;
        return std::find(asked.begin(), asked.end(), i) != asked.end();
      },
      plan.steps);
  return plan;
}

}  // namespace redkeep::shed
