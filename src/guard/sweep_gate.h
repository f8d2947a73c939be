#pragma once
// When to go round the keyspace again after a round in which nothing was found that may go. A round
// costs the server the whole SCAN, and with nothing but protected data above the mark it would be
// made on every tick. Pure: time is an argument.
#include <chrono>
#include <cstdint>
#include <optional>

#include "pressure/pressure_gauge.h"
#include "shed/shed_outcome.h"

namespace redkeep::guard {

class SweepGate {
 public:
  using TimePoint = pressure::TimePoint;

  /// False while nothing suggests that a round would find more than the one before: it found
  /// nothing, the level has not risen since, and no key with a TTL has come. It is made anyway once
  /// a minute, and rounds never take more than a tenth of the time.
  bool may_sweep(const pressure::Pressure& pressure, TimePoint now) const {
    if (!fruitless_ || pressure.level > fruitless_->level) return true;
    const auto age = now - fruitless_->ended;
    if (age < kRestFactor * fruitless_->took) return false;
    return age >= kAnyway || pressure.reading.keyspace.with_ttl > fruitless_->keys_with_ttl;
  }

  /// What a round that was planned has come to.
  void note(const pressure::Pressure& pressure, const shed::ShedOutcome& outcome, TimePoint now) {
    fruitless_.reset();
    if (outcome.end != shed::ShedEnd::NothingLeft || outcome.keys() > 0) return;
    fruitless_ = Fruitless{pressure.level, pressure.reading.keyspace.with_ttl, now, outcome.took};
  }

 private:
  static constexpr int kRestFactor = 9;
  static constexpr std::chrono::minutes kAnyway{1};

  struct Fruitless {
    PressureLevel level;
    std::int64_t keys_with_ttl;
    TimePoint ended;
    std::chrono::milliseconds took;
  };
  std::optional<Fruitless> fruitless_;
};

}  // namespace redkeep::guard
