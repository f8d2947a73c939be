// Design: a page of SCAN gives candidates; their sizes are asked for; as many as the bytes still to
// be freed need are expired in one pipelined batch, with INFO at its end. So a batch overshoots by
// less than a key, and the server is never busy for more than about a millisecond at a time.
//
// Rejected: UNLINK (6 % faster, but deletes a key that has become protected since the scan), and
// scripts that walk and delete at the server (they block it for as long as they run).
#include "shed/shedder.h"

#include <algorithm>

#include "error/error.h"
#include "keys/fingerprint_set.h"
#include "pressure/memory_reading.h"
#include "redis/pause.h"

namespace redkeep::shed {
namespace {

using Clock = std::chrono::steady_clock;

// SCAN looks at this many keys a step: 0.2 ms of the server's time.
constexpr std::size_t kPageKeys = 500;
// Freeing a collection of this size in the foreground takes about 5 ms.
constexpr std::int64_t kBigBytes = std::int64_t{1} << 20;
// How long to wait for the server's background thread to free what was expired.
constexpr std::chrono::milliseconds kLongestLazyWait{1000};
constexpr std::chrono::milliseconds kLazyPoll{5};

constexpr std::string_view kExpireScript =
    "if redis.call('PTTL', KEYS[1]) >= 0 then return redis.call('PEXPIRE', KEYS[1], -1) end "
    "return 0";

}  // namespace

struct Shedder::Candidate {
  keys::ClassIndex class_index;
  std::string key;
  std::int64_t bytes = 0;
};

// The state of one run: what was done so far, and what may still be done.
class Shedder::Run {
 public:
  Run(const ShedPlan& plan, ShedBudget budget, ShedMode run_mode, std::stop_token stop,
      const keys::ClassTable& table)
      : mode(run_mode), used_bytes(plan.used_bytes), budget_(budget), stop_(stop), table_(table) {
    outcome.used_before_bytes = plan.used_bytes;
  }

  ClassShed& of(keys::ClassIndex index) {
    const std::string& name = table_.at(index).name;
    const auto found = std::find_if(outcome.classes.begin(), outcome.classes.end(),
                                    [&](const ClassShed& row) { return row.name == name; });
    if (found != outcome.classes.end()) return *found;
    ClassShed row;
    row.name = name;
    return outcome.classes.emplace_back(std::move(row));
  }

  // Whether the run has to end before its target, and why.
  bool must_end() {
    if (stop_.stop_requested()) {
      outcome.end = ShedEnd::Stopped;
    } else if (Clock::now() - begun_ > budget_.most_time || keys_left() <= 0) {
      outcome.end = ShedEnd::BudgetSpent;
    } else {
      return false;
    }
    return true;
  }

  std::int64_t keys_left() const { return budget_.most_keys - outcome.keys(); }

  void fail(const Error& error) {
    outcome.end = error.kind == ErrorKind::NotPermitted ? ShedEnd::NotAllowed : ShedEnd::BrokenOff;
    outcome.failure = error;
  }

  // Counts a key that stays, once however often the walk comes by.
  void leave(const Candidate& candidate, std::int64_t ClassShed::*count) {
    if (left_.insert(keys::fingerprint(candidate.key))) ++(of(candidate.class_index).*count);
  }

  // A dry run's way of shedding.
  void reckon(const std::vector<Candidate>& chosen) {
    for (const auto& candidate : chosen) {
      ClassShed& row = of(candidate.class_index);
      ++row.keys;
      row.bytes += candidate.bytes;
      used_bytes -= candidate.bytes;
    }
  }

  ShedOutcome finish() {
    outcome.used_after_bytes = used_bytes;
    outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_);
    return std::move(outcome);
  }

  ShedOutcome outcome;
  ShedMode mode;
  std::int64_t used_bytes;  // measured last; in a dry run, reckoned

 private:
  ShedBudget budget_;
  std::stop_token stop_;
  const keys::ClassTable& table_;
  keys::FingerprintSet left_;
  Clock::time_point begun_ = Clock::now();
};

void Shedder::use(redis::Capabilities capabilities) {
  capabilities_ = std::move(capabilities);
  met_on_ = client_->generation();
  cursor_ = "0";
}

redis::awaitable<ShedOutcome> Shedder::run(ShedPlan plan, ShedBudget budget, ShedMode mode,
                                           std::stop_token stop) {
  Run run(plan, budget, mode, stop, table_);
  if (plan.empty()) co_return run.finish();
  if (capabilities_.is_replica) {
    run.fail(Error{ErrorKind::NotPermitted, "this server is a replica: shed on its master"});
    co_return run.finish();
  }
  // The plan may be older than it seems, if this process was stopped since.
  if (mode == ShedMode::Real) {
    const Status measured = co_await measure(run);
    if (!measured) {
      run.fail(measured.error());
      co_return run.finish();
    }
  }
  for (const ShedStep& step : plan.steps) {
    const StepEnd end = co_await run_step(run, step);
    if (end == StepEnd::Ended) co_return run.finish();
    run.outcome.end = end == StepEnd::Reached ? ShedEnd::TargetReached : ShedEnd::NothingLeft;
  }
  co_return run.finish();
}

// Goes from where the last run ended to the end of the keyspace, then round all of it until a whole
// round finds nothing: a flood writes behind the walk, and a later step must not begin while it
// does. A dry run counts, so it goes round once only.
redis::awaitable<Shedder::StepEnd> Shedder::run_step(Run& run, const ShedStep& step) {
  const bool dry = run.mode == ShedMode::DryRun;
  std::string start = dry ? "0" : cursor_;
  for (;; start = "0") {
    const std::int64_t keys_before = run.outcome.keys();
    const StepEnd end = co_await walk_from(run, step, start);
    if (end != StepEnd::NothingLeft) co_return end;
    const bool whole_round = start == "0";
    if (whole_round && (dry || run.outcome.keys() == keys_before)) co_return end;
  }
}

// One walk to the end of the keyspace.
redis::awaitable<Shedder::StepEnd> Shedder::walk_from(Run& run, const ShedStep& step,
                                                      std::string start) {
  keys::KeyspaceWalk walk(table_.scan_glob(), kPageKeys, std::move(start));
  for (;;) {
    if (run.used_bytes <= step.stop_at_bytes) co_return StepEnd::Reached;
    if (run.must_end()) co_return StepEnd::Ended;  // perhaps in the middle of the last page
    if (walk.done()) co_return StepEnd::NothingLeft;
    redis::CommandBuffer scan;
    walk.ask(scan);
    auto replies = co_await client_->exchange(std::move(scan), met_on_);
    if (!replies) {
      run.fail(replies.error());
      co_return StepEnd::Ended;
    }
    auto page = walk.take(std::move(replies->front()));
    Status shed;
    if (page) {
      if (run.mode == ShedMode::Real) cursor_ = walk.cursor();
      shed = co_await shed_page(run, step, std::move(*page));
    } else {
      shed = page.error();
    }
    if (!shed) {
      run.fail(shed.error());
      co_return StepEnd::Ended;
    }
  }
}

redis::awaitable<Status> Shedder::shed_page(Run& run, const ShedStep& step,
                                            std::vector<std::string> page) {
  std::vector<Candidate> candidates;
  for (auto& key : page) {
    const auto index = table_.classify(key);
    const bool asked =
        index && std::find(step.classes.begin(), step.classes.end(), *index) != step.classes.end();
    if (asked && table_.at(*index).level == KeyLevel::Evictable) {
      candidates.push_back({*index, std::move(key), 0});
    }
  }
  if (candidates.empty()) co_return Status{};
  if (const Status sized = co_await size_up(run, candidates); !sized) co_return sized;

  // In as many batches as it takes: what was chosen may have lost its TTL, or free less than it
  // seemed to.
  for (auto next = candidates.begin(); next != candidates.end();) {
    if (run.used_bytes <= step.stop_at_bytes || run.must_end()) break;
    std::int64_t to_free = run.used_bytes - step.stop_at_bytes;
    std::vector<Candidate> chosen;
    while (next != candidates.end() && to_free > 0 && std::ssize(chosen) < run.keys_left()) {
      to_free -= next->bytes;
      chosen.push_back(std::move(*next++));
    }
    if (run.mode == ShedMode::DryRun) {
      run.reckon(chosen);
    } else if (const Status expired = co_await expire(run, chosen); !expired) {
      co_return expired;
    }
  }
  co_return Status{};
}

// Where sizes are refused, a key counts as 1 KiB when choosing; memory is measured all the same.
redis::awaitable<Status> Shedder::size_up(Run& run, std::vector<Candidate>& candidates) {
  constexpr std::int64_t kAssumedBytes = 1024;
  if (!capabilities_.memory_usage) {
    for (auto& candidate : candidates) candidate.bytes = kAssumedBytes;
    co_return capabilities_.frees_in_background ? Status{}
                                                : co_await leave_big_collections(run, candidates);
  }
  redis::CommandBuffer ask;
  for (const auto& candidate : candidates) ask.add({"MEMORY", "USAGE", candidate.key});
  auto sizes = co_await client_->exchange(std::move(ask), met_on_);
  if (!sizes) co_return sizes.error();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const redis::Reply& size = (*sizes)[i];
    if (size.is_error()) co_return redis::error_from_reply("MEMORY USAGE", size);
    candidates[i].bytes = size.integer;
  }
  if (!capabilities_.frees_in_background) {
    const Status left = co_await leave_big_collections(run, candidates);
    if (!left) co_return left;
  }
  co_return Status{};
}

// Takes out what would stall the server: collections that are big, or whose size is not known.
redis::awaitable<Status> Shedder::leave_big_collections(Run& run,
                                                        std::vector<Candidate>& candidates) {
  const auto suspicious = [&](const Candidate& candidate) {
    return !capabilities_.memory_usage || candidate.bytes >= kBigBytes;
  };
  redis::CommandBuffer ask;
  for (const auto& candidate : candidates) {
    if (suspicious(candidate)) ask.add({"TYPE", candidate.key});
  }
  if (ask.empty()) co_return Status{};
  auto types = co_await client_->exchange(std::move(ask), met_on_);
  if (!types) co_return types.error();
  auto type = types->begin();
  std::erase_if(candidates, [&](const Candidate& candidate) {
    if (!suspicious(candidate)) return false;
    const bool collection = type->text != "string" && type->text != "none";
    ++type;
    if (collection) run.leave(candidate, &ClassShed::too_big);
    return collection;
  });
  co_return Status{};
}

void Shedder::add_expire(redis::CommandBuffer& commands, const std::string& key) const {
  if (capabilities_.pexpire_xx) {
    commands.add({"PEXPIRE", key, "-1", "XX"});
  } else {
    commands.add({"EVAL", kExpireScript, "1", key});
  }
}

redis::awaitable<Status> Shedder::expire(Run& run, const std::vector<Candidate>& chosen) {
  redis::CommandBuffer commands;
  for (const auto& candidate : chosen) add_expire(commands, candidate.key);
  auto replies = co_await client_->exchange(std::move(commands), met_on_);
  if (!replies) co_return replies.error();

  const std::int64_t used_before = run.used_bytes;
  std::vector<Candidate> kept;
  std::optional<Error> refused;  // said only after all that did go was counted
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const redis::Reply& reply = (*replies)[i];
    if (!reply.is_integer()) {
      if (!refused) refused = redis::unexpected_reply("PEXPIRE", reply);
      continue;
    }
    if (reply.integer == 0) {
      kept.push_back(chosen[i]);
      continue;
    }
    ClassShed& row = run.of(chosen[i].class_index);
    ++row.keys;
    if (capabilities_.memory_usage) row.bytes += chosen[i].bytes;
  }
  if (refused) co_return *refused;
  if (const Status measured = co_await measure(run); !measured) co_return measured;
  if (!capabilities_.memory_usage) {
    run.of(chosen.front().class_index).bytes +=
        std::max<std::int64_t>(0, used_before - run.used_bytes);
  }
  if (!kept.empty()) co_return co_await explain_kept(run, std::move(kept));
  co_return Status{};
}

redis::awaitable<Status> Shedder::explain_kept(Run& run, std::vector<Candidate> kept) {
  redis::CommandBuffer ask;
  for (const auto& candidate : kept) ask.add({"PTTL", candidate.key});
  auto answers = co_await client_->exchange(std::move(ask), met_on_);
  if (!answers) co_return answers.error();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const bool gone = (*answers)[i].integer == -2;
    run.leave(kept[i], gone ? &ClassShed::gone_before : &ClassShed::became_persistent);
  }
  co_return Status{};
}

// Reads used_memory, after the server's background thread has freed what was handed to it.
redis::awaitable<Status> Shedder::measure(Run& run) {
  const auto begun = Clock::now();
  for (;;) {
    redis::CommandBuffer info;
    info.add({"INFO", "memory"});
    const auto replies = co_await client_->exchange(std::move(info), met_on_);
    if (!replies) co_return replies.error();
    const redis::Reply& reply = replies->front();
    if (!reply.is_string()) co_return redis::unexpected_reply("INFO", reply);
    const auto reading = pressure::read_memory(redis::ServerInfo::parse(reply.text), 0, 0);
    if (!reading) co_return reading.error();
    run.used_bytes = reading->used_bytes;
    if (reading->lazyfree_pending == 0 || Clock::now() - begun > kLongestLazyWait)
      co_return Status{};
    co_await redis::pause_for(kLazyPoll);
  }
}

std::string_view to_string(ShedEnd end) {
  switch (end) {
    case ShedEnd::TargetReached: return "TargetReached";
    case ShedEnd::NothingLeft: return "NothingLeft";
    case ShedEnd::BudgetSpent: return "BudgetSpent";
    case ShedEnd::NotAllowed: return "NotAllowed";
    case ShedEnd::Stopped: return "Stopped";
    case ShedEnd::BrokenOff: return "BrokenOff";
  }
  return "unknown";
}

}  // namespace redkeep::shed
