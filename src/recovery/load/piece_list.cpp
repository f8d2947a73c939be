#include "recovery/load/piece_list.h"

#include "recovery/load/size_estimate.h"

namespace redkeep::recovery {
namespace {

// HSET has no NX for a whole hash, and between looking and writing somebody may have stored it.
constexpr std::string_view kSetHashIfMissing =
    "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end "
    "return redis.call('HSET', KEYS[1], unpack(ARGV))";

}  // namespace

void PieceList::hash(std::string key, const content::HashFields& fields) {
  Piece piece{Kind::Hash, std::move(key), {}, 0};
  piece.estimated_bytes = estimated_hash_bytes(piece.key, fields);
  for (const auto& field : fields) {
    piece.parts.emplace_back(field.name);
    piece.parts.emplace_back(field.value);
  }
  pieces_.push_back(std::move(piece));
}

void PieceList::string(std::string key, std::string_view value) {
  const auto bytes = estimated_string_bytes(key, value);
  pieces_.push_back({Kind::String, std::move(key), {std::string(value)}, bytes});
}

void PieceList::in_set(std::string key, std::string_view member) {
  pieces_.push_back({Kind::Member, std::move(key), {std::string(member)}, kMemberBytes});
}

void PieceList::ask(redis::CommandBuffer& commands) const {
  for (const auto& piece : pieces_) {
    if (piece.kind == Kind::Member) {
      commands.add({"SISMEMBER", piece.key, piece.parts.front()});
    } else {
      commands.add({"EXISTS", piece.key});
    }
  }
}

Status PieceList::keep_missing(const std::vector<redis::Reply>& replies) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const redis::Reply& reply = replies[i];
    if (reply.is_error() && reply.text.starts_with("WRONGTYPE")) continue;
    if (!reply.is_integer()) return redis::unexpected_reply("EXISTS or SISMEMBER", reply);
    if (reply.integer != 0) continue;
    if (kept != i) pieces_[kept] = std::move(pieces_[i]);
    ++kept;
  }
  pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(kept), pieces_.end());
  return {};
}

std::int64_t PieceList::count_keys(keys::FingerprintSet& sets) const {
  std::int64_t keys = 0;
  for (const auto& piece : pieces_) {
    if (piece.kind != Kind::Member || sets.insert(keys::fingerprint(piece.key))) ++keys;
  }
  return keys;
}

std::int64_t PieceList::estimated_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& piece : pieces_) bytes += piece.estimated_bytes;
  return bytes;
}

void PieceList::write(redis::CommandBuffer& commands) const {
  for (const auto& piece : pieces_) {
    switch (piece.kind) {
      case Kind::Hash:
        commands.begin(4 + piece.parts.size());
        for (const std::string_view word : {std::string_view("EVAL"), kSetHashIfMissing,
                                            std::string_view("1"), std::string_view(piece.key)}) {
          commands.arg(word);
        }
        for (const auto& part : piece.parts) commands.arg(part);
        break;
      case Kind::String: commands.add({"SET", piece.key, piece.parts.front(), "NX"}); break;
      case Kind::Member: commands.add({"SADD", piece.key, piece.parts.front()}); break;
    }
  }
}

}  // namespace redkeep::recovery
