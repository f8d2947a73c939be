#pragma once
// A suspicion is looked at again and, where that is asked for, mended in the same step: the server
// carries out a script as a whole, so nothing is removed that has become right meanwhile. Pure; the
// command goes over any connection.
#include "drift/drift.h"
#include "drift/references.h"
#include "redis/command_buffer.h"
#include "redis/reply.h"

namespace redkeep::drift {

DriftKind kind_of(Link link);

enum class Look {
  AndMend,   ///< What is mendable is mended if it is still so (EVAL).
  Only,      ///< EVAL.
  ReadOnly,  ///< EVAL_RO (Redis 7.0), which more users may run.
};

/// Adds one command.
void add_confirmation(const Suspicion& suspicion, const keys::KeySchema& schema, Look look,
                      redis::CommandBuffer& commands);

enum class Confirmed {
  NotSo,    ///< Also of a key that has another type by now.
  Refused,  ///< The server does not carry out the script, for this user or at all.
  Found,
  Mended,
};
Result<Confirmed> read_confirmation(const Suspicion& suspicion, Look look,
                                    const redis::Reply& reply);

}  // namespace redkeep::drift
