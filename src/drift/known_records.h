#pragma once
// Which records of the graph a server holds, by their keys alone: 16 to 32 bytes a key. Pure.
#include <string_view>

#include "drift/class_rules.h"
#include "keys/fingerprint_set.h"
#include "keys/key_schema.h"

namespace redkeep::drift {

class KnownRecords {
 public:
  explicit KnownRecords(std::size_t most_bytes = static_cast<std::size_t>(-1))
      : most_bytes_(most_bytes) {}

  /// A key of a class with this role, as SCAN named it.
  /// Those beyond `most_bytes` are not kept.
  void add(Role role, std::string_view key, std::size_t prefix_bytes) {
    if (role != Role::Entity && role != Role::Association) return;
    if (keys_.bytes() + ids_.bytes() > most_bytes_) {
      is_complete_ = false;
      return;
    }
    keys_.insert(keys::fingerprint(key));
    if (role != Role::Entity) return;
    const auto rest = key_rest(key, prefix_bytes);
    ids_.insert(keys::fingerprint(rest.substr(rest.find(':') + 1)));
  }

  /// An entity of any type.
  bool has_id(std::string_view id) const { return ids_.contains(keys::fingerprint(id)); }
  /// entity:{type}:{id} or assoc:{path}.
  bool has_key(std::string_view key) const { return keys_.contains(keys::fingerprint(key)); }
  std::size_t entities() const { return ids_.size(); }
  /// False if there were more than could be kept: then nothing can be said to be missing.
  bool is_complete() const { return is_complete_; }

 private:
  std::size_t most_bytes_;
  bool is_complete_ = true;
  keys::FingerprintSet keys_;
  keys::FingerprintSet ids_;
};

}  // namespace redkeep::drift
