// Design: a reservoir for each class in each second (Vitter 1985, algorithm R), and one look at
// each drawn key a minute later.
//
// Rejected: to compare all that was shed with the keys that walks of the keyspace come by. It costs
// no command, but says only what was met, and walks meet more of what is written where they are.
#include "shed/regret.h"

#include <algorithm>
#include <cmath>

#include "keys/fingerprint_set.h"

namespace redkeep::shed {
namespace {

constexpr std::int64_t kMinutes = 10;
constexpr double kDeviations = 1.96;  // of a normal distribution, 95 % are within so many

std::int64_t minute_of(RegretLog::TimePoint time) {
  return time.time_since_epoch() / std::chrono::minutes{1};
}

// Half the width of the interval of Agresti and Coull (1998), which is honest near 0 and 1 too.
double error_of(double share, double samples) {
  const double adjusted = (share * samples + 2) / (samples + 4);
  return kDeviations * std::sqrt(adjusted * (1 - adjusted) / (samples + 4));
}

}  // namespace

std::size_t RegretLog::Second::samples() const {
  std::size_t count = 0;
  for (const auto& [index, draw] : draws) count += draw.samples.size();
  return count;
}

void RegretLog::note_shed(std::string_view key, keys::ClassIndex class_index, TimePoint now) {
  const std::uint64_t print = keys::fingerprint(key);
  if (const auto found = waiting_.find(print); found != waiting_.end()) {
    found->second->shed_again = true;  // it was gone, so somebody has written it
    waiting_.erase(found);
  }
  if (key.size() > kMostKeyBytes) return;
  Draw& draw = draw_of(class_index, now);
  ++draw.shed_keys;
  std::size_t place = draw.samples.size();
  if (place >= most_of_class()) {
    place = any_place(static_cast<std::size_t>(draw.shed_keys));
    if (place >= draw.samples.size()) return;
    let_go(*draw.samples[place]);
  } else {
    draw.samples.emplace_back();
  }
  draw.samples[place] = std::make_unique<Sample>(Sample{print, std::string(key), false});
  waiting_[print] = draw.samples[place].get();
}

// Makes room when a class is new in this second: all classes of a second have the same share.
RegretLog::Draw& RegretLog::draw_of(keys::ClassIndex class_index, TimePoint now) {
  if (seconds_.empty() || now - seconds_.back().begun >= std::chrono::seconds{1}) {
    seconds_.push_back({now, {}});
    while (now - seconds_.front().begun > kTooLate) {
      for (const auto& [index, draw] : seconds_.front().draws) {
        for (const auto& sample : draw.samples) let_go(*sample);
      }
      seconds_.pop_front();
    }
  }
  auto& draws = seconds_.back().draws;
  const auto found = draws.find(class_index);
  if (found != draws.end()) return found->second;
  Draw& added = draws[class_index];
  for (auto& [index, draw] : draws) {
    while (draw.samples.size() > most_of_class()) {
      std::swap(draw.samples[any_place(draw.samples.size())], draw.samples.back());
      let_go(*draw.samples.back());
      draw.samples.pop_back();
    }
  }
  return added;
}

std::size_t RegretLog::most_of_class() const {
  return kMostPerSecond / seconds_.back().draws.size();
}

std::size_t RegretLog::any_place(std::size_t places) {
  return std::uniform_int_distribution<std::size_t>(0, places - 1)(random_);
}

void RegretLog::let_go(const Sample& sample) {
  const auto found = waiting_.find(sample.print);
  if (found != waiting_.end() && found->second == &sample) waiting_.erase(found);
}

std::vector<std::string> RegretLog::due(TimePoint now, std::size_t most) {
  std::vector<std::string> keys;
  asked_.clear();
  while (!seconds_.empty()) {
    Second& second = seconds_.front();
    const auto age = now - second.begun;
    if (age < kAskAfter + std::chrono::seconds{1}) break;  // its last key is a minute old by then
    const bool too_late = age > kTooLate;
    if (!too_late && keys.size() + second.samples() > most) break;
    for (auto& [index, draw] : second.draws) {
      const double weight = static_cast<double>(draw.shed_keys) /
                            static_cast<double>(std::max<std::size_t>(1, draw.samples.size()));
      for (auto& sample : draw.samples) {
        let_go(*sample);
        if (too_late) continue;
        asked_.push_back({index, weight, sample->shed_again});
        keys.push_back(std::move(sample->key));
      }
    }
    seconds_.pop_front();
  }
  return keys;
}

void RegretLog::note_answers(const std::vector<bool>& there, TimePoint now) {
  const auto minute = minute_of(now);
  for (std::size_t i = 0; i < std::min(there.size(), asked_.size()); ++i) {
    const Asked& asked = asked_[i];
    const bool written_again = there[i] || asked.shed_again;
    Totals& totals = totals_[asked.class_index];
    ++totals.sampled;
    totals.written_again += written_again ? 1 : 0;
    if (totals.minutes.empty() || totals.minutes.back().minute != minute) {
      totals.minutes.emplace_back().minute = minute;
      if (std::ssize(totals.minutes) > kMinutes) totals.minutes.pop_front();
    }
    Tally& tally = totals.minutes.back();
    ++tally.sampled;
    tally.weight += asked.weight;
    tally.squares += asked.weight * asked.weight;
    tally.written_again += written_again ? asked.weight : 0;
  }
  asked_.clear();
}

RegretLog::Rates RegretLog::rates(TimePoint now) const {
  return rates_of(minute_of(now) - kMinutes + 1, minute_of(now));
}

RegretLog::Rates RegretLog::rates_of_minute_before(TimePoint now) const {
  return rates_of(minute_of(now) - 1, minute_of(now) - 1);
}

RegretLog::Rates RegretLog::rates_of(std::int64_t first_minute, std::int64_t last_minute) const {
  Rates rates;
  for (const auto& [index, totals] : totals_) {
    Regret& regret = rates[index];
    regret.sampled_total = totals.sampled;
    regret.written_again_total = totals.written_again;
    Tally sum;
    for (const Tally& tally : totals.minutes) {
      if (tally.minute < first_minute || tally.minute > last_minute) continue;
      sum.sampled += tally.sampled;
      sum.weight += tally.weight;
      sum.squares += tally.squares;
      sum.written_again += tally.written_again;
    }
    regret.sampled_keys = sum.sampled;
    if (sum.sampled == 0) continue;
    const double share = sum.written_again / sum.weight;
    regret.written_again_pct = 100 * share;
    // So many equally weighted samples would be as good (Kish 1965).
    regret.error_pct = 100 * error_of(share, sum.weight * sum.weight / sum.squares);
  }
  return rates;
}

void RegretLog::forget_waiting() {
  seconds_.clear();
  waiting_.clear();
  asked_.clear();
}

std::size_t RegretLog::waiting() const {
  std::size_t count = 0;
  for (const Second& second : seconds_) count += second.samples();
  return count;
}

}  // namespace redkeep::shed
