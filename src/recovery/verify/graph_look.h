#pragma once
// Every key of the content graph on a server, each with the digest of its value, in one pass: SCAN,
// and while the server reads the values of one page we look at those of the page before. Changes
// nothing.
#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

#include "recovery/verify/graph_classes.h"
#include "redis/connection.h"

namespace redkeep::recovery {

struct SeenKey {
  enum class State {
    There,
    NotThere,   ///< Gone since SCAN named it.
    WrongType,  ///< Of another type than keys of its class have.
  };
  std::string_view key;
  State state = State::There;
  std::uint64_t digest =
      0;  ///< Of what is there (see value_digest.h); 0 where only names are read.
  bool has_ttl = false;
};

struct LookAt {
  bool values = true;  ///< Otherwise the keys' names alone.
  bool ttls = true;    ///< Asks for the TTL of each key.
  /// Of the time, which is at least that of the server: pauses make it so.
  double most_share = 1;
};

/// `see` is given each key at least once: SCAN may give one twice. Fails as the connection does,
/// with Interrupted, or with the server's error.
redis::awaitable<Status> look_at_graph(std::shared_ptr<redis::Connection> connection,
                                       const GraphClasses& classes, LookAt what,
                                       std::stop_token stop,
                                       std::function<void(const SeenKey&)> see);

}  // namespace redkeep::recovery
