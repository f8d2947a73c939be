// A cursor of SCAN is a place in the server's hash table, and any number is one: so a random cursor
// is a random place, and what lies there was put there by a hash that knows nothing of the keys'
// names. The keys of a few hundred such places are a simple random sample. RANDOMKEY was rejected:
// it draws from a random chain, so that keys that share theirs come too seldom, and it costs a
// command for each key.
//
// In a cluster's newer versions the low bits of a cursor are a slot: the keys of one place may have
// one hash tag. There are many places therefore, and the variance between them is looked at.
#include "census/sample.h"

#include <algorithm>
#include <deque>
#include <random>

#include "census/rest.h"
#include "error/error.h"
#include "keys/fingerprint_set.h"
#include "keys/keyspace_walk.h"
#include "redis/server_info.h"

namespace redkeep::census {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPageKeys = 100;
constexpr std::size_t kPagesAtOnce = 10;
// A walk that costs up to so many times as much as the sample is taken instead, because it is
// exact.
constexpr double kWalkBelow = 4;
// What asking about a key costs a server, beside what naming it does.
constexpr double kCostOfAsking = 2;
// A table that has been emptied has many places with nothing: so many times the pages that a full
// one takes.
constexpr std::size_t kMostPagesFactor = 40;
// Of one exchange; a server works some 2 ms on it.
constexpr std::size_t kMostKeysAtOnce = 500;
constexpr std::size_t kMostKeyBytesAtOnce = std::size_t{1} << 20;
// 32 bits: enough for a table of four billion places, and legal for a server of 32 bits too.
constexpr std::uint64_t kMostCursor = 0xFFFFFFFF;

bool is_walked(const SampleOptions& options, std::int64_t population) {
  const double one_in = static_cast<double>(options.ask_one_in);
  const double of_sample = static_cast<double>(options.keys) * (1 + kCostOfAsking / one_in);
  return static_cast<double>(population) * (1 + kCostOfAsking) < kWalkBelow * of_sample;
}

class Sampler {
 public:
  Sampler(const SampleOptions& options, std::int64_t population,
          const std::function<void(SampledKey&&)>& sink)
      : options_(options),
        sink_(sink),
        random_(options.seed),
        is_whole_(is_walked(options, population)) {}

  bool done() const { return waiting_.empty() && !wants_pages(); }
  bool is_whole() const { return is_whole_; }
  std::int64_t keys() const { return keys_; }
  const Status& status() const { return status_; }

  redis::CommandBuffer next_commands() {
    redis::CommandBuffer commands;
    walks_.clear();
    if (waiting_.size() < kMostKeysAtOnce) ask_for_pages(commands);
    page_ = 0;
    asked_.clear();
    std::size_t bytes = 0;
    while (!waiting_.empty() && asked_.size() < kMostKeysAtOnce && bytes < kMostKeyBytesAtOnce) {
      bytes += waiting_.front().key.size();
      ask_about(waiting_.front().key, commands);
      asked_.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    at_ = 0;
    answer_ = 0;
    return commands;
  }

  void take(redis::Reply&& reply) {
    if (!status_) return;
    status_ = page_ < walks_.size() ? take_page(std::move(reply)) : take_answer(std::move(reply));
  }

 private:
  bool wants_pages() const {
    if (is_whole_) return !walked_;
    return static_cast<std::size_t>(met_) < options_.keys &&
           pages_ < kMostPagesFactor * (options_.keys / kPageKeys + 1);
  }

  void ask_for_pages(redis::CommandBuffer& commands) {
    if (is_whole_) {
      if (!walked_) walks_.push_back(walk_);
    } else {
      std::uniform_int_distribution<std::uint64_t> cursor(1, kMostCursor);
      for (std::size_t i = 0; i < kPagesAtOnce && wants_pages(); ++i, ++pages_) {
        walks_.emplace_back("*", kPageKeys, std::to_string(cursor(random_)));
      }
    }
    for (const auto& walk : walks_) walk.ask(commands);
  }

  Status take_page(redis::Reply&& reply) {
    auto& walk = walks_[page_++];
    auto page = walk.take(std::move(reply));
    if (!page) return page.error();
    if (is_whole_) {
      walk_ = walk;
      walked_ = walk.done();
    }
    for (auto& key : *page) {
      if (!seen_.insert(keys::fingerprint(key))) continue;
      ++met_;
      const bool is_asked = is_whole_ || random_() % options_.ask_one_in == 0;
      SampledKey met{std::move(key), page_number_, 0, {}, {}, is_asked};
      if (is_asked && answers() > 0) {
        waiting_.push_back(std::move(met));
      } else {
        ++keys_;
        sink_(std::move(met));
      }
    }
    if (!page->empty()) ++page_number_;
    return {};
  }

  void ask_about(const std::string& key, redis::CommandBuffer& commands) const {
    // TYPE first: where nothing else is asked it tells whether the key is still there.
    if (asks_type()) commands.add({"TYPE", key});
    if (options_.with_bytes) commands.add({"MEMORY", "USAGE", key});
    if (options_.with_ttl) commands.add({"PTTL", key});
  }
  bool asks_type() const {
    return options_.with_type ||
           (options_.with_presence && !options_.with_bytes && !options_.with_ttl);
  }
  // Of each key.
  int answers() const {
    return (asks_type() ? 1 : 0) + (options_.with_bytes ? 1 : 0) + (options_.with_ttl ? 1 : 0);
  }

  // The answers about one key come in the order of ask_about().
  Status take_answer(redis::Reply&& reply) {
    SampledKey& key = asked_[at_];
    int which = answer_ + (asks_type() ? 0 : 1);
    if (which > 0 && !options_.with_bytes) ++which;
    const char* names[] = {"TYPE", "MEMORY USAGE", "PTTL"};
    if (reply.is_error()) return redis::error_from_reply(names[which], reply);
    if (which == 0) {
      is_gone_ = is_gone_ || reply.text == "none";
      key.type = std::move(reply.text);
    } else if (which == 1) {
      is_gone_ = is_gone_ || reply.is_nil();
      key.bytes = reply.integer;
    } else {
      is_gone_ = is_gone_ || reply.integer == -2;
      if (reply.integer >= 0) key.ttl = std::chrono::milliseconds{reply.integer};
    }
    if (++answer_ < answers()) return {};
    if (!is_gone_) {
      ++keys_;
      sink_(std::move(key));
    }
    is_gone_ = false;
    answer_ = 0;
    ++at_;
    return {};
  }

  const SampleOptions& options_;
  const std::function<void(SampledKey&&)>& sink_;
  std::mt19937_64 random_;
  bool is_whole_;
  keys::KeyspaceWalk walk_{"*", kPageKeys* kPagesAtOnce / 2};  // of the whole
  bool walked_ = false;
  std::size_t pages_ = 0;  // asked for
  std::uint32_t page_number_ = 0;
  std::int64_t met_ = 0;
  std::int64_t keys_ = 0;
  keys::FingerprintSet seen_;
  std::deque<SampledKey> waiting_;
  Status status_;
  // Of the exchange under way:
  std::vector<keys::KeyspaceWalk> walks_;
  std::size_t page_ = 0;
  std::vector<SampledKey> asked_;
  std::size_t at_ = 0;
  int answer_ = 0;
  bool is_gone_ = false;
};

std::optional<std::int64_t> integer_of(const redis::Reply& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.elements.size(); i += 2) {
    if (list.elements[i].text == name && list.elements[i + 1].is_integer()) {
      return list.elements[i + 1].integer;
    }
  }
  return std::nullopt;
}

}  // namespace

std::int64_t keys_to_look_at(const SampleOptions& options, std::int64_t population_keys) {
  return is_walked(options, population_keys) ? population_keys
                                             : static_cast<std::int64_t>(options.keys);
}

std::optional<std::int64_t> most_key_bytes(const redis::Reply& memory_stats) {
  if (!memory_stats.is_array()) return std::nullopt;
  const auto allocated = integer_of(memory_stats, "total.allocated");
  const auto overhead = integer_of(memory_stats, "overhead.total");
  if (!allocated || !overhead || *overhead > *allocated) return std::nullopt;
  std::int64_t most = *allocated - *overhead;
  for (std::size_t i = 0; i + 1 < memory_stats.elements.size(); i += 2) {
    if (!memory_stats.elements[i].text.starts_with("db.")) continue;
    // MEMORY USAGE counts a key's entry, which the server counts as overhead.
    most += integer_of(memory_stats.elements[i + 1], "overhead.hashtable.main").value_or(0);
  }
  return most;
}

redis::awaitable<Result<SampleOutcome>> take_sample(std::shared_ptr<redis::Client> client,
                                                    SampleOptions options,
                                                    std::function<void(SampledKey&&)> sink,
                                                    std::stop_token stop,
                                                    std::function<void(std::int64_t)> progress) {
  const auto begun = Clock::now();
  redis::CommandBuffer ask;
  ask.add({"INFO", "keyspace"});
  ask.add({"MEMORY", "STATS"});
  const auto asked = co_await client->exchange(std::move(ask));
  if (!asked) co_return asked.error();
  if ((*asked)[0].is_error()) co_return redis::error_from_reply("INFO", (*asked)[0]);
  SampleOutcome outcome;
  const auto info = redis::ServerInfo::parse((*asked)[0].text);
  outcome.population_keys = redis::keyspace_counts(info, client->options().database).keys;
  outcome.most_bytes = most_key_bytes((*asked)[1]);
  // The table has at least a place for each key, of 8 bytes, which is in no key's size.
  if (outcome.most_bytes) *outcome.most_bytes -= 8 * outcome.population_keys;

  Sampler sampler(options, outcome.population_keys, sink);
  const std::function<void(redis::Reply &&)> take = [&sampler](redis::Reply&& reply) {
    sampler.take(std::move(reply));
  };
  const std::optional<std::uint64_t> connection =
      client->generation();  // a walk's cursor is good there only
  while (!sampler.done()) {
    if (stop.stop_requested()) co_return interrupted();
    const auto sent = Clock::now();
    const auto taken = co_await client->exchange(sampler.next_commands(), connection, take);
    if (!taken) co_return taken.error();
    if (!sampler.status()) co_return sampler.status().error();
    const auto round = Clock::now() - sent;
    outcome.longest_exchange = std::max(
        outcome.longest_exchange, std::chrono::duration_cast<std::chrono::microseconds>(round));
    if (progress) progress(sampler.keys());
    if (options.duty < 1.0) co_await rest(round * (1.0 / options.duty - 1), stop);
  }
  outcome.sampled_keys = sampler.keys();
  outcome.is_whole = sampler.is_whole();
  if (outcome.is_whole) outcome.population_keys = outcome.sampled_keys;
  outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
  if (outcome.sampled_keys == 0 && outcome.population_keys > 0) {
    co_return make_error(ErrorKind::Refused,
                         "the server has {} keys and gave none for random SCAN cursors: use "
                         "redkeep stats --exact",
                         outcome.population_keys);
  }
  co_return outcome;
}

}  // namespace redkeep::census
