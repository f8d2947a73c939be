#pragma once
// A server of numbers: how many bytes each class holds, what flows in, and what shedding takes out,
// slice by slice at the pace that the shedder has. Its weather is random: floods, leaks, restarts,
// blind times, clocks that jump. No sockets and no real time, so that a day takes milliseconds.
#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include "keys/class_table.h"
#include "pressure/memory_reading.h"
#include "shed/shed_outcome.h"
#include "shed/shed_plan.h"

namespace redkeep::storm {

using Clock = std::chrono::steady_clock;

/// What the classes together are, in bytes.
struct Holdings {
  double lasting = 0;      ///< Protected and rebuildable classes, and what is not ours.
  double expendable = 0;   ///< Classes that may be shed at warning.
  double last_resort = 0;  ///< Classes that may be shed at critical only.
};

class SimulatedServer {
 public:
  SimulatedServer(const keys::ClassTable& table, std::uint64_t seed);

  /// Lets time pass: entries flow in and expire, and the weather changes.
  void pass(Clock::duration time);
  /// The clock jumps ahead without anything having happened, as after a suspend.
  Clock::time_point now() const { return now_; }

  bool answers() const { return now_ >= blind_until_; }
  pressure::MemoryReading reading() const;

  /// Carries the plan out as the shedder does; time passes meanwhile.
  shed::ShedOutcome shed(const shed::ShedPlan& plan, std::chrono::milliseconds most_time);

  Holdings holdings() const;
  double used_bytes() const;
  double limit_bytes() const { return limit_bytes_; }
  /// Of everything, in bytes a second.
  double inflow() const;
  /// Bytes of classes that may never be shed, deleted by shed(): must stay 0.
  double wrongly_shed_bytes() const { return wrongly_shed_bytes_; }
  /// Bytes that the server evicted because it was at its limit.
  double evicted_bytes() const { return evicted_bytes_; }

 private:
  struct Flow {
    double bytes = 0;
    double inflow = 0;  // bytes a second
    double key_bytes = 1000;
    double ttl_seconds = 0;  // 0: none
    double gone_keys = 0;    // expired and evicted

    void lose(double share) {
      gone_keys += share * bytes / key_bytes;
      bytes *= 1 - share;
    }
  };

  bool shed_slice(const shed::ShedStep& step, const std::vector<keys::ClassIndex>& classes,
                  shed::ClassShed& sum);
  void change_weather();
  void restart();
  void begin_flood();
  void evict();
  double chance(double low, double high);

  const keys::ClassTable& table_;
  std::mt19937_64 random_;
  std::vector<Flow> flows_;  // by class
  double foreign_bytes_ = 0;
  double limit_bytes_;
  Clock::time_point now_{std::chrono::hours{1}};
  Clock::time_point next_weather_{};
  Clock::time_point flood_until_{};
  Clock::time_point blind_until_{};
  int run_ = 1;
  double wrongly_shed_bytes_ = 0;
  double evicted_bytes_ = 0;
};

}  // namespace redkeep::storm
