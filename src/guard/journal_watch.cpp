#include "guard/journal_watch.h"

#include <fmt/format.h>

#include <utility>

namespace redkeep::guard {
namespace {

// A connection that is made anew, or a server that is full for a moment, is no trouble.
constexpr std::chrono::seconds kLasts{3};

}  // namespace

void JournalWatch::look(bool is_blind, TimePoint now) {
  if (unusable_) {
    snapshot_.journal = JournalState{false, false};
    alarms_.raise("journal-unusable",
                  "no stores are taken for other programs, and nothing is brought back by the "
                  "journal: " +
                      unusable_->message);
    return;
  }
  if (const auto loss = std::exchange(loss_, std::nullopt)) alarms_.raise("journal-loss", *loss);
  if (!sight_.store_trouble || !sight_.held_up_by) return;
  const auto store_trouble = sight_.store_trouble();
  const auto held_up_by = sight_.held_up_by();
  snapshot_.journal = JournalState{!store_trouble, !held_up_by};
  const bool are_refused =
      store_trouble && held_up_by && store_trouble->message == held_up_by->message;
  std::optional<std::string> cause;
  if (are_refused) {
    cause = fmt::format("stores are refused: {}", store_trouble->message);
  } else if (store_trouble) {
    cause = fmt::format(
        "the last store failed, since the journal could not take it: {}; over with the next store "
        "that it takes",
        store_trouble->message);
  }
  follow("journal-store", stores_fail_since_, cause, now);
  if (is_blind) {
    held_up_since_.reset();
    return;
  }
  if (!held_up_by && sight_.is_catching_up && sight_.is_catching_up()) return;
  cause.reset();
  if (are_refused) {
    cause = fmt::format("nothing is applied to this Redis, and stores are refused: {}",
                        held_up_by->message);
  } else if (held_up_by) {
    cause =
        fmt::format("stores are journaled and Redis does not get them: {}", held_up_by->message);
  }
  follow("journal-apply", held_up_since_, cause, now);
}

void JournalWatch::follow(std::string_view subject, Since& since,
                          const std::optional<std::string>& cause, TimePoint now) {
  if (!cause) {
    since.reset();
    alarms_.clear(subject);
    return;
  }
  if (!since) since = now;
  if (now - *since >= kLasts) alarms_.raise(std::string(subject), *cause);
}

}  // namespace redkeep::guard
