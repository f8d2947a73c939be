#pragma once
// The keys that a content stands for, each with the digest of its value: 16 bytes a key, so that a
// whole content can be compared in whatever order a server gives its keys. Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "content/graph_keys.h"
#include "recovery/verify/value_digest.h"

namespace redkeep::recovery {

class ExpectedKeys {
 public:
  // A sink of content::spread().
  void hash(std::string_view key, const content::HashFields& fields);
  void string(std::string_view key, std::string_view value);
  std::uint64_t member(std::string_view bytes) const { return member_digest(bytes); }
  void in_set(std::string_view key, std::uint64_t member);

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// The place of a key by its fingerprint; kNone if it is not expected. Places change with the
  /// next key that is added.
  std::size_t find(std::uint64_t key) const;
  /// Places run from 0 to slots(); those without a key have the key 0.
  std::size_t slots() const { return keys_.size(); }
  std::uint64_t key_at(std::size_t place) const { return keys_[place]; }
  std::uint64_t digest_at(std::size_t place) const { return digests_[place]; }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return keys_.size() * 2 * sizeof(std::uint64_t); }

 private:
  std::size_t place_for(std::uint64_t key) const;
  std::uint64_t& digest_of(std::string_view key);
  void grow();

  std::vector<std::uint64_t> keys_;  // a power of two, at most three quarters full; 0: free
  std::vector<std::uint64_t> digests_;
  std::size_t size_ = 0;
};

/// The fingerprint by which a key is found here: never 0.
inline std::uint64_t key_print(std::string_view key) {
  const auto print = keys::fingerprint(key);
  return print == 0 ? 1 : print;
}

}  // namespace redkeep::recovery
