#pragma once
// When to go round the keyspace again after a round that took all that may go and did not suffice.
// A round costs the server the whole SCAN, and with more protected data than the mark allows it
// would be made for every page that comes in. Pure: time is an argument.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "pressure/pressure_gauge.h"
#include "shed/shed_outcome.h"

namespace redkeep::guard {

class SweepGate {
 public:
  using TimePoint = pressure::TimePoint;

  /// To be told of every reading.
  void see(const pressure::MemoryReading& reading) {
    if (last_) last_->fewest_came = std::min(last_->fewest_came, came(reading));
  }

  /// False while another round is not worth it: the level has not risen since the last one, and no
  /// key with a TTL has come, or so few that memory has grown by less than a hundredth of the
  /// limit. In the latter case one is made after a second all the same, but rounds never take more
  /// than a tenth of the time; in any case, one is made after a minute.
  bool may_sweep(const pressure::Pressure& pressure, TimePoint now) const {
    if (!last_ || pressure.level > last_->level) return true;
    const auto age = now - last_->ended;
    if (age >= kAnyway) return true;
    if (came(pressure.reading) <= last_->fewest_came) return false;
    const auto grown_bytes = pressure.reading.used_bytes - last_->used_after_bytes;
    return grown_bytes >= pressure.reading.limit_bytes / 100 ||
           age >= std::max<TimePoint::duration>(kLeastRest, kRestFactor * last_->took);
  }

  /// What a round that was planned has come to.
  void note(const pressure::Pressure& pressure, const shed::ShedOutcome& outcome, TimePoint now) {
    last_.reset();
    if (outcome.end != shed::ShedEnd::NothingLeft) return;
    last_ = Round{pressure.level, came(pressure.reading) - outcome.keys(), outcome.used_after_bytes,
                  now, outcome.took};
  }

  /// The last round that was planned has left nothing that may go at its level.
  bool took_all() const { return last_.has_value(); }

 private:
  static constexpr int kRestFactor = 9;
  static constexpr std::chrono::seconds kLeastRest{1};
  static constexpr std::chrono::minutes kAnyway{1};

  // Keys with a TTL that have come in all, but for those that somebody deleted: the number that is
  // there hides those that came in the place of others.
  static std::int64_t came(const pressure::MemoryReading& reading) {
    return reading.keyspace.with_ttl + reading.expired_keys + reading.evicted_keys;
  }

  struct Round {
    PressureLevel level;
    std::int64_t fewest_came;  // as read since then
    std::int64_t used_after_bytes;
    TimePoint ended;
    std::chrono::milliseconds took;
  };
  std::optional<Round> last_;  // that took all; nothing if the last one did not
};

}  // namespace redkeep::guard
