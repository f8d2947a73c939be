#include "pressure/persistence.h"

namespace redkeep::pressure {

Persistence read_persistence(const redis::ServerInfo& info) {
  const auto went_well = [&](std::string_view field) {
    return info.text(field).value_or("ok") == "ok";
  };
  Persistence persistence;
  persistence.snapshots = went_well("rdb_last_bgsave_status");
  persistence.unsaved_changes = info.count("rdb_changes_since_last_save").value_or(0);
  if (info.count("aof_enabled").value_or(0) == 0) return persistence;
  persistence.appends = went_well("aof_last_write_status");
  persistence.rewrites = went_well("aof_last_bgrewrite_status");
  return persistence;
}

}  // namespace redkeep::pressure
