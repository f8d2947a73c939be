#pragma once
// Which page is asked for next, and how large it is: a zipf law over many pages, or a recorded
// trace. The same seed gives the same load on every machine: no distribution of the standard
// library is used.
#include <cstdint>
#include <string>
#include <vector>

namespace redkeep::bench {

/// SplitMix64 (Steele, Lea, Flood 2014): a few instructions, and any seed is a good one.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15U);
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
  }

  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32U) * bound) >> 32U);
  }

  /// From 0 up to, and without, 1.
  double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

/// The pages that are read, in order. Numbers are what the load calls a page by; `id` is what its
/// key holds.
class PageLoad {
 public:
  /// Zipf with this exponent over `pages`, whose ranks are spread over them as the seed has it.
  /// Page i has 500 + (7919 i mod 3500) bytes.
  static PageLoad zipf(std::uint32_t pages, double exponent, std::uint64_t seed);

  /// Lines `id size`, each read once. Ends the program with a message when the file is not such.
  static PageLoad trace(const std::string& path);

  /// The number of the next page. A trace begins again at its end.
  std::uint32_t next();

  [[nodiscard]] std::uint64_t id(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t bytes(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t largest_bytes() const;

  /// How many reads a trace has; 0 for a law, which has no end.
  [[nodiscard]] std::uint32_t trace_reads() const;

 private:
  explicit PageLoad(std::uint64_t seed) : random_(seed) {}
  void build_table(const std::vector<double>& weights);

  /// One column of an alias table (Vose 1991): the page itself below `limit`, else the other one.
  struct Column {
    float limit = 1;
    std::uint32_t other = 0;
  };
  struct Request {
    std::uint64_t id = 0;
    std::uint32_t bytes = 0;
  };

  Random random_;
  std::vector<Column> columns_;
  std::vector<Request> requests_;
  std::uint32_t next_request_ = 0;
};

}  // namespace redkeep::bench
