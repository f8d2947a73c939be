#include "guard/ledger.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "error/error.h"
#include "guard/ledger_reader.h"
#include "guard/ledger_writer.h"
#include "shed/shed_outcome.h"
#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

std::string line_of(const LedgerEntry& entry) {
  std::string line = fmt::format("{} {}: {}", to_string(entry.kind), entry.subject, entry.reason);
  if (!entry.outcome.empty()) line += " -> " + shed::name_with_words(entry.outcome);
  if (entry.keys > 0) {
    line += fmt::format(", {}", sizes::print_counted(entry.keys, "key"));
    if (entry.bytes > 0) line += fmt::format(", {}", sizes::print_bytes(entry.bytes));
  }
  if (entry.usage_before_pct > 0) {
    line += fmt::format(", usage {} -> {}", sizes::print_pct(entry.usage_before_pct),
                        sizes::print_pct(entry.usage_after_pct));
  }
  return line;
}

}  // namespace

Ledger::Ledger(std::size_t max_entries) : max_entries_(max_entries) {}
Ledger::~Ledger() = default;

void Ledger::keep_in(const std::string& directory) {
  const TakeEntry take = [this](std::string_view, LedgerEntry entry) {
    next_number_ = entry.number + 1;
    remember(std::move(entry));
  };
  const auto past = read_ledger(directory, take);
  writer_ = std::make_unique<LedgerWriter>(directory);
  begin();
  if (past && past->torn_bytes > 0) {
    add(LedgerKind::Notice, "ledger",
        fmt::format("the last line of the ledger was cut after {} bytes, as by a kill or a full "
                    "disk; it is passed over",
                    past->torn_bytes));
  }
  if (!past && past.error().kind != ErrorKind::NotFound) {
    add(LedgerKind::Notice, "ledger", past.error().message);
  }
}

void Ledger::begin() { add(LedgerKind::Notice, std::string(kGuardStarts), "the guard starts"); }

void Ledger::end() {
  add(LedgerKind::Notice, std::string(kGuardEnds), "the guard was asked to stop");
}

void Ledger::add(LedgerEntry entry) {
  entry.number = next_number_++;
  entry.when = std::chrono::system_clock::now();
  if (entry.kind == LedgerKind::Alarm) {
    spdlog::warn("{}", line_of(entry));
  } else {
    spdlog::info("{}", line_of(entry));
  }
  if (writer_) writer_->add(entry);
  remember(std::move(entry));
}

void Ledger::remember(LedgerEntry entry) {
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
