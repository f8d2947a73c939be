#pragma once
// The library as `store` and `remove` use it: through the journal of a data directory, or into
// Redis alone where there is none.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <stop_token>

#include "app/command_line.h"
#include "redkeep/memory_manager.h"

namespace redkeep::app {

/// With a data directory that nobody owns, Redis is brought forward by its journal first, if Redis
/// is there. Without one, it is said what an acknowledgement is worth, and Refused if a journal is
/// in use and `despite_journal` is not given. Fails as MemoryManager::create() does, or with
/// Interrupted.
boost::asio::awaitable<Result<std::unique_ptr<MemoryManager>>> open_for_changes(
    const Options& options, bool despite_journal, std::stop_token stop);

/// What both are told beside what to change.
struct ChangeFlags {
  bool despite_journal = false;
  bool json = false;
};
/// --data, --despite-journal and --json. `flags` must outlive the parser.
void add_change_flags(CLI::App& command, CommandLine& line, ChangeFlags& flags);

}  // namespace redkeep::app
