#include "storm/simulated_server.h"

#include <algorithm>
#include <cmath>

#include "shed/shed_pace.h"

namespace redkeep::storm {
namespace {

using std::chrono::duration;
using std::chrono::microseconds;
using std::chrono::milliseconds;

double seconds(Clock::duration time) { return duration<double>(time).count(); }

Clock::duration from_seconds(double time) {
  return std::chrono::duration_cast<Clock::duration>(duration<double>(time));
}

// As measured: a round trip, and two questions and a part of a deletion for each key.
constexpr double kRoundTripSeconds = 150e-6;
constexpr double kKeySeconds = 3e-6;
// What a pipelining client can fill one server with beside everything else.
constexpr double kMostKeysPerSecond = 60'000;

}  // namespace

SimulatedServer::SimulatedServer(const keys::ClassTable& table, std::uint64_t seed)
    : table_(table), random_(seed), flows_(table.classes().size()) {
  limit_bytes_ = std::exp2(chance(27, 36));  // 128 MiB to 64 GiB
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    const KeyClass& key_class = table_.at(i);
    Flow& flow = flows_[i];
    flow.key_bytes = chance(200, 4000);
    if (key_class.level == KeyLevel::Evictable) {
      flow.ttl_seconds = static_cast<double>(key_class.ttl->count());
      flow.inflow = chance(0, 0.15) * limit_bytes_ / flow.ttl_seconds;
    } else {
      flow.bytes = chance(0.1, 0.6) * limit_bytes_;
    }
  }
}

double SimulatedServer::chance(double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random_);
}

void SimulatedServer::begin_flood() {
  const double keys_per_s = chance(100, kMostKeysPerSecond / 2);  // of each of the two classes
  flood_until_ = now_ + from_seconds(std::exp(chance(0, std::log(300.0))));
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    Flow& flow = flows_[i];
    if (table_.at(i).shed_at == ShedAt::Warning) flow.inflow = keys_per_s * flow.key_bytes;
  }
}

void SimulatedServer::restart() {
  ++run_;
  for (auto& flow : flows_) {
    if (flow.ttl_seconds > 0) flow.bytes = 0;
  }
  blind_until_ = now_ + from_seconds(chance(0.1, 60));
}

// Something happens every few minutes to hours.
void SimulatedServer::change_weather() {
  next_weather_ = now_ + from_seconds(std::exp(chance(std::log(60.0), std::log(40'000.0))));
  // Who sees that the data does not fit adds memory, sooner or later.
  if (holdings().lasting > 0.8 * limit_bytes_) limit_bytes_ = 1.5 * holdings().lasting;
  switch (std::uniform_int_distribution<int>(0, 7)(random_)) {
    case 0:
    case 1: begin_flood(); break;
    case 2: restart(); break;
    case 3: blind_until_ = now_ + from_seconds(chance(0.5, 600)); break;
    case 4: now_ += from_seconds(chance(1, 3600)); break;  // suspended: nothing happened meanwhile
    case 5: foreign_bytes_ = chance(0, 0.1) * limit_bytes_; break;
    case 6:
      for (std::size_t i = 0; i < flows_.size(); ++i) {  // a leak of protected data, or its end
        if (flows_[i].ttl_seconds == 0) flows_[i].inflow = chance(0, 1e-5) * limit_bytes_;
        if (flows_[i].ttl_seconds == 0) flows_[i].bytes *= chance(0.3, 1);
      }
      break;
    default:
      for (std::size_t i = 0; i < flows_.size(); ++i) {
        if (flows_[i].ttl_seconds > 0) {
          flows_[i].inflow = chance(0, 0.15) * limit_bytes_ / flows_[i].ttl_seconds;
        }
      }
  }
}

void SimulatedServer::pass(Clock::duration time) {
  const double elapsed = seconds(time);
  now_ += time;
  for (auto& flow : flows_) {
    flow.bytes += flow.inflow * elapsed;
    if (flow.ttl_seconds > 0) flow.lose(std::min(1.0, elapsed / flow.ttl_seconds));
  }
  if (flood_until_ != Clock::time_point{} && now_ >= flood_until_) {
    flood_until_ = {};
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      if (table_.at(i).shed_at != ShedAt::Warning) continue;
      flows_[i].inflow = chance(0, 0.1) * limit_bytes_ / flows_[i].ttl_seconds;
    }
  }
  evict();
  if (now_ >= next_weather_) change_weather();
}

// Of everything with a TTL alike, as an LFU or LRU policy comes down to here.
void SimulatedServer::evict() {
  const double over = used_bytes() - limit_bytes_;
  if (over <= 0) return;
  double volatile_bytes = 0;
  for (const auto& flow : flows_) volatile_bytes += flow.ttl_seconds > 0 ? flow.bytes : 0;
  if (volatile_bytes <= 0) return;
  const double share = std::min(1.0, over / volatile_bytes);
  for (auto& flow : flows_) {
    if (flow.ttl_seconds > 0) flow.lose(share);
  }
  evicted_bytes_ += share * volatile_bytes;
}

double SimulatedServer::used_bytes() const {
  double used = foreign_bytes_;
  for (const auto& flow : flows_) used += flow.bytes;
  return used;
}

double SimulatedServer::inflow() const {
  double sum = 0;
  for (const auto& flow : flows_) sum += flow.inflow;
  return sum;
}

Holdings SimulatedServer::holdings() const {
  Holdings held;
  held.lasting = foreign_bytes_;
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    double& of = table_.at(i).shed_at == ShedAt::Warning    ? held.expendable
                 : table_.at(i).shed_at == ShedAt::Critical ? held.last_resort
                                                            : held.lasting;
    of += flows_[i].bytes;
  }
  return held;
}

pressure::MemoryReading SimulatedServer::reading() const {
  pressure::MemoryReading reading;
  reading.used_bytes = static_cast<std::int64_t>(used_bytes());
  reading.limit_bytes = static_cast<std::int64_t>(limit_bytes_);
  reading.eviction_policy = "volatile-lfu";
  reading.run_id = std::to_string(run_);
  double keys = 0;
  double gone_keys = 0;
  for (const auto& flow : flows_) {
    keys += flow.ttl_seconds > 0 ? flow.bytes / flow.key_bytes : 0;
    gone_keys += flow.gone_keys;
  }
  reading.keyspace.with_ttl = static_cast<std::int64_t>(keys);
  reading.expired_keys = static_cast<std::int64_t>(gone_keys);
  return reading;
}

shed::ShedOutcome SimulatedServer::shed(const shed::ShedPlan& plan, milliseconds most_time) {
  shed::ShedOutcome outcome;
  outcome.used_before_bytes = static_cast<std::int64_t>(used_bytes());
  const auto begun = now_;
  shed::ClassShed all;
  all.name = "all";
  std::vector<keys::ClassIndex> classes;  // of this step and those before it
  for (const auto& step : plan.steps) {
    classes.insert(classes.end(), step.classes.begin(), step.classes.end());
    outcome.end = shed::ShedEnd::NothingLeft;
    while (outcome.end == shed::ShedEnd::NothingLeft && shed_slice(step, classes, all)) {
      const auto used = static_cast<std::int64_t>(used_bytes());
      if (used <= step.stop_at_bytes) {
        outcome.end = shed::ShedEnd::TargetReached;
      } else if (now_ - begun > most_time || used >= plan.good_below_bytes) {
        outcome.end = shed::ShedEnd::BudgetSpent;
      }
    }
    if (outcome.end == shed::ShedEnd::BudgetSpent) break;
  }
  if (all.keys > 0) outcome.classes.push_back(all);
  outcome.used_after_bytes = static_cast<std::int64_t>(used_bytes());
  outcome.took = std::chrono::duration_cast<milliseconds>(now_ - begun);
  return outcome;
}

// Takes from the class that holds most. False if what they hold together is not worth a slice.
bool SimulatedServer::shed_slice(const shed::ShedStep& step,
                                 const std::vector<keys::ClassIndex>& classes,
                                 shed::ClassShed& sum) {
  double held = 0;
  for (const auto index : classes) held += flows_[index].bytes;
  const auto most = std::max_element(classes.begin(), classes.end(), [&](auto a, auto b) {
    return flows_[a].bytes < flows_[b].bytes;
  });
  Flow& flow = flows_[*most];
  const double to_free = used_bytes() - static_cast<double>(step.stop_at_bytes);
  if (to_free <= 0 || flow.bytes < flow.key_bytes || held < 0.01 * to_free) return to_free <= 0;
  const auto urgency = shed::urgency(step, static_cast<std::int64_t>(used_bytes()));
  const auto slice = shed::slice_for(urgency, std::min(1.0, to_free / held), microseconds{500});
  const double sampled = static_cast<double>(slice.sample_keys);
  const double of_slice = sampled * slice.share * flow.key_bytes;
  const double slice_seconds =
      kRoundTripSeconds + kKeySeconds * sampled + duration<double>(slice.pause).count();
  // Many slices at once, as long as neither what goes nor what comes meanwhile makes a difference.
  const double worth = std::min({std::min(flow.bytes, to_free) / of_slice / 2, 0.5 / slice_seconds,
                                 0.002 * limit_bytes_ / inflow() / slice_seconds});
  const double slices = std::max(1.0, std::floor(worth));
  const double taken = std::min({flow.bytes, slices * of_slice, to_free + flow.key_bytes});
  flow.bytes -= taken;
  if (table_.at(*most).level != KeyLevel::Evictable) wrongly_shed_bytes_ += taken;
  sum.keys += static_cast<std::int64_t>(taken / flow.key_bytes) + 1;
  sum.bytes += static_cast<std::int64_t>(taken);
  pass(from_seconds(slices * slice_seconds));
  return true;
}

}  // namespace redkeep::storm
