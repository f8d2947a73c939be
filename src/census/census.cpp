#include "census/census.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "error/error.h"
#include "keys/fingerprint_set.h"
#include "keys/keyspace_walk.h"
#include "redis/pause.h"

namespace redkeep::census {
namespace {

using Clock = std::chrono::steady_clock;

// What the replies add up to. A page's keys are counted when its SCAN is answered, and the sizes of
// these keys are asked for behind the next page's SCAN: so the page is looked at while the server
// works on the sizes of the page before, and neither waits for the other.
class Counter {
 public:
  Counter(const keys::ClassTable& table, CensusOptions options)
      : table_(table), options_(options), walk_("*", options.page_keys) {
    for (const auto& key_class : table.classes()) {
      ClassUse use;
      use.name = key_class.name;
      use.level = key_class.level;
      if (options.with_bytes) use.bytes = 0;
      census_.classes.push_back(std::move(use));
    }
    walk_.ask(next_);
  }

  bool done() const { return next_.empty(); }

  /// The commands of the next exchange; their replies are due in their order.
  redis::CommandBuffer next_commands() {
    page_is_due_ = !walk_.done();
    sizes_due_ = std::exchange(to_size_, {});
    size_ = 0;
    return std::exchange(next_, {});
  }

  void take(redis::Reply&& reply) {
    if (status_) status_ = page_is_due_ ? take_page(std::move(reply)) : take_size(reply);
    page_is_due_ = false;
  }

  const Status& status() const { return status_; }
  std::int64_t keys() const { return keys_; }
  Census finish(std::chrono::milliseconds took) {
    census_.took = took;
    return std::move(census_);
  }

 private:
  Status take_page(redis::Reply&& reply) {
    const auto page = walk_.take(std::move(reply));
    if (!page) return page.error();
    if (!walk_.done()) walk_.ask(next_);
    for (const auto& key : *page) {
      if (is_new(key)) count(key);
    }
    return {};
  }

  void count(const std::string& key) {
    ++keys_;
    const auto index = table_.classify(key);
    if (!index) {
      ++census_.unclassified_keys;
      return;
    }
    ++census_.classes[*index].keys;
    if (!options_.with_bytes) return;
    next_.add({"MEMORY", "USAGE", key});
    to_size_.push_back(*index);
  }

  Status take_size(const redis::Reply& reply) {
    if (reply.is_error()) return redis::error_from_reply("MEMORY USAGE", reply);
    *census_.classes[sizes_due_[size_++]].bytes += reply.integer;  // nil: gone meanwhile
    return {};
  }

  bool is_new(const std::string& key) {
    if (seen_.bytes() > options_.most_fingerprint_bytes) {
      census_.may_count_twice = true;
      return true;
    }
    return seen_.insert(keys::fingerprint(key));
  }

  const keys::ClassTable& table_;
  CensusOptions options_;
  keys::KeyspaceWalk walk_;
  Census census_;
  Status status_;
  keys::FingerprintSet seen_;
  std::int64_t keys_ = 0;
  redis::CommandBuffer next_;
  std::vector<keys::ClassIndex> to_size_;  // the classes of the keys whose sizes next_ asks for
  // Of the exchange under way:
  bool page_is_due_ = false;
  std::vector<keys::ClassIndex> sizes_due_;
  std::size_t size_ = 0;  // the next one due
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
  const std::function<void(redis::Reply &&)> sink = [&counter](redis::Reply&& reply) {
    counter.take(std::move(reply));
  };
  std::optional<std::uint64_t> connection;  // that the walk began on: its cursor is good there only
  while (!counter.done()) {
    if (stop.stop_requested()) co_return make_error(ErrorKind::Interrupted, "stopped on request");
    const auto page_begun = Clock::now();
    const auto taken = co_await client->exchange(counter.next_commands(), connection, sink);
    if (!taken) co_return taken.error();
    if (!connection) connection = client->generation();
    if (!counter.status()) co_return counter.status().error();
    if (progress) progress(counter.keys());
    if (options.duty < 1.0) {
      co_await rest((Clock::now() - page_begun) * (1.0 / options.duty - 1), stop);
    }
  }
  co_return counter.finish(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun));
}

}  // namespace redkeep::census
