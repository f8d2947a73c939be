#pragma once
// Whether a journal that was opened had lost something that was stored, as far as what is beside it
// tells. Pure. What the server's position tells, the writer finds out when it is there.
#include <cstdint>
#include <optional>
#include <string>

#include "recovery/journal/journal_reader.h"

namespace redkeep::recovery {

/// What was there before a journal was opened, and what opening it has cut off.
struct JournalFound {
  std::string data_directory;
  bool was_begun = false;  ///< It has an identity, so its first line was written once.
  bool had_files = false;  ///< Of the journal.
  std::int64_t checkpoint_position = 0;  ///< The checkpoint's; 0: none.
  std::int64_t found_up_to = 0;          ///< The journal's last position; 0: none.
  std::optional<TornTail> torn;
};

/// What is lost or may be, for people; nothing where all is as it should be after a crash.
std::optional<std::string> loss_of(const JournalFound& found);

}  // namespace redkeep::recovery
