#pragma once
// Which content a server has to hold, where that depends on how far a journal was applied to it.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "keys/fingerprint_set.h"
#include "keys/key_schema.h"
#include "recovery/verify/key_comparison.h"
#include "redis/connection.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

struct ExpectedContent {
  std::string directory;             ///< Files as those of a content directory.
  std::int64_t wanted_position = 0;  ///< Of the journal's last change.
  std::int64_t last_position = 0;    ///< Of its last line, which may have taken a change back.
  std::string data_directory;        ///< Where the journal is; empty: there is none.
  std::string journal;               ///< Its identity; empty: it has none.
  keys::FingerprintSet not_judged;   ///< Keys (key_print) of which it says nothing.
  /// Keys that may have changed since, because the journal has gone on. May block for as long as
  /// reading the files takes.
  std::function<Result<keys::FingerprintSet>()> touched_since;
  std::shared_ptr<void> files;  ///< Removes them with its last copy, where they were made for this.
};

/// For a server whose guard:position is this, if it has one. May block for as long as reading the
/// content and the journal takes.
using ContentAt = std::function<Result<ExpectedContent>(std::optional<std::int64_t> position)>;

/// That of `content_at` for this position, which may take as long as reading it does; where that is
/// empty, `directory` as it is. To be kept for as long as its files are read.
redis::awaitable<Result<ExpectedContent>> choose_content(ContentAt content_at,
                                                         std::string directory,
                                                         std::optional<std::int64_t> position);

/// Refused for a server that has what was stored through a journal: a content that does not know of
/// it would undo that.
Status allow_content_without_journal(const std::string& directory,
                                     std::optional<std::int64_t> position);

/// Refused for a server that says it has another journal than the content's (`found`, what
/// guard:journal says; empty: it says nothing): what one has stored is nothing to the other.
Status require_same_journal(const keys::KeySchema& schema, const std::string& found,
                            const ExpectedContent& content);

/// Takes out of what was found what is no damage: keys that are not judged, and keys that the
/// journal may have changed while they were looked at. May block.
Status leave_out_what_is_right(const ExpectedContent& content, Damage& damage);

}  // namespace redkeep::recovery
