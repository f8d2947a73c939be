// Statistics as JSON and in words: the names are those that dashboards and scripts rely on.
#include "redkeep/statistics.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "sizes/print_json.h"

namespace redkeep {
namespace {

namespace json = boost::json;

constexpr double kMegabyte = 1024.0 * 1024.0;

double rounded(double value) { return std::round(value * 100) / 100; }

// Which classes each name of the breakdown stands for; every other evictable class is other_cache.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kBreakdown{{
    {"entities", "ucg_entities"},
    {"entity_types", "ucg_entities"},
    {"semantic_names", "ucg_entities"},
    {"associations", "ucg_associations"},
    {"children", "ucg_associations"},
    {"parents", "ucg_associations"},
    {"links", "ucg_associations"},
    {"search_index", "search_index"},
    {"type_index", "search_index"},
    {"page_cache", "page_cache"},
    {"sessions", "sessions"},
}};

json::object breakdown(const std::vector<ClassUse>& classes) {
  json::object counts{{"ucg_entities", 0}, {"ucg_associations", 0}, {"search_index", 0},
                      {"page_cache", 0},   {"sessions", 0},         {"other_cache", 0}};
  for (const auto& use : classes) {
    const auto named = std::find_if(kBreakdown.begin(), kBreakdown.end(),
                                    [&](const auto& row) { return row.first == use.name; });
    if (named != kBreakdown.end()) {
      counts[named->second].as_int64() += use.keys;
    } else if (use.level == KeyLevel::Evictable) {
      counts["other_cache"].as_int64() += use.keys;
    }
  }
  return counts;
}

json::array class_list(const std::vector<ClassUse>& classes) {
  json::array list;
  for (const auto& use : classes) {
    json::object row{{"name", use.name}, {"level", to_string(use.level)}, {"keys", use.keys}};
    if (use.bytes) {
      row["bytes"] = *use.bytes;
    } else {
      row["bytes"] = nullptr;
    }
    list.push_back(std::move(row));
  }
  return list;
}

json::value seconds_or_null(const std::optional<std::chrono::seconds>& duration) {
  return duration ? json::value(duration->count()) : json::value(nullptr);
}

json::value outlook_object(const GrowthOutlook& outlook) {
  json::object object{{"outlook", to_string(outlook.outlook)},
                      {"growth_bytes_per_hour", nullptr},
                      {"warning_in_seconds", seconds_or_null(outlook.warning_in)},
                      {"limit_in_seconds", seconds_or_null(outlook.limit_in)},
                      {"observed_seconds", outlook.observed.count()}};
  if (outlook.outlook != Outlook::NotKnown) {
    object["growth_bytes_per_hour"] = std::llround(outlook.growth_bytes_per_hour);
  }
  return object;
}

json::value forecast_object(const std::optional<Forecast>& forecast) {
  if (!forecast) return nullptr;
  return json::object{{"total", outlook_object(forecast->total)},
                      {"protected", outlook_object(forecast->protected_data)}};
}

json::value alarm_list(const std::optional<std::vector<std::string>>& alarms) {
  if (!alarms) return nullptr;
  json::array list;
  for (const auto& kind : *alarms) list.push_back(json::object{{"kind", kind}});
  return list;
}

std::int64_t keys_where(const std::vector<ClassUse>& classes, bool evictable) {
  std::int64_t keys = 0;
  for (const auto& use : classes) {
    if ((use.level == KeyLevel::Evictable) == evictable) keys += use.keys;
  }
  return keys;
}

}  // namespace

std::int64_t Statistics::protected_keys() const { return keys_where(classes, false); }
std::int64_t Statistics::evictable_keys() const { return keys_where(classes, true); }

std::string to_json(const Statistics& statistics) {
  const MemoryUse& memory = statistics.memory;
  const json::object object{
      {"total_memory_mb", rounded(static_cast<double>(memory.used_bytes) / kMegabyte)},
      {"max_memory_mb", rounded(static_cast<double>(memory.limit_bytes) / kMegabyte)},
      {"usage_percent", rounded(memory.usage_pct)},
      {"protected_keys", statistics.protected_keys()},
      {"evictable_keys", statistics.evictable_keys()},
      {"breakdown", breakdown(statistics.classes)},
      {"level", to_string(statistics.level)},
      {"level_source", statistics.level_from_guard ? "guard" : "instantaneous, no guard"},
      {"limit_bytes", memory.limit_bytes},
      {"used_bytes", memory.used_bytes},
      {"keys_with_ttl", statistics.keys_with_ttl},
      {"keys_without_ttl", statistics.keys_without_ttl},
      {"classes", class_list(statistics.classes)},
      {"unclassified_keys", statistics.unclassified_keys},
      {"derived_limit_bytes", statistics.derived_limit_bytes},
      {"forecast", forecast_object(statistics.forecast)},
      {"alarms", alarm_list(statistics.alarms)},
  };
  return sizes::print_json(object);
}

std::string_view to_string(KeyLevel level) {
  switch (level) {
    case KeyLevel::Protected: return "protected";
    case KeyLevel::Rebuildable: return "rebuildable";
    case KeyLevel::Evictable: return "evictable";
  }
  return "unknown";
}

std::string_view to_string(Outlook outlook) {
  switch (outlook) {
    case Outlook::NotKnown: return "not known";
    case Outlook::Steady: return "steady";
    case Outlook::Growing: return "growing";
    case Outlook::Held: return "held";
  }
  return "unknown";
}

std::string_view to_string(PressureLevel level) {
  switch (level) {
    case PressureLevel::Normal: return "normal";
    case PressureLevel::Warning: return "warning";
    case PressureLevel::Critical: return "critical";
    case PressureLevel::Blind: return "blind";
  }
  return "unknown";
}

}  // namespace redkeep
