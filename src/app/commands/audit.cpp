// redkeep audit [--fix]: keys that are not as their class promises, and references to what is not
// there.
#include "drift/audit.h"

#include <fmt/format.h>

#include "app/audit_report.h"
#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/progress_line.h"
#include "redis/stop_patience.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct AuditFlags {
  bool fix = false;
  bool json = false;
};

asio::awaitable<int> run_audit(const Settings& settings, const AuditFlags& flags,
                               std::stop_token stop) {
  const auto table = keys::ClassTable::compile(settings.options.prefix, settings.options.classes);
  if (!table) co_return fail(table.error());
  const auto begun = std::chrono::steady_clock::now();
  const auto executor = co_await asio::this_coro::executor;
  const auto client = redis::Client::create(executor, settings.options.endpoint);
  const redis::StopPatience patience(executor, stop, [client] { client->close(); });
  ProgressLine progress("keys");
  const std::function<void(const drift::AuditProgress&)> show =
      [&](const drift::AuditProgress& at) { progress.show(at.doing, at.keys, -1); };
  drift::AuditOptions options;
  options.fix = flags.fix;
  const auto outcome = co_await drift::audit(client, *table, options, stop, show);
  progress.clear();
  client->close();
  if (!outcome) co_return fail(outcome.error());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  fmt::print("{}", flags.json ? audit_json(*outcome, settings, took) + '\n'
                              : describe_audit(*outcome, flags.fix, settings, took));
  co_return outcome->is_clean() ? 0 : static_cast<int>(ExitCode::ProblemsFound);
}

}  // namespace

void register_audit(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "audit",
      "Find drift: protected keys with a TTL, evictable keys without one, keys of the wrong type,\n"
      "and references of the content graph to what is not there; ends with 1 if anything is left.\n"
      "Keys of no class are not touched\n"
      "Example: redkeep audit --fix");
  const auto flags = std::make_shared<AuditFlags>();
  add_connection_flags(*command, line.flags);
  command->add_flag("--fix", flags->fix,
                    "Mend it: PERSIST, the class's TTL, what is dead taken out; each only if it is "
                    "still so at that moment");
  command->add_flag("--json", flags->json, "One JSON object instead of text");
  run_with_settings(line, *command, [flags](const Settings& settings, std::stop_token stop) {
    return run_audit(settings, *flags, std::move(stop));
  });
}

}  // namespace redkeep::app
