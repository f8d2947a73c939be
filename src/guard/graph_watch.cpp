#include "guard/graph_watch.h"

#include "error/error.h"
#include "recovery/load/find_graph.h"

namespace redkeep::guard {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kThere = recovery::kGraphIsThere;
constexpr std::string_view kRestoring = recovery::kGraphIsRestored;

constexpr std::string_view kMarkIfThere =
    "if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end "
    "redis.call('SET', KEYS[1], ARGV[1]) return 1";

constexpr std::chrono::seconds kGraphLookEvery{1};
// Walking a million caches takes a server most of a second: it is to take a hundredth of its time.
constexpr int kSearchRestFactor = 100;
// An entity has its hash, its type and its place in the index.
constexpr std::int64_t kKeysOfTheSmallestGraph = 3;

}  // namespace

redis::awaitable<GraphState> GraphWatch::look(const pressure::MemoryReading& reading,
                                              TimePoint now) {
  const bool is_new = client_->generation() != generation_;
  if (!is_new && now < look_again_) co_return state_;
  std::vector<std::string> get{"GET", mark_};
  const auto mark = co_await client_->call(std::move(get));
  if (!mark) co_return state_;
  look_again_ = now + kGraphLookEvery;
  if (is_new) search_again_ = {}, lasting_keys_ = 0;
  generation_ = client_->generation();
  if (mark->is_nil() && state_ != GraphState::There) {
    state_ = co_await search(reading.keyspace.keys - reading.keyspace.with_ttl);
  } else {
    state_ = mark->string() == kThere ? GraphState::There : GraphState::Gone;
  }
  co_return state_;
}

redis::awaitable<GraphState> GraphWatch::search(std::int64_t lasting_keys) {
  const GraphState without = state_ == GraphState::Gone ? GraphState::Gone : GraphState::Empty;
  const auto begun = Clock::now();
  if (lasting_keys < kKeysOfTheSmallestGraph || lasting_keys <= lasting_keys_ ||
      begun < search_again_) {
    co_return without;
  }
  const content::Ask ask = [this](redis::CommandBuffer commands) {
    return client_->exchange(std::move(commands));
  };
  const auto found = co_await recovery::find_graph_key(ask, prefix_);
  if (!found) co_return state_;
  if (!found->empty()) {
    found_ = *found;
    co_return GraphState::Unmarked;
  }
  lasting_keys_ = lasting_keys;
  search_again_ = Clock::now() + kSearchRestFactor * (Clock::now() - begun);
  co_return without;
}

redis::awaitable<Status> GraphWatch::mark_there(std::string witness) {
  std::vector<std::string> eval{"EVAL",  std::string(kMarkIfThere), "2", mark_,
                                witness, std::string(kThere)};
  const auto done = co_await client_->call(std::move(eval));
  if (!done) co_return done.error();
  if (done->integer != 1) {
    co_return make_error(ErrorKind::NotFound, "{} is gone again", printable(witness));
  }
  state_ = GraphState::There;
  co_return Status{};
}

redis::awaitable<Status> GraphWatch::mark_restoring() {
  std::vector<std::string> set{"SET", mark_, std::string(kRestoring)};
  const auto done = co_await client_->call(std::move(set));
  if (!done) co_return done.error();
  state_ = GraphState::Gone;
  co_return Status{};
}

}  // namespace redkeep::guard
