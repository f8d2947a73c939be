#include "guard/content_keeper.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

#include "error/error.h"
#include "guard/either_stop.h"
#include "sizes/sizes.h"

namespace redkeep::guard {

using pressure::Pressure;
using recovery::RestoreEnd;

ContentKeeper::ContentKeeper(boost::asio::any_io_executor executor,
                             std::shared_ptr<redis::Client> client, const Options& options,
                             Lease& lease, Judgement& judgement, Ledger& ledger, Alarms alarms)
    : client_(std::move(client)),
      options_(options),
      lease_(lease),
      judgement_(judgement),
      ledger_(ledger),
      alarms_(std::move(alarms)),
      graph_(client_, keys::KeySchema(options.prefix)),
      restore_(executor),
      verifier_(std::move(executor), options, lease) {}

redis::awaitable<void> ContentKeeper::watch(const Pressure& pressure, std::int64_t used_bytes,
                                            std::stop_token stop) {
  co_await take_outcome();
  tell_what_is_needed(pressure, used_bytes, TimePoint::clock::now());
  const GraphState state =
      co_await graph_.look(pressure.reading, GraphWatch::TimePoint::clock::now());
  // A server that was restarted may have come back old, with its mark.
  if (has_source() && client_->generation() != tried_on_) {
    tried_on_ = client_->generation();
    source_.bring_back();
  }
  take_report();
  // Where there is a source, it says whether what is there is whole.
  if (state == GraphState::Unmarked && source_has_looked() && lease_.may_act()) {
    const Status marked = co_await graph_.mark_found();
    if (marked) {
      ledger_.add(LedgerKind::Notice, "content", "there is a content graph here; it is watched");
    }
  }
  const bool is_wanted = has_content() || has_source();
  const bool is_missed = state == GraphState::Gone || (state == GraphState::Empty && is_wanted);
  if (!is_missed) {
    // Also where another guard has marked what it brought back.
    if (state == GraphState::There) source_is_at_work_ = false;
    alarms_.clear("content-gone");
    if (state == GraphState::There) look_for_missing(pressure, used_bytes, std::move(stop));
    co_return;
  }
  if (has_source()) co_await follow_source();
  if (!has_source() || source_is_at_work_) alarm_that_it_is_gone(state, TimePoint::clock::now());
  if (has_source()) co_return;
  // At critical, and after it did not fit, use() is called when its turn has come.
  const bool is_its_turn = !is_restoring() && pressure.level != PressureLevel::Critical &&
                           judgement_.missing_bytes() == 0;
  if (!is_its_turn || !may_restore_now(TimePoint::clock::now())) co_return;
  if (const Status marked = co_await graph_.mark_restoring(); !marked) co_return;
  // At once, since it may take a while.
  ledger_.add(LedgerKind::Notice, "content",
              fmt::format("the content graph is gone: it is written back from {}",
                          options_.content_directory));
  begin_restore({"the server had lost its content", true, pressure, used_bytes}, stop);
}

redis::awaitable<void> ContentKeeper::end() {
  co_await verifier_.ended();
  co_await restore_.ended();
  co_await take_outcome();
}

// A journal marks what it has brought back by itself; here is marked what only lacked the mark.
redis::awaitable<void> ContentKeeper::follow_source() {
  if (!source_has_looked()) co_return;
  source_is_at_work_ = false;  // and begins anew if it is gone again, or still
  if (!lease_.may_act()) co_return;
  const Status marked = co_await graph_.mark_there(source_.witness);
  if (marked) alarms_.clear("content-gone");
}

bool ContentKeeper::source_has_looked() {
  if (!has_source()) return true;
  if (source_is_at_work_) return source_.is_done();
  source_is_at_work_ = true;
  source_begun_ = TimePoint::clock::now();
  source_.bring_back();
  return false;
}

void ContentKeeper::take_report() {
  if (!source_.take_report) return;
  auto report = source_.take_report();
  if (!report) return;
  LedgerEntry entry;
  entry.kind = LedgerKind::Restore;
  entry.subject = "content";
  entry.outcome = "Restored";
  entry.reason = fmt::format("{}, from {}", report->sentence, source_.name);
  // A loss that was over before it was seen is told all the same; what is next seen ends it.
  alarms_.raise("content-gone", entry.reason);
  ledger_.add(std::move(entry));
  if (!report->differences.empty()) alarms_.raise("restore", report->differences);
}

redis::awaitable<void> ContentKeeper::mark_restored() {
  const Status marked = co_await graph_.mark_restored();
  if (marked) alarms_.clear("content-gone");
}

// Again after a reconnect, which is why most of them break off, or when it has cooled down.
bool ContentKeeper::may_restore_now(TimePoint now) {
  if (!has_content() || options_.when_lost != WhenLost::Restore || !lease_.may_act()) return false;
  const bool is_new = client_->generation() != tried_on_;
  if (!is_new && tried_ && now - *tried_ < options_.pressure.restore_cool_down) return false;
  tried_on_ = client_->generation();
  tried_ = now;
  return true;
}

std::optional<std::string> ContentKeeper::what_holds_source_up() const {
  const auto why = source_.held_up_by ? source_.held_up_by() : std::nullopt;
  // The guard has reached Redis, so the journal soon will.
  if (!why || why->kind == ErrorKind::Unreachable) return std::nullopt;
  return fmt::format("nothing is brought back from {}: {}", source_.name, why->message);
}

// What an alarm says first is what people act on, so it waits for what the source has to say; not
// for long, since to check a large checkpoint takes a while. Nothing: to be told later.
std::optional<std::string> ContentKeeper::what_source_does(TimePoint now) const {
  constexpr std::chrono::seconds kSourceAnswersIn{3};
  if (auto held_up = what_holds_source_up()) return held_up;
  if (source_.doing && source_.doing()) {
    return fmt::format("it is brought back from {}", source_.name);
  }
  if (now - source_begun_ < kSourceAnswersIn) return std::nullopt;
  return fmt::format("it is not known yet whether {} brings it back", source_.name);
}

void ContentKeeper::alarm_that_it_is_gone(GraphState state, TimePoint now) {
  std::string what_follows;
  if (has_source()) {
    auto does = what_source_does(now);
    if (!does) return;
    what_follows = std::move(*does);
  } else if (auto held_up = what_holds_source_up(); held_up && !has_content()) {
    what_follows = std::move(*held_up);
  } else if (!has_content() && !source_.name.empty()) {
    what_follows = fmt::format(
        "there is nothing in {} to bring it back from, and no content directory is configured",
        source_.name);
  } else if (!has_content()) {
    what_follows = "no content directory is configured to write it back from";
  } else if (options_.when_lost == WhenLost::Restore) {
    what_follows = fmt::format("it is written back from {}", options_.content_directory);
  } else {
    what_follows =
        fmt::format("`redkeep load {} --merge` writes it back", options_.content_directory);
  }
  std::string what = "there is no content graph in this server";
  if (state == GraphState::Gone) {
    const auto found = has_source() && source_.doing ? source_.doing() : std::nullopt;
    what = found ? "the content graph is not whole: " + *found
                 : "the content graph is gone (flushed, or the server began empty)";
  }
  alarms_.raise("content-gone", fmt::format("{}; {}", what, what_follows));
}

void ContentKeeper::begin_restore(Begun begun, std::stop_token stop) {
  const std::int64_t room =
      room_bytes(begun.used_bytes, begun.pressure.reading.limit_bytes, options_.pressure);
  begun_ = std::move(begun);
  judgement_.note_missing(0);  // no more room is made: it is being used
  restore_.begin(restore(room, std::move(stop)));
}

redis::awaitable<ContentKeeper::Outcome> ContentKeeper::restore(std::int64_t room_bytes,
                                                                std::stop_token stop) {
  const EitherStop either(stop, lease_.until_lost());
  if (has_source()) co_return co_await source_.restore_missing(room_bytes, either.token());
  co_return co_await recovery::restore_missing(client_, options_.prefix, options_.content_directory,
                                               room_bytes, either.token());
}

redis::awaitable<void> ContentKeeper::take_outcome() {
  const auto outcome = restore_.take();
  if (!outcome) co_return;
  note(*outcome);
  const bool does_not_fit = *outcome && (*outcome)->end == RestoreEnd::DoesNotFit;
  judgement_.note_missing(does_not_fit ? (*outcome)->missing_bytes : 0);
  const bool is_restored = *outcome && (*outcome)->end == RestoreEnd::Restored;
  const bool is_whole = *outcome && (*outcome)->end == RestoreEnd::NothingMissing;
  if (is_restored || (is_whole && begun_->was_lost)) co_await mark_restored();
  if (!is_restored && begun_->pressure.level == PressureLevel::Critical) {
    lacks_memory_ = true;
    told_.reset();
  }
}

void ContentKeeper::use(const Pressure& pressure, std::int64_t used_bytes, std::stop_token stop) {
  const bool is_critical = pressure.level == PressureLevel::Critical;
  if (has_content() && !has_source()) {
    begin_restore({is_critical ? "still critical with nothing left to shed"
                               : "there is room again for what did not fit before",
                   false, pressure, used_bytes},
                  std::move(stop));
  } else if (is_critical) {
    lacks_memory_ = true;
    told_.reset();
  }
}

// A key here and there: what was evicted, deleted or expired past everybody.
void ContentKeeper::look_for_missing(const Pressure& pressure, std::int64_t used_bytes,
                                     std::stop_token stop) {
  if (const auto verified = verifier_.take()) note(*verified, pressure, used_bytes, stop);
  const bool is_time = pressure.level == PressureLevel::Normal && !is_restoring() &&
                       lease_.may_act() && (has_content() || has_source());
  if (is_time) verifier_.look_if_due(TimePoint::clock::now(), std::move(stop));
}

void ContentKeeper::note(const ContentVerifier::Outcome& verified, const Pressure& pressure,
                         std::int64_t used_bytes, std::stop_token stop) {
  if (!verified) {
    if (verified.error().kind == ErrorKind::Interrupted) return;
    ledger_.add(LedgerKind::Notice, "verify",
                "could not look for missing content: " + verified.error().message);
    return;
  }
  const recovery::DamagedKeys& missing = verified->missing;
  const bool is_known =
      verified->end == recovery::VerifyEnd::Clean || verified->end == recovery::VerifyEnd::Damaged;
  if (!is_known) return;  // a load is under way, or the journal brings it forward
  spdlog::info("verify: {} of {} keys of the content are missing", missing.count,
               verified->expected_keys);
  if (missing.count == 0) return alarms_.clear("content-missing");
  const bool is_mended = options_.when_missing == WhenLost::Restore;
  alarms_.raise(
      "content-missing",
      fmt::format("{} of {} of the content {} missing, {}{}; {}", missing.count,
                  sizes::print_counted(verified->expected_keys, "key"),
                  sizes::by_count(missing.count, "is", "are"), printable(missing.first.front()),
                  sizes::by_count(missing.count, "", " among them"),
                  is_mended ? "they are written back"
                            : "`redkeep verify` names them; [content] when_missing = "
                              "\"restore\" writes them back"));
  if (!is_mended) return;
  begin_restore({"keys of the content were missing", false, pressure, used_bytes}, std::move(stop));
}

// What was told while memory still grew would be wrong soon, and who goes by it would buy too much
// or too little.
void ContentKeeper::tell_what_is_needed(const Pressure& pressure, std::int64_t used_bytes,
                                        TimePoint now) {
  constexpr std::int64_t kPartThatIsNews = 50;  // 2 %
  if (pressure.level != PressureLevel::Critical) lacks_memory_ = false;
  if (!lacks_memory_ || !lease_.may_act()) return;
  pressure::MemoryReading reading = pressure.reading;
  reading.used_bytes = used_bytes;
  const auto missing_bytes = judgement_.missing_bytes();
  const auto needed = limit_needed_bytes(used_bytes + missing_bytes, options_.pressure);
  const bool is_news =
      !told_ || (now - told_->when > options_.alerts.every + std::chrono::seconds{1} &&
                 std::abs(needed - told_->needed_bytes) > told_->needed_bytes / kPartThatIsNews);
  if (!is_news) return;
  told_ = Told{now, needed};
  alarms_.does_not_fit(reading.use(), missing_bytes);
}

void ContentKeeper::note(const Outcome& outcome) {
  if (!outcome) {
    alarms_.raise("restore", fmt::format("the content directory {} could not be used: {}",
                                         options_.content_directory, outcome.error().message));
    return;
  }
  LedgerEntry entry;
  entry.kind = LedgerKind::Restore;
  entry.subject = "content";
  entry.outcome = recovery::to_string(outcome->end);
  entry.reason = fmt::format("{}; of {} and {} {} {} missing, in {}", begun_->why,
                             sizes::print_counted(outcome->entities, "entity"),
                             sizes::print_counted(outcome->associations, "association"),
                             sizes::print_counted(outcome->missing_pieces, "piece"),
                             sizes::by_count(outcome->missing_pieces, "was", "were"),
                             sizes::print_counted(outcome->missing_keys, "key"));
  if (outcome->end == RestoreEnd::BadContent) {
    entry.reason = fmt::format("{} in {}, the first: {}",
                               sizes::print_counted(outcome->problems.count, "bad row"),
                               options_.content_directory, outcome->problems.first.front());
  }
  entry.keys = outcome->end == RestoreEnd::Restored ? outcome->missing_keys : 0;
  entry.bytes = outcome->missing_bytes;
  ledger_.add(std::move(entry));
}

}  // namespace redkeep::guard
