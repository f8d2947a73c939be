#include "app/mend_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "error/error.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace json = boost::json;
using recovery::MendOutcome;
using recovery::RebuildEnd;
using recovery::RebuildOutcome;
using recovery::RepairEnd;
using recovery::RepairOutcome;

std::string mended_lines(const MendOutcome& mended, bool would, const Source& source,
                         const Settings& settings) {
  std::string text;
  const auto line = [&text](std::string_view what, std::int64_t count) {
    if (count > 0) text += fmt::format("{:<36} {}\n", what, sizes::print_count(count));
  };
  line(would ? "would be written, missing" : "written, missing", mended.missing);
  line(would ? "would be written, changed" : "written, changed", mended.changed);
  line(would ? "would be replaced, wrong type" : "replaced, wrong type", mended.wrong_type);
  line(would ? "TTL that would be taken away" : "TTL taken away", mended.ttls);
  line(would ? "would be removed, stale members" : "removed, stale members", mended.stale_members);
  line(would ? "would be removed, orphaned" : "removed, orphaned", mended.orphans_removed);
  line("left, orphaned", mended.orphans_left);
  line("left, members that belong to these", mended.members_left);
  if (mended.orphans_left + mended.members_left > 0) {
    text += fmt::format("orphaned keys are not in the content; this removes them:\n  {}\n",
                        command_by(source, {"repair"}, {"--remove-orphans"}, settings));
  }
  if (!mended.saved_directory.empty()) {
    text += fmt::format("saved first: {} in {}\n", sizes::print_counted(mended.saved_rows, "row"),
                        printable(mended.saved_directory));
  }
  return text;
}

json::object mended_json(const MendOutcome& mended) {
  return json::object{{"missing", mended.missing},
                      {"changed", mended.changed},
                      {"wrong_type", mended.wrong_type},
                      {"ttls", mended.ttls},
                      {"stale_members", mended.stale_members},
                      {"members_left", mended.members_left},
                      {"orphans_removed", mended.orphans_removed},
                      {"orphans_left", mended.orphans_left},
                      {"saved_rows", mended.saved_rows},
                      {"saved_directory", printable(mended.saved_directory, 4096)}};
}

json::object problems_json(const recovery::ContentProblems& problems) {
  json::array first;
  for (const auto& problem : problems.first) first.emplace_back(problem);
  return json::object{{"count", problems.count}, {"first", std::move(first)}};
}

}  // namespace

std::string describe_repair(const RepairOutcome& outcome, const Source& source,
                            const Settings& settings, std::chrono::milliseconds took) {
  if (outcome.end == RepairEnd::BadContent) {
    return "BadContent: mend the rows named above first; nothing was changed\n";
  }
  return mended_lines(outcome.mended, outcome.end == RepairEnd::WouldRepair, source, settings) +
         fmt::format("{} in {}{}\n", to_string(outcome.end), sizes::print_duration(took),
                     outcome.end == RepairEnd::WouldRepair ? ": nothing was changed" : "");
}

std::string describe_rebuild(const RebuildOutcome& outcome, const Source& source,
                             const Settings& settings, std::chrono::milliseconds took) {
  switch (outcome.end) {
    case RebuildEnd::BadContent:
      return "BadContent: mend the rows named above first; nothing was changed\n";
    case RebuildEnd::DoesNotFit:
      return fmt::format(
          "DoesNotFit: what is missing of {} needs about {}, and there is room for {}: nothing was "
          "changed. Raise maxmemory, or where caches may go:\n  {}\n",
          printable(source.directory), sizes::print_bytes(outcome.needed_bytes),
          sizes::print_bytes(outcome.room_bytes),
          shell_command(doctor::redkeep_command(
                            {"shed", "--free",
                             fmt::format("{}B", outcome.needed_bytes - outcome.room_bytes)}),
                        settings));
    case RebuildEnd::NothingToDo:
    case RebuildEnd::Rebuilt: break;
  }
  std::string text = mended_lines(outcome.mended, false, source, settings);
  if (outcome.cleared_keys > 0) {
    text = fmt::format("{:<36} {}\n{}", "cleared first", sizes::print_count(outcome.cleared_keys),
                       text);
  }
  if (outcome.went_on) text += "this went on with a rebuild, load or recovery that was cut\n";
  if (outcome.pauses > 0) {
    text +=
        fmt::format("paused {} for want of memory\n", sizes::print_counted(outcome.pauses, "time"));
  }
  return text + fmt::format("{}: {}, {}, {} in {}\n", to_string(outcome.end),
                            sizes::print_counted(outcome.entities, "entity"),
                            sizes::print_counted(outcome.associations, "association"),
                            sizes::print_counted(outcome.keys, "key"), sizes::print_duration(took));
}

std::string repair_json(const RepairOutcome& outcome, std::chrono::milliseconds took) {
  json::object object = mended_json(outcome.mended);
  object["outcome"] = to_string(outcome.end);
  object["problems"] = problems_json(outcome.problems);
  object["took_ms"] = took.count();
  return sizes::print_json(object);
}

std::string rebuild_json(const RebuildOutcome& outcome, std::chrono::milliseconds took) {
  json::object object = mended_json(outcome.mended);
  object["outcome"] = to_string(outcome.end);
  object["entities"] = outcome.entities;
  object["associations"] = outcome.associations;
  object["keys"] = outcome.keys;
  object["cleared_keys"] = outcome.cleared_keys;
  object["went_on"] = outcome.went_on;
  object["pauses"] = outcome.pauses;
  object["needed_bytes"] = outcome.needed_bytes;
  object["room_bytes"] = outcome.room_bytes;
  object["problems"] = problems_json(outcome.problems);
  object["took_ms"] = took.count();
  return sizes::print_json(object);
}

}  // namespace redkeep::app
