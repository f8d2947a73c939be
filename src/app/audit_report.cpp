#include "app/audit_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "error/error.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace json = boost::json;
using drift::AuditOutcome;
using drift::DriftKind;
using drift::Held;

constexpr std::size_t kMostPrintedDrifts = 10;

std::string describe_count(DriftKind kind, const drift::DriftCount& count, bool fix) {
  std::string text = fmt::format("{:<38} {:>9}", describe(kind), sizes::print_count(count.found));
  if (fix) text += fmt::format(", {} mended", sizes::print_count(count.mended));
  text += '\n';
  const std::size_t shown = std::min(kMostPrintedDrifts, count.first.size());
  for (std::size_t i = 0; i < shown; ++i) {
    text += fmt::format("  {}\n", printable(count.first[i], 300));
  }
  const auto more = count.found - static_cast<std::int64_t>(shown);
  if (more > 0) text += fmt::format("  ... and {} more\n", sizes::print_count(more));
  return text;
}

std::string audit_verdict(const AuditOutcome& outcome, bool fix) {
  if (outcome.held == Held::GraphInWork) {
    return fmt::format(
        "References were not followed: {} says that a load, rebuild or restore is under way or was "
        "cut\n",
        outcome.marker);
  }
  if (outcome.held == Held::TooLarge) {
    return "References were not followed: the graph has more records than memory is allowed for\n";
  }
  if (outcome.held == Held::GraphMissing) {
    return "Much of the graph is not there: it was lost rather than drifted. No reference was "
           "mended: "
           "redkeep verify, then redkeep repair\n";
  }
  if (outcome.found() == 0) return "Clean: every key is as its class promises\n";
  if (!fix) return "Drifted: redkeep audit --fix mends what can be mended without the content\n";
  if (is_clean(outcome)) return "Mended: all of it\n";
  if (outcome.not_followed > 0) return "Mended in part: run it again for the rest\n";
  if (!outcome.script_refusal.empty()) {
    return "Mended in part: redkeep doctor names the permission that is missing for the rest\n";
  }
  return "Mended in part: redkeep verify and redkeep repair mend the rest from the content\n";
}

std::string_view outcome_name(const AuditOutcome& outcome, bool fix) {
  if (outcome.held != Held::No) return to_string(outcome.held);
  if (outcome.found() == 0) return "Clean";
  if (!fix) return "Drifted";
  return is_clean(outcome) ? "Mended" : "MendedInPart";
}

// What could not be done for want of a permission.
std::string describe_refusal(const AuditOutcome& outcome, bool fix) {
  if (outcome.script_refusal.empty()) return {};
  std::string text =
      fmt::format("The server refuses EVAL ({}), which references take: ", outcome.script_refusal);
  if (outcome.unchecked > 0) {
    text +=
        fmt::format("{} found above could not be looked at again and may have been in the making{}",
                    sizes::print_count(outcome.unchecked), fix ? "; " : "");
  }
  if (fix) text += "none of them was mended";
  return text + '\n';
}

}  // namespace

bool is_clean(const AuditOutcome& outcome) {
  return outcome.left() == 0 && outcome.held == Held::No && outcome.not_followed == 0;
}

std::string describe_audit(const AuditOutcome& outcome, bool fix, std::chrono::milliseconds took) {
  std::string text = fmt::format(
      "{} of our classes and {} looked at in {}\n", sizes::print_counted(outcome.keys, "key"),
      sizes::print_counted(outcome.references, "reference"), sizes::print_duration(took));
  for (std::size_t i = 0; i < drift::kDriftKinds; ++i) {
    if (outcome.counts[i].found == 0) continue;
    text += describe_count(static_cast<DriftKind>(i), outcome.counts[i], fix);
  }
  return text + describe_refusal(outcome, fix) + audit_verdict(outcome, fix);
}

std::string audit_json(const AuditOutcome& outcome, bool fix, std::chrono::milliseconds took) {
  json::object object{{"outcome", outcome_name(outcome, fix)},
                      {"keys", outcome.keys},
                      {"references", outcome.references},
                      {"found", outcome.found()},
                      {"mended", outcome.mended()}};
  for (std::size_t i = 0; i < drift::kDriftKinds; ++i) {
    const auto& count = outcome.counts[i];
    json::array first;
    for (const auto& name : count.first) first.emplace_back(printable(name, 1000));
    object[to_string(static_cast<DriftKind>(i))] =
        json::object{{"found", count.found}, {"mended", count.mended}, {"first", std::move(first)}};
  }
  object["not_followed"] = outcome.not_followed;
  object["unchecked"] = outcome.unchecked;
  object["script_refusal"] = outcome.script_refusal;
  object["marker"] = outcome.marker;
  object["took_ms"] = took.count();
  return sizes::print_json(object);
}

}  // namespace redkeep::app
