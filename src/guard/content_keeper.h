#pragma once
// What the guard does with the content directory: it brings the graph back when the server has lost
// it, and what is missing of it in an emergency.
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "guard/content_verifier.h"
#include "guard/graph_watch.h"
#include "guard/judgement.h"
#include "guard/lease.h"
#include "guard/ledger.h"
#include "guard/side_work.h"
#include "recovery/journal/graph_recovery.h"
#include "recovery/load/restore.h"
#include "redkeep/options.h"

namespace redkeep::guard {

/// A journal that brings a lost graph back, in place of the content directory alone: what was
/// stored and removed since is only there.
struct GraphSource {
  std::function<bool()> is_in_use;   ///< Whether anything was ever stored through it.
  std::function<void()> bring_back;  ///< Begins.
  std::function<bool()> is_done;     ///< Redis has all that was stored when it was begun.
  /// Writes back some keys that are missing, as recovery::restore_missing() does.
  std::function<redis::awaitable<Result<recovery::RestoreOutcome>>(std::int64_t room_bytes,
                                                                   std::stop_token stop)>
      restore_missing;
  std::string name;     ///< For people.
  std::string witness;  ///< A key that is there once it was brought back, and goes with it.
  std::function<std::optional<Error>()>
      held_up_by;  ///< Why it is not brought back, while it is not.
  std::function<std::optional<std::string>()>
      doing;  ///< How Redis was found, while it is brought back; nothing before the first write.
  /// Of what was brought back: how, and what was removed and where that is; each once.
  std::function<std::optional<recovery::GraphRecovery::Report>()> take_report;
};

class ContentKeeper {
 public:
  using TimePoint = GraphWatch::TimePoint;
  struct Alarms {
    std::function<void(std::string subject, std::string reason)> raise;
    std::function<void(std::string_view subject)> clear;
    /// Still critical with nothing left to shed, and so much content may be missing beside.
    std::function<void(const MemoryUse& memory, std::int64_t missing_bytes)> does_not_fit = {};
  };

  /// All that is referred to must outlive it.
  ContentKeeper(boost::asio::any_io_executor executor, std::shared_ptr<redis::Client> client,
                const Options& options, Lease& lease, Judgement& judgement, Ledger& ledger,
                Alarms alarms);

  void bring_back_by(GraphSource source) { source_ = std::move(source); }

  /// Once a tick that is not blind: alarms while the graph is gone, and begins to write it back
  /// where that is configured and this guard may act.
  redis::awaitable<void> watch(const pressure::Pressure& pressure, std::int64_t used_bytes,
                               std::stop_token stop);

  /// The last step of an emergency: what is missing is written back if it fits, and if not, the
  /// next watch() tells a person how much memory is needed, and tells it again when that has
  /// changed by some percent. Not while is_restoring().
  void use(const pressure::Pressure& pressure, std::int64_t used_bytes, std::stop_token stop);

  /// Content is being checked and written back, beside the ticks.
  bool is_restoring() const { return restore_.at_work(); }

  /// After the guard was asked to stop: waits for the end of what was begun.
  redis::awaitable<void> end();

 private:
  using Outcome = Result<recovery::RestoreOutcome>;
  struct Begun {
    std::string why;
    bool was_lost;  // all of it
    pressure::Pressure pressure;
    std::int64_t used_bytes;
  };

  void begin_restore(Begun begun, std::stop_token stop);
  redis::awaitable<Outcome> restore(std::int64_t room_bytes, std::stop_token stop);
  redis::awaitable<void> take_outcome();
  void look_for_missing(const pressure::Pressure& pressure, std::int64_t used_bytes,
                        std::stop_token stop);
  void note(const ContentVerifier::Outcome& verified, const pressure::Pressure& pressure,
            std::int64_t used_bytes, std::stop_token stop);
  bool has_source() const { return source_.is_in_use && source_.is_in_use(); }
  redis::awaitable<void> follow_source();
  bool source_has_looked();
  void take_report();
  std::optional<std::string> what_holds_source_up() const;
  std::optional<std::string> what_source_does(TimePoint now) const;
  redis::awaitable<void> mark_restored();
  bool may_restore_now(TimePoint now);
  bool has_content() const { return !options_.content_directory.empty(); }
  void alarm_that_it_is_gone(GraphState state, TimePoint now);
  void tell_what_is_needed(const pressure::Pressure& pressure, std::int64_t used_bytes,
                           TimePoint now);
  void note(const Outcome& outcome);

  std::shared_ptr<redis::Client> client_;
  const Options& options_;
  Lease& lease_;
  Judgement& judgement_;
  Ledger& ledger_;
  Alarms alarms_;
  GraphWatch graph_;
  GraphSource source_;
  bool source_is_at_work_ = false;
  TimePoint source_begun_{};
  std::uint64_t tried_on_ = 0;  // the connection on which a restore was begun
  std::optional<TimePoint> tried_;
  SideWork<Outcome> restore_;
  std::optional<Begun> begun_;
  ContentVerifier verifier_;
  struct Told {
    TimePoint when;
    std::int64_t needed_bytes;
  };
  bool lacks_memory_ = false;  // since the content was used last, and as long as it is critical
  std::optional<Told> told_;   // of that
};

}  // namespace redkeep::guard
