#pragma once
// Cache entries: strings with the TTL of their class, or what the pressure on the server leaves of
// it.
#include <memory>
#include <optional>
#include <string>

#include "cache/pressure_signal.h"
#include "keys/class_table.h"
#include "redis/client.h"
#include "redis/make_room.h"
#include "redkeep/cache_outcome.h"

namespace redkeep::cache {

class CacheStore {
 public:
  /// `table` must outlive it. `level_key` is the guard's; `make_room` is for what outlives pages.
  CacheStore(std::shared_ptr<redis::Client> client, const keys::ClassTable& table,
             std::string level_key, redis::MakeRoom make_room)
      : client_(std::move(client)),
        table_(table),
        signal_(std::move(level_key)),
        make_room_(std::move(make_room)) {}

  /// Writes the value with its class's TTL, or as the guard's level wants it (PressureSignal). A
  /// server without memory is an outcome, not an error: an entry that is shed at warning is
  /// skipped; for others, such as sessions, room is made first and the write tried once more. Fails
  /// with InvalidInput if the key is of no evictable class, since it would then never go.
  redis::awaitable<Result<CacheOutcome>> store(std::string key, std::string value);

  /// Nothing if it is not there.
  redis::awaitable<Result<std::optional<std::string>>> get(std::string key);

  redis::awaitable<Status> remove(std::string key);

 private:
  redis::awaitable<Status> write(const std::string& key, const std::string& value,
                                 const CacheWrite& how);

  std::shared_ptr<redis::Client> client_;
  const keys::ClassTable& table_;
  PressureSignal signal_;
  redis::MakeRoom make_room_;
};

}  // namespace redkeep::cache
