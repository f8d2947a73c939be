#include "recovery/checkpoint/checkpoint_reader.h"

#include <chrono>
#include <filesystem>

#include "error/error.h"
#include "recovery/checkpoint/checkpoint_place.h"
#include "recovery/csv/content_directory.h"
#include "recovery/disk/checksum.h"
#include "sizes/sizes.h"

namespace redkeep::recovery {
namespace {

constexpr std::string_view kAdvice =
    "it was changed or damaged: put back a copy of its files, or, where Redis still has the whole "
    "content, write a new checkpoint";

Error damaged_file(const std::string& path, const std::string& what) {
  return make_error(ErrorKind::Io, "{}: {}: {}", path, what, kAdvice);
}

template <class File>
Result<std::int64_t> rows_of(const std::string& directory) {
  auto file = File::open(directory);
  if (!file) return file.error();
  CsvReader& reader = file->reader();
  std::int64_t rows = 0;
  for (;;) {
    const auto next = reader.next();
    if (next == CsvReader::Next::End) return rows;
    if (next != CsvReader::Next::Row) {
      return make_error(ErrorKind::Io, "{}: {}", reader.problem(), kAdvice);
    }
    ++rows;
  }
}

// The cheap things first: most damage is a file that is too short.
Status check_file(const std::string& directory, const ManifestFile& file) {
  const std::string path = directory + "/" + file.name;
  std::error_code failure;
  const auto bytes = std::filesystem::file_size(path, failure);
  if (failure) {
    return make_error(ErrorKind::Io, "cannot read {}: {}: {}", path, failure.message(), kAdvice);
  }
  if (static_cast<std::int64_t>(bytes) != file.bytes) {
    return damaged_file(path, fmt::format("has {} bytes and should have {}", bytes, file.bytes));
  }
  const auto checksum = checksum_of_file(path);
  if (!checksum) return checksum.error();
  if (*checksum != file.checksum) {
    return damaged_file(
        path, fmt::format("has the checksum {} and should have {}", *checksum, file.checksum));
  }
  const auto rows = file.name == kCheckpointFiles[0] ? rows_of<EntityFile>(directory)
                                                     : rows_of<AssociationFile>(directory);
  if (!rows) return rows.error();
  if (*rows == file.rows) return {};
  return damaged_file(path,
                      fmt::format("has {} and should have {}", sizes::print_counted(*rows, "row"),
                                  sizes::print_count(file.rows)));
}

Status check_files(const std::string& directory, const Manifest& manifest) {
  for (const auto& file : manifest.files) {
    if (const Status sound = check_file(directory, file); !sound) return sound;
  }
  const std::string index = directory + "/search_index.csv";
  std::error_code ignored;
  if (!std::filesystem::exists(index, ignored)) return {};
  return make_error(ErrorKind::Io, "{}: is not of this checkpoint: move it away", index);
}

}  // namespace

Result<Checkpoint> open_checkpoint(const std::string& directory) {
  // While it is read another process may put a new one in its place: then from the start. One that
  // is replaced faster than it can be read, again and again, is given up.
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::seconds{10};
  constexpr int kMostTriesWithNone = 10;
  for (int with_none = 1;;) {
    const std::string path = checkpoint_path(directory);
    auto manifest = read_manifest(path);
    const Status sound = manifest ? check_files(path, *manifest) : Status{manifest.error()};
    if (sound) return Checkpoint{path, std::move(*manifest)};
    // The same one in another place was moved there meanwhile.
    const std::string path_now = checkpoint_path(directory);
    const auto again = read_manifest(path_now);
    const bool is_none = !manifest && !again && with_none++ == kMostTriesWithNone;
    const bool is_as_before =
        is_none || (manifest && again && *again == *manifest && path_now == path);
    if (is_as_before || Clock::now() >= deadline) return sound.error();
  }
}

}  // namespace redkeep::recovery
