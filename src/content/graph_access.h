#pragma once
// What the stores of the content graph share: the client, the key schema, and the way in which a
// change is made: read, prepare, apply if nothing has changed since, otherwise from the start.
#include <functional>
#include <memory>

#include "content/atomic_step.h"
#include "content/journal_place.h"
#include "content/stored_records.h"
#include "keys/key_schema.h"
#include "redis/client.h"
#include "redis/make_room.h"

namespace redkeep::content {

class GraphAccess {
 public:
  /// Without `make_room`, a server that is out of memory is left as it is.
  GraphAccess(std::shared_ptr<redis::Client> client, keys::KeySchema schema,
              redis::MakeRoom make_room = {});
  GraphAccess(const GraphAccess&) = delete;
  GraphAccess& operator=(const GraphAccess&) = delete;

  const keys::KeySchema& schema() const { return schema_; }
  const Ask& ask() const { return ask_; }

  /// Applies what `prepare` makes of the state that it reads: it begins with begin(place). When the
  /// server is out of memory, room is made and the change tried once more. Fails as `prepare` does,
  /// with OutOfMemory, with ServerBusy if others kept changing the same records, or with
  /// UnknownOutcome if the server is not where `place` says.
  redis::awaitable<Status> change(std::function<redis::awaitable<Result<AtomicStep>>()> prepare,
                                  JournalPlace place = {});

  /// A step whose first conditions are the place, if there is one, and the journal.
  AtomicStep begin(JournalPlace place) const;

  /// guard:position, where the last applied position of the journal is.
  const std::string& position_key() const { return position_key_; }
  /// guard:journal, which journal that position is of.
  const std::string& journal_key() const { return journal_key_; }
  /// From now on a change with a place is applied only to a server that says it has this journal.
  void belong_to(std::string journal) { journal_ = std::move(journal); }
  const std::string& journal() const { return journal_; }

  /// SMEMBERS.
  redis::awaitable<Result<std::vector<std::string>>> members(std::string key);

 private:
  std::shared_ptr<redis::Client> client_;
  keys::KeySchema schema_;
  std::string position_key_;
  std::string journal_key_;
  std::string journal_;  // its identity; empty: of none
  redis::MakeRoom make_room_;
  Ask ask_;
};

}  // namespace redkeep::content
