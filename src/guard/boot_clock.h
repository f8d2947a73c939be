#pragma once
// A clock that goes on while the machine is suspended (CLOCK_BOOTTIME, clock_gettime(2)).
// std::chrono::steady_clock does not on Linux: a guard that wakes up after a night would take a
// lease of yesterday for a second old.
#include <time.h>

#include <chrono>

namespace redkeep::guard {

struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return time_point{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}};
  }
};

using BootTime = BootClock::time_point;

}  // namespace redkeep::guard
