// The rules that two settings keep together, and what is legal but hardly meant.
#include <unistd.h>

#include <algorithm>

#include "app/http/listen_address.h"
#include "app/setting_list.h"
#include "error/error.h"
#include "guard/alerts/alert_command.h"
#include "keys/class_table.h"

namespace redkeep::app {
namespace {

// Judges rules of two settings. The error names the place of the one that was set, and what each of
// them is, so that the reader sees which one to change.
class RuleCheck {
 public:
  RuleCheck(Settings& settings, SettingsErrors& errors)
      : settings_(settings), errors_(errors), list_(setting_list(settings)) {}

  void must(bool holds, std::string_view one, std::string_view relation, std::string_view other) {
    if (holds || !is_known(one) || !is_known(other)) return;
    const std::string said =
        fmt::format("{} {} must be {} {} {}", one, value(one), relation, other, value(other));
    const auto* place = place_of(one) != nullptr ? place_of(one) : place_of(other);
    if (place != nullptr) {
      errors_.add(*place, said);
    } else {
      errors_.lines.push_back(said);
    }
  }

 private:
  const std::string* place_of(std::string_view name) const {
    const auto found = settings_.places.find(name);
    return found == settings_.places.end() ? nullptr : &found->second;
  }

  bool is_known(std::string_view name) const {
    return !errors_.refused.contains(name) && !(errors_.file_is_torn && place_of(name) == nullptr);
  }

  std::string value(std::string_view name) const {
    const auto* place = place_of(name);
    return fmt::format("({}, {})", setting_named(list_, name).show(),
                       place != nullptr ? *place : "the default");
  }

  Settings& settings_;
  SettingsErrors& errors_;
  std::vector<Setting> list_;
};

void check_marks(Settings& settings, SettingsErrors& errors) {
  constexpr std::string_view kStop = "[pressure] stop_shedding";
  constexpr std::string_view kStart = "[pressure] start_shedding";
  constexpr std::string_view kLeave = "[pressure] leave_emergency";
  constexpr std::string_view kEmergency = "[pressure] emergency";
  const PressureOptions& marks = settings.options.pressure;
  RuleCheck rules(settings, errors);
  rules.must(marks.stop_shedding_pct < marks.start_shedding_pct, kStop, "below", kStart);
  rules.must(marks.start_shedding_pct < marks.emergency_pct, kStart, "below", kEmergency);
  rules.must(marks.stop_shedding_pct < marks.leave_emergency_pct, kLeave, "above", kStop);
  rules.must(marks.leave_emergency_pct < marks.emergency_pct, kLeave, "below", kEmergency);
  rules.must(marks.min_interval <= marks.interval, "[pressure] min_interval", "at most",
             "[pressure] interval");
}

void check_classes(const Settings& settings, SettingsErrors& errors) {
  for (const auto& fault : keys::ClassTable::find_faults(settings.options.classes)) {
    const std::string& name = settings.options.classes[fault.index].name;
    const bool is_known =
        std::none_of(fault.settings.begin(), fault.settings.end(), [&](std::string_view setting) {
          return errors.refused.contains(fmt::format("class {} {}", name, setting));
        });
    if (!is_known) continue;
    const auto place = settings.places.find("class " + name);
    if (place != settings.places.end()) {
      errors.add(place->second, fault.message);
    } else {
      errors.lines.push_back(fault.message);
    }
  }
}

void warn_of_doubtful(Settings& settings) {
  const std::string& prefix = settings.options.prefix;
  const auto is_letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (prefix.empty()) {
    settings.warnings.push_back(
        "the prefix is empty: every key of the database that matches a class's pattern is taken as "
        "ours");
  } else if (is_letter_or_digit(prefix.back())) {
    settings.warnings.push_back(
        fmt::format("the prefix \"{}\" ends in no separator, so keys will read \"{}entity:...\"; "
                    "was \"{}:\" meant?",
                    printable(prefix), printable(prefix), printable(prefix)));
  }
  const auto listen = http::parse_listen_address(settings.http_listen);
  if (listen && !listen->endpoint.address().is_loopback()) {
    settings.warnings.push_back(
        fmt::format("HTTP on {} can be reached from other machines and asks for no password",
                    settings.http_listen));
  }
  const std::string& command = settings.options.alerts.command;
  if (!command.empty() && !guard::can_be_run(command)) {
    settings.warnings.push_back(
        fmt::format("[alerts] command {} is no program that can be found and run: no alert reaches "
                    "anybody by it",
                    printable(command)));
  }
  const std::string& content = settings.options.content_directory;
  if (!content.empty() && !settings.content_is_argument &&
      ::access((content + "/entities.csv").c_str(), R_OK) != 0) {
    settings.warnings.push_back(fmt::format(
        "the content directory {} has no entities.csv that can be read: nothing can be restored "
        "from it",
        printable(content)));
  }
}

}  // namespace

void check_settings(Settings& settings, SettingsErrors& errors) {
  check_marks(settings, errors);
  check_classes(settings, errors);
  warn_of_doubtful(settings);
}

}  // namespace redkeep::app
