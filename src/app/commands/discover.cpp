// redkeep discover: the key families of an unknown Redis, and a configuration that fits them. Reads
// only.
#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <random>

#include "app/command_line.h"
#include "app/discover_report.h"
#include "app/exit_code.h"
#include "app/print_error.h"
#include "app/progress_line.h"
#include "discover/key_shape.h"
#include "error/error.h"
#include "keys/key_schema.h"
#include "redis/capabilities.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct DiscoverFlags {
  std::size_t sample_keys = 20'000;  // rarer families are met
  std::string output;
  bool json = false;
};

asio::awaitable<Result<DiscoverReport>> look_for_families(std::shared_ptr<redis::Client> client,
                                                          const Settings& settings,
                                                          const DiscoverFlags& flags,
                                                          std::stop_token stop) {
  const keys::KeySchema schema(settings.options.prefix);
  const auto found = co_await redis::probe_capabilities(client, schema.guard("probe"),
                                                        redis::ServerSettings::LeaveAlone);
  if (!found) co_return found.error();
  const auto before = co_await census::read_cost(client);
  if (!before) co_return before.error();
  DiscoverReport report;
  report.server = printable(redis::describe(settings.options.endpoint)) + ", " + found->product;
  census::SampleOptions options;
  options.keys = flags.sample_keys;
  options.with_bytes = found->memory_usage;
  options.with_type = true;
  options.seed = std::random_device{}();
  std::vector<discover::KeyFact> facts;
  facts.reserve(options.keys);
  const std::function<void(census::SampledKey &&)> sink = [&facts](census::SampledKey&& key) {
    key.key.resize(std::min(key.key.size(), discover::kMostKeyBytes));
    facts.push_back({std::move(key.key), std::move(key.type), key.bytes, key.ttl, key.page});
  };
  ProgressLine progress("keys");
  const std::function<void(std::int64_t)> show = [&progress](std::int64_t keys) {
    progress.show("looking", keys, -1);
  };
  const auto sample = co_await census::take_sample(client, options, sink, stop, show);
  progress.clear();
  if (!sample) co_return sample.error();
  const auto after = co_await census::read_cost(client);
  if (!after) co_return after.error();
  report.sample = *sample;
  report.cost = census::cost_between(*before, *after);
  const census::Population population{sample->population_keys, sample->most_bytes};
  report.discovery = discover::discover_families(facts, population);
  co_return report;
}

Status write_output(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  if (file) return {};
  return make_error(ErrorKind::Io, "cannot write {}: {}", printable(path), system_reason(errno));
}

asio::awaitable<int> run_discover(const Settings& settings, const DiscoverFlags& flags,
                                  std::stop_token stop) {
  const auto executor = co_await asio::this_coro::executor;
  const auto client = redis::Client::create(executor, settings.options.endpoint);
  const auto report = co_await look_for_families(client, settings, flags, stop);
  client->close();
  if (!report) co_return fail(report.error());
  if (!flags.output.empty()) {
    const Status written = write_output(flags.output, proposed_config(*report));
    if (!written) co_return fail(written.error());
  }
  if (flags.json) {
    fmt::print("{}\n", discover_json(*report));
  } else if (flags.output.empty()) {
    fmt::print("{}", proposed_config(*report));
    print_error("{}", discover_text(*report));
  } else {
    fmt::print("{}\nthe proposed classes are in {}: check them, then redkeep check-config {}\n",
               discover_text(*report), printable(flags.output), printable(flags.output));
  }
  co_return 0;
}

}  // namespace

void register_discover(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "discover",
      "Find the key families of an unknown Redis from a sample, and propose a configuration for\n"
      "them; changes nothing\n"
      "Example: redkeep discover --url redis://127.0.0.1:6379 --output redkeep.toml");
  const auto flags = std::make_shared<DiscoverFlags>();
  add_connection_flags(*command, line.flags);
  command
      ->add_option("--sample-keys", flags->sample_keys, "How many keys to look at (default 20000)")
      ->check(CLI::Range(100, 1'000'000));
  command->add_option("--output", flags->output,
                      "File for the proposed configuration, which is printed otherwise; replaced "
                      "if it exists");
  command->add_flag("--json", flags->json, "The families as one JSON object instead of text");
  run_with_settings(line, *command, [flags](const Settings& settings, std::stop_token stop) {
    return run_discover(settings, *flags, std::move(stop));
  });
}

}  // namespace redkeep::app
