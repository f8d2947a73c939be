#pragma once
// Whether the data directory's journal does what it is there for: it takes stores, and Redis gets
// them. What keeps it from that for some seconds is an alarm. Time is an argument.
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "guard/content_keeper.h"
#include "guard/snapshot.h"
#include "redkeep/result.h"

namespace redkeep::guard {

/// What is asked of a journal, once a tick.
struct JournalSight {
  std::function<std::optional<Error>()> store_trouble;  ///< Why the last store was not journaled.
  /// Why Redis is not brought forward. The same as the above while stores are refused because it is
  /// not this journal's Redis.
  std::function<std::optional<Error>()> held_up_by;
  /// Redis is getting what it lacks: no trouble, but what there was is not over.
  std::function<bool()> is_catching_up = {};
};

/// Alarms are "journal-unusable", "journal-loss", "journal-store" and "journal-apply".
class JournalWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `snapshot` must outlive it.
  JournalWatch(Snapshot& snapshot, ContentKeeper::Alarms alarms)
      : snapshot_(snapshot), alarms_(std::move(alarms)) {}

  /// There is a journal; nothing is told before this or note_unusable() was called.
  void watch(JournalSight sight) { sight_ = std::move(sight); }
  /// There should be one, and it could not be opened: an alarm for as long as this guard lives.
  void note_unusable(Error why) { unusable_ = std::move(why); }

  /// It had lost something when it was opened, or may have: an alarm that is told once.
  void note_loss(std::string what) { loss_ = std::move(what); }

  /// Once a tick. While the guard is blind nothing is told of Redis: that alarm says it already.
  void look(bool is_blind, TimePoint now);

 private:
  using Since = std::optional<TimePoint>;
  void follow(std::string_view subject, Since& since, const std::optional<std::string>& cause,
              TimePoint now);

  Snapshot& snapshot_;
  ContentKeeper::Alarms alarms_;
  JournalSight sight_;
  std::optional<Error> unusable_;
  std::optional<std::string> loss_;
  Since stores_fail_since_;
  Since held_up_since_;
};

}  // namespace redkeep::guard
