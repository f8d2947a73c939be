// redkeep check-config [FILE]: every error of the configuration at once, or what is in force.
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "redis/connection.h"
#include "redkeep/statistics.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

void print_settings(const Settings& settings) {
  const PressureOptions& pressure = settings.options.pressure;
  fmt::print("configuration  {}\n",
             settings.config_file.empty() ? "none: defaults" : settings.config_file);
  fmt::print("redis          {}\n", redis::describe(settings.options.endpoint));
  fmt::print("prefix         {}\n", settings.options.prefix);
  fmt::print(
      "marks          stop {}, start {}, leave emergency {}, emergency {}\n",
      sizes::print_pct(pressure.stop_shedding_pct), sizes::print_pct(pressure.start_shedding_pct),
      sizes::print_pct(pressure.leave_emergency_pct), sizes::print_pct(pressure.emergency_pct));
  fmt::print("interval       {} to {}, dwell {}\n", sizes::print_duration(pressure.min_interval),
             sizes::print_duration(pressure.interval), sizes::print_duration(pressure.dwell));
  fmt::print("limit          {}\n", pressure.limit_bytes > 0
                                        ? sizes::print_bytes(pressure.limit_bytes)
                                        : "the server's maxmemory");
  fmt::print("http           {}\n", settings.http_listen.empty() ? "off" : settings.http_listen);
  fmt::print("classes        {}\n", settings.options.classes.size());
  for (const auto& key_class : settings.options.classes) {
    fmt::print(
        "  {:<16} {:<12} {}{}\n", key_class.name, to_string(key_class.level),
        fmt::join(key_class.patterns, " "),
        key_class.ttl ? fmt::format("  (ttl {})", sizes::print_duration(*key_class.ttl)) : "");
  }
  for (const auto& warning : settings.warnings) fmt::print("warning: {}\n", warning);
}

}  // namespace

void register_check_config(CommandLine& line) {
  auto* command = line.parser.add_subcommand("check-config",
                                             "Check a configuration and show what is in force\n"
                                             "Example: redkeep check-config redkeep.toml");
  command->add_option("file", line.flags.config_file, "The file to check");
  command->callback([&line] {
    line.action = [&line] {
      const auto settings = load_settings(line.flags);
      if (!settings) return fail(settings.error());
      print_settings(*settings);
      fmt::print("ok\n");
      return 0;
    };
  });
}

}  // namespace redkeep::app
