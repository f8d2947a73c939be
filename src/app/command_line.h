#pragma once
// The command line: one program, one file per subcommand in commands/.
#include <CLI/CLI.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <stop_token>

#include "app/settings.h"

namespace redkeep::app {

struct CommandLine {
  CLI::App parser{
      "Keeps a Redis healthy that holds both data that must live and caches that may go",
      "redkeep"};
  ConnectionFlags flags;
  /// What the chosen subcommand does; returns the exit code.
  std::function<int()> action;
};

/// Adds --url, --password-file, --ca-file, --config, --prefix and --limit to a subcommand.
void add_connection_flags(CLI::App& command, ConnectionFlags& flags);

/// The settings, with warnings printed and the log set up; after an error nothing is left to do but
/// to return its exit code.
Result<Settings> start(const ConnectionFlags& flags);

/// Runs a coroutine to its end. SIGINT, SIGTERM and SIGHUP ask it to stop; a second one ends the
/// program.
int run_to_end(const std::function<boost::asio::awaitable<int>(boost::asio::io_context&,
                                                               std::stop_token)>& main);

/// What most subcommands do: the settings are read, and `main` runs to its end with them.
void run_with_settings(
    CommandLine& line, CLI::App& command,
    std::function<boost::asio::awaitable<int>(const Settings&, std::stop_token)> main);

// One for each file in commands/.
void register_audit(CommandLine& line);
void register_check_config(CommandLine& line);
void register_checkpoint(CommandLine& line);
void register_discover(CommandLine& line);
void register_doctor(CommandLine& line);
void register_export(CommandLine& line);
void register_generate(CommandLine& line);
void register_guard(CommandLine& line);
void register_history(CommandLine& line);
void register_load(CommandLine& line);
void register_plan(CommandLine& line);
void register_rebuild(CommandLine& line);
void register_remove(CommandLine& line);
void register_repair(CommandLine& line);
void register_shed(CommandLine& line);
void register_stats(CommandLine& line);
void register_status(CommandLine& line);
void register_store(CommandLine& line);
void register_top(CommandLine& line);
void register_up(CommandLine& line);
void register_verify(CommandLine& line);

}  // namespace redkeep::app
