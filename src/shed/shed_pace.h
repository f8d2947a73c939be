#pragma once
// How fast to shed: how many keys a slice looks at, which share of them goes, and how long the
// server is left alone between two slices. Pure.
//
// What is slowed down by shedding is the application, and what is lost by hurrying is the choice:
// so at first slices are short and far apart, and one key of eight goes. As memory fills further,
// the pauses grow shorter, then the choice goes, and last the pauses. Where memory settles between
// the marks tells how hard the guard has to work, and nothing has to be foretold.
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "shed/shed_plan.h"

namespace redkeep::shed {

struct Slice {
  std::size_t sample_keys = 64;  ///< Candidates to look at.
  double share = 0.1875;         ///< Of them, those that go.
  double weighed_share = 1;      ///< Of them, the colder ones whose size is asked for.
  std::chrono::microseconds pause{0};
};

/// 0 at or below the step's calm mark, 1 at or above its urgent mark.
double urgency(const ShedStep& step, std::int64_t used_bytes);

/// The next slice after one that took `last_took`, from being sent to the last reply. Pauses grow
/// with that time, so a server that answers slowly is asked less. `least_share` has to go in any
/// case, because there is no more of these classes than that.
Slice slice_for(double urgency, double least_share, std::chrono::microseconds last_took);

/// The same for what a person asked for: no pauses, unless the server slows down.
Slice slice_on_request(double share, std::chrono::microseconds last_took);

/// Which share of the candidates has to go for `to_free_bytes` in one round of the keyspace,
/// reckoned from the part of the round that lies behind: its order is that of hashes, so it is a
/// sample.
class RoundEstimate {
 public:
  explicit RoundEstimate(std::int64_t keys_in_all) : keys_in_all_(keys_in_all) {}

  void note_page(std::size_t page_keys) { keys_behind_ += static_cast<double>(page_keys); }
  void note_candidate(std::int64_t bytes) {
    bytes_behind_ += static_cast<double>(bytes);
    ++candidates_;
  }
  /// So many candidates of unknown size, taken to be like the others.
  void note_alike(std::size_t candidates) { alike_ += static_cast<double>(candidates); }

  /// `at_hand_bytes` are the candidates of which the share is taken next. 0 as long as nothing was
  /// seen.
  double share(std::int64_t to_free_bytes, std::int64_t at_hand_bytes) const;

 private:
  std::int64_t keys_in_all_;
  double keys_behind_ = 0;
  double bytes_behind_ = 0;  // of the candidates of known size
  double candidates_ = 0;
  double alike_ = 0;
};

/// How many keys SCAN has to look at for so many candidates, by how many it found so far.
class Density {
 public:
  void note(std::size_t page_keys, std::size_t candidates);
  std::size_t page_keys_for(std::size_t candidates) const;

 private:
  double candidates_per_key_ = 1;
};

}  // namespace redkeep::shed
