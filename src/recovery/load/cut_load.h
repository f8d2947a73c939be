#pragma once
// The mark of a load (`guard:load`): there for as long as one is under way, and left where one was
// cut. It holds the directory's name, so that whoever comes next knows what is there in part.
#include <optional>
#include <string>

#include "keys/key_schema.h"
#include "recovery/load/loader.h"
#include "redis/connection.h"

namespace redkeep::recovery {

/// How the mark names a directory: by where its path leads to, whoever wrote it and from where.
std::string name_in_mark(const std::string& directory);

/// Whether a mark is that of a load of this directory.
bool is_mark_of(const std::string& mark, const std::string& directory);

/// What the mark holds, where there is one and something of a graph: a mark alone is of a load that
/// had written nothing yet.
redis::awaitable<Result<std::optional<std::string>>> ask_cut_load(redis::Connection& connection,
                                                                  const keys::KeySchema& schema);

/// Whether content is there already that the load has to merge with. Refused where nobody asked for
/// that, and where a load of another directory was cut: what is missing of that one would not be
/// missed any more.
redis::awaitable<Result<bool>> must_merge(redis::Connection& connection,
                                          const keys::KeySchema& schema,
                                          const LoadOptions& options);

}  // namespace redkeep::recovery
