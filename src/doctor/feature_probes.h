#pragma once
// What the user may do, found by harmless commands: they read keys that do not exist, or are such
// that a server that permits them changes nothing. Pure.
#include <optional>
#include <string>
#include <vector>

#include "doctor/server_reading.h"
#include "keys/key_schema.h"
#include "redis/reply.h"

namespace redkeep::doctor {

struct Probe {
  std::string feature;  ///< What needs it: see Refusal.
  std::string command;  ///< As ACL SETUSER takes it.
  std::vector<std::string> words;
};

/// In the order in which they are best sent.
std::vector<Probe> feature_probes(const keys::KeySchema& schema);

/// Nothing where the server carried it out, or did not for a reason that is no permission (a
/// replica takes no writes, a full server no new ones).
std::optional<Refusal> refusal_in(const Probe& probe, const redis::Reply& reply);

}  // namespace redkeep::doctor
