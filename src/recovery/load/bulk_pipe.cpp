#include "recovery/load/bulk_pipe.h"

#include <charconv>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kMostUnanswered = 2;
// One window is milliseconds of work; a server that needs half a minute for it does not work.
// Longer than the endpoint's deadline: a fork for a snapshot holds a large server up for seconds,
// and a load that breaks off is dearer than one that waits.
constexpr std::chrono::seconds kPipeDeadline{30};

std::size_t read_number(std::string_view& wire) {
  std::size_t number = 0;
  const auto end = wire.find("\r\n");
  std::from_chars(wire.data() + 1, wire.data() + end, number);
  wire.remove_prefix(end + 2);
  return number;
}

// The name and first argument of the command at `place`, read back from the wire.
std::string command_at(std::string_view wire, std::size_t place) {
  for (;; --place) {
    std::string shown;
    const std::size_t arguments = read_number(wire);
    for (std::size_t i = 0; i < arguments; ++i) {
      const std::size_t size = read_number(wire);
      if (i < 2)
        shown += fmt::format("{}{}", i == 0 ? "" : " ", printable(wire.substr(0, size), 120));
      wire.remove_prefix(size + 2);
    }
    if (place == 0) return shown;
  }
}

}  // namespace

redis::awaitable<Status> BulkPipe::advance() {
  if (!is_due()) co_return Status{};
  if (unanswered_.size() >= kMostUnanswered) {
    const Status received = co_await receive_window();
    if (!received) co_return received;
  }
  co_return co_await send_window();
}

redis::awaitable<Status> BulkPipe::finish() {
  if (!commands_.empty()) {
    const Status sent = co_await send_window();
    if (!sent) co_return sent;
  }
  while (!unanswered_.empty()) {
    const Status received = co_await receive_window();
    if (!received) co_return received;
  }
  co_return Status{};
}

redis::awaitable<Status> BulkPipe::send_window() {
  unanswered_.push_back(std::move(commands_));
  commands_ = std::move(spare_);
  commands_.clear();
  sent_ += static_cast<std::int64_t>(unanswered_.back().commands());
  co_return co_await connection_->send(unanswered_.back().wire(), kPipeDeadline);
}

redis::awaitable<Status> BulkPipe::receive_window() {
  redis::CommandBuffer window = std::move(unanswered_.front());
  unanswered_.pop_front();
  std::size_t place = 0;
  std::optional<std::pair<std::size_t, redis::Reply>> refused;
  const std::function<void(redis::Reply &&)> sink = [&](redis::Reply&& reply) {
    if (reply.is_error() && !refused) refused.emplace(place, std::move(reply));
    ++place;
  };
  const Status received = co_await connection_->receive(window.commands(), sink, kPipeDeadline);
  if (!received) co_return received;
  if (refused) {
    co_return redis::error_from_reply(command_at(window.wire(), refused->first), refused->second);
  }
  spare_ = std::move(window);
  co_return Status{};
}

redis::awaitable<Result<std::vector<redis::Reply>>> BulkPipe::ask(redis::CommandBuffer commands) {
  co_return co_await connection_->exchange(commands, kPipeDeadline);
}

}  // namespace redkeep::recovery
