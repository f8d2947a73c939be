#include "recovery/verify/expected_keys.h"

namespace redkeep::recovery {

std::size_t ExpectedKeys::place_for(std::uint64_t key) const {
  const std::size_t mask = keys_.size() - 1;
  std::size_t i = key & mask;
  while (keys_[i] != 0 && keys_[i] != key) i = (i + 1) & mask;
  return i;
}

std::size_t ExpectedKeys::find(std::uint64_t key) const {
  if (keys_.empty()) return kNone;
  const std::size_t place = place_for(key);
  return keys_[place] == 0 ? kNone : place;
}

void ExpectedKeys::grow() {
  std::vector<std::uint64_t> keys(keys_.empty() ? 1024 : keys_.size() * 2);
  std::vector<std::uint64_t> digests(keys.size());
  keys.swap(keys_);
  digests.swap(digests_);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == 0) continue;
    const std::size_t place = place_for(keys[i]);
    keys_[place] = keys[i];
    digests_[place] = digests[i];
  }
}

std::uint64_t& ExpectedKeys::digest_of(std::string_view key) {
  if (4 * (size_ + 1) > 3 * keys_.size()) grow();
  const std::uint64_t print = key_print(key);
  const std::size_t place = place_for(print);
  if (keys_[place] == 0) {
    keys_[place] = print;
    ++size_;
  }
  return digests_[place];
}

void ExpectedKeys::hash(std::string_view key, const content::HashFields& fields) {
  std::uint64_t sum = 0;
  for (const auto& field : fields) sum += field_digest(field.name, field.value);
  digest_of(key) = sum;
}

void ExpectedKeys::string(std::string_view key, std::string_view value) {
  digest_of(key) = string_digest(value);
}

void ExpectedKeys::in_set(std::string_view key, std::uint64_t member) { digest_of(key) += member; }

}  // namespace redkeep::recovery
