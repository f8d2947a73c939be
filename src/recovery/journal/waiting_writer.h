#pragma once
// Who waits for a change: until it is stored, and then for Redis.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <optional>
#include <utility>

#include "redkeep/result.h"
#include "redkeep/store_outcome.h"

namespace redkeep::recovery {

struct WaitingWriter {
  explicit WaitingWriter(const boost::asio::any_io_executor& executor)
      : changed(executor, boost::asio::steady_timer::time_point::max()) {}

  void finish(Result<StoreOutcome> with) {
    result = std::move(with);
    changed.cancel();
  }

  std::int64_t position = 0;     // 0: not stored yet
  bool is_being_voided = false;  // then it is no longer Journaled, however long that takes
  std::optional<Result<StoreOutcome>> result;
  boost::asio::steady_timer changed;  // cancelled when one of the two is there
};

}  // namespace redkeep::recovery
