#pragma once
// Which keys of a content a server lacks. Each is asked for by its name, so that it costs what the
// content costs, however many other keys the server has. Changes nothing.
#include <memory>
#include <stop_token>

#include "recovery/verify/survey.h"

namespace redkeep::recovery {

/// Only damage.missing is looked for: what keys hold, and keys that the content does not have, are
/// not. The CSV is checked whole first. Memory: 10 to 20 bytes for each set of the content beside
/// what the check takes. Fails as survey() does.
redis::awaitable<Result<Survey>> find_missing(std::shared_ptr<redis::Connection> connection,
                                              const keys::KeySchema& schema, SurveyOptions options,
                                              std::stop_token stop, ShowProgress progress);

}  // namespace redkeep::recovery
