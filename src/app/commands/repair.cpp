// redkeep repair [DIR]: mends what verify finds, and saves what it overwrites first.
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/content_argument.h"
#include "app/exit_code.h"
#include "app/load_report.h"
#include "app/mend_report.h"
#include "app/own_journal.h"
#include "app/recovery_progress.h"
#include "recovery/journal/present_content.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct RepairFlags {
  bool dry_run = false;
  bool remove_orphans = false;
  bool keys_only = false;
  bool json = false;
  bool despite_journal = false;
  std::string save_to = ".";
};

// By the content directory, or as the owner of the data directory.
asio::awaitable<Result<recovery::RepairOutcome>> repair(const Settings& settings,
                                                        const ConnectionFlags& given,
                                                        recovery::RepairOptions how,
                                                        std::stop_token stop,
                                                        recovery::ShowProgress progress) {
  const Options& options = settings.options;
  if (!means_data_directory(settings, given)) {
    const auto directory = content_directory(settings);
    if (!directory) co_return directory.error();
    how.mend.directory = *directory;
    co_return co_await recovery::repair(options.endpoint, options.prefix, std::move(how), stop,
                                        progress);
  }
  if (how.mend.dry_run) {  // nothing is brought forward, so the directory may be another's
    how.content_at = recovery::present_content_of(options, recovery::WithoutBase::Refused);
    co_return co_await recovery::repair(options.endpoint, options.prefix, std::move(how), stop,
                                        progress);
  }
  if (const Status there = require_data_directory(options); !there) co_return there.error();
  const auto owner = co_await own_journal(options, stop, progress);
  if (!owner) co_return owner.error();
  auto outcome = co_await (*owner)->repair(std::move(how), stop, progress);
  (*owner)->close();
  co_return outcome;
}

asio::awaitable<int> run_repair(const Settings& settings, const ConnectionFlags& given,
                                const RepairFlags& flags, std::stop_token stop) {
  recovery::RepairOptions options;
  options.mend.remove_orphans = flags.remove_orphans;
  options.mend.dry_run = flags.dry_run;
  options.names_only = flags.keys_only;
  options.despite_journal = flags.despite_journal;
  options.mend.save_to = flags.save_to;
  options.configured_limit_bytes = settings.options.pressure.limit_bytes;
  const auto begun = std::chrono::steady_clock::now();
  RecoveryProgress progress;
  const auto outcome = co_await repair(settings, given, std::move(options), stop, progress.show());
  progress.clear();
  if (!outcome) co_return fail(outcome.error());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  print_problems(outcome->problems);
  const bool is_data = means_data_directory(settings, given);
  const Source source{
      is_data ? settings.options.data_directory : settings.options.content_directory, is_data};
  fmt::print("{}", flags.json ? repair_json(*outcome, took) + '\n'
                              : describe_repair(*outcome, source, settings, took));
  // Orphans that were left are still something for a person to decide.
  const bool is_right = outcome->end == recovery::RepairEnd::NothingToDo ||
                        outcome->end == recovery::RepairEnd::Repaired;
  co_return is_right && outcome->mended.orphans_left + outcome->mended.members_left == 0
      ? 0
      : static_cast<int>(ExitCode::ProblemsFound);
}

}  // namespace

void register_repair(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "repair",
      "Make Redis what the content says: writes what is missing or changed, takes TTLs away,\n"
      "replaces keys of the wrong type. What it overwrites or removes is saved to CSV files first\n"
      "Example: redkeep repair examples/site --dry-run");
  const auto flags = std::make_shared<RepairFlags>();
  add_content_argument(*command, line.flags);
  add_data_flag(*command, line.flags);
  add_connection_flags(*command, line.flags);
  command->add_flag("--dry-run", flags->dry_run, "Change nothing; say what would be done");
  auto* orphans = command->add_flag("--remove-orphans", flags->remove_orphans,
                                    "Remove keys of the graph that the content does not have, too");
  command
      ->add_flag("--keys-only", flags->keys_only,
                 "Only write keys that are missing, asked for by name: much faster, however many "
                 "other keys there are")
      ->excludes(orphans);
  command->add_flag("--despite-journal", flags->despite_journal, kDespiteJournalHelp);
  command->add_option("--save-to", flags->save_to,
                      "Where the directory of saved rows is made (default: here)");
  command->add_flag("--json", flags->json, "One JSON object instead of text");
  run_with_settings(line, *command, [flags, &line](const Settings& settings, std::stop_token stop) {
    return run_repair(settings, line.flags, *flags, std::move(stop));
  });
}

}  // namespace redkeep::app
