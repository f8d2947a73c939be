#pragma once
// Associations, one at a time: what include/redkeep/memory_manager.h promises of them.
#include <string>
#include <vector>

#include "content/graph_access.h"
#include "redkeep/records.h"

namespace redkeep::content {

class AssociationStore {
 public:
  /// `access` must outlive it and every call.
  explicit AssociationStore(GraphAccess& access) : access_(access), schema_(access.schema()) {}

  /// NotFound if an end does not exist; Conflict for a second parent or a cycle.
  redis::awaitable<Status> store(Association association, JournalPlace place = {});
  /// The rules that need no server; store() keeps them, too.
  static Status check(const Association& association);
  redis::awaitable<Result<Association>> get(std::string path);
  /// Removing what does not exist is fine.
  redis::awaitable<Status> remove(std::string path, JournalPlace place = {});

  redis::awaitable<Result<std::vector<Association>>> children(std::string parent_id);
  redis::awaitable<Result<std::vector<Association>>> links(std::string entity_id);
  redis::awaitable<Result<std::string>> parent(std::string child_id);

 private:
  redis::awaitable<Result<AtomicStep>> prepare_store(Association association, JournalPlace place);
  redis::awaitable<Result<AtomicStep>> prepare_remove(std::string path, JournalPlace place);
  redis::awaitable<Status> prepare_containment(const Association& association, AtomicStep& step);
  redis::awaitable<Status> require_no_cycle(const Association& association, AtomicStep& step);
  redis::awaitable<Status> take_out(Association stored, AtomicStep& step);

  GraphAccess& access_;
  const keys::KeySchema& schema_;
};

}  // namespace redkeep::content
