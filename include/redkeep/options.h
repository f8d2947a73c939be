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
  /// One total deadline per exchange, not per read: a server that drips bytes is not alive. Bulk
  /// work (load, export, verify, repair, rebuild) has longer ones of its own, of up to 30 s.
  std::chrono::milliseconds deadline{5000};
  std::chrono::milliseconds connect_deadline{3000};
};

/// What becomes of the search index when the server is still critical with nothing left to shed.
enum class IndexInEmergency {
  Keep,
  Drop,  ///< It is removed, and built again from the entities when there is room for it.
};

/// When to act. Percentages are of the limit, with
/// usage = (used_memory - mem_not_counted_for_evict) / limit.
struct PressureOptions {
  double start_shedding_pct = 85;  ///< The warning mark: expendable classes are shed from here on.
  double stop_shedding_pct = 80;   ///< Shedding ends here, and the warning level is left by it.
  double emergency_pct = 95;       ///< The critical mark: sessions too, then the content directory.
  double leave_emergency_pct = 90;  ///< Shedding of sessions ends here, and critical is left by it.
  std::chrono::milliseconds dwell{5000};        ///< The least time in a level before a lower one.
  std::chrono::milliseconds interval{1000};     ///< Between readings, when memory is calm.
  std::chrono::milliseconds min_interval{10};   ///< Between readings, when it fills fast.
  std::chrono::seconds restore_cool_down{300};  ///< Between two uses of the content directory.
  IndexInEmergency index_in_emergency = IndexInEmergency::Keep;  ///< Without it nothing is found.
  /// An alarm is raised when protected data, as it grows, reaches the limit within this time.
  std::chrono::seconds protected_full_within{7 * 86400};
  /// Used where the server has no `maxmemory`. 0: no limit is known, so nothing is shed.
  std::int64_t limit_bytes = 0;
};

/// Which keys of a class go first.
enum class Victims {
  Coldest,  ///< The least used for their size: by frequency or idle time, as the server keeps it.
  Soonest,  ///< Those that expire soonest.
};

/// How shedding is carried out.
struct ShedOptions {
  Victims victims = Victims::Coldest;
  /// Never more deletions than this in any minute, whatever the pressure. A flood at the full speed
  /// of one server makes about two million.
  std::int64_t most_keys_per_minute = 6'000'000;
};

/// How people are told. The log is always told.
struct AlertOptions {
  std::chrono::seconds every{60};  ///< At most one alert of a level and kind in this time.
  /// A crossing of a mark that shedding undoes within this time is no alert; 0: alert at once.
  std::chrono::milliseconds grace{5000};
  std::string webhook;  ///< http:// or https:// URL that alerts are posted to; empty: none.
  /// What is posted: Alertmanager's JSON (its /api/v2/alerts takes it) or one flat JSON object.
  enum class Form { Alertmanager, Plain };
  Form webhook_form = Form::Alertmanager;
  /// A program that is started for each alert, which gets it as JSON on its input; empty: none.
  std::string command;
};

/// What a guard does about keys that are not as their class promises (see docs/doctor.md).
struct DriftOptions {
  enum class Background {
    Fix,   ///< Mends what can be mended, each only if it is still so, and alarms.
    Look,  ///< Alarms only.
    Off,
  };
  Background background = Background::Fix;
  /// Between two audits, at least. An audit reads every key of the classes, in a few percent of the
  /// time; more often than this, drift hardly adds up to anything.
  std::chrono::seconds every{600};
};

/// What a guard does when the server has lost its content graph (flushed, or begun empty), or some
/// of it.
enum class WhenLost {
  Restore,  ///< Writes it back from the content directory, and alarms.
  Alarm,    ///< Alarms only.
};

/// When a line of the journal counts as stored.
enum class Durability {
  Fsync,  ///< When it is on the disk: it outlives a power loss.
  Os,     ///< When the kernel has it: it outlives this process, and not the machine. Faster.
};

/// How protected stores are made recoverable (see redkeep/memory_manager.h).
struct JournalOptions {
  Durability durability = Durability::Fsync;
  /// A daemon that owns the data directory writes a checkpoint when the last one is so old, or the
  /// journal so large, and there is something newer in it.
  std::chrono::seconds checkpoint_every{86400};
  std::int64_t checkpoint_bytes = std::int64_t{64} << 20;
};

struct Options {
  EndpointOptions endpoint;
  PressureOptions pressure;
  ShedOptions shed;
  AlertOptions alerts;
  JournalOptions journal;
  DriftOptions drift;
  std::string prefix = "reed:";  ///< Put in front of every key, once.
  std::vector<KeyClass> classes = default_key_classes();
  /// The content directory (entities.csv, associations.csv): what a rebuild reads. May be empty.
  std::string content_directory;
  WhenLost when_lost = WhenLost::Restore;
  /// How often a guard looks for keys of the content that are missing, and what it does then. 0:
  /// never.
  std::chrono::seconds verify_every{3600};
  WhenLost when_missing = WhenLost::Alarm;
  /// What is ours: the ledger, bounded, and a MemoryManager's journal, with a lock that lets one
  /// process own it. Empty: the ledger is in memory only, and there is no journal.
  std::string data_directory;
};

}  // namespace redkeep
