#pragma once
// Replies as the bytes in which they came, for reading in bulk: a value that is only looked at once
// needs no objects. Nothing is allocated and nothing recurses, whatever the server claims. Pure.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "redkeep/result.h"

namespace redkeep::redis {

/// One line or bulk string of a reply; of an array its head alone: its elements follow.
struct RawItem {
  char kind = 0;           ///< '+', '-', ':', '$' or '*', as RESP2 has them.
  std::string_view text;   ///< Of all but arrays. Good as long as the bytes are.
  std::int64_t count = 0;  ///< Of an array its elements; -1: nil ('$' and '*').

  bool is_nil() const { return count < 0; }
  bool is_error() const { return kind == '-'; }
};

/// How many bytes the first reply of `bytes` takes; 0: it is not whole yet. Protocol if it is not
/// RESP2.
Result<std::size_t> first_reply_bytes(std::string_view bytes);

/// The next item of a whole reply (as first_reply_bytes() found it), cut off the front.
RawItem take_item(std::string_view& reply);

}  // namespace redkeep::redis
