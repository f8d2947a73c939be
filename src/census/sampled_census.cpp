#include "census/sampled_census.h"

#include <cmath>

namespace redkeep::census {
namespace {

void add_classes(const keys::ClassTable& table, bool with_bytes, SampledCensus& census) {
  for (std::size_t i = 0; i < table.classes().size(); ++i) {
    const GroupEstimate& estimate = census.estimate.groups[i];
    ClassUse use;
    use.name = table.at(i).name;
    use.level = table.at(i).level;
    use.keys = std::llround(estimate.keys.value);
    if (with_bytes) use.bytes = std::llround(estimate.bytes.value);
    census.classes.push_back(std::move(use));
  }
  census.unclassified_keys = std::llround(census.estimate.groups.back().keys.value);
}

}  // namespace

redis::awaitable<Result<SampledCensus>> take_sampled_census(
    std::shared_ptr<redis::Client> client, const keys::ClassTable& table, SampleOptions options,
    std::stop_token stop, std::function<void(std::int64_t)> progress) {
  SampledCensus census;
  const std::size_t groups = table.classes().size() + 1;
  census.details.resize(groups);
  std::vector<Observation> observations;
  observations.reserve(options.keys);
  const std::function<void(SampledKey &&)> sink = [&](SampledKey&& key) {
    const auto group = table.classify(key.key).value_or(groups - 1);
    Observation& observed = observations.emplace_back();
    observed.page = key.page;
    observed.group = static_cast<std::uint32_t>(group);
    observed.bytes = key.bytes;
    observed.is_sized = key.is_asked;
    if (!key.is_asked) return;
    auto& detail = census.details[group];
    if (options.with_bytes) detail.add_size(key.bytes, key.key);
    if (options.with_ttl) detail.ttl.add(key.ttl);
  };
  auto sample = co_await take_sample(client, options, sink, stop, progress);
  if (!sample) co_return sample.error();
  census.sample = *sample;
  const Population population{sample->population_keys, sample->most_bytes};
  census.estimate = estimate_groups(observations, groups, population);
  add_classes(table, options.with_bytes, census);
  co_return census;
}

}  // namespace redkeep::census
