// redkeep export DIR: the content graph in Redis into CSV files.
#include <fmt/format.h>

#include <filesystem>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/load_report.h"
#include "app/print_error.h"
#include "app/progress_line.h"
#include "error/error.h"
#include "recovery/checkpoint/checkpoint_export.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct ExportFlags {
  std::string directory;
  bool replace = false;
  bool skip_bad_records = false;
};

// What an operator should know of it and is no error.
void print_notes(const recovery::CheckpointOutcome& outcome) {
  if (outcome.left_out.count > 0) {
    print_error("redkeep: {} {} left out, since an end is not there:\n",
                sizes::print_counted(outcome.left_out.count, "association"),
                sizes::by_count(outcome.left_out.count, "was", "were"));
    print_problems(outcome.left_out);
  }
  if (outcome.vanished_keys > 0) {
    print_error("redkeep: {} {} removed while it read, and left out\n",
                sizes::print_counted(outcome.vanished_keys, "key"),
                sizes::by_count(outcome.vanished_keys, "was", "were"));
  }
  if (outcome.keys_with_other_fields > 0) {
    print_error(
        "redkeep: {} {} fields that the CSV has no column for, such as {}: these "
        "fields were left out\n",
        sizes::print_counted(outcome.keys_with_other_fields, "key"),
        sizes::by_count(outcome.keys_with_other_fields, "has", "have"), outcome.an_other_field);
  }
}

// The directory itself is made, what it is to be in is not.
Status require_parent_of_export(const std::string& directory) {
  std::string named = directory;
  while (named.size() > 1 && named.back() == '/') named.pop_back();
  const std::string parent = std::filesystem::path(named).parent_path().string();
  std::error_code failure;
  if (parent.empty() || std::filesystem::is_directory(parent, failure)) return {};
  return make_error(ErrorKind::InvalidInput, "there is no directory {} to make {} in",
                    printable(parent), printable(named));
}

asio::awaitable<int> run_export(const Settings& settings, const ExportFlags& flags,
                                std::stop_token stop) {
  if (const Status there = require_parent_of_export(flags.directory); !there)
    co_return fail(there.error());
  recovery::CheckpointOptions options;
  options.directory = flags.directory;
  options.replace = flags.replace;
  options.skip_bad_records = flags.skip_bad_records;
  const auto begun = std::chrono::steady_clock::now();
  ProgressLine line("records");
  const std::function<void(const recovery::ReadProgress&)> show =
      [&](const recovery::ReadProgress& progress) {
        line.show(progress.doing, progress.records, progress.share);
      };
  const auto outcome =
      co_await recovery::write_checkpoint(recovery::Disk::real(), settings.options.endpoint,
                                          settings.options.prefix, options, stop, show);
  line.clear();
  if (!outcome) co_return fail(outcome.error());
  print_problems(outcome->bad_records);
  if (!outcome->written) {
    print_error(
        "redkeep: {} was not written: mend these, or leave them out with "
        "--skip-bad-records\n",
        outcome->directory);
    co_return static_cast<int>(ExitCode::ProblemsFound);
  }
  print_notes(*outcome);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  fmt::print("{}, {}, {} in {} in {}\n", sizes::print_counted(outcome->entities, "entity"),
             sizes::print_counted(outcome->associations, "association"),
             sizes::print_bytes(outcome->bytes), outcome->directory, sizes::print_duration(took));
  if (outcome->bad_records.count == 0) co_return 0;
  print_error("redkeep: {} {} left out\n",
              sizes::print_counted(outcome->bad_records.count, "bad record"),
              sizes::by_count(outcome->bad_records.count, "was", "were"));
  co_return static_cast<int>(ExitCode::ProblemsFound);
}

}  // namespace

void register_export(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "export",
      "Write the content in Redis to CSV files (entities.csv, associations.csv) that `redkeep "
      "load` "
      "takes\n"
      "Example: redkeep export content-today --url redis://127.0.0.1:6390");
  const auto flags = std::make_shared<ExportFlags>();
  add_connection_flags(*command, line.flags);
  command->add_option("directory", flags->directory, "The directory to be made")->required();
  command->add_flag("--replace", flags->replace,
                    "Write over an export that is there; readers see the old or the new one whole");
  command->add_flag("--skip-bad-records", flags->skip_bad_records,
                    "Leave out what is no valid record, instead of refusing");
  run_with_settings(line, *command, [flags](const Settings& settings, std::stop_token stop) {
    return run_export(settings, *flags, std::move(stop));
  });
}

}  // namespace redkeep::app
