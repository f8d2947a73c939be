#include "cache/cache_store.h"

#include "error/error.h"

namespace redkeep {

std::string_view to_string(CacheOutcome outcome) {
  switch (outcome) {
    case CacheOutcome::Stored: return "Stored";
    case CacheOutcome::StoredBriefly: return "StoredBriefly";
    case CacheOutcome::SkippedUnderPressure: return "SkippedUnderPressure";
  }
  return "unknown";
}

namespace cache {

redis::awaitable<Result<CacheOutcome>> CacheStore::store(std::string key, std::string value) {
  const auto index = table_.classify(key);
  if (!index || table_.at(*index).level != KeyLevel::Evictable) {
    co_return make_error(ErrorKind::InvalidInput, "{} is of no evictable class: it would never go",
                         printable(key));
  }
  const KeyClass& key_class = table_.at(*index);
  const CacheWrite asked = signal_.judge(key_class, std::chrono::steady_clock::now());
  Status written = co_await write(key, value, asked);
  const auto is_full = [&] { return !written && written.error().kind == ErrorKind::OutOfMemory; };
  // Sessions outlive pages: where pages fill the memory, they make room for a session.
  if (is_full() && key_class.shed_at != ShedAt::Warning) {
    co_await make_room_();
    written = co_await write(key, value, asked);
  }
  if (written) co_return asked.outcome;
  if (!is_full()) co_return written.error();
  if (key_class.shed_at == ShedAt::Warning) {
    const Status removed = co_await remove(std::move(key));
    if (!removed) co_return removed.error();
  }
  co_return CacheOutcome::SkippedUnderPressure;
}

// A write that is skipped removes what was there before, as a failed one does in memcached: an old
// version would be served for as long as the pressure lasts, and takes memory besides. The removal
// is also what carries the question for the level, so that the end of the pressure is noticed.
redis::awaitable<Status> CacheStore::write(const std::string& key, const std::string& value,
                                           const CacheWrite& how) {
  redis::CommandBuffer commands;
  const auto now = std::chrono::steady_clock::now();
  const bool asks = signal_.ask(commands, now);
  const bool skips = how.outcome == CacheOutcome::SkippedUnderPressure;
  if (skips) {
    commands.add({"UNLINK", key});
  } else {
    commands.add({"SET", key, value, "EX", std::to_string(how.ttl.count())});
  }
  const auto replies = co_await client_->exchange(std::move(commands));
  if (!replies) co_return replies.error();
  if (asks) signal_.take((*replies)[0], (*replies)[1], now);
  const redis::Reply& reply = replies->back();
  if (reply.is_error()) co_return redis::error_from_reply(skips ? "UNLINK" : "SET", reply);
  co_return Status{};
}

redis::awaitable<Result<std::optional<std::string>>> CacheStore::get(std::string key) {
  std::vector<std::string> get{"GET", std::move(key)};
  auto reply = co_await client_->call(std::move(get));
  if (!reply) co_return reply.error();
  if (reply->is_nil()) co_return std::optional<std::string>{};
  co_return std::optional<std::string>{std::move(reply->text)};
}

redis::awaitable<Status> CacheStore::remove(std::string key) {
  std::vector<std::string> unlink{"UNLINK", std::move(key)};
  const auto reply = co_await client_->call(std::move(unlink));
  if (!reply) co_return reply.error();
  co_return Status{};
}

}  // namespace cache
}  // namespace redkeep
