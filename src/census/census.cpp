#include "census/census.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "census/rest.h"
#include "error/error.h"
#include "keys/fingerprint_set.h"
#include "keys/keyspace_walk.h"

namespace redkeep::census {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kBeginning = "0";  // as a cursor

// What the replies add up to. The sizes of a page's keys are asked for behind the next page's SCAN:
// so the page is looked at while the server works on the sizes of the page before, and neither
// waits for the other. A page's keys are added when the sizes of the page before are there: at that
// moment all that is counted has its size, and a pass that breaks later can be gone on with from
// there.
class Counter {
 public:
  Counter(const keys::ClassTable& table, CensusOptions options)
      : table_(table), options_(options), walk_("*", options.page_keys) {
    options_.with_ttl = options.with_ttl && options.with_details;
    if (options.state != nullptr && !options.state->cursor.empty()) {
      census_ = options.state->counted;
      census_.may_count_twice = true;  // which keys were met is not remembered
      keys_ = census_.unclassified_keys;
      for (const auto& use : census_.classes) keys_ += use.keys;
      walk_ = keys::KeyspaceWalk("*", options.page_keys, options.state->cursor);
    } else {
      begin();
    }
    walk_.ask(next_);
  }

  bool done() const { return next_.empty(); }

  /// The commands of the next exchange; their replies are due in their order.
  redis::CommandBuffer next_commands() {
    settle();
    page_is_due_ = !walk_.done();
    sizes_due_ = std::exchange(to_size_, {});
    size_ = 0;
    return std::exchange(next_, {});
  }

  /// From here on no further page is counted, only the sizes that the last one still lacks.
  void stop_after_sizes() { counts_pages_ = false; }

  void take(redis::Reply&& reply) {
    if (page_is_due_ && !counts_pages_) {
      page_is_due_ = false;
      return;
    }
    if (status_) status_ = page_is_due_ ? take_page(std::move(reply)) : take_size(reply);
    page_is_due_ = false;
  }

  const Status& status() const { return status_; }
  std::int64_t keys() const { return keys_; }
  bool walked() const { return walk_.done(); }
  const std::string& cursor() const { return walk_.cursor(); }
  Census finish(std::chrono::milliseconds took) {
    settle();
    census_.took += took;
    return std::move(census_);
  }
  /// Where the pass was when all that was counted had its size last.
  void leave(CensusState& state, std::chrono::milliseconds took) {
    if (settled_.cursor.empty() || settled_.cursor == kBeginning) return;
    state = std::move(settled_);
    state.counted.took += took;
  }
  void took(std::chrono::microseconds exchange) {
    census_.longest_exchange = std::max(census_.longest_exchange, exchange);
    if (options_.busy != nullptr) *options_.busy += exchange;
  }

 private:
  // A key of the last page of which something is to be known yet.
  struct Asked {
    keys::ClassIndex index;  // that of the unclassified is behind the last
    std::string key;         // for details only
  };

  void begin() {
    for (const auto& key_class : table_.classes()) {
      ClassUse use;
      use.name = key_class.name;
      use.level = key_class.level;
      if (options_.with_bytes) use.bytes = 0;
      census_.classes.push_back(std::move(use));
    }
    if (options_.with_details) census_.details.resize(census_.classes.size() + 1);
  }

  // The last page's keys become counted ones.
  void settle() {
    if (page_keys_.empty()) return;
    if (options_.state != nullptr) settled_ = {page_cursor_, census_};
    for (std::size_t i = 0; i < census_.classes.size(); ++i)
      census_.classes[i].keys += page_keys_[i];
    census_.unclassified_keys += page_keys_.back();
    page_keys_.clear();
  }

  Status take_page(redis::Reply&& reply) {
    page_cursor_ = walk_.cursor();
    page_keys_.assign(census_.classes.size() + 1, 0);
    auto page = walk_.take(std::move(reply));
    if (!page) return page.error();
    if (!walk_.done()) walk_.ask(next_);
    for (auto& key : *page) {
      if (is_new(key)) count(std::move(key));
    }
    return {};
  }

  void count(std::string&& key) {
    ++keys_;
    const auto index = table_.classify(key);
    ++page_keys_[index.value_or(census_.classes.size())];
    if (!index && !options_.with_details) return;
    if (options_.with_bytes) next_.add({"MEMORY", "USAGE", key});
    if (options_.with_ttl) next_.add({"PTTL", key});
    if (!options_.with_bytes && !options_.with_ttl) return;
    if (!options_.with_details) key.clear();
    to_size_.push_back({index.value_or(census_.classes.size()), std::move(key)});
  }

  Status take_size(const redis::Reply& reply) {
    const Asked& asked = sizes_due_[size_];
    const bool is_ttl = options_.with_ttl && (size_was_taken_ || !options_.with_bytes);
    if (reply.is_error()) return redis::error_from_reply(is_ttl ? "PTTL" : "MEMORY USAGE", reply);
    if (is_ttl) {
      add_ttl(asked, reply.integer);
    } else {
      if (asked.index < census_.classes.size())
        *census_.classes[asked.index].bytes += reply.integer;
      if (options_.with_details && reply.is_integer()) {  // nil: gone meanwhile
        census_.details[asked.index].add_size(reply.integer, asked.key);
      }
    }
    size_was_taken_ = !is_ttl && options_.with_ttl;
    if (!size_was_taken_) ++size_;
    return {};
  }

  void add_ttl(const Asked& asked, std::int64_t left) {
    if (left == -2) return;  // gone meanwhile
    std::optional<std::chrono::milliseconds> ttl;
    if (left >= 0) ttl = std::chrono::milliseconds{left};
    census_.details[asked.index].ttl.add(ttl);
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
  std::vector<std::int64_t> page_keys_;  // of the last page by class; empty: they are counted
  std::string page_cursor_;              // that it was asked with
  CensusState settled_;                  // the cursor is empty before the second page
  redis::CommandBuffer next_;
  std::vector<Asked> to_size_;  // the keys that next_ asks about
  bool counts_pages_ = true;
  // Of the exchange under way:
  bool page_is_due_ = false;
  std::vector<Asked> sizes_due_;
  std::size_t size_ = 0;         // the next one due
  bool size_was_taken_ = false;  // and its TTL is due
};

std::chrono::milliseconds elapsed(Clock::time_point begun) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
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
    if (stop.stop_requested() && options.state == nullptr) {
      co_return interrupted();
    }
    const bool is_last = stop.stop_requested() && !counter.walked();
    if (is_last) counter.stop_after_sizes();
    const auto page_begun = Clock::now();
    const auto taken = co_await client->exchange(counter.next_commands(), connection, sink);
    if (!taken || !counter.status()) {
      if (options.state != nullptr) counter.leave(*options.state, elapsed(begun));
      co_return taken ? counter.status().error() : taken.error();
    }
    if (!connection) connection = client->generation();
    const auto page_took = Clock::now() - page_begun;
    counter.took(std::chrono::duration_cast<std::chrono::microseconds>(page_took));
    if (is_last) {
      options.state->cursor = counter.cursor();
      options.state->counted = counter.finish(elapsed(begun));
      co_return interrupted();
    }
    if (progress) progress(counter.keys());
    if (options.duty < 1.0) co_await rest(page_took * (1.0 / options.duty - 1), stop);
  }
  if (options.state != nullptr) counter.leave(*options.state, elapsed(begun));
  co_return counter.finish(elapsed(begun));
}

}  // namespace redkeep::census
