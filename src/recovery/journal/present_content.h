#pragma once
// The content that a data directory stands for: its checkpoint (or the content directory) and what
// the journal has changed since. Reads only, beside the owner; what has to be written anew goes
// into a directory of its own that is removed afterwards.
#include "recovery/disk/disk.h"
#include "recovery/verify/expected_content.h"
#include "redkeep/options.h"

namespace redkeep::recovery {

/// Where the content of a data directory begins.
struct ContentBase {
  std::string directory;      ///< Its checkpoint, or else the content directory; empty: neither.
  std::int64_t position = 0;  ///< The journal's behind it is what it does not have.
};

/// Reads the files of a checkpoint whole. Fails where they are not those that were written, and
/// where there is a directory for one and no manifest: what was stored up to it is in no other
/// place.
Result<ContentBase> content_base(const Options& options);

/// Where there is neither a checkpoint nor a content directory, nobody knows what the journal was
/// begun on.
enum class WithoutBase {
  Refused,       ///< For a comparison of everything.
  JournalAlone,  ///< For what was lost: at least what the journal has must be there.
};

/// What a server has to hold whose guard:position is `position`. Words that were added or removed
/// by hand are not judged, since CSV cannot say them. Fails as the journal's reader and the disk
/// do, and with InvalidInput where there is nothing, or no base and that is refused.
Result<ExpectedContent> present_content(Disk& disk, const Options& options, WithoutBase without,
                                        std::optional<std::int64_t> position);

/// The same, to be asked for any position.
ContentAt present_content_of(Options options, WithoutBase without);

}  // namespace redkeep::recovery
