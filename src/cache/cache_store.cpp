#include "cache/cache_store.h"

#include "error/error.h"

namespace redkeep::cache {

redis::awaitable<Status> CacheStore::store(std::string key, std::string value) {
  const auto index = table_.classify(key);
  if (!index || table_.at(*index).level != KeyLevel::Evictable) {
    co_return make_error(ErrorKind::InvalidInput, "{} is of no evictable class: it would never go",
                         printable(key));
  }
  const auto ttl = std::to_string(table_.at(*index).ttl->count());
  std::vector<std::string> set{"SET", std::move(key), std::move(value), "EX", ttl};
  const auto reply = co_await client_->call(std::move(set));
  if (!reply) co_return reply.error();
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

}  // namespace redkeep::cache
