#pragma once
// Changes of the journal, as the atomic steps on the server that apply them.
#include "content/association_store.h"
#include "content/entity_store.h"
#include "content/search_index.h"
#include "recovery/journal/graph_change.h"

namespace redkeep::recovery {

class ChangeSteps {
 public:
  /// `access` must outlive it and every call.
  explicit ChangeSteps(content::GraphAccess& access)
      : entities_(access), associations_(access), index_(access) {}

  /// What can be told without the server: the change, with its word as the index has it, or
  /// InvalidInput. What passes is written to the journal.
  Result<GraphChange> check(GraphChange change);

  /// Applies it, and moves guard:position on in the same step. The errors are those of the
  /// library's calls; nothing was applied then, unless the error is UnknownOutcome.
  redis::awaitable<Status> apply(GraphChange change, content::JournalPlace place);

 private:
  content::EntityStore entities_;
  content::AssociationStore associations_;
  content::SearchIndex index_;
};

/// Whether an error of apply() says that the change contradicts what is stored, so that trying it
/// again is of no use. All others are about the server and pass.
bool is_contradiction(const Error& error);

}  // namespace redkeep::recovery
