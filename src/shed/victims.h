#pragma once
// Which keys go first. Pure.
#include <cstdint>
#include <string>
#include <vector>

#include "keys/class_table.h"
#include "redkeep/options.h"

namespace redkeep::shed {

/// A key that may go, and what is known of it.
struct Candidate {
  keys::ClassIndex class_index = 0;
  std::string key;
  std::int64_t bytes = 0;
  /// What the ranking looks at: OBJECT FREQ's counter, OBJECT IDLETIME's seconds or PTTL's
  /// milliseconds.
  std::int64_t use = 0;
  double rank = 0;  ///< Higher goes first.
};

/// How candidates are ranked.
struct Ranking {
  enum class By {
    Frequency,   ///< `use` is the counter of an LFU policy.
    IdleTime,    ///< `use` is in seconds.
    TimeToLive,  ///< `use` is in milliseconds.
    Size,        ///< Nothing is known of the use.
  };
  By by = By::Size;
  double lfu_log_factor = 10;  ///< As the server has it: how many uses the counter stands for.
};

/// By frequency: the bytes that are held for each use, so that of two keys equally used the larger
/// goes, and one of twice the size is worth twice the uses. Simulated on a Zipf load it serves 2 to
/// 4 points more from the cache than the counter or the idle time alone. By idle time: bytes times
/// seconds. By time to live: what expires soonest.
double rank_of(const Candidate& candidate, const Ranking& ranking);

/// How many uses an LFU counter stands for. A new key has 5, which is none; the counter grows by
/// one with a chance of 1 / ((counter - 5) * factor + 1), so each step stands for that many uses
/// (Redis, LFULogIncr in evict.c). Below 5, which is a key that was not used for minutes, the
/// result is below 0.
double uses_of(std::int64_t counter, double lfu_log_factor);

/// What is worth remembering of a key that goes, in steps of its counter: that it was written at
/// all is one.
std::int64_t uses_so_far(std::int64_t counter);

/// Takes out the candidates that are used more than the colder `share` of them, and returns how
/// many those were: it is not worth asking for their size. Of equals all stay; where nothing is
/// known of the use, all do.
std::size_t take_out_hot(std::vector<Candidate>& candidates, double share, const Ranking& ranking);

/// Candidates are gathered until there are enough of them to tell cold from hot, and then the
/// coldest share goes and the others are forgotten: a sample ages.
class VictimPool {
 public:
  void add(Candidate candidate) { candidates_.push_back(std::move(candidate)); }
  /// So many were looked at too, and are too hot to go.
  void note_hot(std::size_t keys) { hot_keys_ += keys; }
  /// All that were looked at.
  std::size_t size() const { return candidates_.size() + hot_keys_; }
  std::int64_t bytes() const;

  /// At least one and at most the `share` of all that were looked at, coldest first, no more than
  /// `most_keys` and none beyond the one that completes `to_free_bytes`. Empties the pool.
  std::vector<Candidate> take(double share, std::int64_t to_free_bytes, std::int64_t most_keys,
                              const Ranking& ranking);

 private:
  std::vector<Candidate> candidates_;
  std::size_t hot_keys_ = 0;
};

}  // namespace redkeep::shed
