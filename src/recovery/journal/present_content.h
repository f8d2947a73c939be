#pragma once
// The content that a data directory stands for: its checkpoint (or the content directory) and what
// the journal has changed since. Reads only, beside the owner; what has to be written anew goes
// into a directory of its own that is removed afterwards.
#include "recovery/disk/disk.h"
#include "recovery/verify/expected_content.h"
#include "redkeep/options.h"

namespace redkeep::recovery {

/// What a server has to hold whose guard:position is `position`. Words that were added or removed
/// by hand are not judged, since CSV cannot say them. Fails as the journal's reader and the disk
/// do, and with InvalidInput where there is neither content nor journal.
Result<ExpectedContent> present_content(Disk& disk, const Options& options,
                                        std::optional<std::int64_t> position);

/// The same, to be asked for any position.
ContentAt present_content_of(Options options);

}  // namespace redkeep::recovery
