#pragma once
// The key `guard:level`, by which a running guard tells everybody how things stand, and the channel
// of the same name. The key has no TTL (`volatile-ttl` evicts the shortest TTL first) and carries
// the server's time instead, so that a guard that is gone is recognised.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/client.h"
#include "redkeep/statistics.h"

namespace redkeep::keys {

/// Older than this, the guard that wrote it is taken as gone. Guards write every kLevelEvery.
inline constexpr std::chrono::milliseconds kLevelGoodFor{10'000};
inline constexpr std::chrono::milliseconds kLevelEvery{2'000};

struct PublishedLevel {
  PressureLevel level = PressureLevel::Normal;
  std::chrono::milliseconds server_time{0};  ///< Since 1970, by the server's clock.
  bool shedding_keeps_up = true;             ///< What flows in is shed as fast.
  /// Kinds of the alarms that are open with the guard; nothing where it does not say.
  std::optional<std::vector<std::string>> alarms = {};
};

/// No more of them are written, nor longer ones read.
inline constexpr std::size_t kMostAlarms = 24;

/// "warning keeps-up 1732390000123" or "critical behind alarms=critical,restore 1732390000123": the
/// level, whether shedding keeps up, the open alarms where they are known, and the server's time in
/// milliseconds. Pure.
std::string print_level(const PublishedLevel& published);
/// The first word is the level and the last one the time. Guards of other versions say more or less
/// between them: what is not known is passed over, and what is not said to be behind keeps up.
std::optional<PublishedLevel> parse_level(std::string_view text);

/// The reply of TIME, in milliseconds.
std::optional<std::chrono::milliseconds> parse_server_time(const redis::Reply& reply);

/// How old the level is that the key holds, out of the replies to GET and TIME of one exchange.
struct LevelReading {
  PublishedLevel published;
  std::chrono::milliseconds age{0};  ///< Never below zero.
};
/// Nothing where there is no guard, or one that is gone. Also nothing for a stamp that lies as far
/// in the future: the server's clock was set back, and who wrote it would be believed for ever.
std::optional<LevelReading> read_level(const redis::Reply& text, const redis::Reply& time);

/// The level of a guard that is alive; nothing if there is none.
redis::awaitable<Result<std::optional<PublishedLevel>>> ask_level(
    std::shared_ptr<redis::Client> client, std::string key);

}  // namespace redkeep::keys
