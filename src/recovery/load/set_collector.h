#pragma once
// Gathers members of many sets as they come, so that each set is written once, whole. Strings are
// kept once and named by number: 8 bytes a membership.
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace redkeep::recovery {

class SetCollector {
 public:
  using Number = std::uint32_t;

  /// The number of a key, the same for the same bytes.
  Number key(std::string_view key);
  /// A number for a member. One that is given twice is two members with the same bytes.
  Number member(std::string_view member);
  /// `member` belongs to the set `key`. Told again before another member of it, it is told once.
  void add(Number key, Number member) {
    if (keys_[key].last_member == member) return;
    keys_[key].last_member = member;
    memberships_.push_back({key, member});
  }

  std::size_t bytes() const;
  bool empty() const { return memberships_.empty(); }

  /// Ends the gathering: from now on next() gives each key with all its members, and at the end
  /// everything is forgotten and gathering may begin anew.
  void sort();
  /// The next set; false after the last one. The views are good until the next call.
  bool next(std::string_view& key, std::span<const std::string_view>& members);

 private:
  struct Membership {
    Number key;
    Number member;
  };
  struct Text {
    std::uint32_t block;
    std::uint32_t start;
    std::uint32_t size;
  };
  static constexpr Number kNone = ~Number{0};
  struct Key {
    Text text;
    Number last_member = kNone;
  };
  struct Slot {
    Number key_and_1 = 0;     // a key's number + 1; 0 = free
    std::uint32_t print = 0;  // of its fingerprint: so that other keys are not looked at
  };
  std::string_view text(const Text& text) const {
    return {blocks_[text.block].get() + text.start, text.size};
  }
  Text keep(std::string_view bytes);
  void grow();

  // In blocks, because one growing string would be copied again and again.
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_bytes_ = 0;  // size of the last block, and what of it is free
  std::size_t block_left_ = 0;
  std::size_t text_bytes_ = 0;
  std::vector<Key> keys_;
  std::vector<Text> members_;
  std::vector<Membership> memberships_;
  std::vector<Slot> slots_;  // open addressing, by print
  // After sort(): members by key, where each key's begin, and which key is next.
  std::vector<Number> sorted_;
  std::vector<Number> starts_;
  Number next_key_ = 0;
  std::vector<std::string_view> given_;
};

}  // namespace redkeep::recovery
