#include "discover/siblings.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

namespace redkeep::discover {
namespace {

// A text with digits may be one of many numbered ones, of which some are frequent.
constexpr std::size_t kFactorWithIds = 3;

using Members = std::vector<std::size_t>;

// "de", "de_DE", "pt-br": a value of a language, never a family.
bool is_locale(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.size() != 2 && text.size() != 5) return false;
  if (!is_letter(text[0]) || !is_letter(text[1])) return false;
  return text.size() == 2 ||
         ((text[2] == '_' || text[2] == '-') && is_letter(text[3]) && is_letter(text[4]));
}

// "/de/fr" -> "/de/", "page-about" -> "page-"; nothing where no separator follows the first word.
std::optional<std::string> first_words(std::string_view skeleton) {
  std::size_t at = 0;
  while (at < skeleton.size() && is_separator(skeleton[at])) ++at;
  const std::size_t word = at;
  while (at < skeleton.size() && !is_separator(skeleton[at]) && skeleton[at] != kId) ++at;
  if (at == word || at == skeleton.size() || skeleton[at] == kId) return std::nullopt;
  while (at < skeleton.size() && is_separator(skeleton[at])) ++at;
  if (at == skeleton.size()) return std::nullopt;
  return std::string(skeleton.substr(0, at));
}

// What all of them begin with, up to the last separator in it.
std::string common_beginning(const Members& members,
                             const std::function<const Component&(std::size_t)>& of) {
  std::string_view common = of(members.front()).skeleton;
  for (const auto member : members) {
    const std::string_view other = of(member).skeleton;
    const auto ends = std::mismatch(common.begin(), common.end(), other.begin(), other.end());
    common = common.substr(0, static_cast<std::size_t>(ends.first - common.begin()));
  }
  while (!common.empty() && !is_separator(common.back())) common.remove_suffix(1);
  return std::string(common);
}

class Grouping {
 public:
  Grouping(const Members& members, std::size_t least_keys,
           const std::function<const Component&(std::size_t)>& of)
      : least_(least_keys), of_(of) {
    for (const auto member : members) {
      ++texts_[of(member).text];
      ++skeletons_[of(member).skeleton];
    }
    for (const auto member : members) place(member);
    place_rest();
  }

  std::vector<Sibling> result() {
    std::vector<Sibling> siblings;
    for (auto& [text, members] : literal_) {
      siblings.push_back({text, true, false, false, std::move(members), {}});
    }
    for (auto& [skeleton, members] : mixed_) {
      siblings.push_back({pattern_of(skeleton), false, false, true, std::move(members), {}});
    }
    for (auto& [beginning, members] : beginnings_) {
      const std::string common = common_beginning(members, of_);
      siblings.push_back(
          {pattern_of(common + kId, "name"), false, false, false, std::move(members), {}});
    }
    if (!variable_.empty()) siblings.push_back(variable_sibling());
    return siblings;
  }

 private:
  void place(std::size_t member) {
    const Component& component = of_(member);
    if (component.text.empty()) {  // no wildcard would match it
      literal_[""].push_back(member);
      return;
    }
    if (!component.has_word) {
      variable_.push_back(member);
      return;
    }
    const bool has_id = component.has_id();
    const std::size_t least = has_id ? kFactorWithIds * least_ : least_;
    if (component.is_plain && texts_[component.text] >= least) {
      literal_[component.text].push_back(member);
    } else if (has_id && skeletons_[component.skeleton] >= least_) {
      mixed_[component.skeleton].push_back(member);
    } else {
      rest_.push_back(member);
    }
  }

  // Of words that come once or twice only, what they begin with may still be common.
  void place_rest() {
    std::map<std::string, Members> by_beginning;
    for (const auto member : rest_) {
      const auto beginning = first_words(of_(member).skeleton);
      if (beginning) {
        by_beginning[*beginning].push_back(member);
      } else {
        variable_.push_back(member);
      }
    }
    const std::size_t least = std::max(kFactorWithIds * least_, rest_.size() / 50);
    for (auto& [beginning, members] : by_beginning) {
      if (members.size() >= least) {
        beginnings_[beginning] = std::move(members);
      } else {
        variable_.insert(variable_.end(), members.begin(), members.end());
      }
    }
  }

  Sibling variable_sibling() const {
    std::map<IdKind, std::size_t> kinds;
    std::size_t ids = 0;
    for (const auto member : variable_) {
      const Component& component = of_(member);
      ++kinds[component.kind];
      if (!component.has_word) ++ids;
    }
    std::string piece(ids == variable_.size() ? "{id}" : kWords);
    if (kinds.size() == 1) {
      switch (kinds.begin()->first) {
        case IdKind::Number: piece = "{number}"; break;
        case IdKind::Uuid: piece = "{uuid}"; break;
        case IdKind::Hash: piece = "{hash}"; break;
        case IdKind::Other:
        case IdKind::None: break;
      }
    }
    return {std::move(piece), false, true, 10 * ids >= 9 * variable_.size(), variable_, {}};
  }

  std::size_t least_;
  const std::function<const Component&(std::size_t)>& of_;
  std::map<std::string, std::size_t> texts_;
  std::map<std::string, std::size_t> skeletons_;
  std::map<std::string, Members> literal_;
  std::map<std::string, Members> mixed_;
  std::map<std::string, Members> beginnings_;
  Members rest_;
  Members variable_;
};

// Siblings in clusters of those that are alike; each is compared with a cluster's largest. The
// empty component is in none: it is no name, and a variable would not match it.
std::vector<std::vector<std::size_t>> cluster(const std::vector<Sibling>& siblings) {
  std::vector<std::size_t> by_size;
  for (std::size_t i = 0; i < siblings.size(); ++i) {
    if (!siblings[i].is_literal || !siblings[i].piece.empty()) by_size.push_back(i);
  }
  std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) {
    return siblings[a].members.size() > siblings[b].members.size();
  });
  std::vector<std::vector<std::size_t>> clusters;
  for (const auto i : by_size) {
    const auto found = std::find_if(clusters.begin(), clusters.end(), [&](const auto& members) {
      return are_alike(siblings[members.front()].behaviour, siblings[i].behaviour);
    });
    if (found == clusters.end()) {
      clusters.push_back({i});
    } else {
      found->push_back(i);
    }
  }
  return clusters;
}

bool holds_variable(const std::vector<Sibling>& siblings, const std::vector<std::size_t>& cluster) {
  return std::any_of(cluster.begin(), cluster.end(),
                     [&](std::size_t i) { return siblings[i].is_variable; });
}

// What is kept of an entity ("user:1:cart", "user:1:profile") rather than values of something.
bool are_attributes(const std::vector<Sibling>& siblings) {
  constexpr std::size_t kMost = 20;
  return siblings.size() <= kMost &&
         std::all_of(siblings.begin(), siblings.end(), [](const Sibling& sibling) {
           return sibling.is_literal && !is_locale(sibling.piece);
         });
}

}  // namespace

std::vector<Sibling> group_by_component(const std::vector<std::size_t>& members,
                                        std::size_t least_keys,
                                        const std::function<const Component&(std::size_t)>& of) {
  return Grouping(members, least_keys, of).result();
}

bool are_names(const std::vector<Sibling>& siblings) {
  constexpr std::size_t kDifferent = 3;
  std::size_t different = 0;
  for (const auto& members : cluster(siblings)) {
    different += siblings[members.front()].is_literal ? 1 : 0;
  }
  return different >= kDifferent;
}

std::vector<Sibling> join_alike(std::vector<Sibling> siblings, bool after_id) {
  if (siblings.size() < 2 || (after_id && are_attributes(siblings))) return siblings;
  if (are_names(siblings)) return siblings;
  const auto clusters = cluster(siblings);
  // One cluster only can be the variable one: patterns could not tell two of them apart.
  auto chosen = std::find_if(clusters.begin(), clusters.end(), [&](const auto& members) {
    return holds_variable(siblings, members);
  });
  if (chosen == clusters.end()) chosen = clusters.begin();
  if (chosen == clusters.end() || chosen->size() < 2) return siblings;

  Sibling joined{std::string(kWords), false, true, false, {}, {}};
  std::vector<Sibling> result;
  for (std::size_t i = 0; i < siblings.size(); ++i) {
    if (std::find(chosen->begin(), chosen->end(), i) == chosen->end()) {
      result.push_back(std::move(siblings[i]));
      continue;
    }
    auto& members = siblings[i].members;
    joined.members.insert(joined.members.end(), members.begin(), members.end());
  }
  result.push_back(std::move(joined));
  return result;
}

}  // namespace redkeep::discover
