#include "recovery/journal/applier.h"

#include <charconv>

#include "error/error.h"

namespace redkeep::recovery {

redis::awaitable<Result<std::optional<std::int64_t>>> Applier::read_position() {
  std::vector<std::string> key{access_.position_key()};
  const auto text = co_await content::read_strings(access_.ask(), std::move(key));
  if (!text) co_return text.error();
  const std::string& digits = text->front();
  if (digits.empty()) co_return std::optional<std::int64_t>();
  std::int64_t position = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, position);
  if (read.ec != std::errc{} || read.ptr != end || position < 0) {
    co_return make_error(ErrorKind::Protocol, "{} is \"{}\", which is no position: remove it",
                         access_.position_key(), printable(digits, 40));
  }
  co_return std::optional<std::int64_t>(position);
}

redis::awaitable<Status> Applier::set_position(std::int64_t position) {
  redis::CommandBuffer command;
  command.add({"SET", access_.position_key(), std::to_string(position)});
  const auto replies = co_await access_.ask()(std::move(command));
  if (!replies) co_return replies.error();
  if (const Status set = content::first_error(*replies, "SET"); !set) co_return set;
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
  const auto found = co_await read_position();
  if (!found) co_return found.error();
  if (*found != at_) {
    co_return make_error(ErrorKind::UnknownOutcome, "{} changed meanwhile", access_.position_key());
  }
  what_ = applied.error();
  co_return End::Contradicts;
}

}  // namespace redkeep::recovery
