#include "guard/alerts/alert_conditions.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "pressure/pressure_gauge.h"

namespace redkeep::guard {
namespace {

using pressure::is_down_at;

struct SubjectRow {
  std::string_view subject;
  AlertKind kind;
  AlertSeverity severity;
};

constexpr std::array kSubjects{
    SubjectRow{"warning", AlertKind::Mark, AlertSeverity::Warning},
    SubjectRow{"critical", AlertKind::Mark, AlertSeverity::Critical},
    SubjectRow{"blind", AlertKind::State, AlertSeverity::Critical},
    SubjectRow{"does-not-fit", AlertKind::State, AlertSeverity::Critical},
    SubjectRow{"no-limit", AlertKind::State, AlertSeverity::Warning},
    SubjectRow{"unsafe-policy", AlertKind::State, AlertSeverity::Critical},
    SubjectRow{"append-only-failing", AlertKind::State, AlertSeverity::Critical},
    SubjectRow{"snapshot-failing", AlertKind::State, AlertSeverity::Critical},
    SubjectRow{"journal-unusable", AlertKind::State, AlertSeverity::Critical},
    SubjectRow{"journal-loss", AlertKind::Event, AlertSeverity::Critical},
    SubjectRow{"journal-store", AlertKind::State, AlertSeverity::Critical},
    SubjectRow{"journal-apply", AlertKind::State, AlertSeverity::Critical},
    SubjectRow{"fragmentation", AlertKind::State, AlertSeverity::Warning},
    SubjectRow{"protected-growth", AlertKind::State, AlertSeverity::Warning},
    SubjectRow{"drift", AlertKind::State, AlertSeverity::Warning},
    SubjectRow{"server-eviction", AlertKind::Recurring, AlertSeverity::Warning},
    SubjectRow{"shedding", AlertKind::Recurring, AlertSeverity::Warning},
    SubjectRow{"restart", AlertKind::Event, AlertSeverity::Warning},
    SubjectRow{"content-gone", AlertKind::State, AlertSeverity::Critical},
    SubjectRow{"content-missing", AlertKind::State, AlertSeverity::Warning},
    SubjectRow{"restore", AlertKind::Event, AlertSeverity::Critical},
};

void follow_mark(AlertPolicy& policy, std::string_view subject, double enter_pct, double leave_pct,
                 const UsageSeen& usage, AlertPolicy::TimePoint now) {
  const double read_pct = usage.before.usage_pct;
  const bool still_above = policy.is_raised(subject) && !is_down_at(read_pct, leave_pct);
  if (read_pct >= enter_pct || still_above) {
    AlertCondition condition = condition_of(std::string(subject), usage.cause, usage.before);
    condition.action = usage.action;
    policy.raise(std::move(condition), usage.seen);
  }
  if (is_down_at(usage.after.usage_pct, leave_pct)) policy.clear(subject, usage.after, now);
}

}  // namespace

AlertCondition condition_of(std::string subject, std::string cause, const MemoryUse& memory) {
  const auto* const row =
      std::find_if(kSubjects.begin(), kSubjects.end(),
                   [&](const SubjectRow& one) { return one.subject == subject; });
  const bool is_known = row != kSubjects.end();
  return AlertCondition{std::move(subject),
                        is_known ? row->kind : AlertKind::Recurring,
                        is_known ? row->severity : AlertSeverity::Warning,
                        std::move(cause),
                        {},
                        memory};
}

void follow_usage(AlertPolicy& policy, const PressureOptions& marks, const UsageSeen& usage,
                  AlertPolicy::TimePoint now) {
  policy.clear("blind", usage.after, now);
  // What goes at critical only goes down to another mark than that of the warning.
  const bool was_critical =
      policy.is_raised("critical") || usage.before.usage_pct >= marks.emergency_pct;
  follow_mark(policy, "critical", marks.emergency_pct, marks.leave_emergency_pct, usage, now);
  // While it is critical the warning is not over, and need not be told again.
  const bool is_critical = policy.is_raised("critical");
  if (!is_critical) {
    const bool is_down = is_down_at(usage.after.usage_pct, marks.stop_shedding_pct);
    if (!policy.on_way_down(now) || policy.is_told("warning")) {
      UsageSeen seen = usage;
      if (was_critical) seen.action.clear();
      follow_mark(policy, "warning", marks.start_shedding_pct, marks.stop_shedding_pct, seen, now);
    } else if (is_down) {
      policy.clear("warning", usage.after, now);
    }
    if (is_down) policy.end_way_down();
    policy.clear("does-not-fit", usage.after, now);
  }
}

}  // namespace redkeep::guard
