#include "app/own_journal.h"

#include <spdlog/spdlog.h>

#include <boost/asio/this_coro.hpp>
#include <filesystem>

#include "error/error.h"
#include "redis/info_when_loaded.h"
#include "redis/pause.h"

namespace redkeep::app {
namespace {

constexpr std::chrono::milliseconds kPoll{50};

// A server that is reading its data is waited for. Whatever else is wrong with it, the journal's
// writer says.
boost::asio::awaitable<void> wait_until_loaded(EndpointOptions endpoint, std::stop_token stop,
                                               recovery::ShowProgress progress) {
  const auto connection = co_await redis::Connection::open(std::move(endpoint));
  if (!connection) co_return;
  const auto waiting = recovery::told_in_words(progress);
  const auto loaded = co_await redis::info_when_loaded(**connection, std::move(stop), waiting);
  if (!loaded) spdlog::debug("{}", loaded.error().message);
}

}  // namespace

boost::asio::awaitable<Status> bring_forward(recovery::GraphWriter& writer, std::stop_token stop,
                                             recovery::ShowProgress progress) {
  while (writer.is_in_use() && !writer.is_current()) {
    if (stop.stop_requested()) co_return interrupted();
    if (const auto& why = writer.held_up_by()) co_return *why;
    if (progress) progress({"bringing Redis forward by the journal"});
    co_await redis::pause_for(kPoll);
  }
  co_return Status{};
}

Status require_data_directory(const Options& options) {
  std::error_code failure;
  if (std::filesystem::is_directory(options.data_directory, failure)) return {};
  return make_error(ErrorKind::InvalidInput, "there is no data directory {}",
                    printable(options.data_directory));
}

boost::asio::awaitable<Result<std::shared_ptr<recovery::JournalOwner>>> own_journal(
    const Options& options, std::stop_token stop, recovery::ShowProgress progress) {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto owner = recovery::JournalOwner::open(executor, options, {});
  if (!owner) co_return owner.error();
  co_await wait_until_loaded(options.endpoint, stop, progress);
  (*owner)->start();
  const Status current =
      co_await bring_forward((*owner)->writer(), std::move(stop), std::move(progress));
  if (current) co_return std::move(*owner);
  (*owner)->close();
  co_return current.error();
}

}  // namespace redkeep::app
