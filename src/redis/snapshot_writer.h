#pragma once
// A snapshot (RDB version 10, Redis 7.0 and later) of new keys without a TTL, as bytes for a server
// that reads it when it starts: nothing is parsed, answered or sent twice. Pure.
//
// Format: rdb.c of Redis 7.0 (rdbSaveRio). Nothing is compressed, and there is no checksum: a zero
// in its place tells the server not to look for one.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "redis/dump_payload.h"

namespace redkeep::redis {

class SnapshotWriter {
 public:
  /// `keys` is how many there will be, about: the server makes its table as large at once.
  explicit SnapshotWriter(std::uint64_t keys);

  // A key that comes twice makes the server refuse the whole.
  void add_string(std::string_view key, std::string_view value);
  void add_hash(std::string_view key, std::span<const std::string_view> names_and_values);
  void add_set(std::string_view key, std::span<const std::string_view> members);
  /// Nothing is to be added after it.
  void end();

  /// What is to be written next; the caller takes it out.
  std::string& bytes() { return bytes_; }

 private:
  void add(std::string_view key, std::string_view type_and_value);

  std::string bytes_;
  DumpPayload value_;
};

}  // namespace redkeep::redis
