#include "app/verify_report.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "app/shell_command.h"
#include "error/error.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace json = boost::json;
using recovery::VerifyEnd;
using recovery::VerifyOutcome;

constexpr std::size_t kMostPrintedKeys = 10;

struct Kind {
  std::string_view name;   // in JSON
  std::string_view title;  // for a person
  const recovery::DamagedKeys& keys;
};

std::array<Kind, 5> kinds_of(const VerifyOutcome& outcome) {
  return {{{"missing", "missing", outcome.missing},
           {"changed", "changed", outcome.changed},
           {"orphaned", "orphaned", outcome.orphaned},
           {"with_ttl", "with a TTL", outcome.with_ttl},
           {"wrong_type", "wrong type", outcome.wrong_type}}};
}

std::string verify_verdict(const VerifyOutcome& outcome, const std::string& directory,
                           const Settings& settings) {
  const Source source{directory, outcome.wanted_position.has_value()};
  switch (outcome.end) {
    case VerifyEnd::Clean: return "Clean: every key is there and as the content says";
    case VerifyEnd::Behind:
      return fmt::format(
          "Behind: the server is at position {}, the journal at {}: it lacks what was stored "
          "since; "
          "a running guard brings it forward",
          outcome.position ? std::to_string(*outcome.position) : "0 (it has none)",
          *outcome.wanted_position);
    case VerifyEnd::Ahead:
      return fmt::format(
          "Ahead: the server is at position {}, and the journal ends at {}: it belongs to another "
          "data directory (name that one), or the journal's end was taken away (put it back; if it "
          "is lost for good, start the guard once with [journal] durability = \"os\", which takes "
          "the server as it is, and write a checkpoint at once: {})",
          outcome.position.value_or(0), *outcome.wanted_position,
          command_by(source, {"checkpoint"}, {}, settings));
    case VerifyEnd::Foreign: return fmt::format("Foreign: {}", outcome.whose);
    case VerifyEnd::Incomplete:
      return fmt::format("Incomplete: a {} is under way or was cut; {}this finishes it:\n  {}",
                         outcome.marker,
                         outcome.marker.starts_with("recovery") ? "a running guard or " : "",
                         command_by(source, {source.is_data ? "repair" : "rebuild"}, {}, settings));
    case VerifyEnd::Damaged:
      return fmt::format("Damaged: what a repair would mend is told by\n  {}",
                         command_by(source, {"repair"}, {"--dry-run"}, settings));
    case VerifyEnd::BadContent:
      return "BadContent: mend the rows named above first; Redis was not judged";
  }
  return {};
}

json::object keys_json(const recovery::DamagedKeys& keys) {
  json::array first;
  // As they may be shown: a key can be any bytes, JSON cannot.
  for (const auto& key : keys.first) first.emplace_back(printable(key, 1000));
  return json::object{{"count", keys.count}, {"first", std::move(first)}};
}

json::value position_or_null(const std::optional<std::int64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

}  // namespace

std::string describe_verify(const VerifyOutcome& outcome, const std::string& directory,
                            const Settings& settings, std::chrono::milliseconds took) {
  std::string text;
  if (outcome.end != VerifyEnd::BadContent) {
    text += fmt::format(
        "content     {}, {} in {}\n", sizes::print_counted(outcome.entities, "entity"),
        sizes::print_counted(outcome.associations, "association"), printable(directory));
    text += fmt::format("keys        {} expected, {} in Redis, compared in {}\n",
                        sizes::print_count(outcome.expected_keys),
                        sizes::print_count(outcome.seen_keys), sizes::print_duration(took));
    for (const auto& kind : kinds_of(outcome)) {
      if (kind.keys.count == 0) continue;
      text += fmt::format("{:<11} {}\n", kind.title, sizes::print_count(kind.keys.count));
      const std::size_t shown = std::min(kMostPrintedKeys, kind.keys.first.size());
      for (std::size_t i = 0; i < shown; ++i) {
        text += fmt::format("  {}\n", printable(kind.keys.first[i]));
      }
      const auto more = kind.keys.count - static_cast<std::int64_t>(shown);
      if (more > 0) text += fmt::format("  ... and {} more\n", sizes::print_count(more));
    }
  }
  return text + verify_verdict(outcome, directory, settings) + '\n';
}

std::string verify_json(const VerifyOutcome& outcome, const std::string& directory,
                        std::chrono::milliseconds took) {
  json::object object{
      {"outcome", to_string(outcome.end)},      {"directory", printable(directory, 4096)},
      {"entities", outcome.entities},           {"associations", outcome.associations},
      {"expected_keys", outcome.expected_keys}, {"seen_keys", outcome.seen_keys}};
  for (const auto& kind : kinds_of(outcome)) object[kind.name] = keys_json(kind.keys);
  object["position"] = position_or_null(outcome.position);
  object["wanted_position"] = position_or_null(outcome.wanted_position);
  object["marker"] = outcome.marker;
  json::array problems;
  for (const auto& problem : outcome.problems.first) problems.emplace_back(problem);
  object["problems"] =
      json::object{{"count", outcome.problems.count}, {"first", std::move(problems)}};
  object["took_ms"] = took.count();
  return sizes::print_json(object);
}

}  // namespace redkeep::app
