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

/// What a server says to a command that it does not have.
enum class Unknown { IsRefusal, IsFine };

struct Probe {
  std::string feature;  ///< What needs it: see Refusal.
  std::string command;  ///< As ACL SETUSER takes it.
  std::vector<std::string> words;
  Unknown unknown = Unknown::IsRefusal;
};

/// The feature of what only the doctor's own commands take; no finding is made of it.
inline constexpr std::string_view kMending = "mending";

/// In the order in which they are best sent.
std::vector<Probe> feature_probes(const keys::KeySchema& schema);

/// Those that have an effect, to be sent between MULTI and DISCARD only: a server judges permission
/// when it queues a command, and then drops it. Who may not MULTI would carry them out.
std::vector<Probe> queued_probes(const keys::KeySchema& schema);

/// Where MULTI itself is refused they cannot be asked, and are granted with it: what is told after
/// each grant anew is granted by nobody.
std::vector<Refusal> refused_with_multi(const std::vector<Probe>& queued, const Refusal& multi);

/// Nothing where the server carried it out, or did not for a reason that is no permission (a
/// replica takes no writes, a full server no new ones).
std::optional<Refusal> refusal_in(const Probe& probe, const redis::Reply& reply);

}  // namespace redkeep::doctor
