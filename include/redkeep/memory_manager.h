#pragma once
// One Redis for data that must live and for caches that may go: the library's one object.
//
// What must live is stored without a TTL, with everything that belongs to it (mappings, child sets,
// search words), in one atomic step on one server.
//
// With a data directory (Options::data_directory), acknowledged means recoverable: a store or
// removal is appended to the journal there, synced to the disk (many at once share one sync),
// applied to Redis, and then returns Applied. When Redis is away, full or refuses writes, it
// returns Journaled, at the latest after the endpoint's deadline; what is Journaled is applied in
// order when Redis can take it. What a Redis that was restarted has lost is applied again. A change
// that contradicts what is stored fails with NotFound, Conflict or Refused, and is nowhere; of one
// that was Journaled already, only the log can say so. When the disk refuses, a call fails with Io
// and nothing is acknowledged.
//
// One process owns a data directory. Managers in other processes of the same user write through the
// owner's socket there (redkeep.sock), with the same calls and the same guarantee: Unreachable
// means that the owner does not listen, UnknownOutcome that it ended meanwhile, and the call may be
// repeated.
//
// Without a data directory a store returns Applied when Redis has it: it can be read back at once,
// and it survives this process. Whether it survives the Redis server depends on that server's
// persistence (with `appendfsync everysec`, up to a second may be lost when the machine fails).
//
// Caches are stored with the TTL of their class. They follow the level that a running guard
// publishes: under pressure their writes are shortened or skipped, and that is not an error.
//
// All calls come from the executor that the manager was created on (programs without an event loop
// use redkeep/blocking_memory_manager.h); many may be under way at once and share one connection.
// The manager must outlive its calls and be destroyed before its executor. Every call may fail with
// Unreachable, UnknownOutcome (the connection broke after sending; stores and removals may simply
// be repeated) or NotPermitted. A protected store that the server refuses for want of memory makes
// room as relieve_pressure() does and is tried once more, before it fails with OutOfMemory.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redkeep/cache_outcome.h"
#include "redkeep/options.h"
#include "redkeep/records.h"
#include "redkeep/reports.h"
#include "redkeep/result.h"
#include "redkeep/statistics.h"
#include "redkeep/store_outcome.h"

namespace redkeep {

/// The name of a cached page. `/a/b` and `/a_b` are different pages.
struct PageKey {
  std::string path;
  std::string locale;  ///< Such as de_DE or eu.
  std::string theme;
};

class MemoryManager {
 public:
  template <class T>
  using awaitable = boost::asio::awaitable<T>;

  /// Fails with InvalidInput if an option makes no sense. Connects on first use; with a data
  /// directory at once, to bring Redis forward. It then reads the whole journal, and fails with
  /// Refused if the journal is damaged (file and offset are named) or another process owns the
  /// directory and does not listen there (it is named), and with Io if it cannot be used.
  static Result<std::unique_ptr<MemoryManager>> create(boost::asio::any_io_executor executor,
                                                       Options options);
  ~MemoryManager();

  // Entities. Storing one that exists replaces it, with its mappings and words; its place in the
  // tree stays. Fails with InvalidInput (which field, and why) or Conflict (the semantic name
  // belongs to another entity of that type).
  awaitable<Result<StoreOutcome>> store_entity(Entity entity);
  /// NotFound if there is none.
  awaitable<Result<Entity>> entity(std::string id);
  awaitable<Result<Entity>> entity_by_name(std::string type, std::string semantic_name);
  /// Removes it with its mappings, words, links and its place in the tree. Refused while it has
  /// children. Removing what does not exist is fine.
  awaitable<Result<StoreOutcome>> remove_entity(std::string id);

  // Associations. Fails with NotFound if an end does not exist, and with Conflict if a containment
  // would give a child a second parent (both paths are named) or make a cycle.
  awaitable<Result<StoreOutcome>> store_association(Association association);
  awaitable<Result<Association>> association(std::string path);
  awaitable<Result<StoreOutcome>> remove_association(std::string path);
  /// The containments below an entity, by weight, then path.
  awaitable<Result<std::vector<Association>>> children(std::string parent_id);
  /// The associations other than containments that it takes part in, at either end; in that order.
  awaitable<Result<std::vector<Association>>> links(std::string entity_id);
  /// NotFound if it is nowhere contained.
  awaitable<Result<std::string>> parent(std::string child_id);

  // The search index. store_entity keeps it by itself; these are for words of your own, which are
  // folded as those of a text are. Fails with InvalidInput if it is not exactly one word, and
  // adding with NotFound if an entity does not exist.
  awaitable<Result<StoreOutcome>> add_word(std::string word, std::vector<std::string> entity_ids);
  awaitable<Result<StoreOutcome>> remove_word(std::string word,
                                              std::vector<std::string> entity_ids);
  /// The ids of the entities that have all the words of the text; sorted.
  awaitable<Result<std::vector<std::string>>> search(std::string text);

  // Caches, each with the TTL of its class, or less, or not at all, as the pressure that a guard
  // reports wants it: see CacheOutcome. Getting what is not there is not an error.
  awaitable<Result<CacheOutcome>> store_page(PageKey key, std::string html);
  awaitable<Result<std::optional<std::string>>> page(PageKey key);
  awaitable<Status> remove_page(PageKey key);
  awaitable<Result<CacheOutcome>> store_session(std::string id, std::string data);
  awaitable<Result<std::optional<std::string>>> session(std::string id);
  awaitable<Status> remove_session(std::string id);
  awaitable<Result<CacheOutcome>> store_template(std::string name, std::string theme,
                                                 std::string compiled);
  awaitable<Result<std::optional<std::string>>> page_template(std::string name, std::string theme);
  awaitable<Status> remove_template(std::string name, std::string theme);

  /// Reads the memory and, above the warning mark, sheds expendable caches down to the stop mark;
  /// above the critical mark also sessions. One at a time: a call during another one gets its
  /// report.
  awaitable<Result<ReliefReport>> relieve_pressure();
  /// Checks the content directory whole, then writes back what is missing in Redis, if it fits
  /// below the stop mark. Nothing is deleted, and nothing that is there is overwritten.
  awaitable<Result<RebuildReport>> rebuild();
  /// Exact, in one pass over all keys.
  awaitable<Result<Statistics>> statistics();
  /// The level and memory as the monitor saw them last; Blind before its first reading.
  PressureLevel level() const;
  MemoryUse memory() const;

  /// Watches memory, alerts (to the log) and relieves pressure by itself, until stopped or
  /// destroyed.
  void start_monitor();
  void stop_monitor();

 private:
  class Parts;
  explicit MemoryManager(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace redkeep
