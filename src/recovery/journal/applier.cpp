#include "recovery/journal/applier.h"

#include <charconv>

#include "error/error.h"

namespace redkeep::recovery {

redis::awaitable<Result<ServerPlace>> Applier::read_place() {
  std::vector<std::string> keys{access_.position_key(), access_.journal_key()};
  auto texts = co_await content::read_strings(access_.ask(), std::move(keys));
  if (!texts) co_return texts.error();
  ServerPlace place;
  place.position_text = std::move(texts->front());
  place.journal = std::move(texts->back());
  const std::string& digits = place.position_text;
  if (digits.empty()) co_return place;
  std::int64_t position = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, position);
  if (read.ec != std::errc{} || read.ptr != end || position < 0) {
    co_return make_error(ErrorKind::Protocol, "{} is \"{}\", which is no position: remove it",
                         access_.position_key(), printable(digits, 40));
  }
  place.position = position;
  co_return place;
}

// They are notes of some bytes, so a server that is out of memory takes them, too.
redis::awaitable<Status> Applier::claim(ServerPlace found, std::int64_t position) {
  content::AtomicStep step;
  step.require_value(access_.position_key(), found.position_text);
  step.require_value(access_.journal_key(), found.journal);
  step.advance(access_.position_key(), std::to_string(position));
  step.advance(access_.journal_key(), access_.journal());
  redis::CommandBuffer command;
  step.add_to(command);
  const auto replies = co_await access_.ask()(std::move(command));
  if (!replies) co_return replies.error();
  const auto failed = content::AtomicStep::failed_condition(replies->front());
  if (!failed) co_return failed.error();
  if (*failed != 0) {
    co_return make_error(ErrorKind::UnknownOutcome, "{} changed meanwhile", access_.position_key());
  }
  at_ = position;
  co_return Status{};
}

redis::awaitable<Result<Applier::End>> Applier::apply(std::int64_t position, GraphChange change) {
  const content::JournalPlace place{at_, position};
  const Status applied = co_await steps_.apply(std::move(change), place);
  if (applied) {
    at_ = position;
    co_return End::Applied;
  }
  if (!is_contradiction(applied.error())) co_return applied.error();
  // On a server that has lost its content everything is a contradiction.
  const auto found = co_await read_place();
  if (!found) co_return found.error();
  if (found->position != at_ || found->journal != access_.journal()) {
    co_return make_error(ErrorKind::UnknownOutcome, "{} changed meanwhile", access_.position_key());
  }
  what_ = applied.error();
  co_return End::Contradicts;
}

}  // namespace redkeep::recovery
