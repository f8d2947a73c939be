#pragma once
// A census by sample: keys and bytes by class as estimates, in a fraction of a second however large
// the server is.
#include "census/class_detail.h"
#include "census/estimate.h"
#include "census/sample.h"
#include "keys/class_table.h"
#include "redkeep/statistics.h"

namespace redkeep::census {

struct SampledCensus {
  SampleOutcome sample;
  /// Groups in the table's order, and the last one for keys of no class.
  SampleEstimate estimate;
  std::vector<ClassDetail> details;  ///< Of the sampled keys, in the same order.
  std::vector<ClassUse> classes;     ///< The estimates, rounded to whole numbers.
  std::int64_t unclassified_keys = 0;
};

/// Fails as take_sample() does. `table` must outlive the call.
redis::awaitable<Result<SampledCensus>> take_sampled_census(
    std::shared_ptr<redis::Client> client, const keys::ClassTable& table, SampleOptions options,
    std::stop_token stop, std::function<void(std::int64_t)> progress);

}  // namespace redkeep::census
