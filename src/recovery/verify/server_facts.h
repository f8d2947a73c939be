#pragma once
// What a recovery has to know of a server before it does anything: whether it serves yet, how much
// memory there is, how far it was brought by a journal, and what was cut here before.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "keys/key_schema.h"
#include "redis/connection.h"

namespace redkeep::recovery {

/// What is being done and how far it is, for a person.
struct Progress {
  std::string_view doing;
  std::int64_t count = 0;
  double share = -1;              ///< 0 to 1; below 0 while it is not known.
  std::string_view counted = {};  ///< What `count` counts, such as "keys"; empty: nothing is.
};
using ShowProgress = std::function<void(const Progress&)>;

/// For redis::info_when_loaded(): what is waited for is shown as what is being done.
std::function<void(const std::string&)> told_in_words(const ShowProgress& progress);

struct ServerFacts {
  std::int64_t used_bytes = 0;   ///< As eviction counts.
  std::int64_t limit_bytes = 0;  ///< 0: none known.
  std::int64_t keys = 0;         ///< Of the database, whoever's.
  bool any_ttl = false;          ///< Some key of the database has a TTL.
  /// guard:position: up to where the journal was applied. Nothing: no such key.
  std::optional<std::int64_t> position;
  std::string journal;  ///< guard:journal: of which journal that is; empty: nothing says so.
  /// What guard:load and guard:rebuild say: which directory was being written when a load or a
  /// rebuild was cut (or is under way).
  std::optional<std::string> load_marker;
  std::optional<std::string> rebuild_marker;
  bool is_being_restored = false;  ///< By guard:content: it is being written back, or that was cut.
};

/// Waits for as long as the server is loading its data, and says so; then asks. `configured_limit`
/// counts where the server has no maxmemory. Fails as the connection does, or with Interrupted.
redis::awaitable<Result<ServerFacts>> ask_server_facts(
    std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema, int database,
    std::int64_t configured_limit_bytes, std::stop_token stop, ShowProgress progress);

/// What guard:position says now.
redis::awaitable<Result<std::optional<std::int64_t>>> ask_position(redis::Connection& connection,
                                                                   const keys::KeySchema& schema);

/// The number at the front of what guard:position holds; nothing if there is none.
std::optional<std::int64_t> parse_position(std::string_view text);

/// A connection that was closed because we were asked to stop is no fault of the server.
Error unless_stopped(const Error& error, const std::stop_token& stop);

}  // namespace redkeep::recovery
