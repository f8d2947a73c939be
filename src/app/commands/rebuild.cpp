// redkeep rebuild [DIR]: the content back into Redis where most of it is lost.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "app/command_line.h"
#include "app/content_argument.h"
#include "app/exit_code.h"
#include "app/load_report.h"
#include "app/mend_report.h"
#include "app/own_journal.h"
#include "app/recovery_progress.h"
#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct RebuildFlags {
  bool from_scratch = false;
  bool yes = false;
  bool despite_journal = false;
  bool json = false;
  std::string save_to = ".";
  std::string wait = "5m";
};

// Asks on a terminal; nobody there to answer is a no.
Status confirm(const RebuildFlags& flags, const Settings& settings, bool by_journal) {
  if (!flags.from_scratch || flags.yes) return {};
  const auto refused = [](std::string_view why) {
    return make_error(ErrorKind::Refused,
                      "{}: --from-scratch removes the whole graph first, and what the content "
                      "cannot give back is lost: --yes allows it",
                      why);
  };
  if (::isatty(STDIN_FILENO) != 1) return refused("nobody was asked");
  fmt::print(
      stderr,
      "This removes every entity, association and index under the prefix {} on {}, and loads "
      "the content anew.\n{} Type yes to go on: ",
      printable(settings.options.prefix), redis::describe(settings.options.endpoint),
      by_journal ? "What applications stored without the journal is lost."
                 : "What applications stored since is lost.");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "yes" ? Status{} : Status{refused("not confirmed")};
}

asio::awaitable<Result<recovery::RebuildOutcome>> rebuild_by_journal(
    const Options& options, recovery::RebuildOptions how, std::stop_token stop,
    recovery::ShowProgress progress) {
  if (const Status there = require_data_directory(options); !there) co_return there.error();
  const auto owner = co_await own_journal(options, stop, progress);
  if (!owner) co_return owner.error();
  auto outcome = co_await (*owner)->rebuild(std::move(how), stop, progress);
  const Status current = co_await bring_forward((*owner)->writer(), stop, progress);
  (*owner)->close();
  if (outcome && !current) co_return current.error();
  co_return outcome;
}

// `directory`: of the content; empty: what the data directory of the settings stands for.
asio::awaitable<int> run_rebuild(const Settings& settings, const RebuildFlags& flags,
                                 std::chrono::milliseconds wait, std::string directory,
                                 std::stop_token stop) {
  recovery::RebuildOptions options;
  options.directory = directory;
  options.from_scratch = flags.from_scratch;
  options.despite_journal = flags.despite_journal;
  options.save_to = flags.save_to;
  options.configured_limit_bytes = settings.options.pressure.limit_bytes;
  options.oom_patience = wait;
  const auto begun = std::chrono::steady_clock::now();
  RecoveryProgress progress;
  Result<recovery::RebuildOutcome> outcome = recovery::RebuildOutcome{};
  const bool is_data = directory.empty();
  if (is_data) {
    outcome =
        co_await rebuild_by_journal(settings.options, std::move(options), stop, progress.show());
    directory = settings.options.data_directory;
  } else {
    outcome = co_await recovery::rebuild(settings.options.endpoint, settings.options.prefix,
                                         std::move(options), stop, progress.show());
  }
  progress.clear();
  if (!outcome) co_return fail(outcome.error());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  print_problems(outcome->problems);
  fmt::print("{}", flags.json ? rebuild_json(*outcome, took) + '\n'
                              : describe_rebuild(*outcome, {directory, is_data}, settings, took));
  switch (outcome->end) {
    case recovery::RebuildEnd::NothingToDo:
    case recovery::RebuildEnd::Rebuilt: co_return 0;
    case recovery::RebuildEnd::DoesNotFit: co_return static_cast<int>(ExitCode::Refused);
    case recovery::RebuildEnd::BadContent: break;
  }
  co_return static_cast<int>(ExitCode::ProblemsFound);
}

}  // namespace

void register_rebuild(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "rebuild",
      "The content back into Redis where most of it is lost: in place, what is right stays, and a\n"
      "run that was cut is gone on with by the next one\n"
      "Example: redkeep rebuild examples/site");
  const auto flags = std::make_shared<RebuildFlags>();
  add_content_argument(*command, line.flags);
  add_data_flag(*command, line.flags);
  add_connection_flags(*command, line.flags);
  command->add_flag("--from-scratch", flags->from_scratch,
                    "Remove the whole graph first (never caches, queues or others' keys)");
  command->add_flag("--despite-journal", flags->despite_journal, kDespiteJournalHelp);
  command->add_flag("--yes", flags->yes, "Do not ask before --from-scratch");
  command->add_option("--save-to", flags->save_to,
                      "Where the directory of overwritten rows is made (default: here)");
  command->add_option("--wait", flags->wait,
                      "How long to wait for room when Redis is out of memory (default: 5m)");
  command->add_flag("--json", flags->json, "One JSON object instead of text");
  command->callback([&line, flags] {
    line.action = [&line, flags] {
      const auto settings = start(line.flags);
      if (!settings) return fail(settings.error());
      const bool by_journal = means_data_directory(*settings, line.flags);
      const auto directory = by_journal ? std::string{} : content_directory(*settings);
      if (!directory) return fail(directory.error());
      const auto wait = sizes::parse_duration(flags->wait);
      if (!wait) return fail(within("--wait", wait.error()));
      if (const Status sure = confirm(*flags, *settings, by_journal); !sure)
        return fail(sure.error());
      return run_to_end([&](asio::io_context&, std::stop_token stop) {
        return run_rebuild(*settings, *flags, *wait, *directory, stop);
      });
    };
  });
}

}  // namespace redkeep::app
