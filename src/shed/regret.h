#pragma once
// Regret: how many of the keys that were shed were written again within a minute. Pure: time is an
// argument; who asks the server is guard/regret_watch.
//
// What the number means: of the keys that were shed in a second, at most 64 are drawn, each class
// alike, and looked for once, a minute later. A key that is there then, or that was shed again in
// the meantime, has been written again. Within a class each key shed has the same chance to be
// drawn, and a second's draw counts for as many keys as were shed of the class in that second. So
// the rate is unbiased, but for keys that are written again and then deleted or evicted within the
// same minute (counted as not written), and for keys of more than 1 KiB (never drawn). Its error
// is that of a sample and is given with it.
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "keys/class_table.h"

namespace redkeep::shed {

/// Of one class.
struct Regret {
  std::int64_t sampled_keys = 0;   ///< Looked for in the last ten minutes.
  double written_again_pct = 0;    ///< Of those, weighted; 0 if there are none.
  double error_pct = 0;            ///< Half the width of the 95 % interval, in percent points.
  std::int64_t sampled_total = 0;  ///< Since the guard started, not weighted.
  std::int64_t written_again_total = 0;
};

/// At most 64 keys a second are kept for a minute: 5 MB if all of them had 1 KiB.
class RegretLog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Rates = std::map<keys::ClassIndex, Regret>;

  static constexpr std::size_t kMostPerSecond = 64;
  static constexpr std::size_t kMostKeyBytes = 1024;
  static constexpr std::chrono::seconds kAskAfter{60};
  /// Later than this a key is not asked for: the answer would be about another span of time.
  static constexpr std::chrono::seconds kTooLate{66};

  /// A key was shed. Cheap enough for every one of them.
  void note_shed(std::string_view key, keys::ClassIndex class_index, TimePoint now);

  /// The keys to be looked for now, at most `most`; they are not given again.
  std::vector<std::string> due(TimePoint now, std::size_t most = kMostPerSecond);
  /// Whether each key of the last due() is there, in its order. Where no answer could be had, this
  /// is not called, and the keys count as never drawn.
  void note_answers(const std::vector<bool>& there, TimePoint now);

  /// By class, what was answered in the last ten minutes; classes that were ever sampled.
  Rates rates(TimePoint now) const;
  /// The same of the last full minute (of the clock of `now`).
  Rates rates_of_minute_before(TimePoint now) const;

  /// Another server answers, or this one restarted: what is there now says nothing about what was
  /// shed before.
  void forget_waiting();
  /// Keys that wait to be looked for.
  std::size_t waiting() const;

 private:
  struct Sample {
    std::uint64_t print = 0;
    std::string key;
    bool shed_again = false;
  };
  struct Draw {  // of one class in one second
    std::int64_t shed_keys = 0;
    std::vector<std::unique_ptr<Sample>> samples;
  };
  struct Second {
    TimePoint begun;
    std::map<keys::ClassIndex, Draw> draws;

    std::size_t samples() const;
  };
  struct Asked {
    keys::ClassIndex class_index = 0;
    double weight = 0;
    bool shed_again = false;
  };
  struct Tally {  // what was answered in one minute
    std::int64_t minute = 0;
    std::int64_t sampled = 0;
    double weight = 0;
    double squares = 0;  // of the weights
    double written_again = 0;
  };
  struct Totals {
    std::deque<Tally> minutes;
    std::int64_t sampled = 0;
    std::int64_t written_again = 0;
  };

  Draw& draw_of(keys::ClassIndex class_index, TimePoint now);
  std::size_t most_of_class() const;
  std::size_t any_place(std::size_t places);
  void let_go(const Sample& sample);
  Rates rates_of(std::int64_t first_minute, std::int64_t last_minute) const;

  std::deque<Second> seconds_;  // oldest first
  // The newest sample of each key that waits: found when the key is shed again.
  std::unordered_map<std::uint64_t, Sample*> waiting_;
  std::vector<Asked> asked_;
  std::map<keys::ClassIndex, Totals> totals_;
  std::minstd_rand random_;
};

}  // namespace redkeep::shed
