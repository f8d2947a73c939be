#include "recovery/journal/journal_loss.h"

#include <algorithm>

#include "error/error.h"
#include "recovery/journal/journal_writer.h"

namespace redkeep::recovery {
namespace {

constexpr std::string_view kWhatToDo =
    "put it back, if there is a copy of it, before anything is stored; otherwise it goes on "
    "without what was only there";

}  // namespace

std::optional<std::string> loss_of(const JournalFound& found) {
  const std::string where = printable(found.data_directory);
  const bool was_used = found.was_begun || found.checkpoint_position > 0;
  if (!found.had_files && was_used) {
    return fmt::format(
        "the journal of the data directory {0} is gone: a journal was begun there ({0}/{1} says "
        "so), and {0}/journal has no file of it; what was stored{2} was there alone: {3}",
        where, found.was_begun ? "journal.id" : "checkpoint/manifest.json",
        found.checkpoint_position > 0
            ? fmt::format(" behind position {}, that of the checkpoint,", found.checkpoint_position)
            : std::string(),
        kWhatToDo);
  }
  if (found.torn && found.torn->is_damaged) return describe_cut(*found.torn);
  // A file that was being begun is without a line after a crash; not one that others know of.
  const bool lost_its_lines = found.torn && found.torn->offset == 0 &&
                              ((found.torn->first_position == 1 && was_used) ||
                               found.torn->first_position <= found.checkpoint_position);
  if (lost_its_lines) {
    return fmt::format(
        "the journal file {} has lost its lines: there is not one whole line in its {} bytes, and "
        "there were some ({}); what was stored behind position {} may be lost: {}",
        printable(found.torn->path), found.torn->bytes,
        found.torn->first_position <= found.checkpoint_position
            ? fmt::format("the checkpoint is of position {}", found.checkpoint_position)
            : fmt::format("{}/journal.id was written behind its first one", where),
        std::max(found.found_up_to, found.checkpoint_position), kWhatToDo);
  }
  if (found.had_files && found.found_up_to < found.checkpoint_position) {
    return fmt::format(
        "the journal of the data directory {} has lost its end: its last position is {}, and the "
        "checkpoint is of position {}; what was stored behind that may be lost: {}",
        where, found.found_up_to, found.checkpoint_position, kWhatToDo);
  }
  return std::nullopt;
}

}  // namespace redkeep::recovery
