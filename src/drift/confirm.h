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

/// Adds one command. With `fix`, what is mendable is mended if it is still so.
void add_confirmation(const Suspicion& suspicion, const keys::KeySchema& schema, bool fix,
                      redis::CommandBuffer& commands);

enum class Confirmed { NotSo, Found, Mended };
/// Of a key that has another type by now nothing is known: NotSo. Fails where scripts are refused.
Result<Confirmed> read_confirmation(const Suspicion& suspicion, bool fix,
                                    const redis::Reply& reply);

}  // namespace redkeep::drift
