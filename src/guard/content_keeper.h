#pragma once
// What the guard does with the content directory: it brings the graph back when the server has lost
// it, and what is missing of it in an emergency.
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "guard/graph_watch.h"
#include "guard/judgement.h"
#include "guard/lease.h"
#include "guard/ledger.h"
#include "recovery/load/restore.h"
#include "redkeep/options.h"

namespace redkeep::guard {

/// A journal that brings a lost graph back, in place of the content directory alone: what was
/// stored and removed since is only there.
struct GraphSource {
  std::function<bool()> is_in_use;   ///< Whether anything was ever stored through it.
  std::function<void()> bring_back;  ///< Begins.
  std::function<bool()> is_done;
  std::string name;     ///< For people.
  std::string witness;  ///< A key that is there once it was brought back, and goes with it.
};

class ContentKeeper {
 public:
  using TimePoint = GraphWatch::TimePoint;
  struct Alarms {
    std::function<void(std::string subject, std::string reason)> raise;
    std::function<void(std::string_view subject)> clear;
  };

  /// All that is referred to must outlive it.
  ContentKeeper(std::shared_ptr<redis::Client> client, const Options& options, Lease& lease,
                Judgement& judgement, Ledger& ledger, Alarms alarms);

  void bring_back_by(GraphSource source) { source_ = std::move(source); }

  /// Once a tick that is not blind: alarms while the graph is gone, and writes it back where that
  /// is configured and this guard may act.
  redis::awaitable<void> watch(const pressure::Pressure& pressure, std::int64_t used_bytes,
                               std::stop_token stop);

  /// The last step of an emergency: what is missing is written back if it fits, and if not, a
  /// person is told how much memory is needed.
  redis::awaitable<void> use(const pressure::Pressure& pressure, std::int64_t used_bytes,
                             std::stop_token stop);

 private:
  /// How it ended; nothing if it broke off.
  redis::awaitable<std::optional<recovery::RestoreEnd>> restore(std::string_view why,
                                                                const pressure::Pressure& pressure,
                                                                std::int64_t used_bytes,
                                                                std::stop_token stop);
  bool has_source() const { return source_.is_in_use && source_.is_in_use(); }
  redis::awaitable<void> follow_source();
  redis::awaitable<void> mark_restored();
  bool may_restore_now(TimePoint now);
  bool has_content() const { return !options_.content_directory.empty(); }
  void alarm_that_it_is_gone(GraphState state);
  void alarm_that_it_does_not_fit(std::int64_t used_bytes, std::int64_t limit_bytes);
  void note(std::string_view why, const Result<recovery::RestoreOutcome>& outcome);

  std::shared_ptr<redis::Client> client_;
  const Options& options_;
  Lease& lease_;
  Judgement& judgement_;
  Ledger& ledger_;
  Alarms alarms_;
  GraphWatch graph_;
  GraphSource source_;
  bool source_is_at_work_ = false;
  std::uint64_t tried_on_ = 0;  // the connection on which a restore was begun
  std::optional<TimePoint> tried_;
};

}  // namespace redkeep::guard
