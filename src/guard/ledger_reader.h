#pragma once
// Reading what a ledger file holds. It may be read while a guard writes to it.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "guard/ledger.h"
#include "redkeep/result.h"

namespace redkeep::guard {

/// What was found beside the entries.
struct LedgerReading {
  std::int64_t bad_lines = 0;  ///< Whole lines that are no entry, such as one that was cut before.
  /// After the last end of a line, where that is no whole entry: a kill or a full disk cut it, or
  /// it is being written.
  std::int64_t torn_bytes = 0;
};

/// Gets each line, without its end, and the entry that it is. The line is valid during the call.
using TakeEntry = std::function<void(std::string_view line, LedgerEntry entry)>;

/// Calls `take` for each entry of the directory's ledger, oldest first, in bounded memory. NotFound
/// if there is no ledger file; Io (with the file's name) if one cannot be read.
Result<LedgerReading> read_ledger(const std::string& directory, const TakeEntry& take);

}  // namespace redkeep::guard
