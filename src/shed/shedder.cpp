// Design: the keyspace is walked in slices. One exchange deletes the victims of the slice before,
// asks for size and use of the keys of the page before, and fetches the next page; every 10 ms it
// also reads memory. So a flood is followed with one round trip a slice, each slice is a fraction
// of a millisecond of the server's time, and what is chosen is never more than is still to be
// freed.
//
// Rejected: UNLINK (6 % faster, but deletes a key that has become protected since the scan);
// scripts that walk and delete at the server (they block it for as long as they run, and hide what
// they did); RANDOMKEY instead of SCAN (finds foreign keys too, and never says that nothing is
// left).
#include "shed/shedder.h"

#include <algorithm>
#include <limits>

#include "error/error.h"
#include "redis/pause.h"
#include "shed/sweep.h"

namespace redkeep::shed {
namespace {

// Freeing a collection of this size in the foreground takes about 5 ms.
constexpr std::int64_t kBigBytes = std::int64_t{1} << 20;
// How long to wait for the server's background thread to free what was expired: for a guard, and
// for as long as nothing comes of it; and in all for a person, who is told what came free.
constexpr std::chrono::milliseconds kLongestLazyWait{1000};
constexpr std::chrono::seconds kLongestLazyWaitOnRequest{30};
constexpr std::chrono::milliseconds kLazyPoll{5};
// INFO memory costs the server as much as 40 small commands.
constexpr std::chrono::milliseconds kMeasureEvery{10};
// Few keys expire within less, and asking each costs as much as asking for its use.
constexpr std::chrono::milliseconds kWorthSparing{1000};
// What was known of keys is not good for longer.
constexpr std::chrono::seconds kGoOnWithin{5};

using By = Ranking::By;

// Then what memory falls by is what this class had.
bool takes_all_of_one_class(const ShedPlan& plan) {
  return plan.steps.size() == 1 && plan.steps[0].takes_all() && plan.steps[0].classes.size() == 1;
}

std::chrono::milliseconds longest_lazy_wait(const ShedPlan& plan) {
  return plan.asked_for ? kLongestLazyWaitOnRequest : kLongestLazyWait;
}

// Each step looks at the classes of the steps before it too; but of a quota, what is too much of
// one class is none of another's.
std::vector<ShedStep> widened(std::vector<ShedStep> steps) {
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i].most_freed_bytes != ShedStep::kNoBound) continue;
    const auto& before = steps[i - 1].classes;
    steps[i].classes.insert(steps[i].classes.end(), before.begin(), before.end());
  }
  return steps;
}

}  // namespace

Shedder::Shedder(std::shared_ptr<redis::Client> client, const keys::ClassTable& table,
                 ShedOptions options)
    : client_(std::move(client)),
      table_(table),
      options_(options),
      deletions_(options.most_keys_per_minute) {}

void Shedder::use(redis::Capabilities capabilities) {
  capabilities_ = std::move(capabilities);
  rule_ = rule_for(capabilities_, options_.victims);
  met_on_ = client_->generation();
  cursor_ = "0";
  unfinished_.reset();
}

redis::awaitable<ShedOutcome> Shedder::run(ShedPlan plan, ShedBudget budget, ShedMode mode,
                                           std::stop_token stop) {
  Run run(plan, budget, mode, std::move(stop), *this);
  if (plan.empty()) co_return run.finish();
  if (!capabilities_.cannot_shed.empty()) {
    run.fail(Error{ErrorKind::NotPermitted, capabilities_.cannot_shed});
    co_return run.finish();
  }
  // Nothing is chosen then, so sizes would only tell collections that are too big to free at once.
  const bool needs_no_sizes =
      run.is_real() && capabilities_.frees_in_background && takes_all_of_one_class(plan);
  rule_.sizes = capabilities_.memory_usage && !needs_no_sizes;
  rule_.asks_for_ttl = !run.is_real();
  const bool spares = plan.spare_expiring_within >= kWorthSparing;
  rule_.spare_expiring_within = spares ? plan.spare_expiring_within : std::chrono::milliseconds{0};
  // The plan may be older than it seems, if this process was stopped since.
  if (const Status measured = co_await measure(run); !measured) {
    run.fail(measured.error());
    co_return run.finish();
  }
  const std::vector<ShedStep> steps = widened(std::move(plan.steps));
  for (std::size_t i = take_up(run, steps); i < steps.size(); ++i) {
    const StepEnd end = co_await run_step(run, steps[i]);
    if (end == StepEnd::Ended) break;
    run.outcome.end = end == StepEnd::Reached ? ShedEnd::TargetReached : ShedEnd::NothingLeft;
  }
  co_await measure_for_a_person(run);
  co_return run.finish();
}

// However the run has ended, what is told of it is what it has come to.
redis::awaitable<void> Shedder::measure_for_a_person(Run& run) {
  const bool is_open = !run.is_measured || run.frees_in_background;
  if (!run.plan.asked_for || !run.is_real() || !is_open || run.outcome.failure) co_return;
  const Status measured = co_await measure(run);
  if (!measured) co_return;  // it is told as reckoned
}

// The step to begin with: the one that the last run was at, if that was a moment ago.
std::size_t Shedder::take_up(const Run& run, const std::vector<ShedStep>& steps) {
  for (std::size_t i = 0; run.is_real() && unfinished_ && i < steps.size(); ++i) {
    const bool is_this = steps[i].classes == unfinished_->step.classes;
    if (is_this && Clock::now() - left_at_ < kGoOnWithin) return i;
  }
  unfinished_.reset();
  return 0;
}

redis::awaitable<Shedder::StepEnd> Shedder::run_step(Run& run, const ShedStep& step) {
  run.freed_in_step_bytes = 0;
  std::shared_ptr<Sweep> sweep = std::exchange(unfinished_, nullptr);
  if (sweep) {
    sweep->step = step;  // the same classes; the marks may have changed
  } else {
    sweep = std::make_shared<Sweep>(step, table_, run.is_real() ? cursor_ : "0", run.keys_in_all);
  }
  const StepEnd end = co_await walk(run, *sweep);
  if (end == StepEnd::Ended && run.outcome.end == ShedEnd::BudgetSpent && run.is_real()) {
    unfinished_ = std::move(sweep);
    left_at_ = Clock::now();
  }
  co_return end;
}

// Goes from where the last run ended to the end of the keyspace, then round all of it until a whole
// round has taken every candidate that it came by, so that only what came in behind it can be left.
// What comes in is no reason to stay: the next step looks at these classes too, and a class that
// trickles would keep one that floods from ever being shed.
redis::awaitable<Shedder::StepEnd> Shedder::walk(Run& run, Sweep& sweep) {
  for (;;) {
    const bool reached = run.to_free_bytes(sweep.step) <= 0;
    if (reached && run.is_measured) co_return StepEnd::Reached;
    Status went{};
    if (reached) {
      went = co_await measure(run);
    } else if (run.must_end()) {
      co_return StepEnd::Ended;
    } else if (!sweep.round_is_over()) {
      went = co_await next_slice(run, sweep);
    } else if (sweep.is_whole_round && !sweep.left_some) {
      const bool is_known = run.is_measured && !run.frees_in_background;
      if (is_known || !run.is_real()) co_return StepEnd::NothingLeft;
      went = co_await measure(run);
    } else {
      sweep.begin_round();
    }
    if (!went) {
      run.fail(went.error());
      co_return StepEnd::Ended;
    }
  }
}

redis::awaitable<Status> Shedder::next_slice(Run& run, Sweep& sweep) {
  const ShedStep& step = sweep.step;
  const std::int64_t to_free = run.to_free_bytes(step);
  const double share = step.takes_all() ? 1 : sweep.estimate.share(to_free, sweep.pool.bytes());
  // Towards the end of a round little is ahead; but what the round has left, the next one comes by.
  const double least_share = sweep.left_some ? 0 : share;
  const Slice slice = run.plan.asked_for
                          ? slice_on_request(share, run.last_took)
                          : slice_for(urgency(step, run.used_bytes), least_share, run.last_took);
  if (slice.pause.count() > 0) {
    co_await redis::pause_for(slice.pause);
    if (run.must_end()) co_return Status{};  // which the walk then finds, too
  }

  SliceQuestions questions;
  if (sweep.may_choose(slice.sample_keys)) {
    questions.victims = sweep.choose(slice.share, to_free, run.keys_left(), rule_.ranking);
    if (!run.is_real()) run.reckon(std::exchange(questions.victims, {}));
  }
  questions.keys = std::exchange(sweep.to_ask, {});
  questions.weighed = std::exchange(sweep.to_weigh, {});
  if (!sweep.walk.done()) {
    sweep.walk.set_page_keys(sweep.density.page_keys_for(slice.sample_keys));
    questions.next_page = &sweep.walk;
  }
  questions.measure = run.is_real() && Clock::now() - run.measured_at >= kMeasureEvery;
  if (questions.empty()) co_return Status{};

  SliceRule rule = rule_;
  if (slice.share >= 1) rule.ranking.by = By::Size;  // where all go, the use of none matters
  while (exceeds_one_write(questions.victims, rule)) {
    SliceQuestions part;
    part.victims = take_one_write(questions.victims, rule);
    const Status gone = co_await ask(run, sweep, std::move(part), rule, slice.weighed_share);
    if (!gone) co_return gone;
  }
  co_return co_await ask(run, sweep, std::move(questions), rule, slice.weighed_share);
}

// Deletions are written only if the lease holds at that moment: this process may have been stopped
// since it was asked last, and then another guard acts by now.
redis::awaitable<Status> Shedder::ask(Run& run, Sweep& sweep, SliceQuestions questions,
                                      SliceRule rule, double weighed_share) {
  redis::CommandBuffer commands = write_slice(questions, rule);
  std::function<void(redis::Reply &&)> no_sink;
  std::function<bool()> still;
  if (!questions.victims.empty()) still = may_act_;
  const auto sent = Clock::now();
  auto replies = co_await client_->exchange(std::move(commands), met_on_, std::move(no_sink),
                                            std::move(still));
  if (!replies) co_return replies.error();
  run.last_took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - sent);
  SliceAnswers answers = read_slice(std::move(questions), std::move(*replies), rule);
  co_return co_await take_answers(run, sweep, std::move(answers), weighed_share);
}

redis::awaitable<Status> Shedder::take_answers(Run& run, Sweep& sweep, SliceAnswers answers,
                                               double weighed_share) {
  deletions_.spend(std::ssize(answers.deleted), Clock::now());
  for (const auto& gone : answers.deleted) {
    run.count(gone);
    if (rule_.ranking.by == By::Frequency) remembered_.note_shed(gone.key, uses_so_far(gone.use));
    if (tell_gone_) tell_gone_(gone.class_index, gone.key);
  }
  if (answers.memory) run.note_measured(answers.memory->used_bytes);
  if (answers.refused) co_return *answers.refused;
  if (answers.use_is_unknown) rule_.ranking.by = By::Size;
  if (answers.page) {
    const auto page = sweep.walk.take(std::move(*answers.page));
    if (!page) co_return page.error();
    if (run.is_real()) cursor_ = sweep.walk.cursor();
    sweep.take_page(*page, run);
  }
  if (!capabilities_.frees_in_background) {
    auto& known = rule_.sizes ? answers.weighed : answers.asked;
    const Status left = co_await leave_big_collections(run, known);
    if (!left) co_return left;
  }
  if (rule_.ranking.by == By::Frequency) {
    for (auto& candidate : answers.asked) candidate.use += remembered_.uses_of(candidate.key);
  }
  sweep.take_asked(std::move(answers.asked), weighed_share, rule_);
  for (auto& candidate : answers.weighed) sweep.take_weighed(std::move(candidate));
  if (answers.kept.empty()) co_return Status{};
  co_return co_await explain_kept(run, std::move(answers.kept));
}

// Takes out what would stall the server: collections that are big, or whose size is not known.
redis::awaitable<Status> Shedder::leave_big_collections(Run& run,
                                                        std::vector<Candidate>& candidates) {
  const auto suspicious = [&](const Candidate& candidate) {
    return !rule_.sizes || candidate.bytes >= kBigBytes;
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
    const redis::Reply& answer = *type++;
    const bool is_known = !answer.is_error();
    if (is_known && (answer.text == "string" || answer.text == "none")) return false;
    run.leave(candidate, is_known ? &ClassShed::too_big : &ClassShed::type_unknown);
    return true;
  });
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

// Reads used_memory. If something big has gone, after the server's background thread has freed
// what was handed to it: what seems to be missing may be on its way.
redis::awaitable<Status> Shedder::measure(Run& run) {
  const auto begun = Clock::now();
  auto fell = begun;
  std::int64_t least_bytes = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    redis::CommandBuffer info;
    info.add({"INFO", "memory"});
    info.add({"DBSIZE"});
    const auto replies = co_await client_->exchange(std::move(info), met_on_);
    if (!replies) co_return replies.error();
    const redis::Reply& reply = replies->front();
    if (!reply.is_string()) co_return redis::unexpected_reply("INFO", reply);
    const auto reading = pressure::read_memory(redis::ServerInfo::parse(reply.text), 0, 0);
    if (!reading) co_return reading.error();
    run.keys_in_all = replies->back().integer;
    // A dry run begins with what is measured and reckons from there.
    if (run.is_real() || run.outcome.keys() == 0) run.note_measured(reading->used_bytes);
    run.is_measured = true;
    const auto now = Clock::now();
    if (reading->used_bytes < least_bytes) fell = now;
    least_bytes = std::min(least_bytes, reading->used_bytes);
    const bool waits = run.frees_in_background && reading->lazyfree_pending > 0 &&
                       !run.is_stopped() && now - fell < kLongestLazyWait &&
                       now - begun < longest_lazy_wait(run.plan);
    if (!waits) break;
    co_await redis::pause_for(kLazyPoll);
  }
  run.frees_in_background = false;
  co_return Status{};
}

}  // namespace redkeep::shed
