#pragma once
// How long something has taken, in all and since it was asked last.
#include <chrono>

namespace redkeep::shed {

class Stopwatch {
 public:
  using Clock = std::chrono::steady_clock;

  Clock::duration in_all() const { return Clock::now() - begun_; }

  /// Since the lap before; laps add up to no more than the whole.
  Clock::duration lap() {
    const auto before = lap_begun_;
    lap_begun_ = Clock::now();
    return lap_begun_ - before;
  }

 private:
  Clock::time_point begun_ = Clock::now();
  Clock::time_point lap_begun_ = begun_;
};

}  // namespace redkeep::shed
