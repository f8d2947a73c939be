#pragma once
// The pieces of some records (hashes, strings, members of sets), to be looked for in Redis, and
// written where they are missing. Nothing that is there is ever overwritten. Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "content/graph_keys.h"
#include "keys/fingerprint_set.h"
#include "redis/command_buffer.h"
#include "redis/reply.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

class PieceList {
 public:
  // A sink of content::spread().
  void hash(std::string key, const content::HashFields& fields);
  void string(std::string key, std::string_view value);
  std::string_view member(std::string_view bytes) const { return bytes; }
  void in_set(std::string key, std::string_view member);

  std::size_t size() const { return pieces_.size(); }
  bool empty() const { return pieces_.empty(); }
  void clear() { pieces_.clear(); }

  /// One command a piece: whether it is there.
  void ask(redis::CommandBuffer& commands) const;

  /// Forgets the pieces that are there. A key of the wrong type counts as there: to mend it, what
  /// is in it would have to be removed. Other error replies are errors.
  Status keep_missing(const std::vector<redis::Reply>& replies);

  /// How many keys the pieces are, members of one set being one. A hash or string is one piece, and
  /// no two records have the same; `sets` are those that were counted, and gets the others.
  std::int64_t count_keys(keys::FingerprintSet& sets) const;

  /// What the pieces will take in Redis.
  std::int64_t estimated_bytes() const;

  /// Commands that write the pieces, each unless something is there by then.
  void write(redis::CommandBuffer& commands) const;

 private:
  enum class Kind { Hash, String, Member };
  struct Piece {
    Kind kind;
    std::string key;
    std::vector<std::string> parts;  // fields and values in turn, the value, or the member
    std::int64_t estimated_bytes;
  };
  std::vector<Piece> pieces_;
};

}  // namespace redkeep::recovery
