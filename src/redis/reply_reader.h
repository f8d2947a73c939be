#pragma once
// Bytes in, replies out: hiredis's reader, told to build our Reply with bounded allocations. Pure.
//
// hiredis would allocate an array by the length that the server claims; ours grow as elements
// arrive. Depth is bounded by hiredis (7), bytes per reply by kMaxReplyBytes, and because an
// element of four bytes on the wire takes some seventy here, elements by kMaxReplyElements.
#include <memory>
#include <optional>
#include <string_view>

#include "redis/reply.h"
#include "redkeep/result.h"

struct redisReader;

namespace redkeep::redis {

class ReplyReader {
 public:
  /// The largest reply taken, in bytes on the wire: a field of 64 MiB and its neighbours.
  static constexpr std::size_t kMaxReplyBytes = std::size_t{192} << 20;
  /// The most elements of one reply: a set of four million members. They take about 300 MiB.
  static constexpr std::size_t kMaxReplyElements = std::size_t{4} << 20;

  ReplyReader();
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  /// Adds bytes from the connection. Fails if a reply grows too large.
  Status feed(std::string_view bytes);

  /// The next whole reply; nothing if more bytes are needed; Protocol if it is not RESP, after
  /// which the reader must not be used again.
  Result<std::optional<Reply>> next();

  /// True if bytes were fed that belong to no reply taken yet.
  bool has_rest() const;

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t fed_since_reply_ = 0;
  std::size_t elements_ = 0;  // of the reply that is being read
};

}  // namespace redkeep::redis
