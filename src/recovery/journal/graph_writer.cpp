// Design: changes are decided one after the other, because what one may do depends on those before
// it (a name, a parent), and a replay must come to the same end. What contradicts the content is
// found out when it is applied; then a further line voids it in the journal, before its writer is
// told. A change that was acknowledged is never voided: if it turns out to contradict what is
// stored, it is logged and left out, and a later replay decides about it anew.
#include "recovery/journal/graph_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "error/error.h"
#include "recovery/journal/hand_words.h"
#include "recovery/journal/waiting_writer.h"
#include "redis/beside.h"

namespace redkeep::recovery {

namespace asio = boost::asio;

namespace {
using Clock = std::chrono::steady_clock;

// A connection that was made anew is not an absence.
constexpr int kFailuresUntilAway = 2;
constexpr std::chrono::milliseconds kFirstPause{20};
constexpr std::chrono::milliseconds kLongestPause{1000};
constexpr std::chrono::minutes kTellEvery{1};
// Each time, a checkpoint is read whole; it is a person who mends it.
constexpr std::chrono::milliseconds kLongestPauseWithoutBase{30'000};
// Of no change: to void it is a line of no weight.
constexpr std::int64_t kNoPosition = 0;

std::size_t waiting_bytes(const JournalLine& line) {
  std::size_t bytes = 256;
  for (const auto& field : line.fields) bytes += field.size();
  return bytes;
}

}  // namespace

void GraphWriter::start() {
  located_ = false;
  run_if_idle();
}

void GraphWriter::close() {
  if (closed_) return;
  closed_ = true;
  client_->close();
  pause_.cancel();
  idle_.cancel();
  wake_early();
  journal_.reset();
  directory_.reset();
  for (auto& [position, writer] : std::exchange(writers_, {})) {
    writer->finish(StoreOutcome::Journaled);
  }
}

redis::awaitable<Result<StoreOutcome>> GraphWriter::write(GraphChange change) {
  auto checked = applier_.check(std::move(change));
  if (!checked) co_return checked.error();
  const auto writer = std::make_shared<Writer>(executor_);
  const auto deadline = Clock::now() + options_.deadline;
  const Status admitted = co_await admit(writer, deadline);
  if (!admitted) co_return admitted.error();
  append(std::move(*checked), writer);
  if (writer->position == 0 && !writer->result) {
    co_await writer->changed.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  const auto cancelled = co_await asio::this_coro::cancellation_state;
  while (writer->position > 0 && !writer->result && !cancelled.cancelled()) {
    if (!writer->is_being_voided && Clock::now() >= deadline) break;
    writer->changed.expires_at(writer->is_being_voided ? Clock::time_point::max() : deadline);
    co_await writer->changed.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (writer->result) co_return std::move(*writer->result);
  if (writer->position == 0) co_return interrupted();
  writers_.erase(writer->position);
  co_return StoreOutcome::Journaled;
}

// A change must not get a position that Redis takes for applied already. So it has to be known
// where Redis is before the first one gets any, unless Redis is away.
redis::awaitable<Status> GraphWriter::admit(std::shared_ptr<Writer> writer,
                                            Clock::time_point deadline) {
  const auto self = shared_from_this();
  const auto cancelled = co_await asio::this_coro::cancellation_state;
  run_if_idle();
  while (!has_looked_ && !held_up_by_ && !closed_ && Clock::now() < deadline) {
    early_.push_back(writer);
    writer->changed.expires_at(deadline);
    co_await writer->changed.async_wait(asio::as_tuple(asio::use_awaitable));
    std::erase(early_, writer);
    if (!!cancelled.cancelled()) co_return interrupted();
  }
  writer->changed.expires_at(Clock::time_point::max());
  if (closed_) co_return make_error(ErrorKind::Interrupted, "the journal is closed");
  co_return refusal_ ? Status(*refusal_) : Status();
}

void GraphWriter::wake_early() {
  for (const auto& writer : std::exchange(early_, {})) writer->changed.cancel();
}

void GraphWriter::append(GraphChange change, std::shared_ptr<Writer> writer) {
  if (appended_) appended_->push_back(change);
  JournalLine line = line_of(change);
  const std::size_t bytes = waiting_bytes(line);
  // Posts of one thread are carried out in their order, so these come in that of the positions.
  Journal::Done done = [self = shared_from_this(), change = std::move(change), bytes,
                        writer = std::move(writer)](Result<std::int64_t> stored) mutable {
    auto note = [self, stored = std::move(stored), change = std::move(change), bytes,
                 writer]() mutable {
      self->note_stored(std::move(stored), std::move(change), bytes, writer);
    };
    asio::post(self->executor_, std::move(note));
  };
  journal_->append(std::move(line), std::move(done));
}

void GraphWriter::note_stored(Result<std::int64_t> stored, GraphChange change, std::size_t bytes,
                              const std::shared_ptr<Writer>& writer) {
  note_store_trouble(stored);
  if (!stored) return writer->finish(stored.error());
  writer->position = *stored;
  if (closed_) return writer->finish(StoreOutcome::Journaled);
  stored_ = *stored;
  queue_.add({*stored, std::move(change)}, bytes);
  if (held_up_by_) {
    writer->finish(StoreOutcome::Journaled);
  } else {
    writers_.emplace(*stored, writer);
    writer->changed.cancel();  // from now on it waits for Redis
  }
  run_if_idle();
}

// What is wrong with the change itself is for its writer alone.
void GraphWriter::note_store_trouble(const Result<std::int64_t>& stored) {
  if (stored) {
    if (store_trouble_) spdlog::info("stores are journaled again");
    store_trouble_.reset();
  } else if (stored.error().kind != ErrorKind::InvalidInput) {
    const bool is_known = store_trouble_ && store_trouble_->message == stored.error().message;
    if (!is_known) spdlog::error("stores fail: {}", stored.error().message);
    store_trouble_ = stored.error();
  }
}

std::optional<Error> GraphWriter::store_trouble() const {
  return refusal_ ? refusal_ : store_trouble_;
}

// While nothing was ever stored, there is nothing to apply; but who stores wants to know whether
// this is the journal's Redis.
bool GraphWriter::has_work() const {
  if (recovery_.is_under_way()) return true;
  if (!is_in_use()) return !has_looked_ || refusal_;
  return !located_ || queue_.decided() < stored_;
}

void GraphWriter::run_if_idle() {
  if (running_ || closed_ || held_ || !has_work()) return;
  running_ = true;
  asio::co_spawn(executor_, run(), [self = shared_from_this()](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

redis::awaitable<void> GraphWriter::run() {
  const auto self = shared_from_this();
  while (!closed_ && !held_ && has_work()) {
    const std::int64_t before = queue_.decided();
    const Status done = co_await apply_next();
    if (closed_) break;
    if (done) {
      // That Redis can be asked does not mean that it takes a change.
      if (queue_.decided() > before || queue_.decided() == stored_) note_going_on();
      continue;
    }
    located_ = false;
    if (++failures_ >= kFailuresUntilAway) note_held_up(done.error());
    co_await pause();
  }
  running_ = false;
  idle_.cancel();
}

void GraphWriter::release() {
  held_ = false;
  run_if_idle();
}

redis::awaitable<void> GraphWriter::pause() {
  const int doublings = std::min(failures_ - 1, 11);
  pause_.expires_after(std::min(kFirstPause * (1 << doublings),
                                base_failed_ ? kLongestPauseWithoutBase : kLongestPause));
  co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
}

redis::awaitable<Status> GraphWriter::apply_next() {
  if (!is_in_use() && !recovery_.is_under_way()) {
    const auto found = co_await look();
    co_return found ? Status() : Status(found.error());
  }
  if (!located_) co_return co_await locate();
  if (recovery_.is_at_end(queue_.decided())) co_return co_await finish_recovery();
  auto next = queue_.next(*journal_, stored_);
  if (!next) co_return next.error();
  if (!*next) co_return Status{};
  ChangeQueue::Change change = std::move(**next);
  GraphChange copy = change.change;
  reachable_ = std::max(reachable_, change.position);
  const auto end = co_await applier_.apply(change.position, std::move(copy));
  if (!end) co_return end.error();
  if (closed_) co_return Status{};
  queue_.note_decided(change.position);
  if (*end == Applier::End::Applied) {
    answer(change.position, StoreOutcome::Applied);
  } else {
    co_await leave_out(std::move(change));
  }
  co_return Status{};
}

redis::awaitable<void> GraphWriter::leave_out(ChangeQueue::Change change) {
  const Error contradiction = applier_.what();
  if (const auto found = writers_.find(change.position); found != writers_.end()) {
    const auto writer = found->second;
    writers_.erase(found);
    writer->is_being_voided = true;
    writer->changed.cancel();
    const Status voided = co_await void_in_journal(change.position);
    if (!voided) spdlog::error("{}", voided.error().message);
    writer->finish(contradiction);
    co_return;
  }
  spdlog::error(
      "journal position {} ({}) was acknowledged and contradicts what is stored, so it is "
      "left out: {}",
      change.position, describe(change.change), contradiction.message);
}

// Until the line is stored nobody is told of the contradiction: a replay would know nothing of it.
// With it is stored all that was appended before.
redis::awaitable<Status> GraphWriter::void_in_journal(std::int64_t position) {
  const auto done = std::make_shared<asio::steady_timer>(executor_, Clock::time_point::max());
  const auto outcome = std::make_shared<Status>();
  Journal::Done wake = [self = shared_from_this(), done, outcome](Result<std::int64_t> stored) {
    auto note = [self, done, outcome, stored = std::move(stored)] {
      if (stored) self->stored_ = std::max(self->stored_, *stored);
      if (!stored) *outcome = stored.error();
      done->cancel();
    };
    asio::post(self->executor_, note);
  };
  journal_->append(void_line(position), std::move(wake));
  co_await done->async_wait(asio::as_tuple(asio::use_awaitable));
  co_return *outcome;
}

void GraphWriter::answer(std::int64_t position, Result<StoreOutcome> result) {
  const auto writer = writers_.find(position);
  if (writer == writers_.end()) return;
  writer->second->finish(std::move(result));
  writers_.erase(writer);
}

void GraphWriter::answer_all_up_to(std::int64_t position) {
  while (!writers_.empty() && writers_.begin()->first <= position) {
    answer(writers_.begin()->first, StoreOutcome::Applied);
  }
}

void GraphWriter::note_held_up(const Error& error) {
  // That stores are refused was told, and while there are none nobody is held up.
  const bool is_new = told_.empty() || (told_ != error.message && Clock::now() >= tell_again_);
  if (is_in_use() && !refusal_ && is_new) {
    spdlog::warn("changes are journaled and not applied: {}", error.message);
    told_ = error.message;
    tell_again_ = Clock::now() + kTellEvery;
  }
  held_up_by_ = error;
  catching_up_.reset();
  wake_early();
  for (auto& [position, writer] : std::exchange(writers_, {})) {
    writer->finish(StoreOutcome::Journaled);
  }
}

void GraphWriter::note_going_on() {
  failures_ = 0;
  const bool is_caught_up = queue_.decided() == stored_ || queue_.is_near();
  if (held_up_by_ && (located_ || !is_in_use()) && is_caught_up) {
    held_up_by_.reset();
    told_.clear();
    if (is_in_use()) catching_up_ = stored_;
  }
  if (!catching_up_ || queue_.decided() < *catching_up_) return;
  catching_up_.reset();
  spdlog::info("changes are applied again: Redis has all that was stored up to position {}",
               queue_.decided());
}

// Changes go on being journaled meanwhile: those that the files do not have yet when they are read
// are noted. From then on until ours are appended nothing else is done here.
redis::awaitable<Status> GraphWriter::carry_hand_words_over(std::int64_t position) {
  if (closed_) co_return make_error(ErrorKind::Interrupted, "the journal is closed");
  const auto later = std::make_shared<std::vector<GraphChange>>();
  appended_ = later;
  Status passed = co_await void_in_journal(kNoPosition);
  Result<HandWords> words = HandWords();
  if (passed) {
    const auto read = [directory = journal_->directory(), position] {
      return hand_words_in(directory, position);
    };
    words = co_await redis::beside(read);
  }
  appended_.reset();
  if (!passed) co_return passed;
  if (!words) co_return words.error();
  if (closed_) co_return make_error(ErrorKind::Interrupted, "the journal is closed");
  for (const auto& change : *later) words->leave_to(change);
  auto changes = words->as_changes();
  if (changes.empty()) co_return Status{};
  std::vector<std::shared_ptr<Writer>> ours;
  for (auto& change : changes) {
    ours.push_back(std::make_shared<Writer>(executor_));
    append(std::move(change), ours.back());
  }
  passed = co_await void_in_journal(kNoPosition);
  for (const auto& writer : ours) {
    if (passed && writer->result && !*writer->result) passed = writer->result->error();
  }
  co_return passed;
}

Status GraphWriter::begin_next_file(std::int64_t position) {
  if (closed_) return make_error(ErrorKind::Interrupted, "the journal is closed");
  return journal_->begin_next_file(position);
}

Status GraphWriter::remove_files_up_to(std::int64_t position) {
  if (closed_) return make_error(ErrorKind::Interrupted, "the journal is closed");
  return journal_->remove_files_up_to(std::min(position, applier_.at()));
}

}  // namespace redkeep::recovery
