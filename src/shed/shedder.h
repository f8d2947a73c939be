#pragma once
// Carries out a shed plan, and is the only code that deletes to make room.
//
// There is one delete: `PEXPIRE key -1 XX`, which Redis carries out only if the key still has a TTL
// at that moment. A key that lost its TTL since the scan has become somebody's truth, and stays.
// Servers that do not know XX get a small script with the same meaning.
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

#include "keys/class_table.h"
#include "redis/capabilities.h"
#include "redis/client.h"
#include "redkeep/options.h"
#include "shed/deletion_budget.h"
#include "shed/shed_outcome.h"
#include "shed/shed_plan.h"
#include "shed/slice_exchange.h"
#include "shed/use_memory.h"

namespace redkeep::shed {

struct ShedBudget {
  std::chrono::milliseconds most_time{2000};
  std::int64_t most_keys = 10'000'000;
};

enum class ShedMode { Real, DryRun };

class Shedder {
 public:
  /// `table` must outlive the shedder.
  Shedder(std::shared_ptr<redis::Client> client, const keys::ClassTable& table,
          ShedOptions options = {});

  /// What the server can do, as asked on the client's connection of this moment; to be set again
  /// after each new connection, which also forgets where the walk was, since another server orders
  /// its keys differently. Nothing is shed over any other connection: who answers there may be a
  /// replica by now.
  void use(redis::Capabilities capabilities);

  /// Told of every key that was deleted, after the server said so.
  void tell(std::function<void(keys::ClassIndex, std::string_view key)> gone) {
    tell_gone_ = std::move(gone);
  }

  /// Asked before each batch, and again at the moment when its deletions are written, which go in
  /// one write; where it is not so, they are not sent and the run ends as LeaseLost. So a process
  /// that was stopped (SIGSTOP, a suspended machine) and wakes up deletes nothing more. To begin
  /// with it always is. A dry run does not ask. Must outlive the client's last exchange.
  void only_while(std::function<bool()> may_act) { may_act_ = std::move(may_act); }

  /// Sheds step by step: classes of a later step are touched only when nothing is left of the
  /// earlier ones. Within a step the keyspace is walked in slices, on from where the run before
  /// ended, and of the keys that a slice comes by, those go first that the options say. Between
  /// measurements, at most 10 ms apart, memory is reckoned; what ends a step has been measured.
  redis::awaitable<ShedOutcome> run(ShedPlan plan, ShedBudget budget, ShedMode mode,
                                    std::stop_token stop);

 private:
  class Run;
  class Sweep;
  enum class StepEnd { Reached, NothingLeft, Ended };

  std::size_t take_up(const Run& run, const std::vector<ShedStep>& steps);
  redis::awaitable<StepEnd> run_step(Run& run, const ShedStep& step);
  redis::awaitable<StepEnd> walk(Run& run, Sweep& sweep);
  redis::awaitable<Status> next_slice(Run& run, Sweep& sweep);
  redis::awaitable<Status> ask(Run& run, Sweep& sweep, SliceQuestions questions, SliceRule rule,
                               double weighed_share);
  redis::awaitable<Status> take_answers(Run& run, Sweep& sweep, SliceAnswers answers,
                                        double weighed_share);
  redis::awaitable<Status> leave_big_collections(Run& run, std::vector<Candidate>& candidates);
  redis::awaitable<Status> explain_kept(Run& run, std::vector<Candidate> kept);
  redis::awaitable<Status> measure(Run& run);
  redis::awaitable<void> measure_for_a_person(Run& run);

  std::shared_ptr<redis::Client> client_;
  const keys::ClassTable& table_;
  ShedOptions options_;
  DeletionBudget deletions_;
  UseMemory remembered_;
  std::function<void(keys::ClassIndex, std::string_view)> tell_gone_;  // may be empty
  redis::Capabilities capabilities_;
  SliceRule rule_;
  std::uint64_t met_on_ = 0;  // the connection on which they were asked
  std::string cursor_ = "0";  // where the last run left the walk
  // The step that the last run had no time to finish, and when that was. A round of a large
  // keyspace takes longer than a run: begun anew each time, no later step would ever come.
  std::shared_ptr<Sweep> unfinished_;
  std::chrono::steady_clock::time_point left_at_{};
  std::function<bool()> may_act_ = [] { return true; };
};

}  // namespace redkeep::shed
