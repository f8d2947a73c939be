#pragma once
// What a random sample of keys says about all of them: keys and bytes by group, with 95 %
// intervals that hold for skewed sizes too. The method is told in docs/census.md. Pure.
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace redkeep::census {

/// One key of a sample.
struct Observation {
  std::uint32_t page = 0;   ///< Keys of one page are neighbours in the server's table.
  std::uint32_t group = 0;  ///< A class or a family, from 0.
  std::int64_t bytes = 0;
  bool is_sized = true;  ///< False: `bytes` is not known. Which are sized must be chance.
  /// Known to be the only key of its group: it stands for no others.
  bool is_only = false;
};

/// What the sample was drawn from, by the server's own counters.
struct Population {
  std::int64_t keys = 0;
  /// What all keys together can take at most; nothing: not known.
  std::optional<std::int64_t> most_bytes;
};

/// A number and the interval that holds the true one in at least 95 of 100 samples. `high` is
/// infinite where neither the sample nor a counter of the server gives a limit. Values and ends of
/// bytes do not exceed Population::most_bytes, unless the sample contradicts it.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
};

struct GroupEstimate {
  std::int64_t sampled_keys = 0;
  std::int64_t largest_bytes = 0;  ///< Among the sampled keys with a size.
  Estimate keys;
  Estimate key_share_pct;
  Estimate bytes;
  Estimate byte_share_pct;
};

struct SampleEstimate {
  std::vector<GroupEstimate> groups;
  Estimate bytes;  ///< Of all keys.
  /// Memory that the server uses and the sample does not account for, if that is more than a tenth
  /// of the whole: a few huge keys that it missed, other databases. The intervals of bytes allow
  /// for it, of each group, met or not; as they do for less.
  double unexplained_bytes = 0;
};

/// Groups are numbered below `groups`. A sample of the whole population has intervals without
/// width.
SampleEstimate estimate_groups(std::span<const Observation> sample, std::size_t groups,
                               const Population& population);

/// The share of a population that has something, when `with` of `sampled` have it; in percent
/// (Clopper and Pearson 1934, with the finite population's correction). `design_effect` is how many
/// times the variance of the sample is that of one drawn key by key.
Estimate share_pct(double with, double sampled, double population, double design_effect = 1);

}  // namespace redkeep::census
