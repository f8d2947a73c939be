#pragma once
// A random sample of the keyspace: short SCANs from random cursors, with what is to be known of
// each key. Reads only, and needs no key to be of ours.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "redis/client.h"

namespace redkeep::census {

struct SampleOptions {
  /// How many keys to look at, or a few more. 16,000 give shares of keys within 0.8 points. A
  /// server takes for each 1.5 us for its name (SCAN), and for those that more is asked of 1.3 to 3
  /// (MEMORY USAGE) and 0.5 (PTTL).
  std::size_t keys = 16'000;
  /// Of one key in so many, by chance, more is asked than the name; where all are looked at, of
  /// each. Names alone tell how many keys of a class there are, and cost least.
  std::uint64_t ask_one_in = 1;
  bool with_bytes = true;
  bool with_ttl = true;
  bool with_type = false;
  /// Where nothing else is wanted, whether to ask TYPE, which tells whether a key is still there;
  /// without it keys are taken as SCAN names them.
  bool with_presence = true;
  /// The part of the time that may be spent on it, 1 = without pauses.
  double duty = 1.0;
  /// Of the random cursors.
  std::uint64_t seed = 0;
};

struct SampledKey {
  std::string key;
  std::uint32_t page = 0;  ///< Keys of one page are neighbours in the server's table.
  std::int64_t bytes = 0;  ///< MEMORY USAGE; 0 where it was not asked for.
  /// What is left of its TTL; nothing: it has none, or it was not asked for.
  std::optional<std::chrono::milliseconds> ttl;
  std::string type;      ///< "string", "hash", ...; empty where it was not asked for.
  bool is_asked = true;  ///< False: it is one of those of which only the name is known.
};

struct SampleOutcome {
  std::int64_t sampled_keys = 0;
  std::int64_t population_keys = 0;  ///< Of the database, by the server's own counter.
  /// True where there were so few keys that all were looked at.
  bool is_whole = false;
  /// What all keys of the server can take at most, by its own counter; nothing where it tells none.
  std::optional<std::int64_t> most_bytes;
  std::chrono::microseconds longest_exchange{0};  ///< A pipeline of up to 1,000 commands.
  std::chrono::milliseconds took{0};
};

/// Each key is given to `sink` once, when all that was asked of it is known; one that went
/// meanwhile is left out. Where walking the database from end to end costs less than four times as
/// much as the sample, it is walked instead. `progress` is told the keys so far; may be empty.
redis::awaitable<Result<SampleOutcome>> take_sample(std::shared_ptr<redis::Client> client,
                                                    SampleOptions options,
                                                    std::function<void(SampledKey&&)> sink,
                                                    std::stop_token stop,
                                                    std::function<void(std::int64_t)> progress);

/// How many keys take_sample() looks at, or a few more, where there are so many: for its progress.
std::int64_t keys_to_look_at(const SampleOptions& options, std::int64_t population_keys);

/// What keys can take at most, out of the reply to MEMORY STATS: what the server has allocated,
/// less what it counts as overhead other than the keys' own entries. Nothing if it makes no sense.
/// Pure.
std::optional<std::int64_t> most_key_bytes(const redis::Reply& memory_stats);

}  // namespace redkeep::census
