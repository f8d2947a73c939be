#pragma once
// When the guard counts the classes anew. Pure: time is an argument.
#include <chrono>
#include <cstdint>
#include <optional>

namespace redkeep::guard {

/// What makes a count an old one: memory, and what the guard itself has shed.
struct CensusGround {
  std::int64_t used_bytes = 0;
  std::int64_t limit_bytes = 0;  ///< 0: none known.
  std::int64_t shed_keys = 0;    ///< In all.
};

/// True if usage has moved by so much that what was counted before says little of it.
inline bool has_moved(std::int64_t used_then_bytes, std::int64_t used_now_bytes,
                      std::int64_t limit_bytes) {
  constexpr std::int64_t kGoodPart = 20;  // of the limit
  const auto moved = used_now_bytes > used_then_bytes ? used_now_bytes - used_then_bytes
                                                      : used_then_bytes - used_now_bytes;
  const auto measure = limit_bytes > 0 ? limit_bytes : used_then_bytes;
  return moved > 0 && moved >= measure / kGoodPart;
}

/// A count rests for a minute, and longer where the server would be asked for more than a fiftieth
/// of the time. Sooner, but for no more than a twentieth of the time, it comes after usage has
/// moved by a twentieth of the limit, and after the guard has shed something and is done with that:
/// a trim, a relief, an emergency.
class CensusTurn {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// A count begins. What happens from here on may not be in it.
  void begin(const CensusGround& ground) { begun_ = ground; }

  /// It was complete; `busy` is the time for which the server was asked, without the pauses
  /// between.
  void counted(std::chrono::microseconds busy, TimePoint now) {
    counted_ = begun_;
    seen_shed_keys_ = begun_->shed_keys;
    last_shed_.reset();
    due_ = now + at_least(kRest, kRestFactor * busy);
    due_early_ = now + at_least(kShortRest, kShortRestFactor * busy);
  }

  /// It was not; it is tried again soon.
  void failed(TimePoint now) { due_ = due_early_ = now + kRetryAfter; }

  /// To be asked some times a second.
  bool is_due(const CensusGround& ground, TimePoint now) {
    if (ground.shed_keys != seen_shed_keys_) {
      seen_shed_keys_ = ground.shed_keys;
      last_shed_ = now;
    }
    // A count that began before the first reading: memory is what it was then.
    if (counted_ && counted_->used_bytes == 0) counted_->used_bytes = ground.used_bytes;
    if (now >= due_) return true;
    if (now < due_early_ || !counted_) return false;
    const bool has_shed = last_shed_ && now - *last_shed_ >= kQuietAfterShed;
    return has_shed || has_moved(counted_->used_bytes, ground.used_bytes, ground.limit_bytes);
  }

 private:
  using Duration = TimePoint::duration;

  static constexpr std::chrono::seconds kRest{60};
  static constexpr int kRestFactor = 50;
  static constexpr std::chrono::seconds kShortRest{5};
  static constexpr int kShortRestFactor = 20;
  static constexpr std::chrono::seconds kRetryAfter{10};
  // A cache that is held at its mark sheds all the time: that alone is no reason to count.
  static constexpr std::chrono::seconds kQuietAfterShed{2};

  static Duration at_least(Duration least, Duration other) { return least > other ? least : other; }

  std::optional<CensusGround> begun_;
  std::optional<CensusGround> counted_;
  std::int64_t seen_shed_keys_ = 0;
  std::optional<TimePoint> last_shed_;
  TimePoint due_{};
  TimePoint due_early_{};
};

}  // namespace redkeep::guard
