#pragma once
// The search index as room: it is derived from the entities, so it can be dropped in an emergency
// and built again. Words that were added by hand (search_index.csv, add_word) are not in the
// entities' texts and do not come back by themselves.
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "redis/client.h"

namespace redkeep::recovery {

struct IndexOutcome {
  std::int64_t keys = 0;      ///< Dropped: sets of ids.
  std::int64_t entities = 0;  ///< Built: those whose words were written.
};

/// Removes the sets of words and of types (UNLINK, some hundred at a time) and nothing else. What
/// was removed when it fails or is stopped stays so; doing it again goes on.
redis::awaitable<Result<IndexOutcome>> drop_index(std::shared_ptr<redis::Client> client,
                                                  std::string prefix, std::stop_token stop);

/// Adds every entity that is stored to the sets of its words and its type. Doing it again, or
/// beside stores, changes nothing more.
redis::awaitable<Result<IndexOutcome>> build_index(std::shared_ptr<redis::Client> client,
                                                   std::string prefix, std::stop_token stop);

}  // namespace redkeep::recovery
