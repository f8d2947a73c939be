#pragma once
// Words of the index that were added to entities or taken from them by hand. A checkpoint is made
// of records and has none of them, so what they come to is written to the journal again before the
// lines that said so are removed. Pure, but for hand_words_in().
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "recovery/journal/graph_change.h"

namespace redkeep::recovery {

class HandWords {
 public:
  /// In the order of the journal. With an entity go its words; one that is stored again has all the
  /// words of its text again.
  void apply(const GraphChange& change);

  /// Of a change that comes later in the journal: what it decides anew is no longer ours to say.
  void leave_to(const GraphChange& later);

  /// What says the same in few lines: those of one word and one kind together.
  std::vector<GraphChange> as_changes() const;

 private:
  void forget(const std::string& entity_id);

  std::map<std::pair<std::string, std::string>, bool> added_;  // by id and word; false: removed
};

/// What the journal's lines up to `position` come to, but for what later lines decide anew. Blocks
/// for as long as reading the journal takes.
Result<HandWords> hand_words_in(const std::string& journal_directory, std::int64_t position);

}  // namespace redkeep::recovery
