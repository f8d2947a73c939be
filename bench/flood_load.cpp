// `flood_load --socket PATH`: the load of bench/flood, and what became of it as one JSON object.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "flood.h"

namespace {

using redkeep::bench::Flood;
using redkeep::bench::FloodCounts;
using redkeep::bench::FloodOptions;
using redkeep::bench::PageLoad;
using redkeep::bench::Write;
namespace json = boost::json;

constexpr std::uint32_t kPages = 400'000;
constexpr double kExponent = 0.9;

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

json::object percentiles(std::vector<float> latencies) {
  if (latencies.empty()) return {};
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) {
    return static_cast<double>(
        latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))]);
  };
  return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"p99.9", at(0.999)}, {"max", at(1)}};
}

json::object as_json(const FloodCounts& counts, std::int64_t operations) {
  const auto oom = [&](Write write) { return counts.oom[static_cast<std::size_t>(write)]; };
  return {
      {"page_reads", counts.page_reads},
      {"page_hits", counts.page_hits},
      {"hit_ratio", ratio(counts.page_hits, counts.page_reads)},
      {"second_half_hit_ratio", ratio(counts.late_page_hits, counts.late_page_reads)},
      {"sessions_lost", counts.sessions_lost},
      {"sessions_missing_at_end", counts.sessions_missing_at_end},
      {"sessions_lost_in_all", counts.sessions_lost_in_all},
      {"locks_lost", counts.locks_lost},
      {"oom",
       {{"page", oom(Write::Page)},
        {"session", oom(Write::Session)},
        {"protected", oom(Write::Protected)},
        {"lock", oom(Write::Lock)}}},
      {"protected_written", counts.protected_written},
      {"protected_missing", counts.protected_missing},
      {"other_errors", counts.other_errors},
      {"first_error", counts.first_error},
      {"commands", counts.commands},
      {"seconds", counts.seconds},
      {"operations_per_second", static_cast<double>(operations) / counts.seconds},
      {"latency_ms", percentiles(counts.latency_ms)},
      {"scheduled_latency_ms", percentiles(counts.scheduled_latency_ms)},
  };
}

}  // namespace

int main(int argc, char** argv) {
  FloodOptions options;
  std::string trace;
  CLI::App app{"A cache flood beside sessions, locks and protected writes, over one connection."};
  app.add_option("--socket", options.socket_path, "the server's Unix socket")->required();
  auto* operations = app.add_option("--operations", options.operations,
                                    "how many (default 2000000; with --trace its length)");
  app.add_option("--rate", options.rate, "operations a second; 0: as fast as it goes");
  app.add_option("--batch", options.batch, "operations in one pipeline")
      ->check(CLI::PositiveNumber);
  app.add_option("--no-ttl-pct", options.no_ttl_pct, "so many page fills forget their TTL");
  app.add_option("--session-pct", options.session_pct, "so many operations read a session");
  app.add_option("--protected-pct", options.protected_pct, "so many write protected data");
  app.add_option("--sessions", options.sessions, "written before the run");
  app.add_option("--locks", options.locks, "each is renewed once a second");
  app.add_option("--seed", options.seed, "another seed is another order");
  app.add_option("--pause-pid", options.pause_pid,
                 "a process that is stopped for the middle third of the operations");
  app.add_option("--trace", trace, "read these pages, lines of `id size`, instead of zipf's");
  CLI11_PARSE(app, argc, argv);

  auto pages =
      trace.empty() ? PageLoad::zipf(kPages, kExponent, options.seed) : PageLoad::trace(trace);
  if (operations->count() == 0 && !trace.empty()) options.operations = pages.trace_reads();
  const auto counts = Flood(options, std::move(pages)).run();
  fmt::print("{}\n", json::serialize(as_json(counts, options.operations)));
}
