#pragma once
// Records as they are in Redis now, many at a time: what a merge, a restore and the library compare
// new ones with.
#include <functional>
#include <string>
#include <vector>

#include "keys/key_schema.h"
#include "redis/command_buffer.h"
#include "redis/connection.h"
#include "redis/reply.h"
#include "redkeep/records.h"

namespace redkeep::content {

/// One exchange with the server, over whichever connection the caller has.
using Ask =
    std::function<redis::awaitable<Result<std::vector<redis::Reply>>>(redis::CommandBuffer)>;

struct StoredEntity {
  Entity record;     ///< With an empty type and id where nothing is stored under the id.
  std::string path;  ///< Of the containment that it is the child of; empty: none.
  std::string
      version;  ///< The journal's position of its last store; empty: it was never journaled.

  /// Whether its hash is there. The type alone may be, after a load that was killed.
  bool has_hash() const { return !record.data.empty(); }
};

/// Which entity is asked for. `type` is where to look if Redis does not know the type of the id.
struct EntityName {
  std::string id;
  std::string type;
};

/// In the order of `names`. `ask` and `schema` must outlive the call. Fails if a key has another
/// type than it should (the message names it), or as `ask` does.
redis::awaitable<Result<std::vector<StoredEntity>>> read_entities(const Ask& ask,
                                                                  const keys::KeySchema& schema,
                                                                  std::vector<EntityName> names);

/// In the order of `paths`; one that is not there has its path and nothing else.
redis::awaitable<Result<std::vector<Association>>> read_associations(
    const Ask& ask, const keys::KeySchema& schema, std::vector<std::string> paths);

/// GET of many keys; an empty text where there is none.
redis::awaitable<Result<std::vector<std::string>>> read_strings(const Ask& ask,
                                                                std::vector<std::string> keys);

/// NotFound, with the id.
Error no_entity(std::string_view id);

/// The first error among the replies to `command`, if there is one.
Status first_error(const std::vector<redis::Reply>& replies, std::string_view command);

}  // namespace redkeep::content
