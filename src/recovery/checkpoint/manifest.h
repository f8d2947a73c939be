#pragma once
// manifest.json: what a checkpoint consists of, written last. It tells which bytes its files have,
// and has a checksum of its own. Pure, but for read_manifest().
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redkeep/result.h"

namespace redkeep::recovery {

inline constexpr std::string_view kManifestName = "manifest.json";
/// What a checkpoint has beside its manifest, in this order.
inline constexpr std::array<std::string_view, 2> kCheckpointFiles{"entities.csv",
                                                                  "associations.csv"};

struct ManifestFile {
  std::string name;
  std::int64_t rows = 0;  ///< The header is none.
  std::int64_t bytes = 0;
  std::string checksum;  ///< As Checksum tells it.

  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

struct Manifest {
  /// When the reading of what it has began.
  std::chrono::sys_seconds written_at{};
  /// The last entry of the journal that is in it; none: written without a journal.
  std::optional<std::int64_t> position;
  std::vector<ManifestFile> files;  ///< As kCheckpointFiles names them.

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// As it is in the file: one line for each file, and the checksum of what stands before it.
std::string print_manifest(const Manifest& manifest);

/// Only what print_manifest() gives is one. `shown_name` is the file's, for the error, which says
/// what is wrong and where: InvalidInput for another format, Io for what was changed or damaged.
Result<Manifest> parse_manifest(std::string_view text, const std::string& shown_name);

/// Of the checkpoint in this directory. NotFound if there is none.
Result<Manifest> read_manifest(const std::string& directory);

}  // namespace redkeep::recovery
