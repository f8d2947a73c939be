#pragma once
// How much the keys that were shed had been used. When one of them is written again, the server
// begins to count anew, and what is wanted for the third time would look like what is wanted for
// the first. Pure.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "keys/fingerprint_set.h"

namespace redkeep::shed {

/// A count-min sketch of 512 KiB (none before the first key is shed) that ages, as the admission of
/// TinyLFU has it (Einziger, Friedman and Manes, 2017). An answer may be too high, where two keys
/// share their cells.
class UseMemory {
 public:
  /// A key goes that had been used so often, what was remembered of it included.
  void note_shed(std::string_view key, std::int64_t uses) {
    if (cells_.empty()) cells_.resize(2 * kRowCells);
    const auto kept = static_cast<std::uint8_t>(std::clamp<std::int64_t>(uses, 0, 255));
    for (const std::size_t cell : cells_of(key)) cells_[cell] = std::max(cells_[cell], kept);
    if (++noted_ % kAgesAfter != 0) return;
    for (auto& cell : cells_) cell /= 2;
  }

  /// 0 for one that was never shed, or so long ago that it is forgotten.
  std::int64_t uses_of(std::string_view key) const {
    if (cells_.empty()) return 0;
    const auto cells = cells_of(key);
    return std::min(cells_[cells[0]], cells_[cells[1]]);
  }

 private:
  static constexpr std::size_t kRowCells = std::size_t{1} << 18;
  // Between two agings so many different keys go that not half of the cells are taken.
  static constexpr std::uint64_t kAgesAfter = kRowCells / 2;

  static std::array<std::size_t, 2> cells_of(std::string_view key) {
    const std::uint64_t print = keys::fingerprint(key);
    return {print % kRowCells, kRowCells + (print >> 32) % kRowCells};
  }

  std::vector<std::uint8_t> cells_;  // in two rows
  std::uint64_t noted_ = 0;
};

}  // namespace redkeep::shed
