// redkeep generate: a made-up content directory, for trying things out and for benchmarks.
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/progress_line.h"
#include "recovery/load/made_up_graph.h"
#include "redis/beside.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

asio::awaitable<int> run_generate(const recovery::MadeUpGraphOptions& options,
                                  std::stop_token stop) {
  ProgressLine line("");
  const std::function<void(double)> show = [&](double share) { line.show("writing", 0, share); };
  // Beside, so that Ctrl-C is heard meanwhile.
  const auto write = [&] {
    return recovery::write_made_up_graph(recovery::Disk::real(), options, stop, show);
  };
  const auto made = co_await redis::beside(write);
  line.clear();
  if (!made) co_return fail(made.error());
  fmt::print("{}, {}, {} in {}\n", sizes::print_counted(made->entities, "entity"),
             sizes::print_counted(made->associations, "association"),
             sizes::print_bytes(made->bytes), options.directory);
  co_return 0;
}

}  // namespace

void register_generate(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "generate",
      "Write a made-up content directory; the same numbers give the same files\n"
      "Example: redkeep generate /tmp/made-up --entities 100000");
  const auto options = std::make_shared<recovery::MadeUpGraphOptions>();
  command->add_option("directory", options->directory, "Where its files are written")->required();
  command->add_option("--entities", options->entities, "How many (default: 10000)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000'000}));
  command->add_option("--links", options->links, "References of each to others (default: 2)")
      ->check(CLI::Range(0, 100));
  command->add_option("--seed", options->seed, "Another one makes another graph (default: 1)");
  command->callback([&line, options] {
    line.action = [options] {
      return run_to_end(
          [&](asio::io_context&, std::stop_token stop) { return run_generate(*options, stop); });
    };
  });
}

}  // namespace redkeep::app
