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
  std::string example;  ///< A key, as it may be shown.
};

struct Discovery {
  std::vector<Family> families;  ///< Those with the most bytes first.
  Family rest;                   ///< Keys that are in none of them; its pattern is empty.
  census::SampleEstimate estimate;
};

/// The sample is classified anew by the patterns that were found in it, so that the numbers are
/// those that a configuration with these patterns would give.
Discovery discover_families(const std::vector<KeyFact>& keys, const census::Population& population);

/// A class that fits a family, and why; the name is unique among `taken`, to which it is added.
struct Proposal {
  KeyClass key_class;
  std::vector<std::string> reasons;  ///< A sentence each, fit to be shown.
};
Proposal propose_class(const Family& family, std::vector<std::string>& taken);

}  // namespace redkeep::discover
