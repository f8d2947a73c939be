#include "shed/shed_plan.h"

#include <algorithm>
#include <functional>
#include <map>

#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::shed {
namespace {

using pressure::bytes_at_mark;
using pressure::Pressure;

// Keys that expire within the time that is left are not worth shedding, but nobody waits for long.
constexpr double kLongestSpareSeconds = 10;

std::chrono::milliseconds time_left(const Pressure& pressure, std::int64_t urgent_at_bytes) {
  if (pressure.level == PressureLevel::Critical) return std::chrono::milliseconds{0};
  const auto room = static_cast<double>(urgent_at_bytes - pressure.reading.used_bytes);
  const double growth = std::max(pressure.growth_bytes_per_s, 1.0);
  const double seconds = std::clamp(room / growth, 0.0, kLongestSpareSeconds);
  return std::chrono::milliseconds{static_cast<std::int64_t>(1000 * seconds)};
}

std::optional<std::int64_t> quota_bytes(const KeyClass& key_class, std::int64_t limit_bytes) {
  if (key_class.quota_bytes) return key_class.quota_bytes;
  if (!key_class.quota_pct || limit_bytes <= 0) return std::nullopt;
  return bytes_at_mark(*key_class.quota_pct, limit_bytes);
}

bool is_expendable(const KeyClass& key_class) { return key_class.shed_at == ShedAt::Warning; }

// What the expendable classes are known to hold; no bound where that of one is not known.
std::int64_t expendable_bytes(const std::vector<ClassUse>& sizes, const keys::ClassTable& table) {
  std::int64_t bytes = 0;
  for (const auto& use : sizes) {
    const auto index = table.find(use.name);
    if (!index || !is_expendable(table.at(*index))) continue;
    if (!use.bytes) return ShedStep::kNoBound;
    bytes += *use.bytes;
  }
  return sizes.empty() ? ShedStep::kNoBound : bytes;
}

// One step for each shed order among the classes that `take` accepts, each like `like`.
void add_steps(const keys::ClassTable& table, const ShedStep& like,
               const std::function<bool(keys::ClassIndex)>& take, std::vector<ShedStep>& steps) {
  std::map<int, ShedStep> by_order;
  for (keys::ClassIndex index = 0; index < table.classes().size(); ++index) {
    if (!take(index)) continue;
    const int order = table.at(index).shed_order;
    ShedStep& step = by_order.try_emplace(order, like).first->second;
    step.order = order;
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
  if (!acts || !pressure.relieving || reading.limit_bytes == 0) return plan;

  const auto emergency_bytes = bytes_at_mark(options.emergency_pct, reading.limit_bytes);
  ShedStep expendable;
  expendable.stop_at_bytes = bytes_at_mark(options.stop_shedding_pct, reading.limit_bytes);
  expendable.calm_at_bytes = bytes_at_mark(options.start_shedding_pct, reading.limit_bytes);
  expendable.urgent_at_bytes = emergency_bytes;
  if (reading.used_bytes > expendable.stop_at_bytes) {
    add_steps(
        table, expendable, [&](keys::ClassIndex i) { return is_expendable(table.at(i)); },
        plan.steps);
  }
  ShedStep last_resort;
  last_resort.stop_at_bytes = bytes_at_mark(options.leave_emergency_pct, reading.limit_bytes);
  last_resort.calm_at_bytes = emergency_bytes;
  last_resort.urgent_at_bytes = reading.limit_bytes;
  if (pressure.level == PressureLevel::Critical && reading.used_bytes > last_resort.stop_at_bytes) {
    add_steps(
        table, last_resort,
        [&](keys::ClassIndex i) { return table.at(i).shed_at == ShedAt::Critical; }, plan.steps);
  }
  plan.spare_expiring_within = time_left(pressure, emergency_bytes);
  if (pressure.level == PressureLevel::Warning) plan.good_below_bytes = emergency_bytes;
  plan.reason = fmt::format(
      "{}: {} of {} used ({}); expendable classes go down to {}", to_string(pressure.level),
      sizes::print_bytes(reading.used_bytes), sizes::print_bytes(reading.limit_bytes),
      sizes::print_pct(reading.usage_pct()), sizes::print_pct(options.stop_shedding_pct));
  if (pressure.level == PressureLevel::Critical) {
    plan.reason += fmt::format(", and then those that go at critical only down to {}",
                               sizes::print_pct(options.leave_emergency_pct));
  }
  return plan;
}

ShedPlan plan_for_room(const Pressure& pressure, std::int64_t wanted_bytes,
                       const std::vector<ClassUse>& sizes, const keys::ClassTable& table,
                       const PressureOptions& options) {
  ShedPlan plan;
  const auto& reading = pressure.reading;
  plan.used_bytes = reading.used_bytes;
  plan.for_room = true;
  if (pressure.level == PressureLevel::Blind || reading.limit_bytes == 0) return plan;
  ShedStep step;
  step.stop_at_bytes = bytes_at_mark(options.stop_shedding_pct, reading.limit_bytes) - wanted_bytes;
  step.calm_at_bytes = bytes_at_mark(options.start_shedding_pct, reading.limit_bytes);
  step.urgent_at_bytes = bytes_at_mark(options.emergency_pct, reading.limit_bytes);
  const std::int64_t too_much = reading.used_bytes - step.stop_at_bytes;
  const bool is_in_reach = step.stop_at_bytes > 0 && too_much <= expendable_bytes(sizes, table);
  if (too_much <= 0 || !is_in_reach) return plan;
  add_steps(
      table, step, [&](keys::ClassIndex i) { return is_expendable(table.at(i)); }, plan.steps);
  plan.reason = fmt::format(
      "{} of protected content are missing: expendable classes make room for them "
      "below {}; {} of {} used ({})",
      sizes::print_bytes(wanted_bytes), sizes::print_pct(options.stop_shedding_pct),
      sizes::print_bytes(reading.used_bytes), sizes::print_bytes(reading.limit_bytes),
      sizes::print_pct(reading.usage_pct()));
  return plan;
}

ShedPlan plan_for_quotas(const std::vector<ClassUse>& sizes, std::int64_t limit_bytes,
                         const keys::ClassTable& table) {
  ShedPlan plan;
  for (const auto& use : sizes) {
    const auto index = table.find(use.name);
    if (!index || !use.bytes || table.at(*index).shed_at == ShedAt::Never) continue;
    const auto quota = quota_bytes(table.at(*index), limit_bytes);
    if (!quota || *use.bytes <= *quota) continue;
    ShedStep step;
    step.order = table.at(*index).shed_order;
    step.classes = {*index};
    step.most_freed_bytes = *use.bytes - *quota;
    plan.steps.push_back(std::move(step));
    plan.reason +=
        fmt::format("{}{} has {} and a quota of {}", plan.reason.empty() ? "" : "; ", use.name,
                    sizes::print_bytes(*use.bytes), sizes::print_bytes(*quota));
  }
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
  plan.asked_for = true;
  if (used_bytes <= stop_at_bytes) return plan;
  ShedStep step;
  step.stop_at_bytes = stop_at_bytes;
  add_steps(
      table, step,
      [&](keys::ClassIndex i) {
        if (asked.empty()) return table.at(i).shed_at == ShedAt::Warning;
        return std::find(asked.begin(), asked.end(), i) != asked.end();
      },
      plan.steps);
  return plan;
}

}  // namespace redkeep::shed
