#pragma once
// Room at once, for a program that needs it and has no guard at hand: reads the memory, plans as
// the guard would, and sheds.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "keys/class_table.h"
#include "redis/client.h"
#include "redkeep/options.h"
#include "redkeep/statistics.h"
#include "shed/shed_outcome.h"
#include "shed/shedder.h"

namespace redkeep::shed {

/// What a relief has come to.
struct Relieved {
  bool had_to_shed = false;  ///< Otherwise usage was below the marks, and nothing was done.
  ShedOutcome outcome;
  MemoryUse memory;  ///< Afterwards.
};

class Relief {
 public:
  /// `table` and `options` must outlive it.
  Relief(std::shared_ptr<redis::Client> client, const keys::ClassTable& table,
         const Options& options)
      : client_(client),
        table_(table),
        options_(options),
        shedder_(std::move(client), table, options.shed) {}

  /// At most one is under way: who asks meanwhile waits for it and gets what it came to. Fails if
  /// the server cannot be asked or the connection breaks.
  redis::awaitable<Result<Relieved>> run();

  /// The same for a write that was refused for want of memory (redis::MakeRoom). After a round in
  /// which nothing was found that may go it rests, so that a program whose every write is refused
  /// does not have the server walk its keyspace for each of them.
  redis::awaitable<std::string> make_room();

 private:
  struct UnderWay;
  class EndsIt;
  redis::awaitable<Result<Relieved>> relieve();
  redis::awaitable<Status> meet_server();

  std::shared_ptr<redis::Client> client_;
  const keys::ClassTable& table_;
  const Options& options_;
  Shedder shedder_;
  std::uint64_t met_generation_ = 0;  // of the connection whose capabilities are known
  std::shared_ptr<UnderWay> under_way_;
  std::optional<std::chrono::steady_clock::time_point> rests_until_;
};

}  // namespace redkeep::shed
