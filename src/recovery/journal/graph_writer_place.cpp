// GraphWriter: where Redis is in the journal, and what brings it to where the journal begins.
//
// Design: what tells a Redis that has lost its content from one on which a journal is begun is
// whether the graph is there, not whether the journal is new: the first store of all may meet a
// server that was flushed a moment ago.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "error/error.h"
#include "recovery/journal/graph_writer.h"
#include "recovery/journal/journal_identity.h"
#include "recovery/load/find_graph.h"

namespace redkeep::recovery {
namespace {

// The server's state passes; files stay as they are until somebody does something about them.
bool passes_by_itself(const Error& error) {
  return error.kind == ErrorKind::Unreachable || error.kind == ErrorKind::UnknownOutcome ||
         error.kind == ErrorKind::ServerBusy;
}

// Without a position only the keys themselves tell an empty server from one that came back with a
// graph of an earlier day, or was loaded by hand.
redis::awaitable<Result<BehindRedis>> look_closer(content::Ask ask, std::string prefix,
                                                  std::optional<std::int64_t> found) {
  BehindRedis behind;
  behind.position = found;
  behind.has_graph = found.has_value();
  if (found) co_return behind;
  const auto key = co_await find_graph_key(ask, prefix);
  if (key) behind.has_graph = !key->empty();
  if (key || key.error().kind != ErrorKind::NotPermitted) {
    co_return key ? Result<BehindRedis>(std::move(behind)) : Result<BehindRedis>(key.error());
  }
  std::vector<std::string> name{keys::KeySchema(prefix).guard("content")};
  const auto mark = co_await content::read_strings(ask, std::move(name));
  if (!mark) co_return mark.error();
  behind.has_graph = mark->front() == kGraphIsThere;
  co_return behind;
}

}  // namespace

// Asks where Redis is. Refused while that is where this journal cannot have brought it.
redis::awaitable<Result<ServerPlace>> GraphWriter::look() {
  const auto found = co_await applier_.read_place();
  if (!found || closed_) co_return found;
  const Status own = require_own(*found);
  if (own && std::exchange(refusal_, std::nullopt)) spdlog::info("stores are taken again");
  has_looked_ = own.ok() || refusal_;
  wake_early();
  if (!own) co_return own.error();
  co_return found;
}

// Finds out where Redis is, and where needed brings it to where the journal begins.
redis::awaitable<Status> GraphWriter::locate() {
  base_failed_ = false;
  const auto found = co_await look();
  if (!found) co_return found.error();
  if (closed_) co_return Status{};
  std::int64_t position = found->position.value_or(0);
  bool is_told = found->journal == access_.journal();
  if (!found->position || position + 1 < journal_->first_position()) {
    const auto beginning = co_await find_beginning(found->position);
    if (!beginning) co_return beginning.error();
    if (closed_ || !*beginning) co_return Status{};
    position = **beginning;
    is_told = false;
  } else if (const Status begun = co_await go_on_with_cut_recovery(position); !begun) {
    co_return begun;
  }
  if (!is_told) {
    ServerPlace before = *found;
    const Status claimed = co_await applier_.claim(std::move(before), position);
    if (!claimed) co_return claimed;
    may_take_over_ = false;
    if (!found->journal.empty() && found->journal != access_.journal()) {
      spdlog::warn("{} was \"{}\": this Redis is taken over as it is, at position {}",
                   access_.journal_key(), printable(found->journal, 1000), position);
    }
  }
  applier_.begin_at(position);
  queue_.begin_behind(position);
  located_ = true;
  is_new_ = false;
  answer_all_up_to(position);
  co_return Status{};
}

// Positions of another journal look like ours. A server without an identity has none to contradict;
// and at position 0 it has nothing of the other journal, so one that has nothing either may begin.
Status GraphWriter::require_own(const ServerPlace& found) {
  const bool is_foreign = !found.journal.empty() && found.journal != access_.journal();
  const bool has_nothing_of_it = is_new_ && found.position == 0;
  if (is_foreign && !may_take_over_ && !has_nothing_of_it) {
    return refuse({ErrorKind::Refused, of_another_journal(access_.journal_key(), found.journal,
                                                          access_.journal(), directory_->path())});
  }
  if (!found.position || *found.position <= reachable_) return {};
  return go_on_behind(*found.position);
}

Status GraphWriter::refuse(Error why) {
  const bool is_told = refusal_ && refusal_->message == why.message;
  refusal_ = std::move(why);
  if (!is_told) spdlog::warn("stores are refused: {}", refusal_->message);
  return *refusal_;
}

// A journal that is not synced may have lost its end with the machine: what Redis has of it is the
// truth then. One that is synced cannot, and what was stored meanwhile has taken those positions.
Status GraphWriter::go_on_behind(std::int64_t position) {
  if (options_.limits.durability == Durability::Fsync || stored_ > reachable_) {
    return refuse(make_error(
        ErrorKind::Refused,
        "{0} is {1}, and the journal in {2} ends at {3}: this Redis belongs to another data "
        "directory "
        "(use that one), or the journal's end was taken away (put it back; if it is lost for good, "
        "start once with [journal] durability = \"os\", which takes Redis as it is, and write a "
        "checkpoint at once; where Redis has lost its graph as well, remove {0} instead, and it is "
        "brought forward to {3})",
        access_.position_key(), position, directory_->path(), reachable_));
  }
  spdlog::warn("the journal has lost what was behind position {}; Redis has it up to {}", stored_,
               position);
  if (const Status left = journal_->leave_out_until(position + 1); !left) return left;
  stored_ = reachable_ = position;
  return {};
}

// Where the journal begins for a Redis without a position, or with one that it does not reach back
// to. Nothing: there is no graph, and nothing was ever stored that it would have to have.
redis::awaitable<Result<std::optional<std::int64_t>>> GraphWriter::find_beginning(
    std::optional<std::int64_t> found) {
  if (!found && is_new_) {
    const auto is_there = co_await has_whole_graph(access_.ask(), options_.prefix);
    if (!is_there) co_return is_there.error();
    if (*is_there) co_return std::optional<std::int64_t>(0);  // the journal was begun on it
    if (!is_in_use()) co_return std::optional<std::int64_t>();
    is_new_ = false;  // what is there from now on is ours, and not whole
  }
  const auto base = co_await find_base(found);
  if (!base) {
    base_failed_ = !passes_by_itself(base.error());
    co_return base.error();
  }
  co_return std::optional<std::int64_t>(*base);
}

Status GraphWriter::goes_on_from(std::int64_t base, const std::string& what) const {
  if (base > stored_) {
    return make_error(ErrorKind::Refused,
                      "{}, the checkpoint at {}, and the journal ends at {}: they are of different "
                      "data directories",
                      what, base, stored_);
  }
  if (base + 1 >= journal_->first_position()) return {};
  return make_error(ErrorKind::Refused,
                    "{}, and the journal begins at {}: put back the checkpoint that belongs to it",
                    what, journal_->first_position());
}

redis::awaitable<Result<std::int64_t>> GraphWriter::find_base(std::optional<std::int64_t> found) {
  auto behind = co_await look_closer(access_.ask(), options_.prefix, found);
  if (!behind) co_return behind.error();
  const std::string what = found ? fmt::format("Redis is at position {} of the journal", *found)
                           : behind->has_graph
                               ? fmt::format(
                                     "Redis has a content graph without {}, and nobody knows "
                                     "of when it is",
                                     access_.position_key())
                               : std::string("Redis has no content");
  behind->mark = [self = shared_from_this(), what](std::int64_t base) {
    return self->mark_recovery(what, base);
  };
  // On a server where nothing was ever stored, an empty graph is as it should be.
  const bool may_be_new = !found && reachable_ == 0;
  const auto mark = behind->mark;
  BroughtBase base;
  if (options_.restore_base) {
    auto bringing = options_.restore_base(std::move(*behind));
    auto brought = co_await std::move(bringing);
    if (!brought && closed_) co_return brought.error();
    if (!brought) co_return within(what + ", and cannot be brought forward", brought.error());
    base = std::move(*brought);
  }
  if (closed_) co_return base.position;
  if (base.name.empty()) {
    Status begun = goes_on_from(0, what);
    if (begun && !may_be_new) begun = co_await mark(0);
    if (!begun) co_return begun.error();
  }
  // At once: who is killed before the end reports nothing.
  if (const auto differences = describe_differences(base); !differences.empty()) {
    spdlog::warn("{}", differences);
  }
  if (recovery_.is_under_way()) recovery_.note_base(base);
  co_return base.position;
}

// Until it is finished no export and no checkpoint takes the graph for whole, whoever asks.
redis::awaitable<Status> GraphWriter::mark_recovery(std::string what, std::int64_t base) {
  if (closed_) co_return make_error(ErrorKind::Interrupted, "the journal is closed");
  const Status goes_on = goes_on_from(base, what);
  if (!goes_on) co_return goes_on;
  redis::CommandBuffer command;
  command.add({"SET", keys::KeySchema(options_.prefix).guard("content"), kGraphIsRestored});
  const auto replies = co_await access_.ask()(std::move(command));
  if (!replies) co_return replies.error();
  if (const Status set = content::first_error(*replies, "SET"); !set) co_return set;
  if (!recovery_.is_under_way()) spdlog::warn("{}: it is brought forward", what);
  recovery_.begin(std::move(what), stored_);
  co_return Status{};
}

// A recovery that was cut behind its base has left a position, and its mark.
redis::awaitable<Status> GraphWriter::go_on_with_cut_recovery(std::int64_t position) {
  if (recovery_.is_under_way() || !is_in_use()) co_return Status{};
  std::vector<std::string> name{keys::KeySchema(options_.prefix).guard("content")};
  const auto mark = co_await content::read_strings(access_.ask(), std::move(name));
  if (!mark) co_return mark.error();
  if (mark->front() != kGraphIsRestored) co_return Status{};
  recovery_.begin(fmt::format("a recovery was cut at position {}", position),
                  std::max(stored_, position));
  co_return Status{};
}

redis::awaitable<Status> GraphWriter::finish_recovery() {
  // Where another one has marked it since, or the server was flushed, that stays.
  constexpr std::string_view kFinish =
      "if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end "
      "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end "
      "return 1";
  redis::CommandBuffer command;
  command.add({"EVAL", kFinish, "2", keys::KeySchema(options_.prefix).guard("content"),
               access_.position_key(), kGraphIsRestored, kGraphIsThere});
  const auto replies = co_await access_.ask()(std::move(command));
  if (!replies) co_return replies.error();
  if (const Status done = content::first_error(*replies, "EVAL"); !done) co_return done;
  if (replies->front().integer != 1) {
    co_return make_error(ErrorKind::UnknownOutcome, "{} is gone again", access_.position_key());
  }
  const GraphRecovery::Report& report = recovery_.end(queue_.decided());
  spdlog::info("Redis has its content again: {}", report.sentence);
  co_return Status{};
}

redis::awaitable<Result<std::int64_t>> GraphWriter::hold() {
  if (held_) {
    co_return make_error(ErrorKind::Refused,
                         "a checkpoint, a repair or a restore holds the journal: try again when "
                         "that is done");
  }
  held_ = true;
  pause_.cancel();
  while (running_ && !closed_)
    co_await idle_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  if (closed_) co_return make_error(ErrorKind::Interrupted, "the journal is closed");
  // Where Redis was after the last change says nothing of where it is now.
  located_ = false;
  Status located = co_await locate();
  if (located && recovery_.is_at_end(queue_.decided())) located = co_await finish_recovery();
  if (closed_) co_return make_error(ErrorKind::Interrupted, "the journal is closed");
  if (located) co_return applier_.at();
  release();
  co_return located.error();
}

}  // namespace redkeep::recovery
