#pragma once
// A census that was left in the middle, as a file: one JSON object. Pure.
#include <string>
#include <string_view>

#include "census/census.h"

namespace redkeep::census {

/// What it is a census of. Only the same is gone on with: another server's cursor, or other
/// classes, would give numbers that are wrong and look right.
struct CensusSubject {
  std::string run_id;  ///< Of the server; a restart changes it.
  int database = 0;
  std::string prefix;
  bool with_bytes = true;
  bool with_ttl = false;
  bool operator==(const CensusSubject&) const = default;
};

std::string print_state(const CensusSubject& subject, const CensusState& state);

/// InvalidInput if it is not such a file, Refused if it is one of another subject or other classes.
Result<CensusState> parse_state(std::string_view text, const CensusSubject& subject,
                                const keys::ClassTable& table);

}  // namespace redkeep::census
