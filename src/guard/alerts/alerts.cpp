#include "guard/alerts/alerts.h"

#include <fmt/format.h>

#include <utility>

#include "guard/alerts/alert_conditions.h"
#include "redis/connection.h"
#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

// "shed 1,200 keys, 3.4 MiB, of page_cache, query_cache -> TargetReached"; empty: nothing was shed.
std::string describe_shedding(const shed::ShedOutcome& outcome) {
  std::string names;
  std::int64_t bytes = 0;
  for (const auto& row : outcome.classes) {
    if (row.keys == 0) continue;
    names += (names.empty() ? "" : ", ") + row.name;
    bytes += row.bytes;
  }
  if (names.empty()) return {};
  return fmt::format("shed {}, {}, of {} -> {}", sizes::print_counted(outcome.keys(), "key"),
                     sizes::print_bytes(bytes), names,
                     shed::name_with_words(to_string(outcome.end)));
}

// Where shedding ended as planned it has measured what is used now. Where it was broken off, or
// there was nothing to do, the reading is all that is known.
MemoryUse use_after(const pressure::MemoryReading& reading, const shed::ShedOutcome& outcome) {
  const bool has_measured = outcome.keys() > 0 && outcome.end == shed::ShedEnd::TargetReached;
  if (!has_measured) return reading.use();
  pressure::MemoryReading after = reading;
  after.used_bytes = outcome.used_after_bytes;
  return after.use();
}

}  // namespace

Alerts::Alerts(boost::asio::any_io_executor executor, const Options& options, Ledger& ledger,
               Snapshot& snapshot)
    : marks_(options.pressure),
      ledger_(ledger),
      snapshot_(snapshot),
      policy_(options.alerts),
      sender_(std::move(executor), options.alerts, redis::describe(options.endpoint),
              snapshot.deliveries) {}

void Alerts::raise(std::string subject, std::string cause, TimePoint now) {
  policy_.raise(condition_of(std::move(subject), std::move(cause), snapshot_.memory), now);
}

void Alerts::clear(std::string_view subject, TimePoint now) {
  policy_.clear(subject, snapshot_.memory, now);
}

void Alerts::follow(const pressure::Pressure& pressure, const shed::ShedOutcome& outcome,
                    const std::string& cause, TimePoint seen, TimePoint now) {
  if (pressure.level == PressureLevel::Blind) {
    raise("blind", cause, seen);
    return;
  }
  const UsageSeen usage{pressure.reading.use(), use_after(pressure.reading, outcome), cause,
                        describe_shedding(outcome), seen};
  follow_usage(policy_, marks_, usage, now);
}

void Alerts::tell(const AlertPolicy::Due& due) {
  for (Alert alert : due.alerts) {
    alert.began = began(alert);
    write_down(alert);
    sender_.send(alert);
  }
  for (const Alert& alert : due.unsent) write_down(alert);
  for (const BriefCrossing& brief : due.brief) {
    ledger_.add(LedgerKind::Notice, brief.subject, brief.sentence());
  }
}

void Alerts::show_open() {
  snapshot_.open_alarms.clear();
  for (const Alert& alert : policy_.open()) {
    const AlertCondition& condition = alert.condition;
    snapshot_.open_alarms.push_back(
        {condition.subject, condition.severity == AlertSeverity::Critical, began(alert),
         condition.action.empty() ? condition.cause : condition.cause + "; " + condition.action});
  }
}

std::chrono::system_clock::time_point Alerts::began(const Alert& alert) {
  auto& known = began_[alert.condition.subject];
  if (known.first != alert.since || known.second.time_since_epoch().count() == 0) {
    const auto ago = std::chrono::duration_cast<std::chrono::system_clock::duration>(
        TimePoint::clock::now() - alert.since);
    known = {alert.since, std::chrono::system_clock::now() - ago};
  }
  return known.second;
}

void Alerts::write_down(const Alert& alert) {
  const AlertCondition& condition = alert.condition;
  LedgerEntry entry;
  entry.kind = alert.is_over ? LedgerKind::Notice : LedgerKind::Alarm;
  entry.subject = condition.subject;
  entry.outcome = alert.is_over ? "Recovered" : "";
  entry.reason = condition.cause;
  if (!alert.is_over && !condition.action.empty()) entry.reason += "; " + condition.action;
  ledger_.add(std::move(entry));
  if (!alert.is_over) ++snapshot_.alerts[condition.subject];
}

}  // namespace redkeep::guard
