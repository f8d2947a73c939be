#pragma once
// Everything that the doctor judges by, as it was read from one server. Any part may be missing:
// servers differ, and managed ones refuse much.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keys/class_table.h"
#include "redis/server_info.h"
#include "redkeep/forecast.h"

namespace redkeep::doctor {

struct SampledKey {
  std::string key;
  std::optional<keys::ClassIndex> class_index;  ///< Nothing: of no class.
  bool has_ttl = false;
  std::optional<std::int64_t> bytes;  ///< MEMORY USAGE; nothing where it is refused.
};

/// Keys from random places of the keyspace.
struct KeySample {
  std::vector<SampledKey> keys;  ///< Each once.
  bool is_whole = false;         ///< All keys of the database are in it.
};

/// A command that a feature needs and that the server would not carry out.
struct Refusal {
  enum class Kind {
    UnknownCommand,  ///< The server does not have it, or its operator took it away.
    Command,         ///< The user may not run it.
    Keys,            ///< The user may not touch such keys.
    Channel,         ///< The user may not publish there.
  };
  std::string feature;  ///< "shedding": the finding is "permission-shedding".
  std::string command;  ///< "memory|usage", as ACL SETUSER takes it.
  Kind kind = Kind::Command;
  std::string said;  ///< By the server; fit to be shown.
};

struct ServerReading {
  /// INFO. Empty where it was refused, or the server is busy with a script.
  redis::ServerInfo info;
  std::string info_refusal;  ///< Why INFO was refused; empty: it was not.
  bool is_busy = false;  ///< A script has been running for long, and only SCRIPT KILL is served.
  /// CONFIG GET; what is refused or unknown to the server is not in it.
  std::map<std::string, std::string, std::less<>> settings;
  std::string user = "default";
  /// Of a replica, how its link to the master stands, as ROLE has it: "connect", "connecting",
  /// "handshake", "sync", "connected". Empty where ROLE is refused, and of a master.
  std::string link_state;
  std::vector<Refusal> refusals;
  KeySample sample;
  std::optional<Forecast> forecast;  ///< Of a guard that is alive.
  bool is_guarded = false;           ///< A guard is alive.
  /// The directory whose load is under way or was cut.
  std::optional<std::string> load_mark;

  bool is_loading() const { return info.count("loading").value_or(0) == 1; }
  /// Nothing where it is not known.
  std::optional<std::string> setting(std::string_view name) const {
    const auto found = settings.find(name);
    return found == settings.end() ? std::nullopt : std::optional(found->second);
  }
};

}  // namespace redkeep::doctor
