#include "pressure/memory_reading.h"

#include "error/error.h"

namespace redkeep::pressure {

Result<MemoryReading> read_memory(const redis::ServerInfo& info,
                                  std::int64_t configured_limit_bytes, int database) {
  if (const Status loaded = redis::require_loaded(info); !loaded) return loaded.error();
  const auto used = info.count("used_memory");
  if (!used) return make_error(ErrorKind::Protocol, "INFO has no used_memory");

  MemoryReading reading;
  reading.used_bytes = *used - info.count("mem_not_counted_for_evict").value_or(0);
  reading.limit_bytes = info.count("maxmemory").value_or(0);
  if (reading.limit_bytes == 0) reading.limit_bytes = configured_limit_bytes;
  if (reading.limit_bytes == 0) {
    reading.derived_limit_bytes = info.count("total_system_memory").value_or(0);
  }
  reading.resident_bytes = info.count("used_memory_rss").value_or(0);
  reading.lazyfree_pending = info.count("lazyfree_pending_objects").value_or(0);
  reading.evicted_keys = info.count("evicted_keys").value_or(0);
  reading.expired_keys = info.count("expired_keys").value_or(0);
  reading.eviction_policy = info.text("maxmemory_policy").value_or("");
  reading.run_id = info.text("run_id").value_or("");
  reading.is_replica = info.text("role").value_or("master") != "master";
  reading.keyspace = redis::keyspace_counts(info, database);
  reading.persistence = read_persistence(info);
  return reading;
}

}  // namespace redkeep::pressure
