#include "app/audit_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/shell_command.h"
#include "doctor/finding.h"
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

// What is left to be done, and the command that does it.
struct NextStep {
  std::string what;
  doctor::Mend mend;
};

std::int64_t left_of(const AuditOutcome& outcome, std::initializer_list<DriftKind> kinds) {
  std::int64_t left = 0;
  for (const auto kind : kinds) left += outcome.of(kind).found - outcome.of(kind).mended;
  return left;
}

// What another audit with --fix would mend.
std::int64_t fixable(const AuditOutcome& outcome) {
  const auto ttls = left_of(outcome, {DriftKind::ProtectedWithTtl, DriftKind::FieldWithTtl,
                                      DriftKind::EvictableWithoutTtl});
  if (outcome.held == Held::GraphMissing || !outcome.script_refusal.empty()) return ttls;
  return ttls + left_of(outcome, {DriftKind::DanglingKey, DriftKind::DeadMember}) +
         outcome.not_followed;
}

// By the data directory or the content that is configured; DIR where none is.
doctor::Mend repair_by_content(const Settings& settings) {
  const Options& options = settings.options;
  std::vector<std::string> words{"repair"};
  if (!options.data_directory.empty()) {
    words.insert(words.end(), {"--data", from_anywhere(options.data_directory)});
  } else {
    words.push_back(options.content_directory.empty() ? "DIR"
                                                      : from_anywhere(options.content_directory));
  }
  return doctor::redkeep_command(std::move(words));
}

NextStep remove_step(const drift::RemovableKeys& keys) {
  std::vector<std::string> words{"UNLINK"};
  words.insert(words.end(), keys.first.begin(), keys.first.end());
  const auto named = std::ssize(keys.first);
  return {fmt::format("{} of the wrong type not of the content, so that nothing can mend {}: the "
                      "application stores anew what is gone{}",
                      keys.found == 1 ? "a key is" : sizes::print_count(keys.found) + " keys are",
                      keys.found == 1 ? "it" : "them",
                      keys.found > named ? fmt::format(" (the first {})", named) : ""),
          doctor::redis_command(std::move(words))};
}

std::vector<NextStep> next_steps(const AuditOutcome& outcome, const Settings& settings) {
  std::vector<NextStep> steps;
  if (fixable(outcome) > 0) {
    steps.push_back(
        {"what can be mended without the content", doctor::redkeep_command({"audit", "--fix"})});
  }
  if (!outcome.script_refusal.empty()) {
    steps.push_back({"the permission that is missing for references is named by",
                     doctor::redkeep_command({"doctor"})});
  }
  const auto of_content =
      left_of(outcome, {DriftKind::WrongType, DriftKind::DanglingRecord}) - outcome.removable.found;
  if (of_content > 0 || outcome.held == Held::GraphMissing) {
    steps.push_back(
        {"from the content, once redkeep verify has said the same", repair_by_content(settings)});
  }
  if (outcome.removable.found > 0) steps.push_back(remove_step(outcome.removable));
  for (auto& step : steps) {
    if (outcome.master_host.empty() || step.mend.words.front() == "doctor") continue;
    step.mend.host = outcome.master_host;
    step.mend.port = outcome.master_port;
  }
  return steps;
}

std::string describe_end(const AuditOutcome& outcome) {
  switch (outcome.held) {
    case Held::GraphInWork:
      return fmt::format(
          "References were not followed: {} says that a load, rebuild or restore is under way or "
          "was cut",
          outcome.marker);
    case Held::TooLarge:
      return "References were not followed: the graph has more records than memory is allowed for";
    case Held::GraphMissing:
      return "Much of the graph is not there: it was lost rather than drifted. No reference was "
             "mended";
    case Held::No: break;
  }
  if (outcome.is_clean()) {
    return outcome.found() == 0 ? "Clean: every key is as its class promises" : "Mended: all of it";
  }
  if (outcome.mended() == 0) return "Drifted";
  return fmt::format("Mended in part: {} left", sizes::print_count(outcome.left()));
}

std::string audit_verdict(const AuditOutcome& outcome, const Settings& settings) {
  std::string text = describe_end(outcome) + '\n';
  for (const auto& step : next_steps(outcome, settings)) {
    text += fmt::format("  {}:\n    {}\n", step.what, shell_command(step.mend, settings));
  }
  return text;
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

std::string describe_audit(const AuditOutcome& outcome, bool fix, const Settings& settings,
                           std::chrono::milliseconds took) {
  std::string text = fmt::format(
      "{} of our classes and {} looked at in {}\n", sizes::print_counted(outcome.keys, "key"),
      sizes::print_counted(outcome.references, "reference"), sizes::print_duration(took));
  for (std::size_t i = 0; i < drift::kDriftKinds; ++i) {
    if (outcome.counts[i].found == 0) continue;
    text += describe_count(static_cast<DriftKind>(i), outcome.counts[i], fix);
  }
  return text + describe_refusal(outcome, fix) + audit_verdict(outcome, settings);
}

std::string audit_json(const AuditOutcome& outcome, const Settings& settings,
                       std::chrono::milliseconds took) {
  json::object object{{"outcome", outcome_name(outcome)},
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
  object["wrong_type"].as_object()["not_of_content"] = outcome.removable.found;
  json::array mend;
  for (const auto& step : next_steps(outcome, settings)) {
    mend.emplace_back(shell_command(step.mend, settings));
  }
  object["mend"] = std::move(mend);
  object["not_followed"] = outcome.not_followed;
  object["unchecked"] = outcome.unchecked;
  object["script_refusal"] = outcome.script_refusal;
  object["marker"] = outcome.marker;
  object["took_ms"] = took.count();
  return sizes::print_json(object);
}

}  // namespace redkeep::app
