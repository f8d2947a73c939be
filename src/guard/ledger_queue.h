#pragma once
// Entries that wait to be written: bounded, and what did not fit is told. Pure.
#include <fmt/format.h>

#include <cstdint>
#include <deque>

#include "guard/ledger.h"

namespace redkeep::guard {

class LedgerQueue {
 public:
  explicit LedgerQueue(std::size_t most_entries) : most_entries_(most_entries) {}

  /// Keeps the entry, or counts it as lost where too many wait. Once one is lost those after it are
  /// too, until there is room for the entry that tells of them: so the order holds.
  void push(const LedgerEntry& entry) {
    if (lost_ == 0 && entries_.size() < most_entries_) {
      entries_.push_back(entry);
      return;
    }
    if (lost_++ == 0) first_lost_ = entry;
    last_lost_ = entry;
  }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  const LedgerEntry& front() const { return entries_.front(); }

  /// The front was written. Now there is room, for the entry that tells what was lost as well.
  void pop() {
    entries_.pop_front();
    if (lost_ > 0) entries_.push_back(told_of_lost());
  }

  /// Forgets everything, lost entries too.
  void clear() {
    entries_.clear();
    lost_ = 0;
  }

 private:
  // It has the number of the last one lost, so that numbers in the file never fall.
  LedgerEntry told_of_lost() {
    LedgerEntry told;
    told.number = last_lost_.number;
    told.when = last_lost_.when;
    told.kind = LedgerKind::Notice;
    told.subject = "ledger";
    told.reason = lost_ == 1
                      ? fmt::format("an entry could not be written: number {}", last_lost_.number)
                      : fmt::format("{} entries could not be written: numbers {} to {}", lost_,
                                    first_lost_.number, last_lost_.number);
    lost_ = 0;
    return told;
  }

  std::size_t most_entries_;
  std::deque<LedgerEntry> entries_;
  std::int64_t lost_ = 0;
  LedgerEntry first_lost_;
  LedgerEntry last_lost_;
};

}  // namespace redkeep::guard
