#include "content/graph_access.h"

#include "error/error.h"

namespace redkeep::content {
namespace {
// Each failure means that another change went through; so many in a row are a fault somewhere.
constexpr int kMostAttempts = 32;
}  // namespace

GraphAccess::GraphAccess(std::shared_ptr<redis::Client> client, keys::KeySchema schema)
    : client_(std::move(client)),
      schema_(std::move(schema)),
      ask_([this](redis::CommandBuffer commands) {
        return client_->exchange(std::move(commands));
      }) {}

redis::awaitable<Status> GraphAccess::change(
    std::function<redis::awaitable<Result<AtomicStep>>()> prepare) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const auto step = co_await prepare();
    if (!step) co_return step.error();
    if (!step->has_writes()) co_return Status{};
    redis::CommandBuffer command;
    step->add_to(command);
    const auto replies = co_await client_->exchange(std::move(command));
    if (!replies) co_return replies.error();
    const auto applied = AtomicStep::was_applied(replies->front());
    if (!applied) co_return applied.error();
    if (*applied) co_return Status{};
  }
  co_return make_error(ErrorKind::ServerBusy,
                       "others changed the same records {} times in a row: try again",
                       kMostAttempts);
}

redis::awaitable<Result<std::vector<std::string>>> GraphAccess::members(std::string key) {
  std::vector<std::string> command{"SMEMBERS", std::move(key)};
  auto reply = co_await client_->call(std::move(command));
  if (!reply) co_return reply.error();
  if (!reply->is_array()) co_return redis::unexpected_reply("SMEMBERS", *reply);
  std::vector<std::string> found;
  found.reserve(reply->elements.size());
  for (auto& element : reply->elements) found.push_back(std::move(element.text));
  co_return found;
}

}  // namespace redkeep::content
