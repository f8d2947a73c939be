#include "app/graph_changes.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMostChangesUnderWay = 64;

}  // namespace

void ChangeTally::note_failure(std::string name, Error reason) {
  ++failed;
  if (first_failures.size() < kMostFailuresKept) {
    first_failures.push_back({std::move(name), std::move(reason)});
  }
}

GraphChanges::GraphChanges(asio::any_io_executor executor, Refusals refusals)
    : executor_(executor),
      refusals_(refusals),
      one_ended_(executor, asio::steady_timer::time_point::max()) {}

asio::awaitable<bool> GraphChanges::begin(std::string name, Change change) {
  while (numbers_.size() >= kMostChangesUnderWay || names_.contains(name)) {
    co_await wait_for_one();
  }
  if (tally_.stopped_by) co_return false;
  const std::int64_t number = ++last_number_;
  numbers_.emplace(number, name);
  names_.insert(name);
  asio::co_spawn(executor_, carry_out(number, std::move(name), std::move(change)),
                 [](const std::exception_ptr& failure) {
                   if (failure) std::rethrow_exception(failure);
                 });
  co_return true;
}

asio::awaitable<void> GraphChanges::finish() {
  while (!numbers_.empty()) co_await wait_for_one();
}

asio::awaitable<void> GraphChanges::wait_for_one() {
  co_await one_ended_.async_wait(asio::as_tuple(asio::use_awaitable));
}

// Without a journal those that are under way are applied in any order: one that contradicts what is
// there may do so only because one before it is not done yet (the other gives a name away).
asio::awaitable<void> GraphChanges::carry_out(std::int64_t number, std::string name,
                                              Change change) {
  auto outcome = co_await change();
  if (!outcome && is_of_record(outcome.error()) && has_earlier(number)) {
    while (has_earlier(number)) co_await wait_for_one();
    outcome = co_await change();
  }
  take(name, outcome);
  numbers_.erase(number);
  names_.erase(name);
  one_ended_.cancel();
}

bool GraphChanges::is_of_record(const Error& error) const {
  switch (error.kind) {
    case ErrorKind::InvalidInput:
    case ErrorKind::NotFound:
    case ErrorKind::Conflict: return true;
    case ErrorKind::Refused: return refusals_ == Refusals::OfRecords;
    default: return false;
  }
}

void GraphChanges::take(const std::string& name, const Result<StoreOutcome>& outcome) {
  if (outcome) {
    ++(*outcome == StoreOutcome::Applied ? tally_.applied : tally_.journaled);
  } else if (is_of_record(outcome.error())) {
    tally_.note_failure(name, outcome.error());
  } else {
    ++tally_.unanswered;
    if (!tally_.stopped_by) tally_.stopped_by = outcome.error();
  }
}

}  // namespace redkeep::app
