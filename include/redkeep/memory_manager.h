#pragma once
// One Redis for data that must live and for caches that may go: the library's one object.
//
// What must live is stored without a TTL, with everything that belongs to it (mappings, child sets,
// search words), in one atomic step on one server; a store returns when Redis has applied it. What
// that is worth: it can be read back at once, and it survives this process. Whether it survives the
// Redis server depends on that server's persistence (with `appendfsync everysec`, up to a second
// may be lost when the machine fails), because this version writes no journal of its own.
//
// Caches are stored with the TTL of their class.
//
// All calls come from the executor that the manager was created on (programs without an event loop
// use redkeep/blocking_memory_manager.h); many may be under way at once and share one connection.
// The manager must outlive its calls and be destroyed before its executor. Every call may fail with
// Unreachable, UnknownOutcome (the connection broke after sending; stores and removals may simply
// be repeated), NotPermitted or OutOfMemory.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redkeep/options.h"
#include "redkeep/records.h"
#include "redkeep/result.h"
#include "redkeep/statistics.h"

namespace redkeep {

/// The name of a cached page. `/a/b` and `/a_b` are different pages.
struct PageKey {
  std::string path;
  std::string locale;  ///< Such as de_DE or eu.
  std::string theme;
};

/// What one relief of pressure, or one rebuild, has done.
struct ReliefReport {
  std::string outcome;  ///< TargetReached, NothingLeft, BudgetSpent, NotAllowed, NothingToDo ...
  std::int64_t shed_keys = 0;
  std::int64_t freed_bytes = 0;  ///< Fall of used memory, as measured.
  MemoryUse memory;              ///< Afterwards.
};
struct RebuildReport {
  std::string outcome;             ///< Restored, NothingMissing or DoesNotFit.
  std::int64_t entities = 0;       ///< In the content directory.
  std::int64_t associations = 0;   ///< In the content directory.
  std::int64_t words = 0;          ///< Different words of its search index.
  std::int64_t missing = 0;        ///< Pieces (hashes, strings, members of sets) that were missing.
  std::int64_t missing_bytes = 0;  ///< What they take in Redis, estimated.
};

class MemoryManager {
 public:
  template <class T>
  using awaitable = boost::asio::awaitable<T>;

  /// Fails with InvalidInput if an option makes no sense; connects on first use.
  static Result<std::unique_ptr<MemoryManager>> create(boost::asio::any_io_executor executor,
                                                       Options options);
  ~MemoryManager();

  // Entities. Storing one that exists replaces it, with its mappings and words; its place in the
  // tree stays. Fails with InvalidInput (which field, and why) or Conflict (the semantic name
  // belongs to another entity of that type).
  awaitable<Status> store_entity(Entity entity);
  /// NotFound if there is none.
  awaitable<Result<Entity>> entity(std::string id);
  awaitable<Result<Entity>> entity_by_name(std::string type, std::string semantic_name);
  /// Removes it with its mappings, words, links and its place in the tree. Refused while it has
  /// children. Removing what does not exist is fine.
  awaitable<Status> remove_entity(std::string id);

  // Associations. Fails with NotFound if an end does not exist, and with Conflict if a containment
  // would give a child a second parent (both paths are named) or make a cycle.
  awaitable<Status> store_association(Association association);
  awaitable<Result<Association>> association(std::string path);
  awaitable<Status> remove_association(std::string path);
  /// The containments below an entity, by weight, then path.
  awaitable<Result<std::vector<Association>>> children(std::string parent_id);
  /// NotFound if it is nowhere contained.
  awaitable<Result<std::string>> parent(std::string child_id);

  // The search index. store_entity keeps it by itself; these are for words of your own, which are
  // folded as those of a text are. Fails with InvalidInput if it is not exactly one word, and
  // adding with NotFound if an entity does not exist.
  awaitable<Status> add_word(std::string word, std::vector<std::string> entity_ids);
  awaitable<Status> remove_word(std::string word, std::vector<std::string> entity_ids);
  /// The ids of the entities that have all the words of the text; sorted.
  awaitable<Result<std::vector<std::string>>> search(std::string text);

  // Caches, each with the TTL of its class. Getting what is not there is not an error.
  awaitable<Status> store_page(PageKey key, std::string html);
  awaitable<Result<std::optional<std::string>>> page(PageKey key);
  awaitable<Status> remove_page(PageKey key);
  awaitable<Status> store_session(std::string id, std::string data);
  awaitable<Result<std::optional<std::string>>> session(std::string id);
  awaitable<Status> remove_session(std::string id);
  awaitable<Status> store_template(std::string name, std::string theme, std::string compiled);
  awaitable<Result<std::optional<std::string>>> page_template(std::string name, std::string theme);
  awaitable<Status> remove_template(std::string name, std::string theme);

  /// Reads the memory and, above the warning mark, sheds expendable caches down to the stop mark;
  /// above the critical mark also sessions.
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
