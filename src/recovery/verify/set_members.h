#pragma once
// The members of a set of any size, page by page.
#include <functional>
#include <string>
#include <string_view>

#include "content/stored_records.h"

namespace redkeep::recovery {

/// Gives each member of a set to `take`, some perhaps twice; none where there is no such key. Fails
/// as `ask` does, with the server's error, or with the first error of `take`.
redis::awaitable<Status> each_member(content::Ask ask, std::string key,
                                     std::function<Status(std::string_view)> take);

}  // namespace redkeep::recovery
