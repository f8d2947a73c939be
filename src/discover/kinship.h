#pragma once
// How a group of keys behaves, and whether two groups behave alike: then they are one family under
// different names. Pure.
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "discover/families.h"

namespace redkeep::discover {

enum class TtlHabit { None, Some, All };

struct Behaviour {
  std::size_t keys = 0;
  std::string type;  ///< Of nine keys in ten; "mixed" where there is none.
  TtlHabit ttl = TtlHabit::None;
  std::chrono::milliseconds longest_ttl{0};
  std::size_t components = 0;  ///< That follow, of four keys in five; kVarying where there is none.

  static constexpr std::size_t kVarying = 1000;
};

/// `components` are those that follow, in the order of `members`, which are places in `keys`.
Behaviour behaviour_of(const std::vector<KeyFact>& keys, const std::vector<std::size_t>& members,
                       const std::vector<std::size_t>& components);

/// The same type, the same habit of TTLs, TTLs of the same order, and as many components.
bool are_alike(const Behaviour& a, const Behaviour& b);

}  // namespace redkeep::discover
