#pragma once
// The search index in an emergency: dropped where that is configured, built again when there is
// room for it. A mark (`guard:index`, no TTL) says that it was dropped, for the next guard.
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "guard/lease.h"
#include "guard/ledger.h"
#include "guard/side_work.h"
#include "keys/key_schema.h"
#include "pressure/pressure_gauge.h"
#include "recovery/load/index_room.h"
#include "redis/client.h"
#include "redkeep/options.h"

namespace redkeep::guard {

class IndexKeeper {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// All that is referred to must outlive it.
  IndexKeeper(boost::asio::any_io_executor executor, std::shared_ptr<redis::Client> client,
              const Options& options, Lease& lease, Ledger& ledger);

  /// True if the index was dropped now. Once only, until it is built again.
  redis::awaitable<bool> make_room(std::int64_t used_bytes, std::stop_token stop);

  /// Once a tick that is not blind: begins to build it again, beside the ticks, when as much as it
  /// took is free below the stop mark.
  redis::awaitable<void> look(const pressure::Pressure& pressure, std::stop_token stop);

  /// After the guard was asked to stop: waits for the end of what was begun.
  redis::awaitable<void> end();

 private:
  using Outcome = Result<recovery::IndexOutcome>;

  redis::awaitable<Outcome> build(std::stop_token stop);
  redis::awaitable<void> take_outcome();
  redis::awaitable<void> read_mark();
  redis::awaitable<Status> write_mark(std::int64_t bytes);
  redis::awaitable<std::int64_t> used_bytes_settled();
  void note(std::string outcome, std::string reason, std::int64_t keys, std::int64_t bytes);

  std::shared_ptr<redis::Client> client_;
  const Options& options_;
  Lease& lease_;
  Ledger& ledger_;
  std::string mark_;
  std::uint64_t read_on_ = 0;                  // the connection over which the mark was read
  std::optional<std::int64_t> dropped_bytes_;  // what it took; nothing while it is there
  TimePoint not_before_{};                     // the next attempt to build it
  SideWork<Outcome> build_;
};

}  // namespace redkeep::guard
