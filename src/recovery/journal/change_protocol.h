#pragma once
// How a program has the owner of a data directory write a change for it, over a Unix socket: lines
// of the journal's form, with the number of the request in the place of the position, and a CRC of
// their own each. Requests may be answered in any order. Pure.
//
//   there:  1,redkeep,1,PREFIX,crc        the greeting, once
//           2,store_entity,ID,...,crc     as in the journal
//           3,checkpoint,crc              a checkpoint is to be written now
//   back:   2,applied,crc   2,journaled,crc   2,failed,KIND,MESSAGE,crc
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "recovery/journal/graph_change.h"
#include "redkeep/store_outcome.h"

namespace redkeep::recovery {

/// The longest line: a change that fits into a file of the journal, and its answer.
inline constexpr std::size_t kMostProtocolLineBytes = std::size_t{64} << 20;

/// Of the greeting; requests have higher ones.
inline constexpr std::int64_t kGreetingNumber = 1;

/// `DIR/redkeep.sock`
std::string change_socket_path(const std::string& data_directory);

std::string greeting_line(const std::string& prefix);
std::string request_line(std::int64_t number, const GraphChange& change);
std::string checkpoint_request_line(std::int64_t number);
bool is_checkpoint_request(const JournalLine& line);
std::string answer_line(std::int64_t number, const Result<StoreOutcome>& outcome);

/// The change that a request asks for. Refused, with a sentence for the other side, if this version
/// knows no such request.
Result<GraphChange> requested_change(JournalLine line);

/// A line without its LF, or nothing if it is none or not whole.
std::optional<JournalLine> parse_protocol_line(std::string_view line);

/// Refused with a sentence for the other side if it is no greeting, or one with another prefix.
Status check_greeting(const JournalLine& line, const std::string& prefix);
/// Protocol if it is no answer.
Result<StoreOutcome> outcome_of(const JournalLine& answer);

}  // namespace redkeep::recovery
