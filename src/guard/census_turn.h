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

inline constexpr std::int64_t kGoodPart = 20;  ///< Of a limit.

/// True if usage has moved by the limit's `part`th part.
inline bool has_moved(std::int64_t used_then_bytes, std::int64_t used_now_bytes,
                      std::int64_t limit_bytes, std::int64_t part = kGoodPart) {
  const auto moved = used_now_bytes > used_then_bytes ? used_now_bytes - used_then_bytes
                                                      : used_then_bytes - used_now_bytes;
  const auto measure = limit_bytes > 0 ? limit_bytes : used_then_bytes;
  return moved > 0 && moved >= measure / part;
}

/// A count rests for a minute, and longer where the server would be asked for more than a
/// thousandth of the time; a fiftieth where something has moved since (a hundredth of the limit, or
/// what was shed), and before there are two counts, which a growth is told from. Sooner, but for no
/// more than a twentieth of the time, it comes after usage has moved by a twentieth of the limit,
/// and after the guard has shed something and is done with that: a trim, a relief, an emergency.
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
    due_at_rest_ = ++counts_ < kCountsOfAGrowth ? due_ : now + at_least(kRest, kCalmFactor * busy);
    due_early_ = now + at_least(kShortRest, kShortRestFactor * busy);
  }

  /// It was not; it is tried again soon.
  void failed(TimePoint now) { due_ = due_early_ = due_at_rest_ = now + kRetryAfter; }

  /// To be asked some times a second.
  bool is_due(const CensusGround& ground, TimePoint now) {
    if (ground.shed_keys != seen_shed_keys_) {
      seen_shed_keys_ = ground.shed_keys;
      last_shed_ = now;
    }
    // A count that began before the first reading: memory is what it was then.
    if (counted_ && counted_->used_bytes == 0) counted_->used_bytes = ground.used_bytes;
    if (now >= due_at_rest_ || (now >= due_ && !is_at_rest(ground))) return true;
    if (now < due_early_ || !counted_) return false;
    const bool has_shed = last_shed_ && now - *last_shed_ >= kQuietAfterShed;
    return has_shed || has_moved(counted_->used_bytes, ground.used_bytes, ground.limit_bytes);
  }

 private:
  using Duration = TimePoint::duration;

  bool is_at_rest(const CensusGround& ground) const {
    return counted_ && ground.shed_keys == counted_->shed_keys &&
           !has_moved(counted_->used_bytes, ground.used_bytes, ground.limit_bytes, kSmallPart);
  }

  static constexpr std::int64_t kSmallPart = 100;  // of the limit
  static constexpr int kCalmFactor = 1000;
  static constexpr int kCountsOfAGrowth = 2;

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
  int counts_ = 0;
  TimePoint due_{};
  TimePoint due_at_rest_{};
  TimePoint due_early_{};
};

}  // namespace redkeep::guard
