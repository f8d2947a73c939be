#pragma once
// Applies the journal's changes to one Redis, each exactly once and in order: guard:position there
// says how far it is, and guard:journal in which journal; every change requires what they were and
// moves the position on in the same atomic step.
#include <cstdint>
#include <optional>
#include <string>

#include "recovery/journal/change_steps.h"

namespace redkeep::recovery {

/// What a server says of where it is.
struct ServerPlace {
  /// guard:position; nothing where there is none: the server is new, or has lost what it had.
  std::optional<std::int64_t> position;
  std::string position_text;  ///< As it is written there.
  std::string journal;        ///< guard:journal; empty: none, or of a version that knew of none.
};

class Applier {
 public:
  /// `access` must outlive it and every call, and its client must serve nobody else: a queue that
  /// others filled would look like a contradiction.
  explicit Applier(content::GraphAccess& access) : access_(access), steps_(access) {}

  redis::awaitable<Result<ServerPlace>> read_place();
  /// Says that the server holds everything of this journal up to `position`, in one step, if it
  /// still says what was found; UnknownOutcome otherwise.
  redis::awaitable<Status> claim(ServerPlace found, std::int64_t position);
  /// Goes on from there.
  void begin_at(std::int64_t position) { at_ = position; }

  enum class End {
    Applied,
    Contradicts,  ///< what() says what it contradicts; the server is as it was.
  };
  /// An error means that it is not known whether it was applied: read the position again.
  redis::awaitable<Result<End>> apply(std::int64_t position, GraphChange change);

  const Error& what() const { return what_; }
  std::int64_t at() const { return at_; }
  Result<GraphChange> check(GraphChange change) { return steps_.check(std::move(change)); }

 private:
  content::GraphAccess& access_;
  ChangeSteps steps_;
  std::int64_t at_ = 0;
  Error what_{ErrorKind::Conflict, {}};
};

}  // namespace redkeep::recovery
