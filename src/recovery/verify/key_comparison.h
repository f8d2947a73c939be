#pragma once
// What is expected against what was seen, key by key. Pure.
#include <cstdint>
#include <vector>

#include "keys/fingerprint_set.h"
#include "recovery/verify/expected_keys.h"
#include "recovery/verify/graph_look.h"

namespace redkeep::recovery {

/// Fingerprints (see key_print) of the keys of each kind of damage. A key may be in `with_ttl`
/// beside another.
struct Damage {
  keys::FingerprintSet missing;
  keys::FingerprintSet changed;
  keys::FingerprintSet wrong_type;
  keys::FingerprintSet orphaned;  ///< There, of the graph's classes, and not of the content.
  keys::FingerprintSet with_ttl;

  bool any() const {
    return missing.size() + changed.size() + wrong_type.size() + orphaned.size() + with_ttl.size() >
           0;
  }
};

/// What a look at a server gave, 16 bytes a key, to be compared once the content is known too.
class SeenKeys {
 public:
  void add(const SeenKey& seen);

  struct Entry {
    std::uint64_t key;
    std::uint64_t digest;
  };
  const std::vector<Entry>& there() const { return there_; }
  const std::vector<std::uint64_t>& wrong_type() const { return wrong_type_; }
  const std::vector<std::uint64_t>& with_ttl() const { return with_ttl_; }

 private:
  std::vector<Entry> there_;
  std::vector<std::uint64_t> wrong_type_;
  std::vector<std::uint64_t> with_ttl_;
};

Damage compare(const ExpectedKeys& expected, const SeenKeys& seen);

}  // namespace redkeep::recovery
