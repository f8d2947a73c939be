#pragma once
// Whether the server can write to its disk, out of INFO. Pure.
#include <cstdint>

#include "redis/server_info.h"

namespace redkeep::pressure {

/// How the last write of each kind went; true too where the server does not say. Those of an
/// append-only file count only while it is on.
struct Persistence {
  bool appends = true;    ///< aof_last_write_status; false: writes are answered with MISCONF.
  bool rewrites = true;   ///< aof_last_bgrewrite_status.
  bool has_file = true;   ///< False: the append-only file is on, and its first one never came.
  bool snapshots = true;  ///< rdb_last_bgsave_status.
  std::int64_t unsaved_changes = 0;  ///< Since the last snapshot.
};

Persistence read_persistence(const redis::ServerInfo& info);

}  // namespace redkeep::pressure
