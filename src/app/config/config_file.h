#pragma once
// redkeep.toml. Only this folder knows TOML; the example file in examples/ is its manual.
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"

namespace redkeep::app {

/// Reads one configuration file onto `settings`; adds to `errors` and goes on, so that all are
/// reported at once, in the file's order. Where the file is no TOML, what follows the faulty line
/// is read as far as it can be told apart from it.
void read_config_file(const std::string& path, Settings& settings, SettingsErrors& errors);

/// What a [[class]] may have: "name", "patterns", "level", ...
std::vector<std::string_view> class_setting_names();

/// "never", "warning", "critical".
std::string_view to_string(ShedAt at);

}  // namespace redkeep::app
