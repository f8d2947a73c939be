#pragma once
// Carries out a shed plan, and is the only code that deletes to make room.
//
// There is one delete: `PEXPIRE key -1 XX`, which Redis carries out only if the key still has a TTL
// at that moment. A key that lost its TTL since the scan has become somebody's truth, and stays.
// Servers that do not know XX get a small script with the same meaning.
#include <chrono>
#include <memory>
#include <stop_token>

#include "keys/class_table.h"
#include "keys/keyspace_walk.h"
#include "redis/capabilities.h"
#include "redis/client.h"
#include "shed/shed_outcome.h"
#include "shed/shed_plan.h"

namespace redkeep::shed {

struct ShedBudget {
  std::chrono::milliseconds most_time{2000};
  std::int64_t most_keys = 10'000'000;
};

enum class ShedMode { Real, DryRun };

class Shedder {
 public:
  /// `table` must outlive the shedder.
  Shedder(std::shared_ptr<redis::Client> client, const keys::ClassTable& table)
      : client_(std::move(client)), table_(table) {}

  /// What the server can do, as asked on the client's connection of this moment; to be set again
  /// after each new connection, which also forgets where the walk was, since another server orders
  /// its keys differently. Nothing is shed over any other connection: who answers there may be a
  /// replica by now.
  void use(redis::Capabilities capabilities);

  /// Sheds step by step: classes of a later step are touched only when nothing is left of the
  /// earlier ones. Within a step, keys go in the order of the walk, which goes on from where the
  /// run before ended. Memory is measured after every batch, never summed up.
  redis::awaitable<ShedOutcome> run(ShedPlan plan, ShedBudget budget, ShedMode mode,
                                    std::stop_token stop);

 private:
  struct Candidate;
  class Run;
  enum class StepEnd { Reached, NothingLeft, Ended };

  redis::awaitable<StepEnd> run_step(Run& run, const ShedStep& step);
  redis::awaitable<StepEnd> walk_from(Run& run, const ShedStep& step, std::string start);
  redis::awaitable<Status> shed_page(Run& run, const ShedStep& step, std::vector<std::string> page);
  redis::awaitable<Status> size_up(Run& run, std::vector<Candidate>& candidates);
  redis::awaitable<Status> leave_big_collections(Run& run, std::vector<Candidate>& candidates);
  redis::awaitable<Status> expire(Run& run, const std::vector<Candidate>& chosen);
  redis::awaitable<Status> explain_kept(Run& run, std::vector<Candidate> kept);
  redis::awaitable<Status> measure(Run& run);
  void add_expire(redis::CommandBuffer& commands, const std::string& key) const;

  std::shared_ptr<redis::Client> client_;
  const keys::ClassTable& table_;
  redis::Capabilities capabilities_;
  std::uint64_t met_on_ = 0;  // the connection on which they were asked
  std::string cursor_ = "0";  // where the last run left the walk
};

}  // namespace redkeep::shed
