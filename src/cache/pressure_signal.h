#pragma once
// How cache writes follow the guard: what its key `guard:level` said last, and what that means for
// one write. Pure: time is an argument.
//
// The key is read along with the writes, at most once a second, in the exchange that they make
// anyway. A subscription to the channel would know of a change a second sooner, and would need a
// connection of its own, its reconnecting, and the key all the same, since a message that was
// missed is not sent again and a guard that is killed sends none. A program that writes no cache
// entries asks nothing and need not know.
#include <chrono>
#include <optional>
#include <string>

#include "keys/level_key.h"
#include "redis/command_buffer.h"
#include "redis/reply.h"
#include "redkeep/cache_outcome.h"
#include "redkeep/key_class.h"

namespace redkeep::cache {

/// How an entry is to be written.
struct CacheWrite {
  CacheOutcome outcome = CacheOutcome::Stored;
  std::chrono::seconds ttl{0};  ///< Nothing to be written where it is skipped.
};

class PressureSignal {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kAskEvery{1};

  /// `level_key` is the whole key.
  explicit PressureSignal(std::string level_key) : level_key_(std::move(level_key)) {}

  /// Adds the question to the commands if the last one is long enough ago, and returns whether it
  /// did: then the first two replies go to take().
  bool ask(redis::CommandBuffer& commands, TimePoint now);
  /// `asked` is when the question was added: a level is believed no longer than if it had been
  /// answered at once. Replies that make no sense, or none, mean that there is no guard.
  void take(const redis::Reply& text, const redis::Reply& time, TimePoint asked);

  /// Classes that are not shed at warning are always written in full. The others are skipped at
  /// critical, and while shedding does not keep up they get a quarter of their TTL, at least one
  /// second. Without a guard, or after it was silent for kLevelGoodFor, everything is written in
  /// full.
  CacheWrite judge(const KeyClass& key_class, TimePoint now) const;

 private:
  std::string level_key_;
  std::optional<TimePoint> asked_;
  std::optional<keys::PublishedLevel> level_;
  TimePoint good_until_{};
};

}  // namespace redkeep::cache
