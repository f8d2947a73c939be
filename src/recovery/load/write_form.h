#pragma once
// Which form of commands a server takes in bulk writes.
#include "keys/key_schema.h"
#include "recovery/load/graph_batch.h"
#include "redis/connection.h"

namespace redkeep::recovery {

/// RESTORE of a value of our own making, on a key of our own (guard:probe), and away with it again.
redis::awaitable<Result<WriteForm>> probe_write_form(redis::Connection& connection,
                                                     const keys::KeySchema& schema);

}  // namespace redkeep::recovery
