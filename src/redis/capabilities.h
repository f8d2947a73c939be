#pragma once
// What this server can do and permits, found by trying; to be asked again on every new connection
// (Client::generation), because settings are per server and not replicated.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "redis/client.h"
#include "redis/server_info.h"

namespace redkeep::redis {

struct Capabilities {
  bool pexpire_xx = false;  ///< PEXPIRE knows XX (Redis 7.0 and later).
  /// Why nothing can be deleted here, as a sentence: a replica, or a permission that is missing.
  /// Empty: as far as was asked, it can.
  std::string cannot_shed;
  /// Why the server takes no writes for now (NOREPLICAS, MISCONF and the like), as a sentence; it
  /// may take them again at any time. Empty: it takes them.
  std::string writes_refused;
  bool memory_usage = false;         ///< MEMORY USAGE is permitted.
  bool config_get = false;           ///< CONFIG GET is permitted.
  bool frees_in_background = false;  ///< lazyfree-lazy-expire is on.
  bool object_use = false;           ///< OBJECT FREQ and OBJECT IDLETIME are permitted.
  double lfu_log_factor = 10;        ///< As set; Redis's default where it cannot be read.
  bool is_replica = false;
  std::string product;          ///< "Redis 7.0.15".
  std::string run_id;           ///< Changes when the server restarts.
  std::string eviction_policy;  ///< Empty: unknown.
  /// What is missing and what follows from it, one sentence each, for the operator.
  std::vector<std::string> limitations;
  /// Settings of the server that the probe changed, one sentence each.
  std::vector<std::string> changes;
};

/// Whether the probe may change the server's settings.
enum class ServerSettings { LeaveAlone, MayChange };

/// Tries everything in two round trips. `probe_key` is a key that does not exist. With MayChange
/// and where needed, turns lazyfree-lazy-expire on, so that shedding a big collection does not
/// stall the server (measured: a set of a million members, 195 ms). Fails with ServerBusy while the
/// server is loading or runs a long script: nothing can be told then. A server that refuses writes
/// alone is read all the same.
awaitable<Result<Capabilities>> probe_capabilities(std::shared_ptr<Client> client,
                                                   std::string probe_key, ServerSettings settings);

/// noeviction and volatile-* never evict a key without a TTL; everything else may.
bool is_safe_policy(std::string_view policy);

}  // namespace redkeep::redis
