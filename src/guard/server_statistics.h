#pragma once
// Everything about one server at this moment: memory, level, and keys and bytes by class.
#include <functional>
#include <memory>
#include <stop_token>

#include "census/census.h"
#include "keys/class_table.h"
#include "redis/client.h"
#include "redkeep/options.h"
#include "redkeep/statistics.h"

namespace redkeep::guard {

/// Reads only. The level is that of the guard that runs on this server; where there is none, what
/// one reading means (Statistics::level_from_guard tells). Bytes are left out where the server does
/// not permit MEMORY USAGE. `options` and `table` must outlive the call.
redis::awaitable<Result<Statistics>> take_statistics(std::shared_ptr<redis::Client> client,
                                                     const keys::ClassTable& table,
                                                     const Options& options,
                                                     census::CensusOptions census_options,
                                                     std::stop_token stop,
                                                     std::function<void(std::int64_t)> progress);

/// The same around a census that has been taken: memory, level, forecast and the server's own
/// counters are of now. `options` must outlive the call.
redis::awaitable<Result<Statistics>> statistics_around(std::shared_ptr<redis::Client> client,
                                                       const Options& options,
                                                       std::vector<ClassUse> classes,
                                                       std::int64_t unclassified_keys);

}  // namespace redkeep::guard
