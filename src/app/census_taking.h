#pragma once
// A census with its report around it: what is known of the server before, and what the census cost
// it. For `redkeep stats`, and for a guard in the background.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "app/census_report.h"
#include "census/sample.h"
#include "keys/class_table.h"
#include "redis/capabilities.h"
#include "redis/client.h"

namespace redkeep::app {

/// What is known of a server before anything is counted.
struct CensusGround {
  redis::Capabilities capabilities;
  bool may_ask_ttl = true;   ///< PTTL is permitted, for keys of ours at least.
  bool may_ask_type = true;  ///< TYPE is.
  std::int64_t keys = 0;
  census::CostReading cost;
};

/// Reads only. Fails as the client does, and where keys may not be counted.
boost::asio::awaitable<Result<CensusGround>> look_around(std::shared_ptr<redis::Client> client,
                                                         const Options& options);

/// The report with what there is beside the census: memory, level, forecast, and the cost since
/// `ground`.
boost::asio::awaitable<Result<CensusReport>> complete_report(
    std::shared_ptr<redis::Client> client, const Options& options, CensusGround ground,
    CensusReport report, std::vector<ClassUse> classes, std::int64_t unclassified_keys);

/// A whole report from a sample. What is refused (MEMORY USAGE, PTTL, TYPE) is left out: see
/// CensusReport. Fails as census::take_sample() does. `options` and `table` must outlive the call.
boost::asio::awaitable<Result<CensusReport>> take_sampled_report(
    std::shared_ptr<redis::Client> client, const Options& options, const keys::ClassTable& table,
    CensusGround ground, census::SampleOptions how, std::stop_token stop,
    std::function<void(std::int64_t)> progress);

}  // namespace redkeep::app
