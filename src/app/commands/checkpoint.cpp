// redkeep checkpoint: the content as it is now into the data directory, so that the journal before
// it can go.
#include <fmt/format.h>

#include <filesystem>

#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/own_journal.h"
#include "error/error.h"
#include "recovery/checkpoint/checkpoint_place.h"
#include "recovery/checkpoint/manifest.h"
#include "recovery/journal/change_client.h"
#include "recovery/journal/change_protocol.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

// What the daemon is given for it; a million entities take half a minute.
constexpr std::chrono::minutes kPatience{10};

int tell(const std::string& data_directory) {
  const std::string place =
      recovery::checkpoint_path(recovery::DataDirectory::checkpoint_of(data_directory));
  const auto manifest = recovery::read_manifest(place);
  if (!manifest) return fail(manifest.error());
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  for (const auto& file : manifest->files) {
    rows += file.rows;
    bytes += file.bytes;
  }
  fmt::print("{}, {} in {}, up to position {} of the journal\n",
             sizes::print_counted(rows, "record"), sizes::print_bytes(bytes), place,
             manifest->position.value_or(0));
  return 0;
}

asio::awaitable<Status> by_the_owner(const Options& options) {
  const auto executor = co_await asio::this_coro::executor;
  const auto owner =
      recovery::ChangeClient::create(executor, options.data_directory, options.prefix, kPatience);
  const Status written = co_await owner->write_checkpoint();
  owner->close();
  co_return written;
}

// No daemon runs: this process is the owner for as long as it takes.
asio::awaitable<Status> by_ourselves(const Options& options, std::stop_token stop) {
  RecoveryProgress progress;
  const auto owner = co_await own_journal(options, stop, progress.show());
  if (!owner) co_return owner.error();
  progress.show()({"writing the checkpoint"});
  const auto written = co_await (*owner)->checkpoint(stop);
  (*owner)->close();
  progress.clear();
  co_return written ? Status{} : Status{written.error()};
}

// A name that was mistyped must not become a directory somewhere.
Status require_parent_of_data(const std::string& data_directory) {
  std::error_code code;
  if (std::filesystem::exists(data_directory, code)) return {};
  auto place = std::filesystem::absolute(data_directory, code).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();
  if (std::filesystem::is_directory(place.parent_path(), code)) return {};
  return make_error(ErrorKind::InvalidInput,
                    "there is no data directory {}, and no directory {} to make it in",
                    printable(data_directory), printable(place.parent_path().string()));
}

bool has_journal(const std::string& data_directory) {
  const auto files = recovery::journal_files(recovery::DataDirectory::journal_of(data_directory));
  return !files || !files->empty();
}

asio::awaitable<int> run_checkpoint(const Options& options, std::stop_token stop) {
  const Status may_begin = require_parent_of_data(options.data_directory);
  if (!may_begin) co_return fail(may_begin.error());
  const bool is_new = !has_journal(options.data_directory);
  Status done = co_await by_ourselves(options, stop);
  const bool has_owner =
      !done && done.error().kind == ErrorKind::Refused &&
      std::filesystem::exists(recovery::change_socket_path(options.data_directory));
  if (has_owner) done = co_await by_the_owner(options);
  const bool is_begun = is_new && has_journal(options.data_directory);
  if (is_begun) {
    fmt::print(
        "{} had no journal: a new data directory was begun there; what other data "
        "directories have is not in it\n",
        printable(options.data_directory));
  }
  co_return done ? tell(options.data_directory) : fail(done.error());
}

}  // namespace

void register_checkpoint(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "checkpoint",
      "Write the content as it is now into the data directory, by the daemon if one runs. Begins "
      "a\n"
      "new data directory where there is none, and says so; its parent has to be there\n"
      "Example: redkeep checkpoint --data /var/lib/redkeep --url redis://127.0.0.1:6379");
  add_connection_flags(*command, line.flags);
  command->add_option("--data", line.flags.data, "The data directory (default: as configured)");
  command->callback([&line] {
    line.action = [&line] {
      const auto settings = start(line.flags);
      if (!settings) return fail(settings.error());
      if (settings->options.data_directory.empty()) {
        return fail(make_error(ErrorKind::InvalidInput,
                               "no data directory is configured: name one with --data"));
      }
      return run_to_end([&](asio::io_context&, std::stop_token stop) {
        return run_checkpoint(settings->options, stop);
      });
    };
  });
}

}  // namespace redkeep::app
