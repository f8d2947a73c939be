#pragma once
// A value as 64 bits, the same whatever the order of its fields or members: what a whole content is
// compared by. Two values that differ have the same digest with a chance of 2^-64. Pure.
#include <xxhash.h>

#include <cstdint>
#include <string_view>

#include "keys/fingerprint_set.h"

namespace redkeep::recovery {

/// A digest of a string.
inline std::uint64_t string_digest(std::string_view value) {
  constexpr std::uint64_t kString = 1;  // so that it is no member's
  return XXH3_64bits_withSeed(value.data(), value.size(), kString);
}

/// One field of a hash; the digest of the hash is the sum of its fields'.
inline std::uint64_t field_digest(std::string_view name, std::string_view value) {
  return XXH3_64bits_withSeed(value.data(), value.size(), keys::fingerprint(name));
}

/// One member of a set; the digest of the set is the sum of its members'.
inline std::uint64_t member_digest(std::string_view member) {
  constexpr std::uint64_t kMember = 2;
  return XXH3_64bits_withSeed(member.data(), member.size(), kMember);
}

}  // namespace redkeep::recovery
