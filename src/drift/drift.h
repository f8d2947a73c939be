#pragma once
// What an audit finds: keys that are not as their class promises, and references to what is not
// there.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "keys/fingerprint_set.h"

namespace redkeep::drift {

enum class DriftKind {
  ProtectedWithTtl,     ///< It would go by itself. Mended by PERSIST.
  FieldWithTtl,         ///< The same of fields of a protected hash. Mended by HPERSIST.
  EvictableWithoutTtl,  ///< It fills the server for ever. Mended by the class's TTL.
  /// Of another type than its class has. Not mended here: of the content's keys a repair does, and
  /// no other has anything to be mended from.
  WrongType,
  /// The type, name, parent, children or links of an entity that is not there. Mended: removed.
  DanglingKey,
  DeadMember,      ///< In a set, of what is not there. Mended: taken out.
  DanglingRecord,  ///< Refers to a record that is lost, and is the truth itself. Not mended.
};
inline constexpr std::size_t kDriftKinds = 7;

/// "protected_with_ttl": as JSON has it.
std::string_view to_string(DriftKind kind);
/// "protected with a TTL": for a person.
std::string_view describe(DriftKind kind);
/// Whether an audit mends it at all.
bool is_mendable(DriftKind kind);

/// One kind: how much, and the first by name.
struct DriftCount {
  static constexpr std::size_t kMostNamed = 100;
  std::int64_t found = 0;
  std::int64_t mended = 0;
  std::vector<std::string> first;  ///< "key", or "key -> what is not there".
};

/// Why references were not judged, or not mended.
enum class Held {
  No,
  GraphInWork,   ///< A load or rebuild is under way or was cut: `marker`.
  TooLarge,      ///< More records than the memory that is allowed for them.
  GraphMissing,  ///< So much is not there that it was lost rather than drifted: repair first.
};
std::string_view to_string(Held held);

/// Keys of the wrong type that no content has anything to say of: caches, sessions, locks...
struct RemovableKeys {
  static constexpr std::size_t kMostNamed = 20;  // they make one command
  std::int64_t found = 0;
  std::vector<std::string> first;
};

struct AuditOutcome {
  std::int64_t keys = 0;        ///< Of known classes that were looked at.
  std::int64_t references = 0;  ///< That were followed.
  DriftCount counts[kDriftKinds];
  RemovableKeys removable;  ///< Of those of the wrong type.
  Held held = Held::No;
  /// Of a replica, where its changes have to be made; empty: of a master, or not told.
  std::string master_host;
  std::uint16_t master_port = 0;
  std::string marker;  ///< "guard:load of DIR": fit to be shown.
  /// How long the server was at work for it, its replies' way included; without pauses.
  std::chrono::milliseconds busy{0};
  std::int64_t not_followed = 0;  ///< Dangling ones beyond what is remembered: run it again.
  /// Of what was found, references that could not be looked at again, nor mended: they may have
  /// been in the making.
  std::int64_t unchecked = 0;
  std::string script_refusal;  ///< What the server said to EVAL; empty: it was not refused.
  /// A key is counted once, though SCAN may name it twice.
  keys::FingerprintSet counted;

  DriftCount& of(DriftKind kind) { return counts[static_cast<std::size_t>(kind)]; }
  const DriftCount& of(DriftKind kind) const { return counts[static_cast<std::size_t>(kind)]; }

  /// False if the same was counted before.
  bool note(DriftKind kind, std::string_view key, std::string_view target = {});
  /// A key of the wrong type. `is_content`: a repair mends it.
  void note_wrong_type(std::string_view key, bool is_content);
  std::int64_t found() const;
  std::int64_t mended() const;
  std::int64_t left() const { return found() - mended(); }
  /// Nothing is wrong any more, and all was looked at.
  bool is_clean() const { return left() == 0 && held == Held::No && not_followed == 0; }
};

/// "Clean", "Drifted", "Mended", "MendedInPart", or why references were held: one name for reports,
/// HTTP and the ledger.
std::string_view outcome_name(const AuditOutcome& outcome);

}  // namespace redkeep::drift
