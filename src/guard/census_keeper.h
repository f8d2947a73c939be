#pragma once
// Counts the classes in the background, so that dashboards and metrics never scan.
#include <memory>
#include <stop_token>

#include "guard/census_turn.h"
#include "guard/snapshot.h"
#include "keys/class_table.h"
#include "redis/client.h"
#include "redkeep/options.h"

namespace redkeep::guard {

class CensusKeeper {
 public:
  /// `table` and `snapshot` must outlive it. It has a connection of its own, so that no reading of
  /// the guard waits behind a page of the census.
  CensusKeeper(boost::asio::any_io_executor executor, Options options,
               const keys::ClassTable& table, Snapshot& snapshot);

  /// Counts until asked to stop, as often as CensusTurn says. A failed census is tried again.
  redis::awaitable<void> run(std::stop_token stop);

 private:
  redis::awaitable<void> count(std::stop_token stop);
  CensusGround ground() const;

  boost::asio::any_io_executor executor_;
  Options options_;
  const keys::ClassTable& table_;
  Snapshot& snapshot_;
  std::shared_ptr<redis::Client> client_;
  CensusTurn turn_;
};

}  // namespace redkeep::guard
