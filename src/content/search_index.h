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
  redis::awaitable<Status> add(std::string word, std::vector<std::string> entity_ids);
  redis::awaitable<Status> remove(std::string word, std::vector<std::string> entity_ids);
  /// Sorted ids; none if the text has no word.
  redis::awaitable<Result<std::vector<std::string>>> search(std::string text);

 private:
  Result<std::string> one_word(const std::string& text);
  redis::awaitable<Result<AtomicStep>> prepare_add(std::string key, std::vector<std::string> ids);

  GraphAccess& access_;
  const keys::KeySchema& schema_;
  WordExtractor extractor_;
};

}  // namespace redkeep::content
