#include "guard/census_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "census/census.h"
#include "guard/server_statistics.h"
#include "guard/stop_wake.h"

namespace redkeep::guard {
namespace {

using Clock = std::chrono::steady_clock;

// A tenth of the time while counting; then a rest, so that over a day the counting takes less than
// a thousandth of the server's time however large it is.
constexpr double kCensusDuty = 0.1;
constexpr int kCensusRestFactor = 100;
constexpr std::chrono::minutes kShortestRest{1};
constexpr std::chrono::seconds kRetryAfter{10};
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
  const census::CensusOptions census_options{
      .page_keys = 200, .duty = kCensusDuty, .most_fingerprint_bytes = kMostFingerprintBytes};
  while (!stop.stop_requested()) {
    const auto begun = Clock::now();
    auto counted = co_await take_statistics(client_, table_, options_, census_options, stop, {});
    const auto took = Clock::now() - begun;
    Clock::duration wait = kRetryAfter;
    if (counted) {
      snapshot_.census = std::move(*counted);
      snapshot_.census_time = Clock::now();
      wait = std::max<Clock::duration>(kShortestRest, took * kCensusRestFactor);
    } else {
      spdlog::debug("the census was not complete: {}", counted.error().message);
    }
    if (stop.stop_requested()) break;
    co_await wake.pause_for(wait);
  }
  client_->close();
}

}  // namespace redkeep::guard
