#include "census/census.h"

#include <algorithm>
#include <optional>

#include "error/error.h"
#include "keys/fingerprint_set.h"
#include "keys/keyspace_walk.h"
#include "redis/pause.h"

namespace redkeep::census {
namespace {

using Clock = std::chrono::steady_clock;

// One key of a page that waits for its size.
struct Sized {
  keys::ClassIndex class_index;
  std::string key;
};

class Counter {
 public:
  Counter(const keys::ClassTable& table, CensusOptions options) : table_(table), options_(options) {
    for (const auto& key_class : table.classes()) {
      ClassUse use;
      use.name = key_class.name;
      use.level = key_class.level;
      if (options.with_bytes) use.bytes = 0;
      census_.classes.push_back(std::move(use));
    }
  }

  // Counts a page and keeps what has to be sized.
  void count(std::vector<std::string> page) {
    to_size_.clear();
    for (auto& key : page) {
      if (!is_new(key)) continue;
      ++keys_;
      const auto index = table_.classify(key);
      if (!index) {
        ++census_.unclassified_keys;
        continue;
      }
      ++census_.classes[*index].keys;
      if (options_.with_bytes) to_size_.push_back({*index, std::move(key)});
    }
  }

  void ask_sizes(redis::CommandBuffer& commands) const {
    for (const auto& sized : to_size_) commands.add({"MEMORY", "USAGE", sized.key});
  }

  Status take_sizes(const std::vector<redis::Reply>& replies) {
    for (std::size_t i = 0; i < to_size_.size(); ++i) {
      const redis::Reply& reply = replies[i];
      if (reply.is_error()) return redis::error_from_reply("MEMORY USAGE", reply);
      *census_.classes[to_size_[i].class_index].bytes += reply.integer;  // nil: gone meanwhile
    }
    to_size_.clear();
    return {};
  }

  bool sizes_due() const { return !to_size_.empty(); }
  std::int64_t keys() const { return keys_; }
  Census finish(std::chrono::milliseconds took) {
    census_.took = took;
    return std::move(census_);
  }

 private:
  bool is_new(const std::string& key) {
    if (seen_.bytes() > options_.most_fingerprint_bytes) {
      census_.may_count_twice = true;
      return true;
    }
    return seen_.insert(keys::fingerprint(key));
  }

  const keys::ClassTable& table_;
  CensusOptions options_;
  Census census_;
  keys::FingerprintSet seen_;
  std::vector<Sized> to_size_;
  std::int64_t keys_ = 0;
};

// In small pieces: after a page that took long the rest is long too, and a stop does not wait for
// it.
redis::awaitable<void> rest(std::chrono::duration<double> time, std::stop_token stop) {
  constexpr std::chrono::duration<double> kPiece{0.1};
  for (; time.count() > 0 && !stop.stop_requested(); time -= kPiece) {
    co_await redis::pause_for(std::chrono::duration_cast<Clock::duration>(std::min(time, kPiece)));
  }
}

}  // namespace

redis::awaitable<Result<Census>> take_census(std::shared_ptr<redis::Client> client,
                                             const keys::ClassTable& table, CensusOptions options,
                                             std::stop_token stop,
                                             std::function<void(std::int64_t)> progress) {
  const auto begun = Clock::now();
  Counter counter(table, options);
  keys::KeyspaceWalk walk("*", options.page_keys);
  std::optional<std::uint64_t> connection;  // that the walk began on: its cursor is good there only
  while (!walk.done() || counter.sizes_due()) {
    if (stop.stop_requested()) co_return make_error(ErrorKind::Interrupted, "stopped on request");
    const auto page_begun = Clock::now();
    redis::CommandBuffer commands;
    counter.ask_sizes(commands);
    const bool scans = !walk.done();
    if (scans) walk.ask(commands);
    auto replies = co_await client->exchange(std::move(commands), connection);
    if (!replies) co_return replies.error();
    if (!connection) connection = client->generation();
    if (const Status sized = counter.take_sizes(*replies); !sized) co_return sized.error();
    if (scans) {
      auto page = walk.take(std::move(replies->back()));
      if (!page) co_return page.error();
      counter.count(std::move(*page));
    }
    if (progress) progress(counter.keys());
    if (options.duty < 1.0) {
      co_await rest((Clock::now() - page_begun) * (1.0 / options.duty - 1), stop);
    }
  }
  co_return counter.finish(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun));
}

}  // namespace redkeep::census
