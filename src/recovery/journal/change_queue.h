#pragma once
// What is to be applied next. What was journaled just now is in memory, up to 16 MiB of it; what
// was journaled before, and what did not fit, comes from the journal's files.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "recovery/journal/graph_change.h"
#include "recovery/journal/journal.h"
#include "recovery/journal/journal_reader.h"

namespace redkeep::recovery {

class ChangeQueue {
 public:
  struct Change {
    std::int64_t position;
    GraphChange change;
  };

  /// `last_position` is that of the journal when it was opened.
  explicit ChangeQueue(std::int64_t last_position) : in_memory_from_(last_position + 1) {}

  /// In the order of the positions. `bytes` is about what it takes.
  void add(Change change, std::size_t bytes);

  /// The next change that is neither decided nor voided, of those up to `stored`. Nothing: ask
  /// again while decided() is below `stored`. Reads a file of the journal at most.
  Result<std::optional<Change>> next(const Journal& journal, std::int64_t stored);

  /// Up to here everything is applied or left out.
  std::int64_t decided() const { return decided_; }
  void note_decided(std::int64_t position) { decided_ = position; }
  /// Goes on behind another position, which may be an earlier one.
  void begin_behind(std::int64_t position);

  /// Whether what comes next is in memory: the files are caught up with.
  bool is_near() const { return decided_ + 1 >= in_memory_from_; }

 private:
  struct InMemory {
    Change change;
    std::size_t bytes;
  };
  void drop_decided(const Journal& journal);
  Result<std::optional<Change>> next_from_file(const Journal& journal, std::int64_t stored);

  std::int64_t decided_ = 0;
  std::deque<InMemory> recent_;
  std::size_t recent_bytes_ = 0;
  std::int64_t in_memory_from_;          // from here on, changes are in memory
  std::optional<JournalReader> reader_;  // where they are not
};

}  // namespace redkeep::recovery
