// Formats: rdb.c (lengths, types 16 = RDB_TYPE_HASH_LISTPACK and 2 = RDB_TYPE_SET, the footer of
// createDumpPayload), listpack.c (entries), crc64.c of Redis 7.0.
#include "redis/dump_payload.h"

#include <array>
#include <cstring>

namespace redkeep::redis {
namespace {

constexpr char kTypeSet = 2;
constexpr char kTypeHashListpack = 16;

using CrcTables = std::array<std::array<std::uint64_t, 256>, 8>;

// Eight tables: eight bytes at a time ("slicing by 8").
constexpr CrcTables make_crc_tables() {
  constexpr std::uint64_t kReflectedPolynomial = 0x95ac9329ac4bc9b5ULL;
  CrcTables tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReflectedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    for (std::size_t slice = 1; slice < 8; ++slice) {
      const std::uint64_t before = tables[slice - 1][byte];
      tables[slice][byte] = tables[0][before & 0xFF] ^ (before >> 8);
    }
  }
  return tables;
}

constexpr CrcTables kCrcTables = make_crc_tables();

void append_little_endian(std::uint64_t value, int bytes, std::string& out) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

// How many bytes an entry's length takes behind it. The limits are those of lpEncodeBacklen, of
// which all but the first are one below what fits: a server that expects another byte loses its way
// in the listpack and aborts.
int back_length_bytes(std::size_t entry_bytes) {
  if (entry_bytes <= 127) return 1;
  if (entry_bytes < 16383) return 2;
  if (entry_bytes < 2097151) return 3;
  return entry_bytes < 268435455 ? 4 : 5;
}

// An entry's length again, behind it, so that a listpack can be walked backwards: seven bits a
// byte, the first byte of them the highest, continued bytes marked.
void append_back_length(std::size_t entry_bytes, std::string& out) {
  const int last = back_length_bytes(entry_bytes) - 1;
  for (int i = last; i >= 0; --i) {
    const std::size_t bits = (entry_bytes >> (7 * i)) & 0x7F;
    out += static_cast<char>(i == last ? bits : bits | 0x80);
  }
}

void append_listpack_string(std::string_view text, std::string& out) {
  std::size_t header = 1;
  if (text.size() < 64) {
    out += static_cast<char>(0x80 | text.size());
  } else if (text.size() < 4096) {
    header = 2;
    out += static_cast<char>(0xE0 | (text.size() >> 8));
    out += static_cast<char>(text.size() & 0xFF);
  } else {
    header = 5;
    out += static_cast<char>(0xF0);
    append_little_endian(text.size(), 4, out);
  }
  out += text;
  append_back_length(header + text.size(), out);
}

}  // namespace

std::uint64_t crc64(std::string_view bytes, std::uint64_t so_far) {
  std::uint64_t crc = so_far;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at,
                8);  // little-endian machines only, as Debian's 64-bit releases for PCs are
    crc ^= word;
    crc = kCrcTables[7][crc & 0xFF] ^ kCrcTables[6][(crc >> 8) & 0xFF] ^
          kCrcTables[5][(crc >> 16) & 0xFF] ^ kCrcTables[4][(crc >> 24) & 0xFF] ^
          kCrcTables[3][(crc >> 32) & 0xFF] ^ kCrcTables[2][(crc >> 40) & 0xFF] ^
          kCrcTables[1][(crc >> 48) & 0xFF] ^ kCrcTables[0][crc >> 56];
  }
  for (; left > 0; --left, ++at) crc = kCrcTables[0][(crc ^ *at) & 0xFF] ^ (crc >> 8);
  return crc;
}

void append_rdb_length(std::uint64_t length, std::string& out) {
  if (length < 64) {
    out += static_cast<char>(length);
  } else if (length < 16384) {
    out += static_cast<char>(0x40 | (length >> 8));
    out += static_cast<char>(length & 0xFF);
  } else {
    out += static_cast<char>(0x80);
    for (int shift = 24; shift >= 0; shift -= 8) {
      out += static_cast<char>((length >> shift) & 0xFF);
    }
  }
}

void append_rdb_string(std::string_view text, std::string& out) {
  append_rdb_length(text.size(), out);
  out += text;
}

std::string_view DumpPayload::finish() {
  append_little_endian(kRdbVersion, 2, payload_);
  append_little_endian(crc64(payload_), 8, payload_);
  return payload_;
}

std::string_view DumpPayload::hash(std::span<const std::string_view> names_and_values) {
  bare_hash(names_and_values);
  return finish();
}

std::string_view DumpPayload::set(std::span<const std::string_view> members) {
  bare_set(members);
  return finish();
}

std::string_view DumpPayload::bare_hash(std::span<const std::string_view> names_and_values) {
  constexpr std::size_t kHeaderBytes = 6;
  listpack_.assign(kHeaderBytes, '\0');
  for (const auto text : names_and_values) append_listpack_string(text, listpack_);
  listpack_ += static_cast<char>(0xFF);
  std::string header;
  append_little_endian(listpack_.size(), 4, header);
  append_little_endian(names_and_values.size(), 2, header);
  listpack_.replace(0, kHeaderBytes, header);

  payload_.assign(1, kTypeHashListpack);
  append_rdb_string(listpack_, payload_);
  return payload_;
}

std::string_view DumpPayload::bare_set(std::span<const std::string_view> members) {
  payload_.assign(1, kTypeSet);
  append_rdb_length(members.size(), payload_);
  for (const auto member : members) append_rdb_string(member, payload_);
  return payload_;
}

}  // namespace redkeep::redis
