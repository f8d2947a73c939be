#pragma once
// Never more than so many deletions in any minute, whatever goes wrong. Pure: time is an argument.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <numeric>

namespace redkeep::shed {

class DeletionBudget {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit DeletionBudget(std::int64_t most_per_minute) : most_(most_per_minute) {}

  /// How many may still go now.
  std::int64_t left(TimePoint now) {
    forget_before(now);
    return std::max<std::int64_t>(
        0, most_ - std::accumulate(seconds_.begin(), seconds_.end(), std::int64_t{0}));
  }

  void spend(std::int64_t keys, TimePoint now) {
    forget_before(now);
    seconds_[slot(second_)] += keys;
  }

 private:
  static constexpr std::int64_t kSlots = 61;  // the running second, and a whole minute before it

  static std::size_t slot(std::int64_t second) {
    return static_cast<std::size_t>(((second % kSlots) + kSlots) % kSlots);
  }

  void forget_before(TimePoint now) {
    const auto second =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    if (second - second_ >= kSlots) seconds_.fill(0);
    for (std::int64_t s = std::max(second_ + 1, second - kSlots + 1); s <= second; ++s) {
      seconds_[slot(s)] = 0;
    }
    second_ = std::max(second_, second);
  }

  std::int64_t most_;
  std::int64_t second_ = 0;
  std::array<std::int64_t, kSlots> seconds_{};
};

}  // namespace redkeep::shed
