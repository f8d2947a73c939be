#pragma once
// What was found out about the families of an unknown keyspace: how many keys of each and how they
// behave, and which class of Redkeep's configuration would fit. Pure.
#include <map>
#include <string>
#include <vector>

#include "census/class_detail.h"
#include "census/estimate.h"
#include "discover/families.h"
#include "redkeep/key_class.h"

namespace redkeep::discover {

struct Family {
  std::string pattern;
  std::map<std::string, std::int64_t> types;  ///< Keys of the sample by type.
  census::ClassDetail detail;                 ///< Of the sampled keys.
  census::GroupEstimate estimate;
  std::string example;              ///< A key, as it may be shown; one with a TTL if there is one.
  std::string example_without_ttl;  ///< Empty: there is none.
  /// Only a person can say what it is: any class would change TTLs of many of its keys. So it is
  /// none until then.
  bool is_undecided = false;
  /// The undecided family whose keys would be in this one's class as long as that has none; empty:
  /// its own TTLs are mixed.
  std::string would_take;
};

/// Some keys have a TTL and some none, more than by a slip: at least 5 % of each.
bool has_mixed_ttls(const Family& family);

struct Discovery {
  std::vector<Family> families;  ///< Those with the most bytes first.
  Family rest;                   ///< Keys that are in none of them; its pattern is empty.
  /// Families beyond the 200 with the most keys: their keys are in the rest.
  std::size_t left_out_families = 0;
  census::SampleEstimate estimate;
};

/// The sample is classified anew by the patterns that were found in it, so that the numbers are
/// those that a configuration with these patterns would give.
Discovery discover_families(const std::vector<KeyFact>& keys, const census::Population& population);

/// A class that fits a family, and why; the name is unique among `taken`, to which it is added. Of
/// a family that is undecided the class is the evictable one of its two.
struct Proposal {
  KeyClass key_class;
  std::vector<std::string> reasons;  ///< A sentence each, fit to be shown.
};
Proposal propose_class(const Family& family, std::vector<std::string>& taken);

}  // namespace redkeep::discover
