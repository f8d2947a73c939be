#include "drift/drift.h"

namespace redkeep::drift {

std::string_view to_string(DriftKind kind) {
  switch (kind) {
    case DriftKind::ProtectedWithTtl: return "protected_with_ttl";
    case DriftKind::FieldWithTtl: return "field_with_ttl";
    case DriftKind::EvictableWithoutTtl: return "evictable_without_ttl";
    case DriftKind::WrongType: return "wrong_type";
    case DriftKind::DanglingKey: return "dangling_key";
    case DriftKind::DeadMember: return "dead_member";
    case DriftKind::DanglingRecord: return "dangling_record";
  }
  return "unknown";
}

std::string_view describe(DriftKind kind) {
  switch (kind) {
    case DriftKind::ProtectedWithTtl: return "protected, with a TTL";
    case DriftKind::FieldWithTtl: return "protected, a field with a TTL";
    case DriftKind::EvictableWithoutTtl: return "evictable, without a TTL";
    case DriftKind::WrongType: return "of the wrong type";
    case DriftKind::DanglingKey: return "of an entity that is not there";
    case DriftKind::DeadMember: return "members of sets that are not there";
    case DriftKind::DanglingRecord: return "refers to a record that is lost";
  }
  return "unknown";
}

bool is_mendable(DriftKind kind) {
  return kind != DriftKind::WrongType && kind != DriftKind::DanglingRecord;
}

std::string_view to_string(Held held) {
  switch (held) {
    case Held::No: return "No";
    case Held::GraphInWork: return "GraphInWork";
    case Held::TooLarge: return "TooLarge";
    case Held::GraphMissing: return "GraphMissing";
  }
  return "unknown";
}

bool AuditOutcome::note(DriftKind kind, std::string_view key, std::string_view target) {
  std::string name(key);
  if (!target.empty()) name.append(" -> ").append(target);
  const auto print = keys::fingerprint(name) + static_cast<std::uint64_t>(kind);
  if (!counted.insert(print)) return false;
  DriftCount& count = of(kind);
  ++count.found;
  if (count.first.size() < DriftCount::kMostNamed) count.first.push_back(std::move(name));
  return true;
}

void AuditOutcome::note_wrong_type(std::string_view key, bool is_content) {
  if (!note(DriftKind::WrongType, key) || is_content) return;
  ++removable.found;
  if (removable.first.size() < RemovableKeys::kMostNamed) removable.first.emplace_back(key);
}

std::int64_t AuditOutcome::found() const {
  std::int64_t sum = 0;
  for (const auto& count : counts) sum += count.found;
  return sum;
}

std::int64_t AuditOutcome::mended() const {
  std::int64_t sum = 0;
  for (const auto& count : counts) sum += count.mended;
  return sum;
}

// Whether mending was asked for does not matter: who mended nothing has mended nothing in part.
std::string_view outcome_name(const AuditOutcome& outcome) {
  if (outcome.held != Held::No) return to_string(outcome.held);
  if (outcome.is_clean()) return outcome.found() == 0 ? "Clean" : "Mended";
  return outcome.mended() > 0 ? "MendedInPart" : "Drifted";
}

}  // namespace redkeep::drift
