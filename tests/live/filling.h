#pragma once
// Keys of one kind in numbers, until a server is as full as a test wants it.
#include <functional>
#include <string>
#include <vector>

#include "live/live_redis.h"

namespace redkeep::test {

/// Keys `<start><number><end>`; no TTL if it is 0.
struct KeyKind {
  std::string start;
  std::string end;
  int ttl_seconds = 0;
  std::size_t bytes = 2000;
};

inline const KeyKind kPages{"reed:page:cache:/", ":eu:plain", 300};
inline const KeyKind kQueries{"reed:query:cache:", "", 300};
inline const KeyKind kAssets{"reed:asset:bundle:css:", "", 3600};
inline const KeyKind kTemplates{"reed:template:cache:", ":plain", 900};
inline const KeyKind kTemporary{"reed:temp:import:", "", 600};
inline const KeyKind kSessions{"reed:session:", "", 86400};
inline const KeyKind kProtected{"reed:entity:page:", ""};

/// Writes so many, each with a number of its own, and returns their names.
std::vector<std::string> write_keys(Commands& redis, const KeyKind& kind, int count);

/// Writes until `done`; it is asked after every fifty.
std::vector<std::string> fill_until(Commands& redis, const KeyKind& kind,
                                    const std::function<bool()>& done);

/// Writes until the server's usage is at so many percent of its maxmemory.
std::vector<std::string> fill_to(Commands& redis, const KeyKind& kind, double pct);

}  // namespace redkeep::test
