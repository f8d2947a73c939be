#pragma once
// A doctor's look at a server, from the first question to what is wrong: for `redkeep doctor`, and
// for a guard in the background.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "app/doctor_report.h"
#include "keys/class_table.h"
#include "redis/client.h"

namespace redkeep::app {

struct Examination {
  doctor::ServerReading reading;
  std::vector<doctor::Finding> findings;
  std::vector<doctor::ClassOutlook> eviction;
  std::chrono::milliseconds took{0};

  /// Refers to this object and to `settings`.
  DoctorReport report(const Settings& settings) const {
    return {reading, findings, eviction, settings, took};
  }
};

/// Changes nothing; fails as doctor::read_server() does. `table` and `options` must outlive the
/// call.
boost::asio::awaitable<Result<Examination>> examine(std::shared_ptr<redis::Client> client,
                                                    const keys::ClassTable& table,
                                                    const Options& options);

}  // namespace redkeep::app
