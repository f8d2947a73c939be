#pragma once
// Whether a server holds anything of our content graph.
#include <string>
#include <string_view>

#include "content/stored_records.h"

namespace redkeep::recovery {

/// A key of entities, associations or the index; empty if there is none. Where there is none, the
/// whole keyspace is walked.
redis::awaitable<Result<std::string>> find_graph_key(content::Ask ask, std::string prefix);

/// What guard:content says: a guard has seen the graph, or writes it back.
inline constexpr std::string_view kGraphIsThere = "there";
inline constexpr std::string_view kGraphIsRestored = "restoring";

/// Whether the graph is there and is not being written back: by the guard's mark, or else by
/// find_graph_key(). True where the server does not permit to look: then it is not known to be
/// gone.
redis::awaitable<Result<bool>> has_whole_graph(content::Ask ask, std::string prefix);

}  // namespace redkeep::recovery
