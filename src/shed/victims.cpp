#include "shed/victims.h"

#include <algorithm>
#include <cmath>

namespace redkeep::shed {
namespace {

// LFU_INIT_VAL of Redis and Valkey: what a new key begins with.
constexpr std::int64_t kNewCounter = 5;

}  // namespace

double uses_of(std::int64_t counter, double lfu_log_factor) {
  const auto steps = static_cast<double>(counter - kNewCounter);
  if (steps <= 0) return steps;
  return steps + lfu_log_factor * steps * (steps - 1) / 2;
}

std::int64_t uses_so_far(std::int64_t counter) {
  return 1 + std::max<std::int64_t>(counter - kNewCounter, 0);
}

double rank_of(const Candidate& candidate, const Ranking& ranking) {
  const auto bytes = static_cast<double>(candidate.bytes);
  switch (ranking.by) {
    case Ranking::By::Frequency: {
      const double uses = uses_of(candidate.use, ranking.lfu_log_factor);
      // Never used counts as once: it may have come a moment ago. Unused for long counts as less.
      return uses >= 0 ? bytes / (uses + 1) : bytes * (1 - uses);
    }
    case Ranking::By::IdleTime: return bytes * static_cast<double>(candidate.use + 1);
    case Ranking::By::TimeToLive: return -static_cast<double>(candidate.use);
    case Ranking::By::Size: return bytes;
  }
  return 0;
}

std::size_t take_out_hot(std::vector<Candidate>& candidates, double share, const Ranking& ranking) {
  const bool is_known = ranking.by == Ranking::By::Frequency || ranking.by == Ranking::By::IdleTime;
  const auto kept = static_cast<std::size_t>(share * static_cast<double>(candidates.size()));
  if (!is_known || kept + 1 >= candidates.size()) return 0;
  const auto heat = [&](const Candidate& candidate) {
    return ranking.by == Ranking::By::Frequency ? candidate.use : -candidate.use;
  };
  std::vector<std::int64_t> heats;
  for (const auto& candidate : candidates) heats.push_back(heat(candidate));
  std::nth_element(heats.begin(), heats.begin() + static_cast<std::ptrdiff_t>(kept), heats.end());
  const std::int64_t most = heats[kept];
  return std::erase_if(candidates, [&](const Candidate& one) { return heat(one) > most; });
}

std::int64_t VictimPool::bytes() const {
  std::int64_t sum = 0;
  for (const auto& candidate : candidates_) sum += candidate.bytes;
  return sum;
}

std::vector<Candidate> VictimPool::take(double share, std::int64_t to_free_bytes,
                                        std::int64_t most_keys, const Ranking& ranking) {
  const std::size_t looked_at = size();
  std::vector<Candidate> victims;
  victims.swap(candidates_);
  hot_keys_ = 0;
  for (auto& candidate : victims) candidate.rank = rank_of(candidate, ranking);
  std::stable_sort(victims.begin(), victims.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rank > b.rank; });
  const auto of_share = static_cast<std::int64_t>(
      std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(looked_at)));
  const auto most = std::min({most_keys, of_share, std::int64_t{std::ssize(victims)}});
  std::int64_t taken = 0;
  while (taken < most && to_free_bytes > 0) {
    to_free_bytes -= victims[static_cast<std::size_t>(taken)].bytes;
    ++taken;
  }
  victims.resize(static_cast<std::size_t>(taken));
  return victims;
}

}  // namespace redkeep::shed
