#pragma once
// Whether a server holds what a content directory says: what is missing, changed, orphaned, has a
// TTL or is of the wrong type. Changes nothing.
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "recovery/verify/expected_content.h"
#include "recovery/verify/survey.h"
#include "redkeep/options.h"

namespace redkeep::recovery {

struct VerifyOptions {
  std::string directory;    ///< A content directory; or else
  ContentAt content_at;     ///< which content a server at some position has to hold.
  bool names_only = false;  ///< Only what is missing; see find_missing().
  double most_share = 1;    ///< See LookAt.
  /// Up to where a journal goes, if there is one: a server whose position is lower is behind. Known
  /// from content_at where that is given.
  std::optional<std::int64_t> wanted_position;
  std::int64_t configured_limit_bytes = 0;  ///< Where the server has no maxmemory.
};

enum class VerifyEnd {
  Clean,       ///< Nothing differs.
  Behind,      ///< The server lacks what the journal has after its position: replay, then verify.
  Ahead,       ///< The server's position is beyond the journal's end: it is another journal's.
  Foreign,     ///< The server says that it has another journal: `whose`.
  Incomplete,  ///< A load, rebuild or recovery was cut, or is under way: `marker`.
  Damaged,     ///< It differs, and nothing says that it is because of the above.
  BadContent,  ///< `problems` says what is wrong with the CSV. The server was not judged.
};
std::string_view to_string(VerifyEnd end);

/// One kind of damage: how many keys, and the first of them by name, sorted.
struct DamagedKeys {
  static constexpr std::size_t kMostNamed = 100;
  std::int64_t count = 0;
  std::vector<std::string> first;
};

struct VerifyOutcome {
  VerifyEnd end = VerifyEnd::Clean;
  std::int64_t entities = 0;       ///< In the content directory.
  std::int64_t associations = 0;   ///< In the content directory.
  std::int64_t expected_keys = 0;  ///< What these stand for.
  std::int64_t seen_keys = 0;      ///< Of the graph's classes, on the server.
  DamagedKeys missing;
  DamagedKeys changed;
  DamagedKeys orphaned;                  ///< Of the graph's classes, and not in the content.
  DamagedKeys with_ttl;                  ///< They would go by themselves.
  DamagedKeys wrong_type;                ///< A list where a hash has to be, and the like.
  std::optional<std::int64_t> position;  ///< guard:position, if the server has one.
  std::optional<std::int64_t> wanted_position;
  std::string whose;   ///< Which journal the server has, where that is another one; empty: none.
  std::string marker;  ///< "load of DIR", "rebuild of DIR" or "recovery by a guard"; empty: none.
  ContentProblems problems;
};

/// Fails as the content check, the connection or the server does, or with Interrupted.
redis::awaitable<Result<VerifyOutcome>> verify(EndpointOptions endpoint, std::string prefix,
                                               VerifyOptions options, std::stop_token stop,
                                               ShowProgress progress);

}  // namespace redkeep::recovery
