#pragma once
// One exchange with the server while shedding: the victims of the slice before are deleted, keys
// are asked for what is known of them, the next page of the keyspace is fetched, and memory is
// read. All of it in one round trip. Pure: commands out, replies in.
#include <chrono>
#include <optional>
#include <vector>

#include "keys/keyspace_walk.h"
#include "pressure/memory_reading.h"
#include "redis/capabilities.h"
#include "redis/command_buffer.h"
#include "shed/victims.h"

namespace redkeep::shed {

/// What this server is asked of each key, and how.
struct SliceRule {
  bool pexpire_xx = false;
  bool sizes = false;  ///< MEMORY USAGE is permitted.
  Ranking ranking;
  /// Keys that expire by themselves within this time are spared; 0: none are, and none is asked.
  std::chrono::milliseconds spare_expiring_within{0};
  /// Each key is asked whether it has a TTL: for a dry run, in which no deletion tells.
  bool asks_for_ttl = false;
};

/// The rule for a server that can do this, with victims as configured.
SliceRule rule_for(const redis::Capabilities& capabilities, Victims victims);

struct SliceQuestions {
  std::vector<Candidate> victims;                 ///< To be deleted.
  std::vector<Candidate> keys;                    ///< To be asked for their use.
  std::vector<Candidate> weighed;                 ///< To be asked for their size.
  const keys::KeyspaceWalk* next_page = nullptr;  ///< Null: none.
  bool measure = false;                           ///< INFO memory, after all else.

  bool empty() const {
    return victims.empty() && keys.empty() && weighed.empty() && next_page == nullptr && !measure;
  }
};

struct SliceAnswers {
  std::vector<Candidate> deleted;
  std::vector<Candidate> kept;     ///< Have no TTL, or are gone.
  std::optional<Error> refused;    ///< What was answered with an error first.
  std::vector<Candidate> asked;    ///< Keys that are not spared, with their use.
  std::vector<Candidate> weighed;  ///< Keys that are there, with their size.
  bool use_is_unknown = false;     ///< OBJECT was refused: rank by size from here on.
  std::optional<redis::Reply> page;
  std::optional<pressure::MemoryReading> memory;
};

/// True if so many deletions are more than one write(2) of the connection surely takes: 48 KiB.
bool exceeds_one_write(const std::vector<Candidate>& victims, const SliceRule& rule);

/// Takes out the first ones, as many as one write takes, and at least one.
std::vector<Candidate> take_one_write(std::vector<Candidate>& victims, const SliceRule& rule);

redis::CommandBuffer write_slice(const SliceQuestions& questions, const SliceRule& rule);

/// As many replies as there were commands. Where one is an error or makes no sense, the rest is not
/// read, and `refused` says so; what was deleted is told in any case.
SliceAnswers read_slice(SliceQuestions questions, std::vector<redis::Reply> replies,
                        const SliceRule& rule);

}  // namespace redkeep::shed
