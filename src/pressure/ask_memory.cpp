#include "pressure/ask_memory.h"

namespace redkeep::pressure {

redis::awaitable<Result<MemoryReading>> ask_memory(std::shared_ptr<redis::Client> client,
                                                   const Options& options) {
  std::vector<std::string> info{"INFO"};
  const auto reply = co_await client->call(std::move(info));
  if (!reply) co_return reply.error();
  co_return read_memory(redis::ServerInfo::parse(reply->text), options.pressure.limit_bytes,
                        options.endpoint.database);
}

}  // namespace redkeep::pressure
