#include "app/http/pages.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/http/inspection_pages.h"
#include "app/http/metric_families.h"
#include "content/record_rules.h"
#include "error/error.h"
#include "guard/ledger_line.h"
#include "sizes/print_json.h"

namespace redkeep::app::http {
namespace {

namespace json = boost::json;

// What a server says of itself need not be UTF-8; JSON must be.
std::string utf8(std::string_view text) {
  return content::is_utf8(text) ? std::string(text) : printable(text);
}

void add_memory(const guard::Snapshot& snapshot, Families& out) {
  out.gauge("redkeep_connected", "1 while the server answers.", snapshot.connected ? 1 : 0);
  out.gauge("redkeep_memory_used_bytes", "used_memory less what eviction does not count.",
            as_double(snapshot.memory.used_bytes));
  out.gauge("redkeep_memory_limit_bytes", "maxmemory, or the configured limit; 0: none known.",
            as_double(snapshot.memory.limit_bytes));
  out.gauge("redkeep_memory_usage_ratio", "Used by limit.", snapshot.memory.usage_pct / 100);
  out.gauge("redkeep_memory_resident_bytes", "Resident memory of the server.",
            as_double(snapshot.resident_bytes));
  out.start("redkeep_level", "1 for the level that the guard is at.", MetricType::Gauge);
  for (const auto level : {PressureLevel::Normal, PressureLevel::Warning, PressureLevel::Critical,
                           PressureLevel::Blind}) {
    out.add(level == snapshot.level ? 1 : 0, {{"level", std::string(to_string(level))}});
  }
  out.counter("redkeep_readings_total", "Readings that were tried.", as_double(snapshot.readings));
  out.counter("redkeep_failed_readings_total", "Readings that failed.",
              as_double(snapshot.failed_readings));
  out.counter("redkeep_redis_evicted_keys_total", "Keys that the server evicted by itself.",
              as_double(snapshot.evicted_keys));
  out.counter("redkeep_redis_expired_keys_total", "Keys that expired.",
              as_double(snapshot.expired_keys));
}

void add_persistence(const guard::Snapshot& snapshot, Families& out) {
  out.start("redkeep_redis_persistence_ok", "1 while the server's last such write went well.",
            MetricType::Gauge);
  const bool appends = snapshot.persistence.appends && snapshot.persistence.has_file;
  out.add(appends ? 1 : 0, {{"of", "append"}});
  out.add(snapshot.persistence.rewrites ? 1 : 0, {{"of", "rewrite"}});
  out.add(snapshot.persistence.snapshots ? 1 : 0, {{"of", "snapshot"}});
}

void add_journal(const guard::Snapshot& snapshot, Families& out) {
  if (!snapshot.journal) return;
  out.gauge("redkeep_journal_stores", "1 while the journal takes stores.",
            snapshot.journal->stores ? 1 : 0);
  out.gauge("redkeep_journal_applies", "1 while Redis gets what is journaled.",
            snapshot.journal->applies ? 1 : 0);
}

void add_lease(const guard::LeaseView& lease, Families& out) {
  out.start("redkeep_lease", "1 for how this guard stands to the lease.", MetricType::Gauge);
  for (const auto stand :
       {guard::LeaseStand::Held, guard::LeaseStand::Watching, guard::LeaseStand::Alone,
        guard::LeaseStand::Replica, guard::LeaseStand::Unknown}) {
    out.add(stand == lease.stand ? 1 : 0, {{"stand", std::string(to_string(stand))}});
  }
  out.gauge("redkeep_lease_fencing", "Grows with each change of holder; 0: not known.",
            as_double(lease.fencing));
}

void add_actions(const guard::Snapshot& snapshot, Families& out) {
  out.start("redkeep_shed_keys_total", "Keys shed, by class.", MetricType::Counter);
  for (const auto& [name, totals] : snapshot.shed)
    out.add(as_double(totals.keys), {{"class", name}});
  out.start("redkeep_shed_bytes_total", "Bytes shed, by class.", MetricType::Counter);
  for (const auto& [name, totals] : snapshot.shed)
    out.add(as_double(totals.bytes), {{"class", name}});
  out.start("redkeep_alerts_total", "Alerts, by subject.", MetricType::Counter);
  for (const auto& [subject, count] : snapshot.alerts) {
    out.add(as_double(count), {{"subject", subject}});
  }
  out.start("redkeep_alert_deliveries_total", "What became of alerts, by receiver.",
            MetricType::Counter);
  for (const auto& [receiver, counts] : snapshot.deliveries) {
    out.add(as_double(counts.sent), {{"receiver", receiver}, {"outcome", "sent"}});
    out.add(as_double(counts.failed), {{"receiver", receiver}, {"outcome", "failed"}});
    out.add(as_double(counts.dropped), {{"receiver", receiver}, {"outcome", "dropped"}});
  }
}

void add_forecast(const guard::Snapshot& snapshot, Families& out) {
  const std::pair<const char*, const GrowthOutlook*> both[] = {
      {"total", &snapshot.forecast.total}, {"protected", &snapshot.forecast.protected_data}};
  out.start("redkeep_forecast_outlook", "1 for what is foreseen.", MetricType::Gauge);
  for (const auto& [of, foreseen] : both) {
    for (const auto outlook :
         {Outlook::NotKnown, Outlook::Steady, Outlook::Growing, Outlook::Held}) {
      out.add(foreseen->outlook == outlook ? 1 : 0,
              {{"of", of}, {"outlook", std::string(to_string(outlook))}});
    }
  }
  out.start("redkeep_forecast_growth_bytes_per_hour", "Growth, where known.", MetricType::Gauge);
  for (const auto& [of, foreseen] : both) {
    if (foreseen->outlook != Outlook::NotKnown)
      out.add(foreseen->growth_bytes_per_hour, {{"of", of}});
  }
  out.start("redkeep_forecast_seconds", "Until a mark is reached, where that is in sight.",
            MetricType::Gauge);
  for (const auto& [of, foreseen] : both) {
    for (const auto& [mark, in] :
         {std::pair{"warning", foreseen->warning_in}, std::pair{"limit", foreseen->limit_in}}) {
      if (in) out.add(as_double(in->count()), {{"of", of}, {"mark", mark}});
    }
  }
}

void add_regret(const guard::Snapshot& snapshot, Families& out) {
  const auto each = [&](const char* name, const char* help, MetricType type, auto value_of) {
    out.start(name, help, type);
    for (const auto& [class_name, regret] : snapshot.regret) {
      out.add(value_of(regret), {{"class", class_name}});
    }
  };
  each("redkeep_regret_ratio",
       "Of the keys shed, those written again within a minute; the last ten minutes, a sample.",
       MetricType::Gauge, [](const auto& regret) { return regret.written_again_pct / 100; });
  each("redkeep_regret_ratio_error", "Half the width of the ratio's 95 % interval.",
       MetricType::Gauge, [](const auto& regret) { return regret.error_pct / 100; });
  each("redkeep_regret_sampled_keys_total", "Shed keys that were looked for a minute later.",
       MetricType::Counter, [](const auto& regret) { return as_double(regret.sampled_total); });
  each("redkeep_regret_written_again_keys_total", "Those of them that were there again.",
       MetricType::Counter,
       [](const auto& regret) { return as_double(regret.written_again_total); });
}

void add_drift(const guard::Snapshot& snapshot, Families& out) {
  out.counter("redkeep_audits_total", "Audits for drift that were complete.",
              as_double(snapshot.audits));
  out.start("redkeep_drift_found_total", "What audits found, by kind.", MetricType::Counter);
  for (const auto& [kind, count] : snapshot.drift_found)
    out.add(as_double(count), {{"kind", kind}});
  out.start("redkeep_drift_mended_total", "What of it they mended, by kind.", MetricType::Counter);
  for (const auto& [kind, count] : snapshot.drift_mended) {
    out.add(as_double(count), {{"kind", kind}});
  }
}

void add_census(const guard::Snapshot& snapshot, TimePoint now, Families& out) {
  if (!snapshot.census) return;
  out.gauge("redkeep_census_age_seconds", "Since the classes were counted.",
            seconds_since(snapshot.census_time, now));
  const auto labels = [](const ClassUse& use) {
    return Families::Labels{{"class", use.name}, {"level", std::string(to_string(use.level))}};
  };
  out.start("redkeep_class_keys", "Keys, by class.", MetricType::Gauge);
  for (const auto& use : snapshot.census->classes) out.add(as_double(use.keys), labels(use));
  out.start("redkeep_class_bytes", "Sum of MEMORY USAGE, by class.", MetricType::Gauge);
  for (const auto& use : snapshot.census->classes) {
    if (use.bytes) out.add(as_double(*use.bytes), labels(use));
  }
  out.gauge("redkeep_unclassified_keys", "Keys of no class.",
            as_double(snapshot.census->unclassified_keys));
}

json::array open_alarm_list(const guard::Snapshot& snapshot) {
  json::array list;
  for (const guard::OpenAlarm& alarm : snapshot.open_alarms) {
    const auto since = std::chrono::floor<std::chrono::seconds>(alarm.since);
    list.push_back(json::object{{"kind", utf8(alarm.kind)},
                                {"severity", alarm.is_critical ? "critical" : "warning"},
                                {"since", fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(since))},
                                {"sentence", utf8(alarm.sentence)}});
  }
  return list;
}

}  // namespace

std::string metrics_text(const guard::Snapshot& snapshot, const Inspections& inspections,
                         TimePoint now) {
  Families families;
  add_memory(snapshot, families);
  add_persistence(snapshot, families);
  add_journal(snapshot, families);
  add_lease(snapshot.lease, families);
  add_actions(snapshot, families);
  add_forecast(snapshot, families);
  add_regret(snapshot, families);
  add_drift(snapshot, families);
  add_census(snapshot, now, families);
  add_inspections(inspections, now, families);
  return families.text();
}

std::string status_json(const guard::Snapshot& snapshot, TimePoint now) {
  json::object object = json::parse(to_json(guard::current_statistics(snapshot))).as_object();
  object["connected"] = snapshot.connected;
  object["endpoint"] = utf8(snapshot.endpoint);
  object["server"] = utf8(snapshot.server_version);
  object["eviction_policy"] = utf8(snapshot.eviction_policy);
  object["blind_reason"] = utf8(snapshot.blind_reason);
  object["lease"] = json::object{{"stand", to_string(snapshot.lease.stand)},
                                 {"holder", utf8(snapshot.lease.holder)},
                                 {"fencing", snapshot.lease.fencing},
                                 {"text", utf8(describe(snapshot.lease))}};
  object["alarms"] = open_alarm_list(snapshot);
  object["census_age_seconds"] = snapshot.census
                                     ? json::value(seconds_since(snapshot.census_time, now))
                                     : json::value(nullptr);
  json::array regrets;
  for (const auto& [name, regret] : snapshot.regret) {
    regrets.push_back(json::object{{"class", utf8(name)},
                                   {"sampled_keys", regret.sampled_keys},
                                   {"written_again_pct", regret.written_again_pct},
                                   {"error_pct", regret.error_pct}});
  }
  object["regret"] = std::move(regrets);
  return sizes::print_json(object);
}

std::string ledger_json(const guard::Ledger& ledger, std::size_t limit) {
  json::array list;
  for (const auto& entry : ledger.newest(limit)) list.push_back(guard::to_json(entry));
  return sizes::print_json(list);
}

std::string not_ready_because(const guard::Snapshot& snapshot, const PressureOptions& options,
                              TimePoint now) {
  if (!snapshot.connected) {
    return snapshot.blind_reason.empty() ? "no reading yet" : snapshot.blind_reason;
  }
  const auto fresh_for = 3 * options.interval + std::chrono::seconds{2};
  if (now - snapshot.last_reading > fresh_for) {
    return fmt::format("the last reading is {:.1f} s old",
                       seconds_since(snapshot.last_reading, now));
  }
  return {};
}

}  // namespace redkeep::app::http
