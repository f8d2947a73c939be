#include "pressure/persistence.h"

namespace redkeep::pressure {

namespace {

// A first file that failed leaves no base. One that was begun with an empty server has none either
// until its first rewrite, but then all that is in memory was written to it; what is written while
// a first one is tried counts as well, and is thrown away with it.
bool has_append_only_file(const redis::ServerInfo& info) {
  const auto base = info.count("aof_base_size");
  const auto size = info.count("aof_current_size");
  if (!base || !size || *base > 0) return true;
  constexpr std::int64_t kMemoryOfAWrittenByte = 20;
  return *size > 0 &&
         *size >= info.count("used_memory_dataset").value_or(0) / kMemoryOfAWrittenByte;
}

}  // namespace

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
  persistence.has_file = persistence.rewrites || has_append_only_file(info);
  return persistence;
}

}  // namespace redkeep::pressure
