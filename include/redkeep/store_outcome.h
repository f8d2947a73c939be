#pragma once
// What became of a protected store or removal.

namespace redkeep {

/// Both are promises: the change is not lost.
enum class StoreOutcome {
  Applied,    ///< Redis has it; with a journal, the disk as well.
  Journaled,  ///< It is in the journal, and will be applied in its turn when Redis can take it.
};

}  // namespace redkeep
