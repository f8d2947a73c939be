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
// Of no change: to void it is a line of no weight.
constexpr std::int64_t kNoPosition = 0;

std::size_t bytes_of(const JournalLine& line) {
  std::size_t bytes = 256;
  for (const auto& field : line.fields) bytes += field.size();
  return bytes;
}

}  // namespace

Result<std::shared_ptr<GraphWriter>> GraphWriter::open(asio::any_io_executor executor, Disk& disk,
                                                       DataDirectory directory,
                                                       GraphWriterOptions options) {
  auto journal = Journal::open(disk, directory.journal(), options.limits);
  if (!journal) return journal.error();
  if (const auto& tail = (*journal)->torn_tail()) {
    spdlog::warn("{} ended within a line: {} bytes at byte {} were cut off and kept aside",
                 tail->path, tail->bytes, tail->offset);
  }
  return std::shared_ptr<GraphWriter>(new GraphWriter(std::move(executor), std::move(directory),
                                                      std::move(*journal), std::move(options)));
}

GraphWriter::GraphWriter(asio::any_io_executor executor, DataDirectory directory,
                         std::unique_ptr<Journal> journal, GraphWriterOptions options)
    : executor_(executor),
      options_(std::move(options)),
      directory_(std::move(directory)),
      journal_(std::move(journal)),
      client_(redis::Client::create(executor, options_.endpoint)),
      access_(client_, keys::KeySchema(options_.prefix), options_.make_room),
      applier_(access_),
      stored_(journal_->last_position()),
      is_new_(stored_ == 0),
      queue_(stored_),
      pause_(executor),
      idle_(executor, asio::steady_timer::time_point::max()) {}

void GraphWriter::start() {
  located_ = false;
  if (!is_new_) run_if_idle();
}

void GraphWriter::close() {
  if (closed_) return;
  closed_ = true;
  client_->close();
  pause_.cancel();
  idle_.cancel();
  journal_.reset();
  directory_.reset();
  for (auto& [position, writer] : std::exchange(writers_, {})) {
    writer->finish(StoreOutcome::Journaled);
  }
}

redis::awaitable<Result<StoreOutcome>> GraphWriter::write(GraphChange change) {
  auto checked = applier_.check(std::move(change));
  if (!checked) co_return checked.error();
  if (closed_) co_return make_error(ErrorKind::Interrupted, "the journal is closed");
  if (refusal_) co_return *refusal_;
  const auto writer = std::make_shared<Writer>(executor_);
  const auto deadline = Clock::now() + options_.deadline;
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
  if (writer->position == 0) co_return make_error(ErrorKind::Interrupted, "stopped on request");
  writers_.erase(writer->position);
  co_return StoreOutcome::Journaled;
}

void GraphWriter::append(GraphChange change, std::shared_ptr<Writer> writer) {
  if (appended_) appended_->push_back(change);
  JournalLine line = line_of(change);
  const std::size_t bytes = bytes_of(line);
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

void GraphWriter::run_if_idle() {
  if (running_ || closed_ || held_) return;
  running_ = true;
  asio::co_spawn(executor_, run(), [self = shared_from_this()](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

redis::awaitable<void> GraphWriter::run() {
  const auto self = shared_from_this();
  while (!closed_ && !held_ && (!located_ || queue_.decided() < stored_)) {
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

redis::awaitable<Result<std::int64_t>> GraphWriter::hold() {
  if (held_) {
    co_return make_error(ErrorKind::Refused,
                         "the journal is held already: one checkpoint at a time");
  }
  held_ = true;
  pause_.cancel();
  while (running_ && !closed_) co_await idle_.async_wait(asio::as_tuple(asio::use_awaitable));
  if (closed_) co_return make_error(ErrorKind::Interrupted, "the journal is closed");
  // Where Redis was after the last change says nothing of where it is now.
  located_ = false;
  const Status located = co_await locate();
  if (closed_) co_return make_error(ErrorKind::Interrupted, "the journal is closed");
  if (located) co_return applier_.at();
  release();
  co_return located.error();
}

void GraphWriter::release() {
  held_ = false;
  run_if_idle();
}

redis::awaitable<void> GraphWriter::pause() {
  const int doublings = std::min(failures_ - 1, 6);
  pause_.expires_after(std::min(kFirstPause * (1 << doublings), kLongestPause));
  co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
}

redis::awaitable<Status> GraphWriter::apply_next() {
  if (!located_) co_return co_await locate();
  auto next = queue_.next(*journal_, stored_);
  if (!next) co_return next.error();
  if (!*next) co_return Status{};
  ChangeQueue::Change change = std::move(**next);
  GraphChange copy = change.change;
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

// Finds out where Redis is, and where needed brings it to where the journal begins.
redis::awaitable<Status> GraphWriter::locate() {
  const auto found = co_await applier_.read_position();
  if (!found) co_return found.error();
  if (closed_) co_return Status{};
  if (*found && **found > stored_) {
    const Status going_on = go_on_behind(**found);
    if (!going_on) co_return going_on;
  }
  refusal_.reset();
  std::int64_t position = found->value_or(0);
  const bool is_new = !*found && is_new_;
  if (!*found || position + 1 < journal_->first_position()) {
    if (!is_new) {
      const auto base = co_await find_base(*found);
      if (!base) co_return base.error();
      if (closed_) co_return Status{};
      position = *base;
    }
    const Status set = co_await applier_.set_position(position);
    if (!set) co_return set;
  }
  applier_.begin_at(position);
  queue_.begin_behind(position);
  located_ = true;
  is_new_ = false;
  answer_all_up_to(position);
  co_return Status{};
}

// A journal that is not synced may have lost its end with the machine: what Redis has of it is the
// truth then. One that is synced cannot.
Status GraphWriter::go_on_behind(std::int64_t position) {
  if (options_.limits.durability == Durability::Fsync) {
    refusal_ = make_error(ErrorKind::Refused,
                          "{} is {}, and the journal in {} ends at {}: this Redis belongs to "
                          "another data directory, or the journal's end was taken away",
                          access_.position_key(), position, directory_->path(), stored_);
    return *refusal_;
  }
  spdlog::warn("the journal has lost what was behind position {}; Redis has it up to {}", stored_,
               position);
  if (const Status left = journal_->leave_out_until(position + 1); !left) return left;
  stored_ = position;
  return {};
}

redis::awaitable<Result<std::int64_t>> GraphWriter::find_base(std::optional<std::int64_t> found) {
  const std::string what = found ? fmt::format("Redis is at position {} of the journal", *found)
                                 : std::string("Redis has lost its content");
  if (options_.restore_base) {
    spdlog::warn("{}: it is brought forward", what);
    const auto base = co_await options_.restore_base(found);
    if (!base || closed_) co_return base;
    if (*base + 1 >= journal_->first_position()) co_return base;
  } else if (!found && journal_->first_position() == 1) {
    spdlog::warn("{}: it is brought forward by the whole journal", what);
    co_return std::int64_t{0};
  }
  co_return make_error(ErrorKind::Refused,
                       "{}, and the journal begins at {}: load the checkpoint first", what,
                       journal_->first_position());
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
  if (!held_up_by_ || Clock::now() - told_ >= kTellEvery) {
    told_ = Clock::now();
    spdlog::warn("changes are journaled and wait for Redis: {}", error.message);
  }
  held_up_by_ = error;
  for (auto& [position, writer] : std::exchange(writers_, {})) {
    writer->finish(StoreOutcome::Journaled);
  }
}

void GraphWriter::note_going_on() {
  failures_ = 0;
  if (!held_up_by_ || !located_) return;
  if (queue_.decided() < stored_ && !queue_.is_near()) return;  // far behind still
  held_up_by_.reset();
  spdlog::info("Redis is back and has what was journaled up to position {}", queue_.decided());
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

Status GraphWriter::remove_files_up_to(std::int64_t position) {
  if (closed_) return make_error(ErrorKind::Interrupted, "the journal is closed");
  return journal_->remove_files_up_to(std::min(position, applier_.at()));
}

}  // namespace redkeep::recovery
