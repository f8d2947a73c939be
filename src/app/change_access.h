#pragma once
// The library as `store` and `remove` use it: through the journal of a data directory, or into
// Redis alone where there is none.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <stop_token>

#include "redkeep/memory_manager.h"

namespace redkeep::app {

/// With a data directory that nobody owns, Redis is brought forward by its journal first, if Redis
/// is there. Without one, it is said what an acknowledgement is worth, and Refused if a journal is
/// in use and `despite_journal` is not given. Fails as MemoryManager::create() does, or with
/// Interrupted.
boost::asio::awaitable<Result<std::unique_ptr<MemoryManager>>> open_for_changes(
    const Options& options, bool despite_journal, std::stop_token stop);

/// Of the flag that lets stores and removals go past a journal.
constexpr const char* kPastJournalHelp =
    "Without a data directory: change Redis although a journal is in use, which knows nothing of "
    "it "
    "and may undo it";

}  // namespace redkeep::app
