#pragma once
// What can be configured, with defaults and their reasons. Only the application reads TOML; the
// library takes these structs.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "redkeep/key_class.h"

namespace redkeep {

/// How to reach one Redis. Exactly one of `host` and `unix_path` is used.
struct EndpointOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string unix_path;  ///< When not empty, used instead of host and port.
  int database = 0;
  std::string user;
  std::string password;  ///< Never logged.
  bool tls = false;      ///< Certificate and host name are verified; SNI is sent.
  std::string ca_file;   ///< PEM file of certificate authorities; empty: the system's.
  /// One total deadline per exchange, not per read: a server that drips bytes is not alive.
  std::chrono::milliseconds deadline{5000};
  std::chrono::milliseconds connect_deadline{3000};
};

/// When to act. Percentages are of the limit, with
/// usage = (used_memory - mem_not_counted_for_evict) / limit.
struct PressureOptions {
  double start_shedding_pct = 85;  ///< The warning mark: expendable classes are shed from here on.
  double stop_shedding_pct = 80;   ///< Shedding ends and the warning level is left below this.
  double emergency_pct = 95;       ///< The critical mark: sessions too, then the content directory.
  double leave_emergency_pct = 90;  ///< Critical is left, and sessions are spared, below this.
  std::chrono::milliseconds dwell{5000};        ///< The least time in a level before a lower one.
  std::chrono::milliseconds interval{1000};     ///< Between readings, when memory is calm.
  std::chrono::milliseconds min_interval{10};   ///< Between readings, when it fills fast.
  std::chrono::seconds restore_cool_down{300};  ///< Between two uses of the content directory.
  std::chrono::seconds alert_every{60};         ///< At most one alert per level in this time.
  /// Used where the server has no `maxmemory`. 0: no limit is known, so nothing is shed.
  std::int64_t limit_bytes = 0;
};

struct Options {
  EndpointOptions endpoint;
  PressureOptions pressure;
  std::string prefix = "reed:";  ///< Put in front of every key, once.
  std::vector<KeyClass> classes = default_key_classes();
  /// The content directory (entities.csv, associations.csv): what a rebuild reads. May be empty.
  std::string content_directory;
};

}  // namespace redkeep
