#include "page_load.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>

namespace redkeep::bench {

PageLoad PageLoad::zipf(std::uint32_t pages, double exponent, std::uint64_t seed) {
  PageLoad load(seed);
  std::vector<std::uint32_t> page_of_rank(pages);
  std::iota(page_of_rank.begin(), page_of_rank.end(), 0U);
  for (std::uint32_t rank = pages; rank > 1; --rank)
    std::swap(page_of_rank[rank - 1], page_of_rank[load.random_.below(rank)]);

  std::vector<double> weights(pages);
  for (std::uint32_t rank = 0; rank < pages; ++rank)
    weights[page_of_rank[rank]] = std::pow(rank + 1.0, -exponent);
  load.build_table(weights);
  return load;
}

void PageLoad::build_table(const std::vector<double>& weights) {
  const double mean =
      std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
  std::vector<double> share(weights.size());
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t page = 0; page < weights.size(); ++page) {
    share[page] = weights[page] / mean;
    (share[page] < 1 ? small : large).push_back(page);
  }
  columns_.resize(weights.size());
  while (!small.empty() && !large.empty()) {
    const std::uint32_t filled = small.back(), giver = large.back();
    small.pop_back();
    columns_[filled] = {static_cast<float>(share[filled]), giver};
    share[giver] -= 1 - share[filled];
    if (share[giver] >= 1) continue;
    large.pop_back();
    small.push_back(giver);
  }
}

PageLoad PageLoad::trace(const std::string& path) {
  PageLoad load(0);
  std::ifstream file(path);
  for (Request request; file >> request.id >> request.bytes;) load.requests_.push_back(request);
  if (!file.eof() || load.requests_.empty()) {
    std::fprintf(stderr, "%s: not lines of `id size`\n", path.c_str());
    std::exit(2);
  }
  return load;
}

std::uint32_t PageLoad::next() {
  if (!requests_.empty()) {
    if (next_request_ == requests_.size()) next_request_ = 0;
    return next_request_++;
  }
  const std::uint32_t page = random_.below(static_cast<std::uint32_t>(columns_.size()));
  const Column& column = columns_[page];
  return random_.unit() < static_cast<double>(column.limit) ? page : column.other;
}

std::uint64_t PageLoad::id(std::uint32_t number) const {
  return requests_.empty() ? number : requests_[number].id;
}

std::uint32_t PageLoad::bytes(std::uint32_t number) const {
  if (!requests_.empty()) return requests_[number].bytes;
  return 500 + static_cast<std::uint32_t>(std::uint64_t{7919} * number % 3500);
}

std::uint32_t PageLoad::largest_bytes() const {
  std::uint32_t largest = 500 + 3499;
  for (const Request& request : requests_) largest = std::max(largest, request.bytes);
  return largest;
}

std::uint32_t PageLoad::trace_reads() const { return static_cast<std::uint32_t>(requests_.size()); }

}  // namespace redkeep::bench
