#pragma once
// What a thorough count knows of a class beside its keys and bytes. Pure.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "error/error.h"

namespace redkeep::census {

/// Keys by what is left of their TTL.
struct TtlHistogram {
  struct Bucket {
    std::chrono::milliseconds up_to;  ///< Inclusive; the last bucket's has no end.
    std::string_view name;            ///< "1m": in tables and JSON.
  };
  static constexpr std::array<Bucket, 7> kBuckets{{{std::chrono::minutes{1}, "1m"},
                                                   {std::chrono::minutes{5}, "5m"},
                                                   {std::chrono::minutes{15}, "15m"},
                                                   {std::chrono::hours{1}, "1h"},
                                                   {std::chrono::hours{24}, "1d"},
                                                   {std::chrono::hours{24 * 7}, "7d"},
                                                   {std::chrono::milliseconds::max(), "longer"}}};

  std::int64_t without = 0;  ///< Keys that have no TTL.
  std::array<std::int64_t, kBuckets.size()> keys{};
  std::chrono::milliseconds longest{0};

  void add(std::optional<std::chrono::milliseconds> left) {
    if (!left) {
      ++without;
      return;
    }
    longest = std::max(longest, *left);
    std::size_t bucket = 0;
    while (*left > kBuckets[bucket].up_to) ++bucket;
    ++keys[bucket];
  }
  std::int64_t with() const {
    std::int64_t sum = 0;
    for (const auto count : keys) sum += count;
    return sum;
  }
  std::int64_t counted() const { return with() + without; }
};

struct ClassDetail {
  std::int64_t sized_keys = 0;  ///< That had a size when they were asked for it.
  std::int64_t bytes = 0;       ///< Of these.
  std::int64_t largest_bytes = 0;
  std::string largest_key;  ///< As it may be shown (see printable), cut.
  TtlHistogram ttl;

  void add_size(std::int64_t size, std::string_view key) {
    ++sized_keys;
    bytes += size;
    if (size <= largest_bytes) return;
    largest_bytes = size;
    largest_key = printable(key);
  }
};

}  // namespace redkeep::census
