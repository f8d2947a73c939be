#pragma once
// The key families of an unknown application, as patterns, found in a sample of its keys. The rules
// are told in docs/census.md. Pure.
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace redkeep::discover {

/// What is known of one key of a sample.
struct KeyFact {
  std::string key;   ///< The first kMostKeyBytes of it are enough.
  std::string type;  ///< "string", "hash", ...
  std::int64_t bytes = 0;
  std::optional<std::chrono::milliseconds> ttl;  ///< What is left of it; nothing: it has none.
  std::uint32_t page = 0;                        ///< See census::SampledKey.
};

/// Patterns of classes (see redkeep/key_class.h), without a prefix, most frequent first. Keys that
/// have no beginning in common with others match none of them; one of at least `large_bytes` has
/// its own name as a pattern then.
std::vector<std::string> find_patterns(
    const std::vector<KeyFact>& keys,
    std::int64_t large_bytes = std::numeric_limits<std::int64_t>::max());

}  // namespace redkeep::discover
