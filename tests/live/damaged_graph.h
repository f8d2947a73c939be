#pragma once
// A small graph with everything in it (several types, links, words, a queue and caches beside), and
// the ways in which one of its keys can be damaged.
#include <functional>
#include <string>
#include <vector>

#include "live/live_redis.h"
#include "live/sample_content.h"

namespace redkeep::test {

/// Pages, a user and a snippet, in a tree, with references across.
void write_small_graph(const TemporaryDirectory& content);

/// What is others', and must never be touched: caches, a queue, a lock, keys outside the prefix.
void write_others_keys(Commands& redis);

/// One kind of damage to one key: what it is, and as which kind verify has to count it.
struct DamageCase {
  std::string name;
  std::vector<Command> commands;
  std::string kind;  ///< "missing", "changed", "orphaned", "with_ttl", "wrong_type".
  std::string key;
};
std::vector<DamageCase> damage_cases();

/// How often the server was given a command that changes something, since CONFIG RESETSTAT.
std::int64_t writes_carried_out(Commands& redis);

}  // namespace redkeep::test
