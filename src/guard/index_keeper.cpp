#include "guard/index_keeper.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>

#include "guard/either_stop.h"
#include "guard/emergency.h"
#include "pressure/ask_memory.h"
#include "redis/pause.h"
#include "redis/set_when_full.h"
#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kDropped = "dropped ";

// The server frees what was unlinked in the background: so long is waited for it.
constexpr int kMostSettlingRounds = 40;
constexpr std::chrono::milliseconds kSettlingRound{50};

}  // namespace

IndexKeeper::IndexKeeper(boost::asio::any_io_executor executor,
                         std::shared_ptr<redis::Client> client, const Options& options,
                         Lease& lease, Ledger& ledger)
    : client_(std::move(client)),
      options_(options),
      lease_(lease),
      ledger_(ledger),
      mark_(keys::KeySchema(options.prefix).guard("index")),
      build_(std::move(executor)) {}

redis::awaitable<bool> IndexKeeper::make_room(std::int64_t used_bytes, std::stop_token stop) {
  const bool wanted = options_.pressure.index_in_emergency == IndexInEmergency::Drop;
  if (!wanted || dropped_bytes_ || !lease_.may_act()) co_return false;
  // First the mark: an index that is gone without it would stay away.
  const Status marked = co_await write_mark(0);
  if (!marked) {
    note("NotDropped", marked.error().message, 0, 0);
    co_return false;
  }
  dropped_bytes_ = 0;
  const EitherStop either(stop, lease_.until_lost());
  const auto dropped = co_await recovery::drop_index(client_, options_.prefix, either.token());
  const std::int64_t freed_bytes = used_bytes - co_await used_bytes_settled();
  dropped_bytes_ = std::max<std::int64_t>(freed_bytes, 0);
  not_before_ = Clock::now() + options_.pressure.restore_cool_down;
  const Status sized = co_await write_mark(*dropped_bytes_);
  if (!sized) spdlog::debug("the mark of the index keeps no size: {}", sized.error().message);
  if (!dropped) {
    note("Broken", dropped.error().message, 0, *dropped_bytes_);
    co_return false;
  }
  note("Dropped", "still critical with nothing left to shed: the search index makes room",
       dropped->keys, *dropped_bytes_);
  co_return dropped->keys > 0;
}

redis::awaitable<void> IndexKeeper::look(const pressure::Pressure& pressure, std::stop_token stop) {
  co_await take_outcome();
  if (client_->generation() != read_on_) co_await read_mark();
  const auto now = Clock::now();
  const auto& reading = pressure.reading;
  if (!dropped_bytes_ || build_.at_work() || pressure.level != PressureLevel::Normal ||
      now < not_before_ || !lease_.may_act() ||
      room_bytes(reading.used_bytes, reading.limit_bytes, options_.pressure) < *dropped_bytes_) {
    co_return;
  }
  not_before_ = now + options_.pressure.restore_cool_down;
  build_.begin(build(std::move(stop)));
}

redis::awaitable<void> IndexKeeper::end() {
  co_await build_.ended();
  co_await take_outcome();
}

redis::awaitable<IndexKeeper::Outcome> IndexKeeper::build(std::stop_token stop) {
  const EitherStop either(stop, lease_.until_lost());
  co_return co_await recovery::build_index(client_, options_.prefix, either.token());
}

redis::awaitable<void> IndexKeeper::take_outcome() {
  const auto built = build_.take();
  if (!built) co_return;
  if (!*built) {
    note("Broken", built->error().message, 0, 0);
    co_return;
  }
  std::vector<std::string> unlink{"UNLINK", mark_};
  const auto unmarked = co_await client_->call(std::move(unlink));
  if (!unmarked) co_return;  // built again later: that does no harm
  note("Built",
       fmt::format("there is room again: the words of {}",
                   sizes::print_counted((*built)->entities, "entity")),
       (*built)->entities, dropped_bytes_.value_or(0));
  dropped_bytes_.reset();
}

redis::awaitable<void> IndexKeeper::read_mark() {
  const auto generation = client_->generation();
  std::vector<std::string> get{"GET", mark_};
  const auto mark = co_await client_->call(std::move(get));
  if (!mark) co_return;
  read_on_ = generation;
  dropped_bytes_.reset();
  const auto text = mark->string();
  if (!text || !text->starts_with(kDropped)) co_return;
  std::int64_t bytes = 0;
  std::from_chars(text->data() + kDropped.size(), text->data() + text->size(), bytes);
  dropped_bytes_ = bytes;
}

redis::awaitable<Status> IndexKeeper::write_mark(std::int64_t bytes) {
  std::string text = fmt::format("{}{}", kDropped, bytes);
  std::vector<std::string> set{"SET", mark_, text};
  const auto done = co_await client_->call(std::move(set));
  if (done) co_return Status{};
  if (done.error().kind != ErrorKind::OutOfMemory) co_return done.error();
  co_return co_await redis::set_when_full(client_, mark_, std::move(text));
}

// What is used when nothing waits to be freed any more.
redis::awaitable<std::int64_t> IndexKeeper::used_bytes_settled() {
  std::int64_t used_bytes = 0;
  for (int round = 0; round < kMostSettlingRounds; ++round) {
    const auto reading = co_await pressure::ask_memory(client_, options_);
    if (!reading) co_return used_bytes;
    used_bytes = reading->used_bytes;
    if (reading->lazyfree_pending == 0) break;
    co_await redis::pause_for(kSettlingRound);
  }
  co_return used_bytes;
}

void IndexKeeper::note(std::string outcome, std::string reason, std::int64_t keys,
                       std::int64_t bytes) {
  LedgerEntry entry;
  entry.kind = LedgerKind::Restore;
  entry.subject = "search_index";
  entry.outcome = std::move(outcome);
  entry.reason = std::move(reason);
  entry.keys = keys;
  entry.bytes = bytes;
  ledger_.add(std::move(entry));
}

}  // namespace redkeep::guard
