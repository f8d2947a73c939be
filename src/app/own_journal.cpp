#include "app/own_journal.h"

#include <boost/asio/this_coro.hpp>
#include <filesystem>

#include "error/error.h"
#include "redis/pause.h"

namespace redkeep::app {
namespace {

constexpr std::chrono::milliseconds kPoll{50};

}  // namespace

boost::asio::awaitable<Status> bring_forward(recovery::GraphWriter& writer, std::stop_token stop,
                                             recovery::ShowProgress progress) {
  while (writer.is_in_use() && !writer.is_current()) {
    if (stop.stop_requested()) co_return make_error(ErrorKind::Interrupted, "stopped on request");
    if (const auto& why = writer.held_up_by()) co_return *why;
    if (progress) progress({"bringing Redis forward by the journal"});
    co_await redis::pause_for(kPoll);
  }
  co_return Status{};
}

boost::asio::awaitable<Result<std::shared_ptr<recovery::JournalOwner>>> own_journal(
    const Options& options, std::stop_token stop, recovery::ShowProgress progress) {
  std::error_code failure;
  if (!std::filesystem::is_directory(options.data_directory, failure)) {
    co_return make_error(ErrorKind::InvalidInput, "there is no data directory {}",
                         printable(options.data_directory));
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  auto owner = recovery::JournalOwner::open(executor, options, {});
  if (!owner) co_return owner.error();
  (*owner)->start();
  const Status current =
      co_await bring_forward((*owner)->writer(), std::move(stop), std::move(progress));
  if (current) co_return std::move(*owner);
  (*owner)->close();
  co_return current.error();
}

}  // namespace redkeep::app
