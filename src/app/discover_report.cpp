#include "app/discover_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>

#include "app/census_report.h"
#include "app/config/config_file.h"
#include "app/setting_list.h"
#include "error/error.h"
#include "redkeep/statistics.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace json = boost::json;
using census::Estimate;
using discover::Family;

std::string share_text(const Estimate& share) {
  return fmt::format("{:.1f} % ({:.1f} to {:.1f})", share.value, share.low, share.high);
}

std::string keys_text(const Family& family) {
  const auto& keys = family.estimate.keys;
  return fmt::format("{} ({} to {})", sizes::print_counted(std::llround(keys.value), "key"),
                     sizes::print_count(std::llround(keys.low)),
                     sizes::print_count(std::llround(keys.high)));
}

std::string main_type(const Family& family) {
  std::string type;
  std::int64_t most = 0;
  for (const auto& [name, keys] : family.types) {
    if (keys <= most) continue;
    most = keys;
    type = name;
  }
  return family.types.size() > 1 ? type + "+" : type;
}

double ttl_pct(const Family& family) {
  const auto& ttl = family.detail.ttl;
  return ttl.counted() == 0
             ? 0
             : 100 * static_cast<double>(ttl.with()) / static_cast<double>(ttl.counted());
}

std::string sample_text(const census::SampleOutcome& sample) {
  if (sample.is_whole) {
    return fmt::format("all {} were looked at", sizes::print_counted(sample.sampled_keys, "key"));
  }
  return fmt::format("{} of {} keys were looked at; in brackets are 95 % intervals",
                     sizes::print_count(sample.sampled_keys),
                     sizes::print_count(sample.population_keys));
}

bool is_inside_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}  // in UTF-8

// A pattern for the table: of a long one the beginning and the end.
std::string shortened(std::string_view name) {
  constexpr std::size_t kMostBytes = 72;
  constexpr std::size_t kHead = 44;
  constexpr std::size_t kTail = 24;
  if (name.size() <= kMostBytes) return std::string(name);
  std::size_t head = kHead;
  while (head > 0 && is_inside_character(name[head])) --head;
  std::size_t tail = name.size() - kTail;
  while (tail < name.size() && is_inside_character(name[tail])) ++tail;
  return fmt::format("{}...{}", name.substr(0, head), name.substr(tail));
}

// What was found and is not told one by one.
std::string left_out_text(const discover::Discovery& discovery) {
  return fmt::format("{} more families, with fewer keys than any of these {}, are among them",
                     discovery.left_out_families, discovery.families.size());
}

json::value rounded(double value) {
  if (std::isinf(value)) return nullptr;
  return std::round(value * 1000) / 1000;
}

json::object rounded_interval(const Estimate& estimate) {
  return {{"value", rounded(estimate.value)},
          {"low", rounded(estimate.low)},
          {"high", rounded(estimate.high)}};
}

json::object family_object(const Family& family) {
  json::object types;
  for (const auto& [type, keys] : family.types) types[type] = keys;
  return {{"pattern", family.pattern},
          {"example", family.example},
          {"undecided", family.is_undecided},
          {"sampled_keys", family.estimate.sampled_keys},
          {"types", std::move(types)},
          {"ttl_pct", rounded(ttl_pct(family))},
          {"longest_ttl_seconds", family.detail.ttl.longest.count() / 1000},
          {"keys", rounded_interval(family.estimate.keys)},
          {"key_share_pct", rounded_interval(family.estimate.key_share_pct)},
          {"bytes", rounded_interval(family.estimate.bytes)},
          {"byte_share_pct", rounded_interval(family.estimate.byte_share_pct)},
          {"largest_bytes", family.detail.largest_bytes},
          {"largest_key", family.detail.largest_key}};
}

using Out = std::back_insert_iterator<std::string>;

// Of an undecided family the lines of a class are comments.
void print_class(const Family& family, const discover::Proposal& proposal, Out out) {
  const KeyClass& key_class = proposal.key_class;
  const std::string_view off = family.is_undecided ? "#" : "";
  fmt::format_to(out, "\n# {}, {} of the bytes\n", keys_text(family),
                 share_text(family.estimate.byte_share_pct));
  for (const auto& reason : proposal.reasons) fmt::format_to(out, "# {}\n", reason);
  fmt::format_to(out, "{0}[[class]]\n{0}name = \"{1}\"\n{0}patterns = [\"{2}\"]\n", off,
                 key_class.name, key_class.patterns.front());
  if (family.is_undecided && family.would_take.empty()) {
    fmt::format_to(out,
                   "# one of the two:\n#level = \"protected\"\n#level = \"evictable\"\n#ttl = "
                   "\"{}\"\n",
                   exact_duration(*key_class.ttl));
    return;
  }
  fmt::format_to(out, "{}level = \"{}\"\n", off, redkeep::to_string(key_class.level));
  if (key_class.ttl) fmt::format_to(out, "{}ttl = \"{}\"\n", off, exact_duration(*key_class.ttl));
  if (key_class.shed_at == ShedAt::Never) return;
  fmt::format_to(out, "{0}shed_at = \"{1}\"\n{0}shed_order = {2}\n", off,
                 to_string(key_class.shed_at), key_class.shed_order);
}

// What stands before the classes. A configuration that replaces the built-in classes by none is
// refused, and the built-in ones are made for keys behind a prefix: neither is proposed then.
void print_frame(const std::vector<Family>& families, Out out) {
  const bool has_class = std::any_of(families.begin(), families.end(),
                                     [](const Family& family) { return !family.is_undecided; });
  const std::string_view off = has_class ? "" : "#";
  fmt::format_to(
      out,
      "\n# The families below are all there is: the built-in classes are left out.\n{}"
      "{}classes = \"replace\"\n\n"
      "{}[keys]\n"
      "# Patterns are of whole keys: different applications share no prefix.\n"
      "{}prefix = \"\"\n\n"
      "[drift]\n"
      "# A guard tells of keys that are not as their class says, and leaves them alone: the\n"
      "# classes are guesses from a sample, and a TTL that was taken off or put on wrongly\n"
      "# does not come back. When they are known to be right: \"fix\".\n"
      "background = \"look\"\n",
      has_class ? "" : "# None is decided yet: with the first one, take the # off here too.\n", off,
      off, off);
}

}  // namespace

std::string discover_text(const DiscoverReport& report) {
  std::string text;
  const Out out(text);
  fmt::format_to(out, "{:<38} {:<8} {:>5} {:<22} {:<22} {}\n", "family", "type", "TTL", "keys",
                 "bytes", "bytes");
  const auto row = [&](const Family& family, std::string_view name) {
    fmt::format_to(out, "{:<38} {:<8} {:>3.0f} % {:<22} {:<22} {}\n", name, main_type(family),
                   ttl_pct(family), share_text(family.estimate.key_share_pct),
                   share_text(family.estimate.byte_share_pct),
                   estimated_bytes_text(family.estimate.bytes.value));
  };
  for (const auto& family : report.discovery.families) row(family, shortened(family.pattern));
  if (report.discovery.rest.estimate.sampled_keys > 0) {
    row(report.discovery.rest, "(in no family)");
    fmt::format_to(out, "  such as \"{}\"\n", report.discovery.rest.example);
  }
  if (report.discovery.left_out_families > 0) {
    fmt::format_to(out, "  {}\n", left_out_text(report.discovery));
  }
  fmt::format_to(out, "\n{}\n", sample_text(report.sample));
  text += open_bytes_text(report.discovery.estimate);
  text += cost_text(report.cost, report.sample.longest_exchange, report.sample.took);
  return text;
}

std::string discover_json(const DiscoverReport& report) {
  json::array families;
  for (const auto& family : report.discovery.families) families.push_back(family_object(family));
  json::object object{
      {"keys", report.sample.sampled_keys},
      {"population_keys", report.sample.population_keys},
      {"method", report.sample.is_whole ? "exact" : "sample"},
      {"families", std::move(families)},
      {"rest", family_object(report.discovery.rest)},
      {"left_out_families", report.discovery.left_out_families},
      {"unexplained_bytes", std::llround(report.discovery.estimate.unexplained_bytes)}};
  add_cost(report.cost, report.sample.longest_exchange, report.sample.took, object);
  return sizes::print_json(object);
}

std::string proposed_config(const DiscoverReport& report) {
  std::string text;
  const Out out(text);
  fmt::format_to(
      out,
      "# Proposed by `redkeep discover` for {}: {}.\n"
      "# Read it before you use it: what a key is for, only its application knows.\n"
      "# Protected classes are never shed. `redkeep check-config FILE` says whether it can\n"
      "# be read.\n",
      report.server, sample_text(report.sample));
  if (report.discovery.families.empty()) {
    text += "\n# No families were found, so the built-in classes stay.\n";
  } else {
    print_frame(report.discovery.families, out);
  }
  std::vector<std::string> taken;
  for (const auto& family : report.discovery.families) {
    print_class(family, discover::propose_class(family, taken), out);
  }
  const Family& rest = report.discovery.rest;
  if (rest.estimate.sampled_keys > 0) {
    fmt::format_to(out,
                   "\n# {} ({} of the bytes) are in no class: too few of a kind\n"
                   "# were met, or they have no beginning in common, such as\n"
                   "# \"{}\". Keys of no class are counted, and never touched.\n",
                   keys_text(rest), share_text(rest.estimate.byte_share_pct), rest.example);
  }
  if (report.discovery.left_out_families > 0) {
    fmt::format_to(out, "# {}.\n", left_out_text(report.discovery));
  }
  return text;
}

}  // namespace redkeep::app
