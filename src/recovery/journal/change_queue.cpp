#include "recovery/journal/change_queue.h"

#include <algorithm>
#include <utility>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kMostRecentBytes = std::size_t{16} << 20;

}  // namespace

void ChangeQueue::add(Change change, std::size_t bytes) {
  const std::int64_t position = change.position;
  recent_bytes_ += bytes;
  recent_.push_back({std::move(change), bytes});
  if (recent_bytes_ <= kMostRecentBytes || recent_.size() == 1) return;
  recent_.clear();
  recent_bytes_ = 0;
  in_memory_from_ = position + 1;
}

void ChangeQueue::begin_behind(std::int64_t position) {
  decided_ = position;
  reader_.reset();
}

Result<std::optional<ChangeQueue::Change>> ChangeQueue::next(const Journal& journal,
                                                             std::int64_t stored) {
  if (!is_near()) return next_from_file(journal, stored);
  drop_decided(journal);
  if (!recent_.empty()) return std::optional<Change>(recent_.front().change);
  decided_ = stored;  // what is left are lines that void others
  return std::optional<Change>();
}

void ChangeQueue::drop_decided(const Journal& journal) {
  while (!recent_.empty()) {
    const std::int64_t first = recent_.front().change.position;
    if (first > decided_ && !journal.is_voided(first)) break;
    decided_ = std::max(decided_, first);
    recent_bytes_ -= recent_.front().bytes;
    recent_.pop_front();
  }
  // Should Redis lose its content, what is dropped here comes from the files.
  in_memory_from_ = std::max(in_memory_from_, decided_ + 1);
}

Result<std::optional<ChangeQueue::Change>> ChangeQueue::next_from_file(const Journal& journal,
                                                                       std::int64_t stored) {
  const bool is_fresh = !reader_;
  if (is_fresh) {
    auto opened = JournalReader::open(journal.directory(), decided_);
    if (!opened) return opened.error();
    reader_.emplace(std::move(*opened));
  }
  while (true) {
    auto line = reader_->next();
    if (!line) return line.error();
    if (!*line || (*line)->position > stored) {
      // The file went on meanwhile, or goes on with what is not on the disk yet.
      const std::int64_t read = reader_->last_position();
      reader_.reset();
      if (is_fresh && read < stored) {
        return make_error(ErrorKind::Io, "the journal in {} ends at position {} and not at {}",
                          journal.directory(), read, stored);
      }
      decided_ = std::max(decided_, std::min(read, stored));
      return std::optional<Change>();
    }
    const std::int64_t position = (*line)->position;
    if ((*line)->operation == kVoid || journal.is_voided(position)) {
      decided_ = position;
      continue;
    }
    auto change = change_of(std::move(**line));
    if (!change) return change.error();
    return std::optional<Change>(Change{position, std::move(*change)});
  }
}

}  // namespace redkeep::recovery
