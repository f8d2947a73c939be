#pragma once
// Where `redkeep stats --resume` keeps a count that was stopped.
#include <string>

#include "census/census_state.h"

namespace redkeep::app {

/// Where it was left; from the beginning if there is no such file. Errors name the file.
Result<census::CensusState> read_census_file(const std::string& path,
                                             const census::CensusSubject& subject,
                                             const keys::ClassTable& table);

/// Whether it can be written: told before anything is counted. Errors name the file.
Status check_census_file(const std::string& path);

/// Replaces it whole or not at all.
Status write_census_file(const std::string& path, const census::CensusSubject& subject,
                         const census::CensusState& state);

/// After the end; that it is not there is fine.
void remove_census_file(const std::string& path);

}  // namespace redkeep::app
