#pragma once
// For commands that are the owner of a data directory for as long as they take, where no daemon is.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <stop_token>

#include "app/recovery_progress.h"
#include "recovery/journal/journal_owner.h"

namespace redkeep::app {

/// InvalidInput where there is none: for commands that go by what it has.
Status require_data_directory(const Options& options);

/// Opens the data directory of the options, which is made if need be, and brings Redis forward by
/// its journal. Refused while another process owns it (it is named). To be closed.
boost::asio::awaitable<Result<std::shared_ptr<recovery::JournalOwner>>> own_journal(
    const Options& options, std::stop_token stop, recovery::ShowProgress progress);

/// Waits until Redis has all that the journal has. Fails with what holds it up, or Interrupted.
boost::asio::awaitable<Status> bring_forward(recovery::GraphWriter& writer, std::stop_token stop,
                                             recovery::ShowProgress progress);

}  // namespace redkeep::app
