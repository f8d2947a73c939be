// redkeep load DIR: CSV content into Redis.
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/content_argument.h"
#include "app/exit_code.h"
#include "app/load_report.h"
#include "app/print_error.h"
#include "app/progress_line.h"
#include "error/error.h"
#include "recovery/load/loader.h"
#include "recovery/load/rejects_file.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct LoadFlags {
  std::string directory;
  bool merge = false;
  bool skip_bad_rows = false;
  std::string rejects = "rejects.csv";
};

asio::awaitable<int> run_load(const Settings& settings, const LoadFlags& flags,
                              std::stop_token stop) {
  if (const Status there = require_content_directory(flags.directory); !there) {
    co_return fail(there.error());
  }
  recovery::LoadOptions options;
  options.directory = flags.directory;
  options.merge = flags.merge;
  if (flags.skip_bad_rows) options.rejects_file = flags.rejects;
  const auto begun = std::chrono::steady_clock::now();
  ProgressLine line("rows");
  const std::function<void(const recovery::LoadProgress&)> show =
      [&](const recovery::LoadProgress& progress) {
        line.show(progress.doing, progress.rows, progress.share);
      };
  const auto outcome = co_await recovery::load(settings.options.endpoint, settings.options.prefix,
                                               options, stop, show);
  line.clear();
  if (!outcome) co_return fail(outcome.error());
  print_problems(outcome->problems);
  if (outcome->bad_rows > 0 && !flags.skip_bad_rows) {
    print_error(
        "redkeep: nothing was written: mend these, or leave them out with "
        "--skip-bad-rows\n");
    co_return static_cast<int>(ExitCode::ProblemsFound);
  }
  if (outcome->bad_rows > 0) {
    print_error("redkeep: {} {} left out, see {}\n", sizes::print_counted(outcome->bad_rows, "row"),
                sizes::by_count(outcome->bad_rows, "was", "were"),
                recovery::name_rejects(flags.rejects));
  }
  print_conflicts(outcome->conflicts);
  fmt::print("{}\n", describe_load(*outcome, std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 std::chrono::steady_clock::now() - begun)));
  if (outcome->journal_position.value_or(0) > 0) {
    fmt::print(
        "A journal is in use here, and what was merged is not in it: a recovery would bring back "
        "what was before. Write a checkpoint: redkeep checkpoint --data DIR\n");
  }
  co_return outcome->bad_rows > 0 ? static_cast<int>(ExitCode::ProblemsFound) : 0;
}

}  // namespace

void register_load(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "load",
      "Load CSV content (entities.csv, associations.csv) into Redis\n"
      "Example: redkeep load examples/site --url redis://127.0.0.1:6390");
  const auto flags = std::make_shared<LoadFlags>();
  add_connection_flags(*command, line.flags);
  command->add_option("directory", flags->directory, "The content directory")->required();
  command->add_flag("--merge", flags->merge,
                    "Take the content over what is there, and finish a load that was interrupted");
  command->add_flag("--skip-bad-rows", flags->skip_bad_rows,
                    "Leave bad rows out instead of refusing, and write them to --rejects");
  command->add_option("--rejects", flags->rejects,
                      "Where bad rows go, a file that is new or empty (default: rejects.csv);\n"
                      "those of associations and search index into files beside it, such as\n"
                      "rejects-associations.csv");
  run_with_settings(line, *command, [flags](const Settings& settings, std::stop_token stop) {
    return run_load(settings, *flags, std::move(stop));
  });
}

}  // namespace redkeep::app
