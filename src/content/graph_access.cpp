#include "content/graph_access.h"

#include "error/error.h"

namespace redkeep::content {
namespace {
// Each failure means that another change went through; so many in a row are a fault somewhere.
constexpr int kMostAttempts = 32;

Error still_full(const Error& refused, const std::string& room) {
  return make_error(ErrorKind::OutOfMemory,
                    "the server is out of memory and making room did not help ({}): raise its "
                    "maxmemory or remove content, then repeat the call; {}",
                    room, refused.message);
}

Error elsewhere(const std::string& key, JournalPlace place) {
  return make_error(ErrorKind::UnknownOutcome,
                    "{} is not {} of this journal: the server has lost what was applied, or "
                    "somebody else applies a journal to it",
                    key, place.before);
}
}  // namespace

GraphAccess::GraphAccess(std::shared_ptr<redis::Client> client, keys::KeySchema schema,
                         redis::MakeRoom make_room)
    : client_(std::move(client)),
      schema_(std::move(schema)),
      position_key_(schema_.guard("position")),
      journal_key_(schema_.guard("journal")),
      make_room_(std::move(make_room)),
      ask_([this](redis::CommandBuffer commands) {
        return client_->exchange(std::move(commands));
      }) {}

redis::awaitable<Status> GraphAccess::change(
    std::function<redis::awaitable<Result<AtomicStep>>()> prepare, JournalPlace place) {
  std::optional<std::string> room;  // what came of making it
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    auto step = co_await prepare();
    if (!step) co_return step.error();
    if (place.is_set()) step->advance(position_key_, std::to_string(place.position));
    if (!step->has_writes()) co_return Status{};
    redis::CommandBuffer command;
    step->add_to(command);
    const auto replies = co_await client_->exchange(std::move(command));
    if (!replies) co_return replies.error();
    const auto failed = AtomicStep::failed_condition(replies->front());
    if (failed && *failed == 0) co_return Status{};
    const std::int64_t of_place = journal_.empty() ? 1 : 2;  // conditions, see begin()
    if (failed && place.is_set() && *failed <= of_place) co_return elsewhere(position_key_, place);
    if (failed) continue;
    if (failed.error().kind != ErrorKind::OutOfMemory || !make_room_) co_return failed.error();
    if (room) co_return still_full(failed.error(), *room);
    room = co_await make_room_();
  }
  co_return make_error(ErrorKind::ServerBusy,
                       "others changed the same records {} times in a row: try again",
                       kMostAttempts);
}

AtomicStep GraphAccess::begin(JournalPlace place) const {
  AtomicStep step;
  if (!place.is_set()) return step;
  step.require_value(position_key_, std::to_string(place.before));
  if (!journal_.empty()) step.require_value(journal_key_, journal_);
  return step;
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
