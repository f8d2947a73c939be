#pragma once
// What became of a cache entry that was to be stored. None of it is an error: a program that goes
// on without looking loses time, never data.
#include <string_view>

namespace redkeep {

enum class CacheOutcome {
  Stored,         ///< With the TTL of its class.
  StoredBriefly,  ///< With a shorter TTL: shedding does not keep up with what is written.
  /// Not stored, for want of memory. What was there before under its name has gone, so that nobody
  /// is served an old version; a session or token that was there before stays.
  SkippedUnderPressure,
};

/// The outcome's name, as written above.
std::string_view to_string(CacheOutcome outcome);

}  // namespace redkeep
