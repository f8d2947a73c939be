#pragma once
// Takes a census by sample, a doctor's look and a plan now and then, beside the guard, so that
// whoever watches it by HTTP never makes anybody look at the server.
#include <chrono>
#include <memory>
#include <stop_token>

#include "app/inspections.h"
#include "app/settings.h"
#include "guard/snapshot.h"
#include "keys/class_table.h"
#include "redis/client.h"

namespace redkeep::app {

class InspectionKeeper {
 public:
  /// `table`, `snapshot` and `inspections` must outlive it. It has a connection of its own, so that
  /// no reading of the guard waits behind a sample.
  InspectionKeeper(boost::asio::any_io_executor executor, Settings settings,
                   const keys::ClassTable& table, const guard::Snapshot& snapshot,
                   Inspections& inspections);

  /// Every Inspections::every, and not more often than keeps it below a hundredth of a core of the
  /// server, until asked to stop. Nothing where that is 0. Not while it is critical or blind. What
  /// fails is tried again later, and what was found before stays.
  boost::asio::awaitable<void> run(std::stop_token stop);

 private:
  boost::asio::awaitable<Status> take_census(std::stop_token stop);
  boost::asio::awaitable<Status> ask_doctor();
  boost::asio::awaitable<Status> make_plan(std::stop_token stop);
  boost::asio::awaitable<std::chrono::steady_clock::duration> look(std::stop_token stop);
  bool is_calm() const;

  boost::asio::any_io_executor executor_;
  Settings settings_;
  const keys::ClassTable& table_;
  const guard::Snapshot& snapshot_;
  Inspections& inspections_;
  std::shared_ptr<redis::Client> client_;
};

}  // namespace redkeep::app
