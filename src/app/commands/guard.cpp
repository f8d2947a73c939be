// redkeep guard: the loop against a server that already runs.
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/watch.h"
#include "redis/connection.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

asio::awaitable<int> run_guard(const Settings& settings, std::stop_token stop) {
  const auto executor = co_await asio::this_coro::executor;
  auto watch = Watch::create(executor, settings);
  if (!watch) co_return fail(watch.error());
  fmt::print("Redis    {}\n", redis::describe(settings.options.endpoint));
  fmt::print("HTTP     {}\n", (*watch)->http_address());
  std::fflush(stdout);
  co_await (*watch)->run(stop);
  co_return 0;
}

}  // namespace

void register_guard(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "guard",
      "Guard a Redis that already runs: watch its memory, shed caches in order, alert\n"
      "Example: redkeep guard --url redis://127.0.0.1:6379/0 --http 127.0.0.1:8390");
  add_connection_flags(*command, line.flags);
  command->add_option("--http", line.flags.http, "HOST:PORT for metrics and API, or \"off\"");
  command->add_option("--content", line.flags.content,
                      "Content directory for the emergency restore");
  command->add_option("--data", line.flags.data,
                      "Directory that the ledger is kept in, for redkeep history");
  run_with_settings(line, *command, run_guard);
}

}  // namespace redkeep::app
