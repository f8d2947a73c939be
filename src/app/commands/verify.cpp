// redkeep verify [DIR]: whether Redis holds what the content says. Changes nothing.
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/content_argument.h"
#include "app/exit_code.h"
#include "app/load_report.h"
#include "app/recovery_progress.h"
#include "app/verify_report.h"
#include "recovery/journal/present_content.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct VerifyFlags {
  bool json = false;
  bool keys_only = false;
};

// A content directory that is named alone is compared with as it is; a data directory knows what
// was stored since as well. Returns the name of what is compared with.
Result<std::string> choose_content(const Settings& settings, const ConnectionFlags& given,
                                   recovery::VerifyOptions& options) {
  if (!means_data_directory(settings, given)) {
    auto directory = content_directory(settings);
    if (directory) options.directory = *directory;
    return directory;
  }
  options.content_at =
      recovery::present_content_of(settings.options, recovery::WithoutBase::Refused);
  return settings.options.data_directory;
}

asio::awaitable<int> run_verify(const Settings& settings, const ConnectionFlags& given,
                                const VerifyFlags& flags, std::stop_token stop) {
  recovery::VerifyOptions options;
  const auto directory = choose_content(settings, given, options);
  if (!directory) co_return fail(directory.error());
  options.names_only = flags.keys_only;
  options.configured_limit_bytes = settings.options.pressure.limit_bytes;
  const auto begun = std::chrono::steady_clock::now();
  RecoveryProgress progress;
  const auto outcome = co_await recovery::verify(settings.options.endpoint, settings.options.prefix,
                                                 std::move(options), stop, progress.show());
  progress.clear();
  if (!outcome) co_return fail(outcome.error());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  print_problems(outcome->problems);
  if (flags.json) {
    fmt::print("{}\n", verify_json(*outcome, *directory, took));
  } else {
    fmt::print("{}", describe_verify(*outcome, *directory, settings, took));
  }
  co_return outcome->end == recovery::VerifyEnd::Clean ? 0
                                                       : static_cast<int>(ExitCode::ProblemsFound);
}

}  // namespace

void register_verify(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "verify",
      "Compare Redis with the content: what is missing, changed, orphaned, has a TTL or is of the\n"
      "wrong type. Changes nothing; ends with 1 if anything is\n"
      "Example: redkeep verify examples/site --json");
  const auto flags = std::make_shared<VerifyFlags>();
  add_content_argument(*command, line.flags);
  add_data_flag(*command, line.flags);
  add_connection_flags(*command, line.flags);
  command->add_flag("--keys-only", flags->keys_only,
                    "Only whether every key of the content is there, asked for by name: much "
                    "faster, however many other keys there are");
  command->add_flag("--json", flags->json, "One JSON object instead of text");
  run_with_settings(line, *command, [flags, &line](const Settings& settings, std::stop_token stop) {
    return run_verify(settings, line.flags, *flags, std::move(stop));
  });
}

}  // namespace redkeep::app
