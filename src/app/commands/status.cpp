// redkeep status: how full the server is, in a few lines. (redkeep stats is in stats.cpp.)
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/progress_line.h"
#include "app/status_text.h"
#include "guard/lease.h"
#include "guard/server_statistics.h"
#include "keys/key_schema.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

asio::awaitable<int> run_status(const Settings& settings, bool json, std::stop_token stop) {
  const auto table = keys::ClassTable::compile(settings.options.prefix, settings.options.classes);
  if (!table) co_return fail(table.error());
  const auto executor = co_await asio::this_coro::executor;
  const auto client = redis::Client::create(executor, settings.options.endpoint);
  ProgressLine progress("keys");
  const std::function<void(std::int64_t)> show = [&](std::int64_t keys) {
    progress.show("counting", keys, -1);
  };
  const census::CensusOptions census_options;
  const auto statistics =
      co_await guard::take_statistics(client, *table, settings.options, census_options, stop, show);
  progress.clear();
  if (!statistics) co_return fail(statistics.error());
  const keys::KeySchema schema(settings.options.prefix);
  const auto lease = co_await guard::read_lease(client, schema.guard("lease"));
  std::vector<std::string> get{"GET", schema.guard("load")};
  const auto mark = co_await client->call(std::move(get));
  client->close();
  // Who may not read it can still be told the rest.
  if (!lease && lease.error().kind != ErrorKind::NotPermitted) co_return fail(lease.error());
  if (!mark && mark.error().kind != ErrorKind::NotPermitted) co_return fail(mark.error());
  std::optional<std::string> load_mark;
  if (mark && mark->is_string()) load_mark = mark->text;
  if (json) {
    fmt::print("{}\n", status_json(*statistics, load_mark));
  } else {
    fmt::print("{}{}", status_text(*statistics, lease), cut_load_text(load_mark));
  }
  co_return 0;
}

}  // namespace

void register_status(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "status",
      "How full the server is, at what level, how much of it is protected, and what a running\n"
      "guard foresees\n"
      "Example: redkeep status --url redis://127.0.0.1:6390");
  const auto json = std::make_shared<bool>(false);
  add_connection_flags(*command, line.flags);
  command->add_flag("--json", *json, "One JSON object instead of text");
  run_with_settings(line, *command, [json](const Settings& settings, std::stop_token stop) {
    return run_status(settings, *json, std::move(stop));
  });
}

}  // namespace redkeep::app
