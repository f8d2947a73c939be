#pragma once
// The key `guard:level`, by which a running guard tells everybody how things stand. It has no TTL
// (`volatile-ttl` evicts the shortest TTL first) and carries the server's time instead, so that a
// guard that is gone is recognised.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "redis/client.h"
#include "redkeep/statistics.h"

namespace redkeep::guard {

/// Older than this, the guard that wrote it is taken as gone. Guards write every kLevelEvery.
inline constexpr std::chrono::milliseconds kLevelGoodFor{10'000};
inline constexpr std::chrono::milliseconds kLevelEvery{2'000};

struct PublishedLevel {
  PressureLevel level = PressureLevel::Normal;
  std::chrono::milliseconds server_time{0};  ///< Since 1970, by the server's clock.
};

/// "warning 1732390000123": level, and the server's time in milliseconds. Pure.
std::string print_level(const PublishedLevel& published);
std::optional<PublishedLevel> parse_level(std::string_view text);

/// The reply of TIME, in milliseconds.
std::optional<std::chrono::milliseconds> parse_server_time(const redis::Reply& reply);

/// The level of a guard that is alive; nothing if there is none.
redis::awaitable<Result<std::optional<PressureLevel>>> read_level(
    std::shared_ptr<redis::Client> client, std::string key);

}  // namespace redkeep::guard
