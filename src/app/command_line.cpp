#include "app/command_line.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/algorithm/string/replace.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "app/endpoint_url.h"
#include "app/exit_code.h"
#include "app/print_error.h"
#include "app/run_command_line.h"
#include "error/error.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

// So that `ps` does not show it for as long as we run.
void wipe_passwords(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    for (const char& secret : password_in(argv[i])) const_cast<char&>(secret) = '*';
  }
}

// What the parser found wrong, as one sentence that says what to do. Arguments may be quoted in it:
// neither a password nor a control character among them may reach the terminal or a log.
void print_wrong_usage(const CLI::App& parser, std::string message, int argc, char** argv) {
  const auto chosen = parser.get_subcommands();
  if (chosen.empty()) {
    std::vector<std::string> names;
    for (const auto* command : parser.get_subcommands({})) names.push_back(command->get_name());
    message = fmt::format("{} one of the commands {}",
                          argc < 2 ? std::string("give") : fmt::format("{} is not", argv[1]),
                          fmt::join(names, ", "));
  }
  for (int i = 1; i < argc; ++i) {
    const std::string secret(password_in(argv[i]));
    if (!secret.empty()) boost::algorithm::replace_all(message, secret, "***");
  }
  print_error("redkeep: {}: see redkeep {}--help\n", printable(message, 500),
              chosen.empty() ? "" : chosen.front()->get_name() + " ");
}

void set_up_log(const std::string& level) {
  auto logger = spdlog::get("redkeep");
  if (!logger) logger = spdlog::stderr_color_mt("redkeep");
  spdlog::set_default_logger(logger);
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  spdlog::set_level(spdlog::level::from_str(level));
}

// Waits for signals for as long as the main coroutine runs.
class StopOnSignal {
 public:
  explicit StopOnSignal(asio::io_context& context) : signals_(context, SIGINT, SIGTERM) {
    // A terminal that was closed; under nohup it is ignored, and stays so.
    struct sigaction hang_up {};
    const bool is_ignored =
        ::sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler == SIG_IGN;
    if (!is_ignored) signals_.add(SIGHUP);
    wait();
  }
  std::stop_token token() const { return source_.get_token(); }
  void end() { signals_.cancel(); }

 private:
  void wait() {
    signals_.async_wait([this](const boost::system::error_code& code, int) {
      if (code) return;
      if (source_.stop_requested()) std::_Exit(130);  // asked twice: at once
      source_.request_stop();
      wait();
    });
  }

  std::stop_source source_;
  asio::signal_set signals_;
};

}  // namespace

void add_connection_flags(CLI::App& command, ConnectionFlags& flags) {
  command.add_option("--url", flags.url,
                     "Where Redis is: redis://[user@]host:port/db, rediss://... (TLS), "
                     "unix:///path (default: redis://127.0.0.1:6390/0)");
  command.add_option("--password-file", flags.password_file,
                     "File with the password in its first line (or set REDKEEP_PASSWORD)");
  command.add_option("--ca-file", flags.ca_file, "Certificate authorities for rediss:// (PEM)");
  command.add_option("--config", flags.config_file,
                     "Configuration (default: ./redkeep.toml, /etc/redkeep/redkeep.toml)");
  command.add_option("--prefix", flags.prefix, "Prefix of our keys (default: reed:)");
  command.add_option("--limit", flags.limit,
                     "Limit where the server has no maxmemory, such as 2GiB");
  command.add_option("--log-level", flags.log_level, "debug, info, warn or error");
}

Result<Settings> start(const ConnectionFlags& flags) {
  auto settings = load_settings(flags);
  if (!settings) return settings;
  set_up_log(settings->log_level);
  for (const auto& warning : settings->warnings) spdlog::warn("{}", warning);
  return settings;
}

int run_to_end(
    const std::function<asio::awaitable<int>(asio::io_context&, std::stop_token)>& main) {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context context(1);
  StopOnSignal stop(context);
  int exit_code = 0;
  asio::co_spawn(context, main(context, stop.token()),
                 [&](const std::exception_ptr& failure, int code) {
                   stop.end();
                   if (failure) std::rethrow_exception(failure);
                   exit_code = code;
                   context.stop();
                 });
  context.run();
  return exit_code;
}

void run_with_settings(
    CommandLine& line, CLI::App& command,
    std::function<boost::asio::awaitable<int>(const Settings&, std::stop_token)> main) {
  command.callback([&line, main = std::move(main)] {
    line.action = [&line, main] {
      const auto settings = start(line.flags);
      if (!settings) return fail(settings.error());
      return run_to_end([&](boost::asio::io_context&, std::stop_token stop) {
        return main(*settings, std::move(stop));
      });
    };
  });
}

namespace {

int parse_and_run(int argc, char** argv) {
  CommandLine line;
  line.parser.require_subcommand(1);
  line.parser.set_version_flag("--version", "redkeep " REDKEEP_VERSION);
  register_up(line);
  register_guard(line);
  register_load(line);
  register_export(line);
  register_store(line);
  register_remove(line);
  register_checkpoint(line);
  register_verify(line);
  register_repair(line);
  register_plan(line);
  register_rebuild(line);
  register_status(line);
  register_stats(line);
  register_discover(line);
  register_doctor(line);
  register_audit(line);
  register_top(line);
  register_shed(line);
  register_history(line);
  register_generate(line);
  register_check_config(line);
  try {
    line.parser.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    if (failure.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      return line.parser.exit(failure);  // --help or --version
    }
    print_wrong_usage(line.parser, failure.what(), argc, argv);
    wipe_passwords(argc, argv);
    return static_cast<int>(ExitCode::WrongUsage);
  }
  wipe_passwords(argc, argv);
  set_up_log("info");
  try {
    return line.action();
  } catch (const std::exception& failure) {
    // Nothing of ours throws: this is a library's way of saying that memory or a descriptor is out.
    return fail(Error{ErrorKind::Io, failure.what()});
  }
}

// A result that did not get to where it was to go is none.
int require_printed(int exit_code) {
  std::string why;
  if (std::fflush(stdout) != 0) {
    why = system_reason(errno);
  } else if (std::ferror(stdout) != 0) {
    why = "an earlier part of it was refused";
  }
  if (why.empty()) return exit_code;
  const int failed = fail(make_error(ErrorKind::Io, "the result could not be printed: {}", why));
  return exit_code != 0 ? exit_code : failed;
}

}  // namespace

int run_command_line(int argc, char** argv) { return require_printed(parse_and_run(argc, argv)); }

}  // namespace redkeep::app
