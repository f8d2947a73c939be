#include "app/http/pages.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <boost/json.hpp>

#include "content/record_rules.h"
#include "error/error.h"
#include "sizes/print_json.h"

namespace redkeep::app::http {
namespace {

namespace json = boost::json;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// What a server says of itself need not be UTF-8; JSON must be.
std::string utf8(std::string_view text) {
  return content::is_utf8(text) ? std::string(text) : printable(text);
}

double seconds_since(TimePoint then, TimePoint now) {
  return std::chrono::duration<double>(now - then).count();
}

class Families {
 public:
  // Starts a metric; its values follow.
  void start(std::string name, std::string help, MetricType type) {
    families_.push_back({std::move(name), std::move(help), type, {}});
  }
  void add(double value, std::vector<ClientMetric::Label> labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }
  void gauge(std::string name, std::string help, double value) {
    start(std::move(name), std::move(help), MetricType::Gauge);
    add(value);
  }
  void counter(std::string name, std::string help, double value) {
    start(std::move(name), std::move(help), MetricType::Counter);
    add(value);
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

double as_double(std::int64_t value) { return static_cast<double>(value); }

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
}

void add_census(const guard::Snapshot& snapshot, TimePoint now, Families& out) {
  if (!snapshot.census) return;
  out.gauge("redkeep_census_age_seconds", "Since the classes were counted.",
            seconds_since(snapshot.census_time, now));
  const auto labels = [](const ClassUse& use) {
    return std::vector<ClientMetric::Label>{{"class", use.name},
                                            {"level", std::string(to_string(use.level))}};
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

}  // namespace

std::string metrics_text(const guard::Snapshot& snapshot, TimePoint now) {
  Families families;
  add_memory(snapshot, families);
  add_actions(snapshot, families);
  add_census(snapshot, now, families);
  return families.text();
}

std::string status_json(const guard::Snapshot& snapshot, TimePoint now) {
  json::object object = json::parse(to_json(guard::current_statistics(snapshot))).as_object();
  object["connected"] = snapshot.connected;
  object["endpoint"] = utf8(snapshot.endpoint);
  object["server"] = utf8(snapshot.server_version);
  object["eviction_policy"] = utf8(snapshot.eviction_policy);
  object["blind_reason"] = utf8(snapshot.blind_reason);
  object["census_age_seconds"] = snapshot.census
                                     ? json::value(seconds_since(snapshot.census_time, now))
                                     : json::value(nullptr);
  return sizes::print_json(object);
}

std::string ledger_json(const guard::Ledger& ledger, std::size_t limit) {
  json::array list;
  for (const auto& entry : ledger.newest(limit)) {
    list.push_back(json::object{
        {"number", entry.number},
        {"time", fmt::format("{:%Y-%m-%dT%H:%M:%S}Z",
                             fmt::gmtime(std::chrono::system_clock::to_time_t(entry.when)))},
        {"kind", guard::to_string(entry.kind)},
        {"subject", utf8(entry.subject)},
        {"outcome", utf8(entry.outcome)},
        {"reason", utf8(entry.reason)},
        {"keys", entry.keys},
        {"bytes", entry.bytes},
        {"usage_before_pct", entry.usage_before_pct},
        {"usage_after_pct", entry.usage_after_pct}});
  }
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
