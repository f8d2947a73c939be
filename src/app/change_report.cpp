#include "app/change_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/exit_code.h"
#include "app/print_error.h"
#include "error/error.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

constexpr std::size_t kMostPrintedFailures = 50;

void print_failures(const ChangeTally& tally) {
  const std::size_t shown = std::min(kMostPrintedFailures, tally.first_failures.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& failure = tally.first_failures[i];
    const std::string name = printable(failure.name);
    const std::string& reason = failure.reason.message;
    const bool is_named = reason.find(name) != std::string::npos;
    print_error("redkeep: {}{}\n", is_named ? "" : name + ": ", reason);
  }
  if (tally.failed > static_cast<std::int64_t>(shown)) {
    print_error("redkeep: ... and {} more\n",
                sizes::print_count(tally.failed - static_cast<std::int64_t>(shown)));
  }
}

}  // namespace

std::string describe_changes(const ChangeReport& report) {
  const ChangeTally& tally = report.tally;
  std::string text = sizes::print_count(tally.applied) + " applied";
  const auto add = [&text](std::int64_t count, std::string_view what) {
    if (count > 0) text += fmt::format(", {} {}", sizes::print_count(count), what);
  };
  add(tally.journaled, "journaled");
  add(tally.failed, "failed");
  add(tally.unanswered, "not acknowledged");
  add(report.not_begun, "not begun");
  text += fmt::format(" in {}\n", sizes::print_duration(report.took));
  if (tally.journaled > 0) {
    text += fmt::format(
        "journaled: Redis does not take {} now. {} safe in the journal of {}, and applied when it "
        "does, by the daemon or the next command on that directory\n",
        sizes::by_count(tally.journaled, "it", "them"),
        sizes::by_count(tally.journaled, "It is", "They are"), printable(report.data_directory));
  }
  return text;
}

std::string changes_json(const ChangeReport& report) {
  namespace json = boost::json;
  const ChangeTally& tally = report.tally;
  json::array failures;
  for (const auto& failure : tally.first_failures) {
    failures.push_back(
        json::object{{"name", printable(failure.name, 4096)}, {"reason", failure.reason.message}});
  }
  json::object object{{"applied", tally.applied},
                      {"journaled", tally.journaled},
                      {"failed", tally.failed},
                      {"failures", std::move(failures)},
                      {"not_acknowledged", tally.unanswered},
                      {"not_begun", report.not_begun},
                      {"stopped_by", nullptr},
                      {"took_ms", report.took.count()}};
  if (tally.stopped_by) object["stopped_by"] = tally.stopped_by->message;
  return sizes::print_json(object);
}

int tell_changes(ChangeReport report, const Options& options,
                 std::chrono::steady_clock::time_point begun, bool as_json) {
  report.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  report.data_directory = options.data_directory;
  fmt::print("{}", as_json ? changes_json(report) + '\n' : describe_changes(report));
  print_failures(report.tally);
  if (const auto& why = report.tally.stopped_by) {
    print_error(
        "redkeep: not all was done; the same command may simply be repeated when what ended "
        "it is mended:\n");
    return fail(*why);
  }
  return report.tally.failed > 0 ? static_cast<int>(ExitCode::ProblemsFound) : 0;
}

}  // namespace redkeep::app
