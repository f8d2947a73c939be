#pragma once
// How much more the total of sampled sizes may be than the sample says, when a few keys hold most
// of it. Pure.
#include <vector>

namespace redkeep::census {

/// With fewer keys nothing can be said of the tail of their sizes.
inline constexpr std::size_t kLeastForTail = 30;

/// 98 % on the one side that is looked at: the standard error is only an estimate.
inline constexpr double kStandardErrors = 2.1;

/// The most that the sizes' total may be in the population, at 97.5 %. `sizes` are those of a
/// group's keys among `sampled` keys out of `population`, largest first, at least kLeastForTail.
/// The largest twentieth are looked at apart: a Pareto tail is fitted to them (Hill 1975), and its
/// mean taken at the heaviest tail that they do not contradict. Infinite if that has no variance.
double most_total(const std::vector<double>& sizes, double sampled, double population);

}  // namespace redkeep::census
