#pragma once
// An entry of the ledger as JSON, as HTTP shows it and the file keeps it, and back. Pure.
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "guard/ledger.h"

namespace redkeep::guard {

/// No line is longer; a reader may pass over what is.
inline constexpr std::size_t kMostLineBytes = std::size_t{64} << 10;

/// number, time (UTC, with milliseconds), kind, subject, outcome, reason, keys, bytes,
/// usage_before_pct, usage_after_pct. Texts that are not UTF-8, or longer than 2 KiB, are shown as
/// printable() does.
boost::json::object to_json(const LedgerEntry& entry);

/// One line, without its end. It has no control characters, so that it may be shown as it is.
std::string print_line(const LedgerEntry& entry);

/// Nothing if the line is no entry: a piece of one, or something else. What a later version may
/// have added is passed over, and a kind that is not known is a Notice.
std::optional<LedgerEntry> parse_line(std::string_view line);

}  // namespace redkeep::guard
