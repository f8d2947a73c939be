#include "recovery/load/set_collector.h"

#include <algorithm>
#include <utility>

#include "keys/fingerprint_set.h"

namespace redkeep::recovery {
namespace {
constexpr std::size_t kSetBlockBytes = std::size_t{256} << 10;
}  // namespace

SetCollector::Text SetCollector::keep(std::string_view bytes) {
  if (bytes.size() > block_left_ || blocks_.empty()) {
    block_bytes_ = std::max(kSetBlockBytes, bytes.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes_));
    block_left_ = block_bytes_;
  }
  const std::size_t start = block_bytes_ - block_left_;
  std::copy(bytes.begin(), bytes.end(), blocks_.back().get() + start);
  block_left_ -= bytes.size();
  text_bytes_ += bytes.size();
  return {static_cast<std::uint32_t>(blocks_.size() - 1), static_cast<std::uint32_t>(start),
          static_cast<std::uint32_t>(bytes.size())};
}

void SetCollector::grow() {
  const std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(old.empty() ? 4096 : old.size() * 2);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.key_and_1 == 0) continue;
    std::size_t i = slot.print & mask;
    while (slots_[i].key_and_1 != 0) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

SetCollector::Number SetCollector::key(std::string_view key) {
  if (2 * (keys_.size() + 1) > slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  const auto print = static_cast<std::uint32_t>(keys::fingerprint(key));
  std::size_t i = print & mask;
  for (; slots_[i].key_and_1 != 0; i = (i + 1) & mask) {
    const Number number = slots_[i].key_and_1 - 1;
    if (slots_[i].print == print && text(keys_[number].text) == key) return number;
  }
  keys_.push_back({keep(key)});
  slots_[i] = {static_cast<Number>(keys_.size()), print};
  return slots_[i].key_and_1 - 1;
}

SetCollector::Number SetCollector::member(std::string_view member) {
  members_.push_back(keep(member));
  return static_cast<Number>(members_.size() - 1);
}

std::size_t SetCollector::bytes() const {
  return text_bytes_ + keys_.size() * sizeof(Key) + members_.size() * sizeof(Text) +
         memberships_.size() * sizeof(Membership) + slots_.size() * sizeof(Slot);
}

// A counting sort by key.
void SetCollector::sort() {
  starts_.assign(keys_.size() + 1, 0);
  for (const auto& membership : memberships_) ++starts_[membership.key + 1];
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  sorted_.resize(memberships_.size());
  std::vector<Number> place(starts_.begin(), starts_.end());
  for (const auto& membership : memberships_) sorted_[place[membership.key]++] = membership.member;
  memberships_ = {};
  next_key_ = 0;
}

bool SetCollector::next(std::string_view& key, std::span<const std::string_view>& members) {
  if (next_key_ >= keys_.size()) {
    *this = SetCollector{};
    return false;
  }
  given_.clear();
  for (Number i = starts_[next_key_]; i < starts_[next_key_ + 1]; ++i) {
    given_.push_back(text(members_[sorted_[i]]));
  }
  key = text(keys_[next_key_].text);
  members = given_;
  ++next_key_;
  return true;
}

}  // namespace redkeep::recovery
