#pragma once
// The pauses of work that may take only a part of the time.
#include <algorithm>
#include <chrono>
#include <stop_token>

#include "redis/connection.h"
#include "redis/pause.h"

namespace redkeep::census {

/// In small pieces: after a step that took long the rest is long too, and a stop does not wait for
/// it.
inline redis::awaitable<void> rest(std::chrono::duration<double> time, std::stop_token stop) {
  constexpr std::chrono::duration<double> kPiece{0.1};
  for (; time.count() > 0 && !stop.stop_requested(); time -= kPiece) {
    co_await redis::pause_for(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::min(time, kPiece)));
  }
}

}  // namespace redkeep::census
