#pragma once
// The state of one step of a run of the shedder: where the walk is, and which keys are at hand.
// Included by shedder.cpp alone.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "keys/keyspace_walk.h"
#include "shed/shed_pace.h"
#include "shed/shed_run.h"

namespace redkeep::shed {

class Shedder::Sweep {
 public:
  Sweep(ShedStep with_step, const keys::ClassTable& table, std::string cursor,
        std::int64_t keys_in_all)
      : step(std::move(with_step)),
        is_whole_round(cursor == "0"),
        estimate(keys_in_all),
        walk(table.scan_glob(step.classes), 1, std::move(cursor)),
        table_(table),
        keys_in_all_(keys_in_all) {}

  // Everything that the walk came by was decided on.
  bool round_is_over() const { return is_all_in() && pool.size() == 0; }
  bool may_choose(std::size_t sample_keys) const {
    return pool.size() >= sample_keys || (is_all_in() && pool.size() > 0);
  }

  void begin_round() {
    walk = keys::KeyspaceWalk(table_.scan_glob(step.classes), 1);
    estimate = RoundEstimate(keys_in_all_);
    is_whole_round = true;
    left_some = false;
  }

  // Only those that may be among the victims are worth weighing.
  void take_asked(std::vector<Candidate> candidates, double share, const SliceRule& rule) {
    const auto hot = take_out_hot(candidates, share, rule.ranking);
    pool.note_hot(hot);
    estimate.note_alike(hot);
    for (auto& candidate : candidates) {
      if (rule.sizes) {
        to_weigh.push_back(std::move(candidate));
      } else {
        candidate.bytes = step.takes_all() ? 0 : kAssumedBytes;
        take_weighed(std::move(candidate));
      }
    }
  }

  void take_weighed(Candidate candidate) {
    estimate.note_candidate(candidate.bytes);
    pool.add(std::move(candidate));
  }

  std::vector<Candidate> choose(double share, std::int64_t to_free_bytes, std::int64_t most_keys,
                                const Ranking& ranking) {
    const std::size_t at_hand = pool.size();
    auto victims = pool.take(share, to_free_bytes, most_keys, ranking);
    left_some |= victims.size() < at_hand;
    return victims;
  }

  // The keys of a page that this step is about are asked about next.
  void take_page(const std::vector<std::string>& page, const Run& run) {
    const std::size_t before = to_ask.size();
    for (const auto& key : page) {
      const auto index = table_.classify(key);
      if (!index || table_.at(*index).level != KeyLevel::Evictable) continue;
      const bool asked =
          std::find(step.classes.begin(), step.classes.end(), *index) != step.classes.end();
      if (asked && !run.is_settled(key)) {
        Candidate candidate;
        candidate.class_index = *index;
        candidate.key = key;
        to_ask.push_back(std::move(candidate));
      }
    }
    density.note(walk.page_keys(), to_ask.size() - before);
    estimate.note_page(walk.page_keys());
  }

  ShedStep step;
  std::vector<Candidate> to_ask;
  std::vector<Candidate> to_weigh;
  VictimPool pool;
  bool is_whole_round;
  bool left_some = false;  // of the candidates of this round
  RoundEstimate estimate;
  Density density;
  keys::KeyspaceWalk walk;

 private:
  // Where sizes are refused, a key counts as this much when choosing; where all goes, nothing is
  // chosen.
  static constexpr std::int64_t kAssumedBytes = 1024;

  bool is_all_in() const { return walk.done() && to_ask.empty() && to_weigh.empty(); }

  const keys::ClassTable& table_;
  std::int64_t keys_in_all_;
};

}  // namespace redkeep::shed
