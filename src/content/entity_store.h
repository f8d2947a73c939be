#pragma once
// Entities, one at a time, with everything that belongs to them: what
// include/redkeep/memory_manager.h promises of them.
#include <string>

#include "content/graph_access.h"
#include "content/words.h"
#include "redkeep/records.h"

namespace redkeep::content {

class EntityStore {
 public:
  /// `access` must outlive it and every call.
  explicit EntityStore(GraphAccess& access) : access_(access), schema_(access.schema()) {}

  /// InvalidInput names the field; Conflict if the semantic name belongs to another entity.
  redis::awaitable<Status> store(Entity entity, JournalPlace place = {});
  /// The rules that need no server; store() keeps them, too.
  static Status check(const Entity& entity);
  redis::awaitable<Result<Entity>> get(std::string id);
  redis::awaitable<Result<Entity>> get_by_name(std::string type, std::string semantic_name);
  /// Refused while it has children. Removing what does not exist is fine.
  redis::awaitable<Status> remove(std::string id, JournalPlace place = {});
  static Status check_id(const std::string& id);

 private:
  redis::awaitable<Result<AtomicStep>> prepare_store(Entity entity, JournalPlace place);
  redis::awaitable<Result<AtomicStep>> prepare_remove(std::string id, JournalPlace place);
  redis::awaitable<Result<StoredEntity>> read(std::string id, std::string type, AtomicStep& step);
  redis::awaitable<Status> take_name(const Entity& entity, AtomicStep& step);
  redis::awaitable<Status> release_name(Entity stored, AtomicStep& step);
  redis::awaitable<Status> take_out_links(std::string id, AtomicStep& step);
  redis::awaitable<Status> take_out_place(const StoredEntity& stored, AtomicStep& step);
  redis::awaitable<Status> remove_most_links(std::string id);

  GraphAccess& access_;
  const keys::KeySchema& schema_;
  WordExtractor extractor_;
};

}  // namespace redkeep::content
