// redkeep status, redkeep stats: what is in the server and how full it is. Both count exactly, in
// one pass; status tells it in a few lines, stats as a table by class.
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/progress_line.h"
#include "guard/lease.h"
#include "guard/server_statistics.h"
#include "keys/key_schema.h"
#include "pressure/forecast.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct StatisticsFlags {
  bool json = false;
};

void print_status(const Statistics& statistics, const std::optional<guard::LeaseRecord>& lease) {
  const MemoryUse& memory = statistics.memory;
  fmt::print("memory     {} used{}\n", sizes::print_bytes(memory.used_bytes),
             memory.limit_bytes > 0
                 ? fmt::format(" of {} ({})", sizes::print_bytes(memory.limit_bytes),
                               sizes::print_pct(memory.usage_pct))
                 : ", no limit known (set maxmemory, or [pressure] limit)");
  fmt::print("level      {} ({})\n", to_string(statistics.level),
             statistics.level_from_guard ? "from the running guard" : "instantaneous, no guard");
  fmt::print("lease      {}\n", lease ? guard::describe(*lease) : "held by nobody");
  if (statistics.forecast) {
    fmt::print("forecast   used memory {}; protected data {}\n",
               pressure::describe(statistics.forecast->total),
               pressure::describe(statistics.forecast->protected_data));
  }
  fmt::print("protected  {} keys\n", sizes::print_count(statistics.protected_keys()));
  fmt::print("evictable  {} keys\n", sizes::print_count(statistics.evictable_keys()));
  fmt::print("unclassified {} keys\n", sizes::print_count(statistics.unclassified_keys));
  fmt::print("whole server {} keys with a TTL, {} without\n",
             sizes::print_count(statistics.keys_with_ttl),
             sizes::print_count(statistics.keys_without_ttl));
}

void print_classes(const Statistics& statistics) {
  fmt::print("\n{:<16} {:<12} {:>14} {:>12}\n", "class", "level", "keys", "bytes");
  for (const auto& use : statistics.classes) {
    fmt::print("{:<16} {:<12} {:>14} {:>12}\n", use.name, to_string(use.level),
               sizes::print_count(use.keys),
               use.bytes ? sizes::print_bytes(*use.bytes) : "unknown");
  }
  fmt::print("{:<16} {:<12} {:>14}\n", "unclassified", "",
             sizes::print_count(statistics.unclassified_keys));
}

asio::awaitable<int> run(asio::io_context& context, const Settings& settings, bool with_classes,
                         bool json, std::stop_token stop) {
  const auto table = keys::ClassTable::compile(settings.options.prefix, settings.options.classes);
  if (!table) co_return fail(table.error());
  const auto client = redis::Client::create(context.get_executor(), settings.options.endpoint);
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
  client->close();
  if (!lease) co_return fail(lease.error());
  if (json) {
    fmt::print("{}\n", to_json(*statistics));
  } else {
    print_status(*statistics, *lease);
    if (with_classes) print_classes(*statistics);
  }
  co_return 0;
}

void add(CommandLine& line, const std::string& name, const std::string& what, bool with_classes) {
  auto* command = line.parser.add_subcommand(name, what);
  const auto flags = std::make_shared<StatisticsFlags>();
  add_connection_flags(*command, line.flags);
  command->add_flag("--json", flags->json, "One JSON object instead of text");
  command->callback([&line, flags, with_classes] {
    line.action = [&line, flags, with_classes] {
      const auto settings = start(line.flags);
      if (!settings) return fail(settings.error());
      return run_to_end([&](asio::io_context& context, std::stop_token stop) {
        return run(context, *settings, with_classes, flags->json, stop);
      });
    };
  });
}

}  // namespace

void register_statistics(CommandLine& line) {
  add(line, "status",
      "How full the server is, at what level, how much of it is protected, and what a running\n"
      "guard foresees\n"
      "Example: redkeep status --url redis://127.0.0.1:6390",
      false);
  add(line, "stats",
      "Exact keys and bytes by class\nExample: redkeep stats --json --url unix:///run/redis.sock",
      true);
}

}  // namespace redkeep::app
