#include "plan/take_picture.h"

#include <charconv>
#include <cmath>

#include "census/estimate.h"
#include "census/rest.h"
#include "census/sample.h"
#include "error/error.h"
#include "pressure/ask_memory.h"
#include "redis/key_lookups.h"

namespace redkeep::plan {
namespace {

constexpr std::size_t kKeysAtOnce = 500;
constexpr double kUsualLogFactor = 10;

// A sampled key that may go.
struct CacheKey {
  std::string key;
  keys::ClassIndex index;
  double bytes;
  std::optional<std::int64_t> use;  // the counter, or the seconds that it was not used
};

// What the server tells of the use of keys, by its policy.
struct UseOfKeys {
  bool is_counted = false;  // LFU
  double log_factor = kUsualLogFactor;
  std::optional<double> hit_ratio;
};

redis::awaitable<Result<UseOfKeys>> ask_use(std::shared_ptr<redis::Client> client,
                                            const std::string& policy) {
  redis::CommandBuffer ask;
  ask.add({"INFO", "stats"});
  ask.add({"INFO", "commandstats"});
  ask.add({"CONFIG", "GET", "lfu-log-factor"});
  const auto replies = co_await client->exchange(std::move(ask));
  if (!replies) co_return replies.error();
  const auto text = replies->front().string();
  if (!text) co_return redis::unexpected_reply("INFO", replies->front());
  const std::string stats =
      std::string(*text) + "\n" + std::string((*replies)[1].string().value_or(""));
  const auto lookups = redis::read_key_lookups(redis::ServerInfo::parse(stats));
  UseOfKeys use;
  use.hit_ratio = redis::lookups_of_applications(lookups).hit_ratio();
  use.is_counted = policy.ends_with("-lfu");
  const redis::Reply& factor = (*replies)[2];
  if (factor.is_array() && factor.elements.size() == 2) {
    const std::string& digits = factor.elements[1].text;
    std::from_chars(digits.data(), digits.data() + digits.size(), use.log_factor);
  }
  co_return use;
}

// Fills in what is known; a key that went meanwhile, and all where OBJECT is refused, stay without.
redis::awaitable<Status> ask_each(std::shared_ptr<redis::Client> client, bool is_counted,
                                  double duty, std::vector<CacheKey>& keys,
                                  const std::stop_token& stop) {
  using Clock = std::chrono::steady_clock;
  const char* what = is_counted ? "FREQ" : "IDLETIME";
  for (std::size_t done = 0; done < keys.size(); done += kKeysAtOnce) {
    const auto batch = std::span(keys).subspan(done, std::min(kKeysAtOnce, keys.size() - done));
    if (stop.stop_requested()) co_return interrupted();
    const auto begun = Clock::now();
    redis::CommandBuffer ask;
    for (const auto& key : batch) ask.add({"OBJECT", what, key.key});
    const auto replies = co_await client->exchange(std::move(ask));
    if (!replies) co_return replies.error();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const redis::Reply& reply = (*replies)[i];
      if (reply.type == redis::Reply::Type::Integer) batch[i].use = reply.integer;
    }
    const std::chrono::duration<double> took = Clock::now() - begun;
    co_await census::rest(took * ((1 - duty) / duty), stop);
  }
  co_return Status{};
}

ReuseCurve curve_of(const std::vector<const CacheKey*>& keys, const UseOfKeys& use) {
  std::vector<IdleKey> idle;
  std::vector<CountedKey> counted;
  for (const CacheKey* key : keys) {
    if (!key->use) continue;
    if (use.is_counted) {
      counted.push_back({key->bytes, static_cast<int>(*key->use)});
    } else {
      idle.push_back({key->bytes, static_cast<double>(*key->use)});
    }
  }
  if (use.is_counted) return ReuseCurve::from_frequencies(counted, use.log_factor);
  // With no hit, or nothing but hits, slopes tell nothing of requests.
  const double ratio = use.hit_ratio.value_or(0);
  return ratio > 0 && ratio < 1 ? ReuseCurve::from_idle_times(idle, ratio) : ReuseCurve();
}

void add_curves(const std::vector<CacheKey>& keys, const UseOfKeys& use,
                const keys::ClassTable& table, MemoryPicture& picture) {
  std::vector<const CacheKey*> all;
  for (const auto& key : keys) all.push_back(&key);
  picture.all_caches = curve_of(all, use);
  for (auto& cache : picture.caches) {
    std::vector<const CacheKey*> own;
    for (const auto& key : keys) {
      if (table.at(key.index).name == cache.name) own.push_back(&key);
    }
    cache.curve = curve_of(own, use);
  }
}

Range range_of(const census::Estimate& estimate) { return {estimate.low, estimate.high}; }

void add_classes(const census::SampleEstimate& estimate, const keys::ClassTable& table,
                 MemoryPicture& picture) {
  for (keys::ClassIndex i = 0; i < table.classes().size(); ++i) {
    const KeyClass& one = table.at(i);
    const std::int64_t keys = std::llround(estimate.groups[i].keys.value);
    const std::int64_t bytes = std::llround(estimate.groups[i].bytes.value);
    if (one.name == "entities") picture.entities = keys;
    if (one.shed_at == ShedAt::Never) {
      picture.protected_bytes += bytes;
    } else if (keys > 0) {
      picture.caches.push_back({one.name, keys, bytes, {}, range_of(estimate.groups[i].bytes)});
    }
    if (one.name == "entities") picture.ranges.entities = range_of(estimate.groups[i].keys);
  }
}

// What has to stay and what may go, each as one group: intervals of their own.
void add_ranges(std::vector<census::Observation> observations, const keys::ClassTable& table,
                const census::Population& population, MemoryPicture& picture) {
  constexpr std::uint32_t kProtected = 0;
  constexpr std::uint32_t kCaches = 1;
  constexpr std::uint32_t kOthers = 2;
  for (auto& key : observations) {
    const bool is_ours = key.group < table.classes().size();
    const bool stays = is_ours && table.at(key.group).shed_at == ShedAt::Never;
    key.group = stays ? kProtected : is_ours ? kCaches : kOthers;
  }
  const auto estimate = census::estimate_groups(observations, kOthers + 1, population);
  PictureRanges& ranges = picture.ranges;
  const auto used = static_cast<double>(picture.used_bytes);
  ranges.used_bytes = {used, used};
  ranges.protected_bytes = range_of(estimate.groups[kProtected].bytes);
  ranges.cache_bytes = range_of(estimate.groups[kCaches].bytes);
  ranges.unexplained_bytes = estimate.unexplained_bytes;
  ranges.sampled_keys = static_cast<std::int64_t>(observations.size());
  ranges.is_whole = ranges.sampled_keys >= population.keys;
}

}  // namespace

redis::awaitable<Result<MemoryPicture>> take_picture(std::shared_ptr<redis::Client> client,
                                                     const Options& options,
                                                     const keys::ClassTable& table,
                                                     PictureOptions how, std::stop_token stop,
                                                     std::function<void(std::int64_t)> progress) {
  const auto memory = co_await pressure::ask_memory(client, options);
  if (!memory) co_return memory.error();
  const auto use = co_await ask_use(client, memory->eviction_policy);
  if (!use) co_return use.error();
  const std::size_t groups = table.classes().size() + 1;
  std::vector<census::Observation> observations;
  std::vector<CacheKey> caches;
  const std::function<void(census::SampledKey &&)> sink = [&](census::SampledKey&& sampled) {
    const auto index = table.classify(sampled.key);
    observations.push_back(
        {sampled.page, static_cast<std::uint32_t>(index.value_or(groups - 1)), sampled.bytes});
    if (!index || table.at(*index).shed_at == ShedAt::Never) return;
    caches.push_back(
        {std::move(sampled.key), *index, static_cast<double>(sampled.bytes), std::nullopt});
  };
  census::SampleOptions what;
  what.keys = how.sample_keys;
  what.with_ttl = false;
  what.duty = how.duty;
  what.seed = how.seed;
  const auto sample = co_await census::take_sample(client, what, sink, stop, std::move(progress));
  if (!sample) co_return sample.error();
  const Status asked = co_await ask_each(client, use->is_counted, how.duty, caches, stop);
  if (!asked) co_return asked.error();
  MemoryPicture picture;
  picture.used_bytes = memory->used_bytes;
  picture.limit_bytes = memory->limit_bytes;
  picture.hit_ratio = use->hit_ratio;
  const census::Population population{sample->population_keys, sample->most_bytes};
  add_classes(census::estimate_groups(observations, groups, population), table, picture);
  add_ranges(std::move(observations), table, population, picture);
  add_curves(caches, *use, table, picture);
  co_return picture;
}

}  // namespace redkeep::plan
