#include "app/census_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>

#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace json = boost::json;
using census::Estimate;

constexpr std::string_view kUnclassified = "unclassified";

// A class of the report, or the keys of none.
struct Row {
  std::string_view name;
  std::string_view level;
  std::int64_t keys = 0;
  std::optional<std::int64_t> bytes;
  const census::GroupEstimate* estimate = nullptr;
  const census::ClassDetail* detail = nullptr;
};

std::vector<Row> rows_of(const CensusReport& report) {
  std::vector<Row> rows;
  const Statistics& statistics = report.statistics;
  for (const auto& use : statistics.classes) {
    rows.push_back({use.name, to_string(use.level), use.keys, use.bytes, nullptr, nullptr});
  }
  rows.push_back({kUnclassified, "", statistics.unclassified_keys, {}, nullptr, nullptr});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (report.estimate) rows[i].estimate = &report.estimate->groups[i];
    if (i < report.details.size()) rows[i].detail = &report.details[i];
  }
  Row& none = rows.back();
  if (!report.with_bytes) return rows;
  if (none.estimate != nullptr) {
    none.bytes = std::llround(none.estimate->bytes.value);
  } else if (none.detail != nullptr) {
    none.bytes = none.detail->bytes;
  }
  return rows;
}

// JSON has no infinity: null is "no limit known".
json::value number(double value, double step) {
  if (std::isinf(value)) return nullptr;
  return std::round(value / step) * step;
}

json::object interval(const Estimate& estimate, double step) {
  return {{"value", number(estimate.value, step)},
          {"low", number(estimate.low, step)},
          {"high", number(estimate.high, step)}};
}

constexpr double kPctStep = 0.001;

json::object ttl_object(const census::TtlHistogram& ttl) {
  json::object object{{"none", ttl.without}};
  for (std::size_t i = 0; i < ttl.keys.size(); ++i) {
    object[census::TtlHistogram::kBuckets[i].name] = ttl.keys[i];
  }
  return object;
}

json::object row_object(const Row& row, const CensusReport& report) {
  json::object object{{"name", row.name}};
  if (row.estimate != nullptr) {
    object["sampled_keys"] = row.estimate->sampled_keys;
    if (row.detail != nullptr && report.with_bytes) object["sized_keys"] = row.detail->sized_keys;
    object["keys"] = interval(row.estimate->keys, 1);
    object["key_share_pct"] = interval(row.estimate->key_share_pct, kPctStep);
    if (report.with_bytes) {
      object["bytes"] = interval(row.estimate->bytes, 1);
      object["byte_share_pct"] = interval(row.estimate->byte_share_pct, kPctStep);
    }
  } else {
    object["keys"] = row.keys;
    object["bytes"] = row.bytes ? json::value(*row.bytes) : json::value(nullptr);
  }
  if (row.detail == nullptr) return object;
  const auto& detail = *row.detail;
  if (detail.sized_keys > 0) {
    object["average_bytes"] = detail.bytes / detail.sized_keys;
    object["largest_bytes"] = detail.largest_bytes;
    object["largest_key"] = detail.largest_key;
  }
  if (report.with_ttl) object["ttl"] = ttl_object(detail.ttl);
  return object;
}

json::object census_object(const CensusReport& report) {
  json::object object{{"method", report.estimate ? "sample" : "exact"},
                      {"keys", report.keys},
                      {"population_keys", report.population_keys},
                      {"may_count_twice", report.may_count_twice}};
  if (report.estimate) {
    object["bytes"] = interval(report.estimate->bytes, 1);
    object["unexplained_bytes"] = std::llround(report.estimate->unexplained_bytes);
  }
  add_cost(report.cost, report.longest_exchange, report.took, object);
  object["cost_is_of_last_part"] = report.cost_is_of_last_part;
  json::array classes;
  for (const auto& row : rows_of(report)) classes.push_back(row_object(row, report));
  object["classes"] = std::move(classes);
  return object;
}

std::string bytes_text(const std::optional<std::int64_t>& bytes) {
  return bytes ? sizes::print_bytes(*bytes) : "unknown";
}

std::string share_column(const Estimate& share) {
  return fmt::format("{:5.1f} % ({:.1f} to {:.1f})", share.value, share.low, share.high);
}

// Of a class of which the sample has names and no size.
std::string unknown_share_column(const Estimate& share) {
  return fmt::format("    ? % ({:.1f} to {:.1f})", share.low, share.high);
}

using Out = std::back_insert_iterator<std::string>;

// Of the column of names: that of the longest one.
std::size_t name_width(const std::vector<Row>& rows) {
  std::size_t width = 16;
  for (const auto& row : rows) width = std::max(width, row.name.size());
  return width;
}

void print_counts(const CensusReport& report, const std::vector<Row>& rows, Out out) {
  const bool has_details = !report.details.empty() && report.with_bytes;
  const auto width = name_width(rows);
  fmt::format_to(out, "\n{:<{}} {:<12} {:>12} {:>11}", "class", width, "level", "keys", "bytes");
  if (has_details) fmt::format_to(out, " {:>11} {:>11}", "average", "largest");
  fmt::format_to(out, "\n");
  std::vector<std::string_view> empty;
  for (const auto& row : rows) {
    const bool is_rest = row.name == kUnclassified;
    if (row.keys == 0) {
      if (!is_rest) empty.push_back(row.name);
      continue;
    }
    fmt::format_to(out, "{:<{}} {:<12} {:>12} {:>11}", row.name, width, row.level,
                   sizes::print_count(row.keys),
                   is_rest && !row.bytes ? "" : bytes_text(row.bytes));
    if (has_details && row.detail->sized_keys > 0) {
      fmt::format_to(out, " {:>11} {:>11}",
                     sizes::print_bytes(row.detail->bytes / row.detail->sized_keys),
                     sizes::print_bytes(row.detail->largest_bytes));
    }
    fmt::format_to(out, "\n");
  }
  if (!empty.empty()) fmt::format_to(out, "without a key: {}\n", fmt::join(empty, ", "));
}

// A class without a key in the sample is not an empty one.
void print_unmet(const CensusReport& report, const std::vector<Row>& rows, Out out) {
  const Row* largest = nullptr;
  std::vector<std::string_view> names;
  for (const auto& row : rows) {
    if (row.estimate->sampled_keys > 0) continue;
    names.push_back(row.name);
    const bool is_larger = largest == nullptr || row.estimate->byte_share_pct.high >
                                                     largest->estimate->byte_share_pct.high;
    if (is_larger) largest = &row;
  }
  if (largest == nullptr || report.keys >= report.population_keys) return;
  fmt::format_to(out, "\nnot met    {}\n           of each at most {:.2f} % of the keys",
                 fmt::join(names, ", "), largest->estimate->key_share_pct.high);
  if (report.with_bytes && std::isinf(largest->estimate->bytes.high)) {
    fmt::format_to(out, "; of the bytes any part, since the server does not tell how many it has");
  } else if (report.with_bytes) {
    fmt::format_to(out, " and {:.1f} % of the bytes", largest->estimate->byte_share_pct.high);
  }
  fmt::format_to(out, "\n");
}

std::int64_t sized_keys(const std::vector<Row>& rows) {
  std::int64_t sized = 0;
  for (const auto& row : rows) sized += row.detail->sized_keys;
  return sized;
}

void print_shares(const CensusReport& report, const std::vector<Row>& rows, Out out) {
  const auto width = name_width(rows);
  fmt::format_to(out, "\n{:<{}} {:<24}", "class", width, "keys");
  if (report.with_bytes) fmt::format_to(out, " {:<24} {}", "bytes", "bytes");
  fmt::format_to(out, "\n");
  for (const auto& row : rows) {
    const auto& estimate = *row.estimate;
    if (estimate.sampled_keys == 0) continue;
    fmt::format_to(out, "{:<{}} {:<24}", row.name, width, share_column(estimate.key_share_pct));
    if (report.with_bytes) {
      const bool is_sized = row.detail->sized_keys > 0;
      fmt::format_to(out, " {:<24} {} ({} to {})",
                     is_sized ? share_column(estimate.byte_share_pct)
                              : unknown_share_column(estimate.byte_share_pct),
                     is_sized ? estimated_bytes_text(estimate.bytes.value) : "?",
                     estimated_bytes_text(estimate.bytes.low),
                     estimated_bytes_text(estimate.bytes.high));
    }
    fmt::format_to(out, "\n");
  }
  print_unmet(report, rows, out);
  if (report.keys >= report.population_keys) {
    fmt::format_to(out, "\nsample     all {}: so few that a sample would cost no less\n",
                   sizes::print_counted(report.keys, "key"));
    return;
  }
  fmt::format_to(out,
                 "\nsample     {} of {}, from random places of the server's table; the true\n"
                 "           numbers lie within the intervals in 95 of 100 samples\n",
                 sizes::print_count(report.keys),
                 sizes::print_counted(report.population_keys, "key"));
  const std::int64_t sized = sized_keys(rows);
  if (report.with_bytes && sized < report.keys) {
    fmt::format_to(out, "           sizes and TTLs are those of {} of them, taken by chance\n",
                   sizes::print_count(sized));
  }
  if (report.with_bytes) fmt::format_to(out, "{}", open_bytes_text(*report.estimate));
}

void print_ttls(const CensusReport& report, const std::vector<Row>& rows, Out out) {
  const auto width = name_width(rows);
  fmt::format_to(out, "\n{:<{}} {:>9}", report.estimate ? "TTL (of sampled)" : "TTL left", width,
                 "none");
  for (const auto& bucket : census::TtlHistogram::kBuckets) {
    const bool is_last = bucket.up_to == std::chrono::milliseconds::max();
    fmt::format_to(out, " {:>9}", is_last ? bucket.name : fmt::format("to {}", bucket.name));
  }
  fmt::format_to(out, "\n");
  for (const auto& row : rows) {
    const auto& ttl = row.detail->ttl;
    if (ttl.counted() == 0) continue;
    fmt::format_to(out, "{:<{}} {:>9}", row.name, width, sizes::print_count(ttl.without));
    for (const auto keys : ttl.keys) fmt::format_to(out, " {:>9}", sizes::print_count(keys));
    fmt::format_to(out, "\n");
  }
}

void print_largest(const std::vector<Row>& rows, Out out) {
  constexpr std::size_t kMostShown = 5;
  std::vector<const census::ClassDetail*> details;
  for (const auto& row : rows) {
    if (row.detail->largest_bytes > 0) details.push_back(row.detail);
  }
  std::sort(details.begin(), details.end(),
            [](const auto* a, const auto* b) { return a->largest_bytes > b->largest_bytes; });
  if (details.size() > kMostShown) details.resize(kMostShown);
  for (std::size_t i = 0; i < details.size(); ++i) {
    fmt::format_to(out, "{:<10} {:>10}  {}\n", i == 0 ? "\nlargest   " : "",
                   sizes::print_bytes(details[i]->largest_bytes), details[i]->largest_key);
  }
}

}  // namespace

std::string estimated_bytes_text(double bytes) {
  return std::isinf(bytes) ? "?" : sizes::print_bytes(std::llround(bytes));
}

std::string open_bytes_text(const census::SampleEstimate& estimate) {
  std::string text;
  const double open = estimate.bytes.high - estimate.bytes.low;
  if (open > 0 && !std::isinf(open)) {
    text += fmt::format(
        "           up to {} may be in keys that were not met, and these in any class: the upper\n"
        "           ends of bytes allow for it\n",
        estimated_bytes_text(open));
  }
  if (estimate.unexplained_bytes <= 0) return text;
  return text + fmt::format(
                    "           {} of the server's memory are not explained by these keys: a few\n"
                    "           huge ones (redkeep stats --exact finds them), other databases or "
                    "modules\n",
                    estimated_bytes_text(estimate.unexplained_bytes));
}

std::string census_json(const CensusReport& report) {
  auto object = json::parse(to_json(report.statistics)).as_object();
  object["census"] = census_object(report);
  return sizes::print_json(object);
}

std::string census_text(const CensusReport& report) {
  std::string text;
  const Out out(text);
  const auto rows = rows_of(report);
  if (report.estimate) {
    print_shares(report, rows, out);
  } else {
    print_counts(report, rows, out);
  }
  if (report.with_ttl && !report.details.empty()) print_ttls(report, rows, out);
  if (report.ttl_is_refused) text += "\nTTLs of classes are not known, because PTTL is refused\n";
  if (report.with_bytes && !report.details.empty()) print_largest(rows, out);
  if (report.may_count_twice) {
    text +=
        "\nSome keys may have been counted twice: SCAN names some again while a table is resized, "
        "and\nthere were too many to remember, or the pass was gone on with\n";
  }
  text += "\n" + cost_text(report.cost, report.longest_exchange, report.took);
  if (report.cost_is_of_last_part) {
    text +=
        "           the time in all is that of all parts of this count; CPU, commands and what was "
        "longest\n           are of the last part only\n";
  }
  return text;
}

}  // namespace redkeep::app
