#pragma once
// The content of a private server that has just started: loaded where there is none, finished where
// a load was cut, and otherwise left as it is.
#include <boost/asio/awaitable.hpp>
#include <stop_token>
#include <string>

#include "app/settings.h"
#include "recovery/csv/content_check.h"
#include "recovery/journal/present_content.h"

namespace redkeep::app {

/// What there is then, in words. Refused where a load of another directory than the one that was
/// named was cut here. A load that cannot be finished is told of, in the words and in the log.
boost::asio::awaitable<Result<std::string>> bring_content(const Settings& settings,
                                                          recovery::ContentBase base,
                                                          std::stop_token stop);

/// `directory` has bad rows: they go to stderr.
Error not_loaded(const std::string& directory, const recovery::ContentProblems& problems);

}  // namespace redkeep::app
