#pragma once
// Bringing a Redis forward that has lost its content, or a part of it: why, how far, and what came
// of it. Pure but for the clock that says how long it took.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "redis/client.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

/// A Redis that is not where the journal goes on.
struct BehindRedis {
  std::optional<std::int64_t> position;  ///< guard:position, if there is one.
  bool has_graph = false;                ///< Something of a graph is there.
  /// Marks the graph as not whole, before the first write. Refused where the journal does not go
  /// on from a base at `base_position`.
  std::function<redis::awaitable<Status>(std::int64_t base_position)> mark;
};

/// What the journal goes on from.
struct BroughtBase {
  std::int64_t position = 0;
  std::string name = {};             ///< "the checkpoint at position 7"; empty: there is none.
  std::int64_t changed_keys = 0;     ///< That were not there, or another way.
  std::int64_t removed_keys = 0;     ///< That it does not have.
  std::int64_t left_keys = 0;        ///< That it does not have either, for a person to decide on.
  std::string saved_directory = {};  ///< What was overwritten or removed; empty: nothing was.
};

/// What was taken away for it, and where it is now; and what it does not have and was left. Empty:
/// nothing.
std::string describe_differences(const BroughtBase& base);

class GraphRecovery {
 public:
  struct Report {
    std::string sentence;
    std::string differences;  ///< describe_differences(); empty: none.
  };

  /// `what` is how Redis was found. It is over when Redis is at `up_to`.
  void begin(std::string what, std::int64_t up_to);
  /// The first base of one that begins again counts, too: what was saved then stays told.
  void note_base(const BroughtBase& base);

  bool is_under_way() const { return up_to_.has_value(); }
  bool is_at_end(std::int64_t position) const { return up_to_ && position >= *up_to_; }
  /// How Redis was found, while it is brought forward.
  std::optional<std::string> what() const {
    return up_to_ ? std::optional<std::string>(what_) : std::nullopt;
  }
  /// Redis is at `position` and has all.
  const Report& end(std::int64_t position);
  /// Of one that has ended; once.
  std::optional<Report> take_report() { return std::exchange(report_, std::nullopt); }

 private:
  std::string what_;
  std::optional<std::int64_t> up_to_;
  std::int64_t from_ = 0;
  bool has_base_ = false;  // otherwise it goes on with one that was cut
  std::string base_name_;
  std::int64_t changed_keys_ = 0;
  std::string differences_;
  std::chrono::steady_clock::time_point since_{};
  std::optional<Report> report_;
};

}  // namespace redkeep::recovery
