#include "redis/set_when_full.h"

namespace redkeep::redis {
namespace {

constexpr std::string_view kSetScript =
    "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], ARGV[1])";

}  // namespace

awaitable<Status> set_when_full(std::shared_ptr<Client> client, std::string key,
                                std::string value) {
  std::vector<std::string> eval{"EVAL", std::string(kSetScript), "1", std::move(key),
                                std::move(value)};
  const auto done = co_await client->call(std::move(eval));
  if (!done) co_return done.error();
  co_return Status{};
}

}  // namespace redkeep::redis
