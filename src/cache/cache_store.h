#pragma once
// Cache entries: strings with the TTL of their class.
#include <memory>
#include <optional>
#include <string>

#include "keys/class_table.h"
#include "redis/client.h"

namespace redkeep::cache {

class CacheStore {
 public:
  /// `table` must outlive it.
  CacheStore(std::shared_ptr<redis::Client> client, const keys::ClassTable& table)
      : client_(std::move(client)), table_(table) {}

  /// Writes the value with its class's TTL. Fails with InvalidInput if the key is of no evictable
  /// class, since it would then never go.
  redis::awaitable<Status> store(std::string key, std::string value);

  /// Nothing if it is not there.
  redis::awaitable<Result<std::optional<std::string>>> get(std::string key);

  redis::awaitable<Status> remove(std::string key);

 private:
  std::shared_ptr<redis::Client> client_;
  const keys::ClassTable& table_;
};

}  // namespace redkeep::cache
