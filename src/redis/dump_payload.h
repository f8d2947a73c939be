#pragma once
// Values in the form that RESTORE takes (RDB version 10, Redis 7.0 and later): the server then does
// not have to parse field by field. Pure.
//
// A hash is written as one listpack whatever its fields' lengths: Redis keeps it so until it is
// written to again, which also saves memory against a hash table.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace redkeep::redis {

/// CRC-64 as Redis computes it (Jones's polynomial, reflected, no initial or final inversion).
std::uint64_t crc64(std::string_view bytes, std::uint64_t so_far = 0);

/// The version of the format: what stands behind a payload and before a snapshot.
inline constexpr int kRdbVersion = 10;

/// A length, and a string with its length before it, as RDB writes them; below 4 GiB.
void append_rdb_length(std::uint64_t length, std::string& out);
void append_rdb_string(std::string_view text, std::string& out);

class DumpPayload {
 public:
  /// Names and values in turn; at most 60,000 of them. The view is good until the next call.
  std::string_view hash(std::span<const std::string_view> names_and_values);

  /// Different members, at least one.
  std::string_view set(std::span<const std::string_view> members);

  /// The same without the footer (version and checksum): the type, and behind it the value, as a
  /// snapshot has them before and behind the key.
  std::string_view bare_hash(std::span<const std::string_view> names_and_values);
  std::string_view bare_set(std::span<const std::string_view> members);

 private:
  std::string_view finish();

  std::string payload_;
  std::string listpack_;
};

}  // namespace redkeep::redis
