#include "guard/ledger.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

std::string line_of(const LedgerEntry& entry) {
  std::string line = fmt::format("{} {}: {}", to_string(entry.kind), entry.subject, entry.reason);
  if (!entry.outcome.empty()) line += fmt::format(" -> {}", entry.outcome);
  if (entry.keys > 0) {
    line += fmt::format(", {} keys, {}", sizes::print_count(entry.keys),
                        sizes::print_bytes(entry.bytes));
  }
  if (entry.usage_before_pct > 0) {
    line += fmt::format(", usage {} -> {}", sizes::print_pct(entry.usage_before_pct),
                        sizes::print_pct(entry.usage_after_pct));
  }
  return line;
}

}  // namespace

void Ledger::add(LedgerEntry entry) {
  entry.number = next_number_++;
  entry.when = std::chrono::system_clock::now();
  if (entry.kind == LedgerKind::Alarm) {
    spdlog::warn("{}", line_of(entry));
  } else {
    spdlog::info("{}", line_of(entry));
  }
  entries_.push_back(std::move(entry));
  if (entries_.size() > max_entries_) entries_.pop_front();
}

void Ledger::add(LedgerKind kind, std::string subject, std::string reason) {
  LedgerEntry entry;
  entry.kind = kind;
  entry.subject = std::move(subject);
  entry.reason = std::move(reason);
  add(std::move(entry));
}

std::vector<LedgerEntry> Ledger::newest(std::size_t count) const {
  const auto taken = static_cast<std::ptrdiff_t>(std::min(count, entries_.size()));
  return std::vector<LedgerEntry>(entries_.rbegin(), entries_.rbegin() + taken);
}

std::string_view to_string(LedgerKind kind) {
  switch (kind) {
    case LedgerKind::LevelChange: return "level-change";
    case LedgerKind::Shed: return "shed";
    case LedgerKind::Restore: return "restore";
    case LedgerKind::Alarm: return "alarm";
    case LedgerKind::Notice: return "notice";
  }
  return "unknown";
}

}  // namespace redkeep::guard
