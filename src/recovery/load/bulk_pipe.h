#pragma once
// Many commands to one server, in windows: while it works on one window the next is made, and never
// more than two are unanswered, so that its reply buffers stay small.
#include <deque>
#include <memory>
#include <string>

#include "content/stored_records.h"
#include "redis/connection.h"

namespace redkeep::recovery {

class BulkPipe {
 public:
  explicit BulkPipe(std::shared_ptr<redis::Connection> connection)
      : connection_(std::move(connection)),
        asks_([this](redis::CommandBuffer commands) { return ask(std::move(commands)); }) {}
  BulkPipe(const BulkPipe&) = delete;
  BulkPipe& operator=(const BulkPipe&) = delete;

  /// Where the next commands go; to be offered to advance() often.
  redis::CommandBuffer& commands() { return commands_; }

  /// Whether advance() would send.
  bool is_due() const { return commands_.bytes() >= kWindowBytes; }

  /// Sends what is there if it is a window's worth. An error reply to an earlier command is an
  /// error here; its message names the command and its key.
  redis::awaitable<Status> advance();

  /// Sends the rest and waits for all replies.
  redis::awaitable<Status> finish();

  /// One exchange on the same connection; only when nothing is unanswered (after finish()).
  redis::awaitable<Result<std::vector<redis::Reply>>> ask(redis::CommandBuffer commands);
  /// ask() as those take it who read stored records. The pipe must outlive it.
  const content::Ask& asks() const { return asks_; }

  std::int64_t commands_sent() const { return sent_; }

 private:
  // Large enough that a system call a window does not matter, small enough that a window is made
  // while the server works on what is in the socket's buffer.
  static constexpr std::size_t kWindowBytes = std::size_t{128} << 10;

  redis::awaitable<Status> send_window();
  redis::awaitable<Status> receive_window();

  std::shared_ptr<redis::Connection> connection_;
  content::Ask asks_;
  redis::CommandBuffer commands_;
  std::deque<redis::CommandBuffer> unanswered_;
  redis::CommandBuffer spare_;  // an answered window, for its memory
  std::int64_t sent_ = 0;
};

}  // namespace redkeep::recovery
