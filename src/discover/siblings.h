#pragma once
// The groups that keys fall into by one component, and which of these are one family. Pure.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "discover/key_shape.h"
#include "discover/kinship.h"

namespace redkeep::discover {

/// The piece of a variable that is words, at least in part.
inline constexpr std::string_view kWords = "{name}";

/// Keys that are alike up to a component, that included.
struct Sibling {
  std::string piece;         ///< The component as a pattern has it.
  bool is_literal = false;   ///< The same text in all of them.
  bool is_variable = false;  ///< Nothing in common: `{name}`.
  bool follows_id = false;   ///< Of what comes next: this component is an id in most of them.
  std::vector<std::size_t> members;
  Behaviour behaviour;
};

/// Keys by one component: `of(key)` gives it. `least_keys` is how many keys of the same beginning
/// are no chance.
std::vector<Sibling> group_by_component(const std::vector<std::size_t>& members,
                                        std::size_t least_keys,
                                        const std::function<const Component&(std::size_t)>& of);

/// Whether three of those with a word behave differently: then the words are names of families, and
/// not values of something.
bool are_names(const std::vector<Sibling>& siblings);

/// Joins those that behave alike into one with a variable component. What differs stays apart;
/// names of families (are_names) all do. `after_id`: the component before is an id, so that words
/// are what is kept of it ("user:1:cart").
std::vector<Sibling> join_alike(std::vector<Sibling> siblings, bool after_id);

}  // namespace redkeep::discover
