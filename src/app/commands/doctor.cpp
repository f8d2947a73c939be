// redkeep doctor: what is wrong with a server, and the commands that mend it. Changes nothing.
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "app/command_line.h"
#include "app/doctor_report.h"
#include "app/exit_code.h"
#include "doctor/read_server.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

// Who asks at 3 a.m. does not wait for a server that does not answer.
constexpr std::chrono::milliseconds kMostPatience{1500};

asio::awaitable<int> run(const Settings& settings, bool json) {
  const auto executor = co_await asio::this_coro::executor;
  const Options& options = settings.options;
  const auto table = keys::ClassTable::compile(options.prefix, options.classes);
  if (!table) co_return fail(table.error());
  EndpointOptions endpoint = options.endpoint;
  endpoint.deadline = std::min(endpoint.deadline, kMostPatience);
  endpoint.connect_deadline = std::min(endpoint.connect_deadline, kMostPatience);
  const auto begun = std::chrono::steady_clock::now();
  const auto client = redis::Client::create(executor, endpoint);
  doctor::ReadOptions read;
  read.seed = std::random_device{}();
  keys::KeySchema schema(options.prefix);
  const auto reading = co_await doctor::read_server(client, *table, std::move(schema), read);
  client->close();
  if (!reading) co_return fail(reading.error());
  const doctor::JudgeOptions judging{options.pressure, options.prefix, endpoint.database};
  const auto findings = doctor::judge(*reading, *table, judging);
  const auto eviction =
      doctor::eviction_outlook(reading->info.text("maxmemory_policy").value_or(""), *table);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  const DoctorReport report{*reading, findings, eviction, settings, took};
  fmt::print("{}", json ? doctor_json(report) + '\n' : describe_doctor(report));
  co_return doctor::has_problems(findings) ? static_cast<int>(ExitCode::ProblemsFound) : 0;
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
    return run(settings, *json);
  });
}

}  // namespace redkeep::app
