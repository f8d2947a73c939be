#pragma once
// Writes back what is missing of a content directory, and nothing else: the CSV is checked whole
// first, then everything that it stands for is looked for in Redis, and only if what is missing
// fits is it written. Nothing is deleted and nothing that is there is overwritten; a record that
// Redis has in another form (an application changed or moved it) is left as it is.
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "recovery/csv/content_directory.h"
#include "redis/client.h"

namespace redkeep::recovery {

enum class RestoreEnd {
  NothingMissing,
  Restored,
  DoesNotFit,  ///< Nothing was written: missing_bytes is more than there is room for.
  BadContent,  ///< Nothing was written: `problems` says what is wrong with the CSV.
};

struct RestoreOutcome {
  RestoreEnd end = RestoreEnd::NothingMissing;
  std::int64_t entities = 0;        ///< In the content directory.
  std::int64_t associations = 0;    ///< In the content directory.
  std::int64_t words = 0;           ///< Different ones, of its search index.
  std::int64_t missing_pieces = 0;  ///< Hashes, strings and members of sets.
  std::int64_t missing_keys = 0;    ///< The keys that these belong to, each counted once.
  std::int64_t missing_bytes = 0;   ///< What they take, estimated.
  ContentProblems problems;
};

/// `room_bytes` is how much may be added. Fails with the server's error where it broke off; what
/// was written by then stays, and doing it again goes on.
redis::awaitable<Result<RestoreOutcome>> restore_missing(std::shared_ptr<redis::Client> client,
                                                         std::string prefix, std::string directory,
                                                         std::int64_t room_bytes,
                                                         std::stop_token stop);

/// The end's name, as written above.
std::string_view to_string(RestoreEnd end);

}  // namespace redkeep::recovery
