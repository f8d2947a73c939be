#include "recovery/verify/key_comparison.h"

namespace redkeep::recovery {

void SeenKeys::add(const SeenKey& seen) {
  if (seen.state == SeenKey::State::NotThere) return;
  const std::uint64_t key = key_print(seen.key);
  if (seen.has_ttl) with_ttl_.push_back(key);
  if (seen.state == SeenKey::State::WrongType) {
    wrong_type_.push_back(key);
  } else {
    there_.push_back({key, seen.digest});
  }
}

Damage compare(const ExpectedKeys& expected, const SeenKeys& seen) {
  Damage damage;
  std::vector<bool> is_there(expected.slots());
  for (const auto& [key, digest] : seen.there()) {
    const std::size_t place = expected.find(key);
    if (place == ExpectedKeys::kNone) {
      damage.orphaned.insert(key);
      continue;
    }
    is_there[place] = true;
    if (expected.digest_at(place) != digest) damage.changed.insert(key);
  }
  for (const auto key : seen.wrong_type()) {
    const std::size_t place = expected.find(key);
    if (place == ExpectedKeys::kNone) {
      damage.orphaned.insert(key);
      continue;
    }
    is_there[place] = true;
    damage.wrong_type.insert(key);
  }
  for (std::size_t place = 0; place < expected.slots(); ++place) {
    if (expected.key_at(place) != 0 && !is_there[place]) {
      damage.missing.insert(expected.key_at(place));
    }
  }
  for (const auto key : seen.with_ttl()) damage.with_ttl.insert(key);
  return damage;
}

}  // namespace redkeep::recovery
