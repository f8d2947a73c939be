#include "app/change_access.h"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>

#include "app/own_journal.h"
#include "app/print_error.h"
#include "error/error.h"

namespace redkeep::app {
namespace {

// Where another process owns the directory, or Redis is away, it is not for us to do; what else is
// wrong the manager says.
boost::asio::awaitable<Status> bring_forward_if_unowned(const Options& options,
                                                        std::stop_token stop) {
  RecoveryProgress progress;
  const auto owner = co_await own_journal(options, stop, progress.show());
  if (owner) {
    (*owner)->close();
  } else if (owner.error().kind == ErrorKind::Interrupted) {
    co_return owner.error();
  }
  co_return Status{};
}

boost::asio::awaitable<Status> require_no_journal(const Options& options) {
  const auto connection = co_await redis::Connection::open(options.endpoint);
  if (!connection) co_return connection.error();
  const keys::KeySchema schema(options.prefix);
  const auto position = co_await recovery::ask_position(**connection, schema);
  if (!position) co_return position.error();
  if (position->value_or(0) == 0) co_return Status{};
  co_return make_error(ErrorKind::Refused,
                       "a journal is in use here (Redis has it up to position {}), and would know "
                       "nothing of this: name its data directory (--data), or say "
                       "--despite-journal",
                       **position);
}

}  // namespace

boost::asio::awaitable<Result<std::unique_ptr<MemoryManager>>> open_for_changes(
    const Options& options, bool despite_journal, std::stop_token stop) {
  Status ready;
  if (!options.data_directory.empty()) {
    ready = co_await bring_forward_if_unowned(options, stop);
  } else {
    if (!despite_journal) ready = co_await require_no_journal(options);
    if (ready) {
      print_error(
          "redkeep: no data directory (--data), so without a journal: what is acknowledged "
          "is worth what Redis's own persistence is\n");
    }
  }
  if (!ready) co_return ready.error();
  const auto executor = co_await boost::asio::this_coro::executor;
  co_return MemoryManager::create(executor, options);
}

void add_change_flags(CLI::App& command, CommandLine& line, ChangeFlags& flags) {
  command.add_option("--data", line.flags.data,
                     "The data directory whose journal it goes through, by its owner if there is "
                     "one (default: as configured)");
  command.add_flag("--despite-journal", flags.despite_journal,
                   "Without a data directory: change Redis although a journal is in use, which "
                   "knows nothing of it and may undo it");
  command.add_flag("--json", flags.json, "One JSON object instead of text");
}

}  // namespace redkeep::app
