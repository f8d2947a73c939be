#include "guard/census_keeper.h"

#include <spdlog/spdlog.h>

#include "census/census.h"
#include "guard/server_statistics.h"
#include "guard/stop_wake.h"

namespace redkeep::guard {
namespace {

using Clock = std::chrono::steady_clock;

// A tenth of the time while counting, so that nobody waits for it; CensusTurn says how long it
// rests.
constexpr double kCensusDuty = 0.1;
constexpr std::chrono::milliseconds kCensusLookEvery{500};
constexpr std::size_t kMostFingerprintBytes = std::size_t{64} << 20;

}  // namespace

CensusKeeper::CensusKeeper(boost::asio::any_io_executor executor, Options options,
                           const keys::ClassTable& table, Snapshot& snapshot)
    : executor_(executor),
      options_(std::move(options)),
      table_(table),
      snapshot_(snapshot),
      client_(redis::Client::create(executor, options_.endpoint)) {}

redis::awaitable<void> CensusKeeper::run(std::stop_token stop) {
  StopWake wake(executor_, stop, client_);
  while (!stop.stop_requested()) {
    if (turn_.is_due(ground(), Clock::now())) co_await count(stop);
    if (stop.stop_requested()) break;
    co_await wake.pause_for(kCensusLookEvery);
  }
  client_->close();
}

redis::awaitable<void> CensusKeeper::count(std::stop_token stop) {
  turn_.begin(ground());
  auto shed_before = snapshot_.shed;
  std::chrono::microseconds busy{0};
  const census::CensusOptions census_options{.page_keys = 200,
                                             .duty = kCensusDuty,
                                             .most_fingerprint_bytes = kMostFingerprintBytes,
                                             .busy = &busy};
  auto counted = co_await take_statistics(client_, table_, options_, census_options, stop, {});
  const auto now = Clock::now();
  if (!counted) {
    spdlog::debug("the census was not complete: {}", counted.error().message);
    turn_.failed(now);
    co_return;
  }
  snapshot_.census = std::move(*counted);
  snapshot_.census_time = now;
  snapshot_.shed_before_census = std::move(shed_before);
  turn_.counted(busy, now);
}

CensusGround CensusKeeper::ground() const {
  CensusGround ground{snapshot_.memory.used_bytes, snapshot_.memory.limit_bytes, 0};
  for (const auto& [name, totals] : snapshot_.shed) ground.shed_keys += totals.keys;
  return ground;
}

}  // namespace redkeep::guard
