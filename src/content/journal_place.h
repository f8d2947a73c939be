#pragma once
// Where in the journal a change is, for a change that has been written there first.
#include <cstdint>

namespace redkeep::content {

/// With a position, the change is applied only to a server whose `guard:position` is `before`, and
/// moves that on to `position` in the same step. Without one (0) it is applied as it is.
struct JournalPlace {
  std::int64_t before = 0;
  std::int64_t position = 0;

  bool is_set() const { return position > 0; }
};

}  // namespace redkeep::content
