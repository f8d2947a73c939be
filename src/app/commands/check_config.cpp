// redkeep check-config [FILE]: every error of the configuration at once, or what is in force.
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/config/config_file.h"
#include "app/exit_code.h"
#include "app/setting_list.h"
#include "error/error.h"
#include "redkeep/statistics.h"

namespace redkeep::app {
namespace {

// "[pressure] protected_full_within" is the longest name.
constexpr int kNameWidth = 34;

void print_row(std::string_view name, const std::string& value, std::string_view place) {
  fmt::print("{:<{}}{:<29} {}\n", name, kNameWidth, printable(value), place);
}

std::string_view place_of(const Settings& settings, const std::string& name) {
  const auto found = settings.places.find(name);
  return found == settings.places.end() ? "default" : std::string_view(found->second);
}

void print_settings(Settings& settings) {
  fmt::print("{:<{}}{}\n", "configuration", kNameWidth,
             settings.config_file.empty() ? "no file" : printable(settings.config_file));
  for (const auto& setting : setting_list(settings)) {
    const std::string value = setting.show();
    print_row(setting.name(), value.empty() ? "none" : value, place_of(settings, setting.name()));
    if (setting.name() == "[redis] url") {
      const bool has_password = !settings.options.endpoint.password.empty();
      fmt::print("{:<{}}{}\n", "  password", kNameWidth, has_password ? "given" : "none");
    }
  }
}

std::string quota_of(const KeyClass& key_class) {
  if (key_class.quota_pct) return fmt::format("{}%", *key_class.quota_pct);
  return key_class.quota_bytes ? exact_bytes(*key_class.quota_bytes) : "none";
}

void print_classes(const Settings& settings) {
  fmt::print("\n{:<16} {:<11} {:<6} {:<8} {:<6} {:<7} {}\n", "class", "level", "ttl", "shed at",
             "order", "quota", "patterns");
  for (const auto& key_class : settings.options.classes) {
    const bool is_shed = key_class.shed_at != ShedAt::Never;
    fmt::print("{:<16} {:<11} {:<6} {:<8} {:<6} {:<7} {}\n", key_class.name,
               to_string(key_class.level), key_class.ttl ? exact_duration(*key_class.ttl) : "none",
               to_string(key_class.shed_at), is_shed ? fmt::to_string(key_class.shed_order) : "",
               quota_of(key_class),
               printable(fmt::format("{}", fmt::join(key_class.patterns, " ")), 1000));
    const auto place = settings.places.find("class " + key_class.name);
    if (place != settings.places.end()) fmt::print("  set at {}\n", place->second);
  }
}

}  // namespace

void register_check_config(CommandLine& line) {
  auto* command = line.parser.add_subcommand("check-config",
                                             "Check a configuration and show what is in force\n"
                                             "Example: redkeep check-config redkeep.toml");
  command->add_option("file", line.flags.config_file,
                      "The file to check (default: ./redkeep.toml, /etc/redkeep/redkeep.toml)");
  command->callback([&line] {
    line.action = [&line] {
      auto settings = load_settings(line.flags);
      if (!settings) return fail(settings.error());
      print_settings(*settings);
      print_classes(*settings);
      fmt::print("\n");
      for (const auto& warning : settings->warnings) fmt::print("warning: {}\n", warning);
      fmt::print("ok\n");
      return 0;
    };
  });
}

}  // namespace redkeep::app
