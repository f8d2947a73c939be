// redkeep doctor: what is wrong with a server, and the commands that mend it. Changes nothing.
#include <fmt/format.h>

#include <algorithm>

#include "app/command_line.h"
#include "app/examination.h"
#include "app/exit_code.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

// Who asks at 3 a.m. does not wait for a server that does not answer.
constexpr std::chrono::milliseconds kMostPatience{1500};

asio::awaitable<int> run_doctor(const Settings& settings, bool json) {
  const auto executor = co_await asio::this_coro::executor;
  const Options& options = settings.options;
  const auto table = keys::ClassTable::compile(options.prefix, options.classes);
  if (!table) co_return fail(table.error());
  EndpointOptions endpoint = options.endpoint;
  endpoint.deadline = std::min(endpoint.deadline, kMostPatience);
  endpoint.connect_deadline = std::min(endpoint.connect_deadline, kMostPatience);
  const auto client = redis::Client::create(executor, endpoint);
  const auto found = co_await examine(client, *table, options);
  client->close();
  if (!found) co_return fail(found.error());
  const DoctorReport report = found->report(settings);
  fmt::print("{}", json ? doctor_json(report) + '\n' : describe_doctor(report));
  co_return doctor::has_problems(found->findings) ? static_cast<int>(ExitCode::ProblemsFound) : 0;
}

}  // namespace

void register_doctor(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "doctor",
      "What is wrong with a server: limit, eviction policy, keys, memory, persistence, replicas,\n"
      "permissions and version, each with the command that mends it. Changes nothing, takes less\n"
      "than 2 seconds; ends with 1 if anything is wrong\n"
      "Example: redkeep doctor --url redis://10.0.0.7:6379/0");
  const auto json = std::make_shared<bool>(false);
  add_connection_flags(*command, line.flags);
  command->add_flag("--json", *json, "One JSON object instead of text");
  run_with_settings(line, *command, [json](const Settings& settings, std::stop_token) {
    return run_doctor(settings, *json);
  });
}

}  // namespace redkeep::app
