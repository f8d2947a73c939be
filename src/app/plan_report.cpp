#include "app/plan_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "app/census_report.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace json = boost::json;

constexpr double kHitShares[] = {0.5, 0.8, 0.95};

std::string ratio_text(const std::optional<double>& ratio, bool has_more = false) {
  if (!ratio) return "not known";
  return (has_more ? "at least " : "") + sizes::print_pct(100 * *ratio);
}

std::string bytes_giving(const plan::CacheUse& cache, double hits_share) {
  if (cache.curve.empty()) return "not known";
  const double bytes = cache.curve.bytes_for(hits_share) * static_cast<double>(cache.bytes);
  return sizes::print_bytes(std::llround(bytes));
}

// "(204.9 MiB to 331.5 MiB)"; nothing where all keys were looked at.
std::string range_text(const PlanReport& report, const plan::Range& range) {
  if (report.picture.ranges.is_whole) return {};
  return fmt::format("({} to {})", estimated_bytes_text(range.low),
                     estimated_bytes_text(range.high));
}

std::string picture_text(const PlanReport& report) {
  const plan::MemoryPicture& picture = report.picture;
  const plan::PictureRanges& ranges = picture.ranges;
  const auto before = [](const std::string& word) { return word.empty() ? word : word + " "; };
  std::string text = fmt::format(
      "{:<14}{:>12}   {}\n", report.asked_entities ? "would use" : "used",
      sizes::print_bytes(picture.used_bytes),
      picture.limit_bytes > 0 ? "of " + sizes::print_bytes(picture.limit_bytes) : "no limit");
  text += fmt::format("{:<14}{:>12}   {}has to stay: {}, {} each {}with all that belongs to it\n",
                      "content", sizes::print_bytes(picture.protected_bytes),
                      before(range_text(report, ranges.protected_bytes)),
                      sizes::print_counted(picture.entities, "entity"),
                      sizes::print_bytes(std::llround(picture.bytes_per_entity())),
                      before(range_text(report, picture.bytes_per_entity_range())));
  text +=
      fmt::format("{:<14}{:>12}   {}may go: hit ratio {} (of all reads since the server's start)\n",
                  "caches", sizes::print_bytes(picture.cache_bytes()),
                  before(range_text(report, ranges.cache_bytes)), ratio_text(picture.hit_ratio));
  text += fmt::format("{:<14}{:>12}   keys of no class, and what the server needs beside keys\n",
                      "the rest", sizes::print_bytes(picture.other_bytes()));
  return text;
}

std::string caches_text(const PlanReport& report) {
  const plan::MemoryPicture& picture = report.picture;
  if (picture.caches.empty()) return {};
  std::string text = fmt::format("\n{:<20}{:>12}{:>14}{:>14}{:>14}\n", "cache", "now",
                                 "50 % of hits", "80 %", "95 %");
  for (const auto& cache : picture.caches) {
    text += fmt::format("{:<20}{:>12}", cache.name, sizes::print_bytes(cache.bytes));
    for (const double share : kHitShares) text += fmt::format("{:>14}", bytes_giving(cache, share));
    const std::string range = range_text(report, cache.bytes_range);
    text += range.empty() ? "\n" : "   now " + range + "\n";
  }
  return text;
}

// Whether it leaves more than a tenth of the server's memory open.
bool is_wide_range(const plan::Range& range, const plan::MemoryPicture& picture) {
  return range.high - range.low > 0.1 * static_cast<double>(picture.used_bytes);
}

// How good the numbers are.
std::string trust_text(const PlanReport& report) {
  const plan::PictureRanges& ranges = report.picture.ranges;
  const std::string mark = sizes::print_pct(report.marks.stop_shedding_pct);
  if (ranges.is_whole) {
    return fmt::format(
        "All keys were looked at; hit ratios are estimates, within some points; below the stop "
        "mark "
        "of {}.\n",
        mark);
  }
  std::string text = fmt::format(
      "Estimates from a sample of {}: bytes lie within the intervals in brackets in 95 of 100\n"
      "samples, hit ratios within some points more; below the stop mark of {}.\n",
      sizes::print_counted(ranges.sampled_keys, "key"), mark);
  if (is_wide_range(ranges.protected_bytes, report.picture) ||
      is_wide_range(ranges.cache_bytes, report.picture)) {
    text +=
        "The intervals are wide, since a few large keys may hold much: go by their upper ends, or\n"
        "count with redkeep stats --exact.\n";
  }
  if (ranges.unexplained_bytes <= 0) return text;
  return text + fmt::format(
                    "{} of the server's memory are not explained by the sample: a few huge keys "
                    "(redkeep\nstats --exact finds them), other databases or modules.\n",
                    estimated_bytes_text(ranges.unexplained_bytes));
}

std::string limits_text(const PlanReport& report) {
  std::string text =
      fmt::format("\n{:<14}{:>18}   {}\n", "maxmemory", "left for caches", "hit ratio expected");
  for (const auto& limit : report.limits) {
    const bool fits = limit.cache_bytes >= 0;
    const std::string range = range_text(
        report, {std::max(0.0, limit.cache_bytes_range.low), limit.cache_bytes_range.high});
    text += fmt::format("{:<14}{:>18}   {}", sizes::print_bytes(limit.limit_bytes),
                        fits ? sizes::print_bytes(limit.cache_bytes) : "-",
                        fits ? ratio_text(limit.hit_ratio, limit.has_more)
                             : fmt::format("what has to stay does not fit: {} are missing",
                                           sizes::print_bytes(-limit.cache_bytes)));
    const bool may_fit = limit.cache_bytes_range.high >= 0;
    text += range.empty() || !may_fit ? "\n" : "   left " + range + "\n";
  }
  const auto least = plan::limit_for(report.picture, 0, report.marks);
  const std::string range =
      range_text(report, plan::least_limit_range(report.picture, report.marks));
  text += fmt::format("\nat least {}{} for what has to stay, without any cache",
                      sizes::print_bytes(least), range.empty() ? "" : " " + range);
  if (report.asked_hit_ratio) {
    const std::string wanted = sizes::print_pct(100 * *report.asked_hit_ratio);
    text += report.limit_for_hit_ratio
                ? fmt::format("; {} for a hit ratio of {}",
                              sizes::print_bytes(*report.limit_for_hit_ratio), wanted)
                : fmt::format(
                      "; what a hit ratio of {} takes is not known: it is more than now, "
                      "or nothing tells how keys are used",
                      wanted);
  }
  return text + ".\n" + trust_text(report);
}

// As `name`_low and `name`_high, whole numbers; null: no limit is known.
void add_range(std::string_view name, const plan::Range& range, json::object& object) {
  const auto end = [](double value) {
    return std::isinf(value) ? json::value(nullptr) : json::value(std::llround(value));
  };
  object[fmt::format("{}_low", name)] = end(range.low);
  object[fmt::format("{}_high", name)] = end(range.high);
}

json::value ratio_or_null(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

}  // namespace

PlanReport plan_at_usual_limits(plan::MemoryPicture picture, const PressureOptions& marks) {
  const std::int64_t now = picture.limit_bytes > 0
                               ? picture.limit_bytes
                               : plan::limit_for(picture, picture.cache_bytes(), marks);
  PlanReport report;
  report.marks = marks;
  for (const auto limit : {now / 2, now / 4 * 3, now, now / 2 * 3}) {
    report.limits.push_back(plan::at_limit(picture, limit, marks));
  }
  report.picture = std::move(picture);
  return report;
}

std::string plan_text(const PlanReport& report) {
  return picture_text(report) + caches_text(report) + limits_text(report);
}

std::string plan_json(const PlanReport& report) {
  const plan::MemoryPicture& picture = report.picture;
  json::array caches;
  for (const auto& cache : picture.caches) {
    json::object row{{"name", cache.name}, {"keys", cache.keys}, {"bytes", cache.bytes}};
    json::array curve;
    for (const double share : kHitShares) {
      if (cache.curve.empty()) break;
      const double bytes = cache.curve.bytes_for(share) * static_cast<double>(cache.bytes);
      curve.push_back(json::object{{"hits_share", share}, {"bytes", std::llround(bytes)}});
    }
    add_range("bytes", cache.bytes_range, row);
    row["curve"] = std::move(curve);
    caches.push_back(std::move(row));
  }
  json::array limits;
  for (const auto& limit : report.limits) {
    json::object row{{"limit_bytes", limit.limit_bytes},
                     {"cache_bytes", limit.cache_bytes},
                     {"fits", limit.cache_bytes >= 0},
                     {"hit_ratio", ratio_or_null(limit.hit_ratio)},
                     {"hit_ratio_is_at_least", limit.has_more}};
    add_range("cache_bytes", limit.cache_bytes_range, row);
    limits.push_back(std::move(row));
  }
  json::object object{{"used_bytes", picture.used_bytes},
                      {"limit_bytes", picture.limit_bytes},
                      {"entities", picture.entities},
                      {"protected_bytes", picture.protected_bytes},
                      {"bytes_per_entity", picture.bytes_per_entity()},
                      {"cache_bytes", picture.cache_bytes()},
                      {"other_bytes", picture.other_bytes()},
                      {"hit_ratio", ratio_or_null(picture.hit_ratio)},
                      {"caches", std::move(caches)},
                      {"limits", std::move(limits)},
                      {"least_limit_bytes", plan::limit_for(picture, 0, report.marks)}};
  const plan::PictureRanges& ranges = picture.ranges;
  add_range("protected_bytes", ranges.protected_bytes, object);
  add_range("bytes_per_entity", picture.bytes_per_entity_range(), object);
  add_range("cache_bytes", ranges.cache_bytes, object);
  add_range("least_limit_bytes", plan::least_limit_range(picture, report.marks), object);
  object["unexplained_bytes"] = std::llround(ranges.unexplained_bytes);
  object["sampled_keys"] = ranges.sampled_keys;
  object["method"] = ranges.is_whole ? "exact" : "sample";
  object["limit_bytes_for_hit_ratio"] =
      report.limit_for_hit_ratio ? json::value(*report.limit_for_hit_ratio) : json::value(nullptr);
  return sizes::print_json(object);
}

}  // namespace redkeep::app
