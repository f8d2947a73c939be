#include "cache/pressure_signal.h"

#include <algorithm>

namespace redkeep::cache {
namespace {

// So much sooner entries go by themselves while shedding is outrun. At a quarter most pages are
// still there for their second reader.
constexpr int kBriefPart = 4;
constexpr std::chrono::seconds kLeastTtl{1};

}  // namespace

bool PressureSignal::ask(redis::CommandBuffer& commands, TimePoint now) {
  if (asked_ && now - *asked_ < kAskEvery) return false;
  asked_ = now;
  commands.add({"GET", level_key_});
  commands.add({"TIME"});
  return true;
}

void PressureSignal::take(const redis::Reply& text, const redis::Reply& time, TimePoint asked) {
  level_.reset();
  const auto reading = keys::read_level(text, time);
  if (!reading) return;
  level_ = reading->published;
  good_until_ = asked + (keys::kLevelGoodFor - reading->age);
}

CacheWrite PressureSignal::judge(const KeyClass& key_class, TimePoint now) const {
  const auto ttl = key_class.ttl.value_or(std::chrono::seconds{0});
  const CacheWrite in_full{CacheOutcome::Stored, ttl};
  if (!level_ || now >= good_until_ || key_class.shed_at != ShedAt::Warning) return in_full;
  if (level_->level == PressureLevel::Critical) return {CacheOutcome::SkippedUnderPressure, {}};
  const auto brief = std::max(ttl / kBriefPart, kLeastTtl);
  if (level_->shedding_keeps_up || brief >= ttl) return in_full;
  return {CacheOutcome::StoredBriefly, brief};
}

}  // namespace redkeep::cache
