#pragma once
// Whether a server holds anything of our content graph.
#include <string>

#include "content/stored_records.h"

namespace redkeep::recovery {

/// A key of entities, associations or the index; empty if there is none. Where there is none, the
/// whole keyspace is walked.
redis::awaitable<Result<std::string>> find_graph_key(content::Ask ask, std::string prefix);

}  // namespace redkeep::recovery
