#include "recovery/load/eviction_watch.h"

#include <algorithm>

#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::recovery {
namespace {

constexpr std::string_view kKeepProtected = "CONFIG SET maxmemory-policy volatile-lfu";

std::optional<pressure::MemoryReading> reading_of(const redis::ServerInfo& info) {
  auto reading = pressure::read_memory(info, 0, 0);
  if (!reading) return std::nullopt;
  return std::move(*reading);
}

}  // namespace

EvictionWatch::EvictionWatch(const redis::ServerInfo& info) : before_(reading_of(info)) {}

bool EvictionWatch::evicts_any_key() const {
  return before_ && before_->limit_bytes > 0 && before_->eviction_policy.starts_with("allkeys-");
}

Status EvictionWatch::require_possible(std::int64_t needed_bytes) const {
  if (!before_ || before_->limit_bytes <= 0 || needed_bytes <= before_->limit_bytes) return {};
  return make_error(ErrorKind::Refused,
                    "the content takes {} at the least, mostly a quarter more, and the server's "
                    "maxmemory is {}: nothing was written; give it {} or more (CONFIG SET "
                    "maxmemory; of `redkeep up`: --maxmemory)",
                    sizes::print_bytes(needed_bytes), sizes::print_bytes(before_->limit_bytes),
                    sizes::print_bytes(needed_bytes + needed_bytes / 2));
}

Status EvictionWatch::require_room(std::int64_t needed_bytes) const {
  if (!evicts_any_key()) return require_possible(needed_bytes);
  const std::int64_t free_bytes =
      std::max<std::int64_t>(0, before_->limit_bytes - before_->used_bytes);
  if (needed_bytes <= free_bytes) return {};
  return make_error(ErrorKind::Refused,
                    "the content takes about {} and {} of {} are free, and by its policy {} the "
                    "server would evict content to make room: give it a larger maxmemory, or make "
                    "room (`redkeep shed`) and let it keep keys without a TTL ({})",
                    sizes::print_bytes(needed_bytes), sizes::print_bytes(free_bytes),
                    sizes::print_bytes(before_->limit_bytes), before_->eviction_policy,
                    kKeepProtected);
}

Status EvictionWatch::require_nothing_evicted(const redis::ServerInfo& info) const {
  const auto now = reading_of(info);
  if (!evicts_any_key() || !now) return {};
  const std::int64_t evicted_keys = now->evicted_keys - before_->evicted_keys;
  if (evicted_keys <= 0) return {};
  return make_error(ErrorKind::OutOfMemory,
                    "the server evicted {} while the content was written, and by its policy {} "
                    "content may be among them: let it keep keys without a TTL ({}) or give it a "
                    "larger maxmemory than {}",
                    sizes::print_counted(evicted_keys, "key"), before_->eviction_policy,
                    kKeepProtected, sizes::print_bytes(before_->limit_bytes));
}

redis::awaitable<Status> EvictionWatch::look_again(redis::Connection& connection) const {
  if (!evicts_any_key()) co_return Status{};
  redis::CommandBuffer ask;
  ask.add({"INFO"});
  const auto reply = co_await connection.exchange(ask, std::chrono::seconds{10});
  if (!reply) co_return reply.error();
  const auto text = reply->front().string();
  if (!text) co_return Status{};
  co_return require_nothing_evicted(redis::ServerInfo::parse(*text));
}

}  // namespace redkeep::recovery
