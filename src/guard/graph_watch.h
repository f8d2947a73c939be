#pragma once
// Whether the server still holds the content graph. A mark (`guard:content`, no TTL) is written
// where the graph was seen; it goes with a FLUSHALL, a restart without persistence, and a server
// that is another one. The number of keys would not tell: caches fill an empty server in seconds.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "keys/key_schema.h"
#include "pressure/memory_reading.h"
#include "redis/client.h"

namespace redkeep::guard {

enum class GraphState {
  Unknown,
  There,
  Unmarked,  ///< There, without a mark: mark_found().
  Gone,      ///< It was there, and is not, or is being written back.
  Empty,     ///< There is none, and this guard has never seen one.
};

class GraphWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  GraphWatch(std::shared_ptr<redis::Client> client, const keys::KeySchema& schema)
      : client_(std::move(client)), prefix_(schema.prefix()), mark_(schema.guard("content")) {}

  /// Once after each reading. Asks the server at most once a second, and walks its keyspace only
  /// while there is no mark and keys without a TTL have come.
  redis::awaitable<GraphState> look(const pressure::MemoryReading& reading, TimePoint now);

  // The graph is there, as a whole. Written only if a witness is there at that very moment: what
  // was seen may have been flushed since, and a mark on an empty server would hide that. NotFound
  // otherwise.
  redis::awaitable<Status> mark_found() { return mark_there(found_); }
  redis::awaitable<Status> mark_restored() { return mark_there(mark_); }
  redis::awaitable<Status> mark_there(std::string witness);
  /// Until then it is Gone, for every guard, whatever of it is there.
  redis::awaitable<Status> mark_restoring();

 private:
  redis::awaitable<GraphState> search(std::int64_t lasting_keys);

  std::shared_ptr<redis::Client> client_;
  std::string prefix_;
  std::string mark_;
  std::string found_;  // a key of the graph, when it was Unmarked
  GraphState state_ = GraphState::Unknown;
  std::uint64_t generation_ = 0;  // of the connection that was asked last
  TimePoint look_again_{};
  TimePoint search_again_{};
  std::int64_t lasting_keys_ = 0;  // without a TTL, when nothing was found
};

}  // namespace redkeep::guard
