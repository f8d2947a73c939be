#pragma once
// The names of damaged keys: a comparison knows fingerprints alone, and names are asked for only
// where something is damaged.
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "recovery/verify/survey.h"

namespace redkeep::recovery {

/// Gives the names of keys that the content has and the server lacks to `name`, each once, until it
/// says false. Reads the CSV again, in a thread of its own, which is where `name` is called; what
/// is given has to outlive the call.
redis::awaitable<Status> name_missing(const keys::KeySchema& schema, const ContentCheck& check,
                                      const std::string& directory,
                                      const keys::FingerprintSet& missing, std::stop_token stop,
                                      const std::function<bool(std::string_view)>& name);

/// Gives the names of all the graph's keys on the server to `name`; one may come twice.
redis::awaitable<Status> name_present(std::shared_ptr<redis::Connection> connection,
                                      const GraphClasses& classes, std::stop_token stop,
                                      std::function<void(std::string_view)> name);

}  // namespace redkeep::recovery
