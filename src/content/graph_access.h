#pragma once
// What the stores of the content graph share: the client, the key schema, and the way in which a
// change is made: read, prepare, apply if nothing has changed since, otherwise from the start.
#include <functional>
#include <memory>

#include "content/atomic_step.h"
#include "content/stored_records.h"
#include "keys/key_schema.h"
#include "redis/client.h"

namespace redkeep::content {

class GraphAccess {
 public:
  GraphAccess(std::shared_ptr<redis::Client> client, keys::KeySchema schema);
  GraphAccess(const GraphAccess&) = delete;
  GraphAccess& operator=(const GraphAccess&) = delete;

  const keys::KeySchema& schema() const { return schema_; }
  const Ask& ask() const { return ask_; }

  /// Applies what `prepare` makes of the state that it reads. Fails as `prepare` does, or with
  /// ServerBusy if others kept changing the same records.
  redis::awaitable<Status> change(std::function<redis::awaitable<Result<AtomicStep>>()> prepare);

  /// SMEMBERS.
  redis::awaitable<Result<std::vector<std::string>>> members(std::string key);

 private:
  std::shared_ptr<redis::Client> client_;
  keys::KeySchema schema_;
  Ask ask_;
};

}  // namespace redkeep::content
