#include "redis/snapshot_writer.h"

#include <fmt/format.h>

namespace redkeep::redis {
namespace {

constexpr char kSelectDatabase = '\xFE';
constexpr char kResize = '\xFB';
constexpr char kEnd = '\xFF';
constexpr char kTypeString = 0;
constexpr std::size_t kChecksumBytes = 8;

}  // namespace

SnapshotWriter::SnapshotWriter(std::uint64_t keys)
    : bytes_(fmt::format("REDIS{:04}", kRdbVersion)) {
  bytes_ += kSelectDatabase;
  append_rdb_length(0, bytes_);
  bytes_ += kResize;
  append_rdb_length(keys, bytes_);
  append_rdb_length(0, bytes_);  // keys with a TTL
}

void SnapshotWriter::add_string(std::string_view key, std::string_view value) {
  bytes_ += kTypeString;
  append_rdb_string(key, bytes_);
  append_rdb_string(value, bytes_);
}

void SnapshotWriter::add_hash(std::string_view key,
                              std::span<const std::string_view> names_and_values) {
  add(key, value_.bare_hash(names_and_values));
}

void SnapshotWriter::add_set(std::string_view key, std::span<const std::string_view> members) {
  add(key, value_.bare_set(members));
}

void SnapshotWriter::add(std::string_view key, std::string_view type_and_value) {
  bytes_ += type_and_value.front();
  append_rdb_string(key, bytes_);
  bytes_ += type_and_value.substr(1);
}

void SnapshotWriter::end() {
  bytes_ += kEnd;
  bytes_.append(kChecksumBytes, '\0');
}

}  // namespace redkeep::redis
