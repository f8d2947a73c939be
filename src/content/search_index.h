#pragma once
// The search index as programs use it: words of one's own, and the entities that have all the words
// of a text. Entities' words are kept by the EntityStore.
#include <string>
#include <vector>

#include "content/graph_access.h"
#include "content/words.h"

namespace redkeep::content {

class SearchIndex {
 public:
  /// `access` must outlive it and every call.
  explicit SearchIndex(GraphAccess& access) : access_(access), schema_(access.schema()) {}

  /// InvalidInput if the text is not exactly one word by the rules of the index, or an id is no
  /// UUID; NotFound if an entity does not exist.
  redis::awaitable<Status> add(std::string word, std::vector<std::string> entity_ids,
                               JournalPlace place = {});
  redis::awaitable<Status> remove(std::string word, std::vector<std::string> entity_ids,
                                  JournalPlace place = {});
  /// The one word of the text as the index has it; InvalidInput as add() and remove() fail.
  Result<std::string> one_word(const std::string& text);
  static Status check_ids(const std::vector<std::string>& ids);
  /// Sorted ids; none if the text has no word.
  redis::awaitable<Result<std::vector<std::string>>> search(std::string text);

 private:
  redis::awaitable<Result<AtomicStep>> prepare_add(std::string key, std::vector<std::string> ids,
                                                   JournalPlace place);
  redis::awaitable<Result<AtomicStep>> prepare_remove(std::string key, std::vector<std::string> ids,
                                                      JournalPlace place);

  GraphAccess& access_;
  const keys::KeySchema& schema_;
  WordExtractor extractor_;
};

}  // namespace redkeep::content
