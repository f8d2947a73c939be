// GraphWriter: where Redis is in the journal, and what brings it to where the journal begins.
//
// Design: what tells a Redis that has lost its content from one on which a journal is begun is
// whether the graph is there, not whether the journal is new: the first store of all may meet a
// server that was flushed a moment ago.
#include <spdlog/spdlog.h>

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
  base_told_ = false;
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
        "{} is {}, and the journal in {} ends at {}: this Redis belongs to another data directory "
        "(use that one), or the journal's end was taken away (put it back; if it is lost for good, "
        "start once with [journal] durability = \"os\", which takes Redis as it is, and write a "
        "checkpoint at once)",
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

redis::awaitable<Result<std::int64_t>> GraphWriter::find_base(std::optional<std::int64_t> found) {
  const std::string what = found ? fmt::format("Redis is at position {} of the journal", *found)
                                 : std::string("Redis has no content");
  if (!std::exchange(base_told_, true)) {
    // Where nothing was ever stored, that may be as it should be.
    const bool may_be_new = !found && reachable_ == 0;
    spdlog::log(may_be_new ? spdlog::level::info : spdlog::level::warn, "{}: it is brought forward",
                what);
  }
  if (options_.restore_base) {
    const auto base = co_await options_.restore_base(found);
    if (closed_) co_return base;
    if (!base) co_return within(what + ", and cannot be brought forward", base.error());
    if (*base > stored_) {
      co_return make_error(ErrorKind::Refused,
                           "{}, the checkpoint at {}, and the journal ends at {}: they are of "
                           "different data directories",
                           what, *base, stored_);
    }
    if (*base + 1 >= journal_->first_position()) co_return base;
  } else if (!found && journal_->first_position() == 1) {
    co_return std::int64_t{0};
  }
  co_return make_error(ErrorKind::Refused,
                       "{}, and the journal begins at {}: load the checkpoint first", what,
                       journal_->first_position());
}

}  // namespace redkeep::recovery
