#pragma once
// What was drawn from a keyspace, page by page, and what that says of sums over it. Pure.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "census/estimate.h"

namespace redkeep::census {

/// Sums over the sample, by page, of one number a key (a group's bytes; 1 for each of its keys).
struct Sums {
  explicit Sums(std::size_t pages) : by_page(pages) {}
  void add(std::uint32_t page, double number) {
    sum += number;
    squares += number * number;
    by_page[page] += number;
  }
  void remove(std::uint32_t page, double number) {
    sum -= number;
    squares -= number * number;
    by_page[page] -= number;
  }
  Sums without(const Sums& part) const {
    Sums rest = *this;
    rest.sum -= part.sum;
    rest.squares -= part.squares;
    for (std::size_t page = 0; page < by_page.size(); ++page) {
      rest.by_page[page] -= part.by_page[page];
    }
    return rest;
  }

  double sum = 0;
  double squares = 0;
  std::vector<double> by_page;
};

/// How many keys each page of a sample gave, and what that says of sums over it.
class Drawn {
 public:
  Drawn(std::span<const Observation> sample, std::int64_t population)
      : sampled_(static_cast<double>(sample.size())),
        population_(std::max(sampled_, static_cast<double>(population))) {
    std::uint32_t pages = 0;
    for (const auto& key : sample) pages = std::max(pages, key.page + 1);
    page_keys_.resize(pages);
    for (const auto& key : sample) page_keys_[key.page] += 1;
  }

  std::size_t pages() const { return page_keys_.size(); }
  double sampled() const { return sampled_; }
  double population() const { return population_; }
  bool is_whole() const { return sampled_ >= population_; }

  /// Of the variance of a mean, that which counts: between keys or between pages.
  double variance(const Sums& sums) const {
    if (is_whole() || sampled_ < 2) return 0;
    const double mean = sums.sum / sampled_;
    const double between_keys =
        std::max(0.0, sums.squares / sampled_ - mean * mean) / (sampled_ - 1);
    return std::max(between_keys, between_pages(sums)) * (1 - sampled_ / population_);
  }

  /// How many times the variance of that share is that of keys drawn one by one.
  double design_effect(const Sums& keys) const {
    const double share = keys.sum / sampled_;
    const double by_chance = share * (1 - share) / sampled_;
    return by_chance > 0 ? std::max(1.0, between_pages(keys) / by_chance) : 1.0;
  }

 private:
  double between_pages(const Sums& sums) const {
    const double mean = sums.sum / sampled_;
    const auto pages = static_cast<double>(page_keys_.size());
    if (pages < 2) return 0;
    double squares = 0;
    for (std::size_t page = 0; page < page_keys_.size(); ++page) {
      const double off = sums.by_page[page] - mean * page_keys_[page];
      squares += off * off;
    }
    return pages / (pages - 1) * squares / (sampled_ * sampled_);
  }

  double sampled_;
  double population_;
  std::vector<double> page_keys_;
};

/// Counts of keys by group: of all that were named.
class KeyCounts {
 public:
  KeyCounts(std::span<const Observation> sample, std::size_t groups, std::int64_t population)
      : drawn_(sample, population), keys_(groups, Sums(drawn_.pages())) {
    for (const auto& key : sample) keys_[key.group].add(key.page, 1);
  }

  double met() const { return drawn_.sampled(); }
  double met(std::size_t group) const { return keys_[group].sum; }
  Estimate share(std::size_t group) const {
    const Sums& keys = keys_[group];
    return share_pct(keys.sum, drawn_.sampled(), drawn_.population(), drawn_.design_effect(keys));
  }
  Estimate count(std::size_t group) const {
    const Estimate pct = share(group);
    const double of_all = drawn_.population() / 100;
    return {keys_[group].sum / drawn_.sampled() * drawn_.population(), pct.low * of_all,
            pct.high * of_all};
  }

 private:
  Drawn drawn_;
  std::vector<Sums> keys_;
};

}  // namespace redkeep::census
