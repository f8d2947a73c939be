#pragma once
// The settings of redkeep.toml, each with its name, how a text becomes its value and how its value
// is written. File, environment, flags and `check-config` all go through this list. It knows no
// TOML.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"

namespace redkeep::app {

struct Setting {
  std::string_view table;    ///< "pressure"
  std::string_view key;      ///< "start_shedding"
  std::string_view example;  ///< A right value as the file has it, quotes included: `"85%"`.
  /// Takes a text, or says why not. Nothing where the setting is a list.
  std::function<Status(const std::string&)> set;
  /// For lists of texts, instead of `set`.
  std::function<Status(const std::vector<std::string>&)> set_list;
  /// What is in force, exact, in a form that `set` takes; never a password.
  std::function<std::string()> show;

  /// "[pressure] start_shedding"
  std::string name() const;
};

/// In the order of the example file. The list refers to `settings`, which must outlive it.
std::vector<Setting> setting_list(Settings& settings);

/// The setting of that name ("[pressure] limit"); the program aborts if there is none.
const Setting& setting_named(const std::vector<Setting>& list, std::string_view name);

/// Where a text comes from. `is_name`: the place is itself a name for the setting, such as --limit.
struct Place {
  std::string text;
  bool is_name = false;
};

/// Gives `text` to the setting and keeps `place` as where it was set; an error names `place`.
void apply_setting(const Setting& setting, const std::string& text, const Place& place,
                   Settings& settings, SettingsErrors& errors);

/// 5s, 1500ms, 2d: exact, in the largest unit that is.
std::string exact_duration(std::chrono::milliseconds duration);
/// 512MiB, 4097B: exact, in the largest binary unit that is; 0 is "0".
std::string exact_bytes(std::int64_t bytes);

/// A whole number of seconds, at least one: "5m" but not "1500ms".
Result<std::chrono::seconds> parse_whole_seconds(const std::string& text);

}  // namespace redkeep::app
