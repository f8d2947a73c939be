#pragma once
// The keyspace as a bounded stream of pages (SCAN). The walk only writes its command and reads its
// reply, so that its users can send it along with other commands in one round trip.
#include <cstdint>
#include <string>
#include <vector>

#include "redis/command_buffer.h"
#include "redis/reply.h"
#include "redkeep/result.h"

namespace redkeep::keys {

class KeyspaceWalk {
 public:
  /// `glob` filters at the server; `page_keys` is SCAN's COUNT: how many keys it looks at a step
  /// (1,000 keys take a server about 0.3 ms, and 0.9 ms where there are a million).
  KeyspaceWalk(std::string glob, std::size_t page_keys);

  /// The same, starting where another walk was left; it ends where the server's order ends.
  KeyspaceWalk(std::string glob, std::size_t page_keys, std::string cursor);

  /// Adds the SCAN of the next page. Not after done().
  void ask(redis::CommandBuffer& commands) const;

  /// Takes that SCAN's reply: the keys of the page, possibly none. Keys may come twice (SCAN
  /// promises only that a key that stays is seen). Fails if the reply makes no sense, or if the
  /// server never comes to an end.
  Result<std::vector<std::string>> take(redis::Reply reply);

  /// True when the server said that it has been everywhere.
  bool done() const { return done_; }
  /// How many keys the next page looks at.
  void set_page_keys(std::size_t page_keys) { page_keys_ = page_keys; }
  std::size_t page_keys() const { return page_keys_; }
  /// Opaque text, good on the same server only.
  const std::string& cursor() const { return cursor_; }

 private:
  std::string glob_;
  std::size_t page_keys_;
  std::string cursor_ = "0";
  std::int64_t pages_ = 0;
  bool done_ = false;
};

}  // namespace redkeep::keys
