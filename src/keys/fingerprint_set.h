#pragma once
// A set of 64-bit fingerprints (XXH3) with 8 bytes a slot: tells whether a key was seen before.
//
// Two different keys have the same fingerprint with a chance of 2^-64: among ten million keys there
// is such a pair with a chance of 3 in a million.
#include <xxhash.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace redkeep::keys {

inline std::uint64_t fingerprint(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

class FingerprintSet {
 public:
  /// Adds one; false if it was there already.
  bool insert(std::uint64_t print) {
    if (print == 0) print = 1;  // 0 marks a free slot
    if (2 * (size_ + 1) > slots_.size()) resize(slots_.empty() ? 1024 : slots_.size() * 2);
    return place(print);
  }

  bool contains(std::uint64_t print) const {
    if (print == 0) print = 1;
    if (slots_.empty()) return false;
    for (std::size_t i = print & mask();; i = (i + 1) & mask()) {
      if (slots_[i] == print) return true;
      if (slots_[i] == 0) return false;
    }
  }

  /// Gives each to `take`, in no order.
  template <class Take>
  void each(Take take) const {
    for (const std::uint64_t print : slots_) {
      if (print != 0) take(print);
    }
  }

  /// Room for so many without growing.
  void reserve(std::size_t prints) {
    if (2 * prints > slots_.size()) resize(std::bit_ceil(2 * prints));
  }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.size() * sizeof(std::uint64_t); }

 private:
  std::size_t mask() const { return slots_.size() - 1; }

  bool place(std::uint64_t print) {
    std::size_t i = print & mask();
    for (; slots_[i] != 0; i = (i + 1) & mask()) {
      if (slots_[i] == print) return false;
    }
    slots_[i] = print;
    ++size_;
    return true;
  }

  void resize(std::size_t slots) {
    std::vector<std::uint64_t> old(slots);
    old.swap(slots_);
    size_ = 0;
    for (const auto print : old) {
      if (print != 0) place(print);
    }
  }

  std::vector<std::uint64_t> slots_;  // a power of two, at most half full
  std::size_t size_ = 0;
};

}  // namespace redkeep::keys
