// One tick is the sentence MemoryReading -> Pressure -> ShedPlan -> ShedOutcome -> Ledger. What
// decides is in guard/judgement, pure; what acts is in shed/shedder; this file only joins them and
// writes down what happened.
#include "guard/guard.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "error/error.h"
#include "guard/alerts/alert_conditions.h"
#include "guard/anomalies.h"
#include "guard/does_not_fit.h"
#include "guard/emergency.h"
#include "guard/keeping_up.h"
#include "guard/nothing_left.h"
#include "guard/stop_wake.h"
#include "pressure/ask_memory.h"
#include "redis/pause.h"
#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

using Clock = std::chrono::steady_clock;
using pressure::MemoryReading;
using pressure::Pressure;

// Below this, a line about memory each minute would only fill logs.
constexpr double kLogAbovePct = 50;

// What a reading says that is over when another one does not.
constexpr std::array<std::string_view, 4> kStates{"no-limit", "unsafe-policy",
                                                  "append-only-failing", "snapshot-failing"};

// A tick's shedding ends soon enough that the level is judged again some times a second.
constexpr shed::ShedBudget kTickBudget{.most_time = std::chrono::milliseconds{500}};

}  // namespace

Result<std::unique_ptr<Guard>> Guard::create(boost::asio::any_io_executor executor,
                                             Options options) {
  auto table = keys::ClassTable::compile(options.prefix, options.classes);
  if (!table) return table.error();
  if (const Status alerts = AlertSender::check(options.alerts); !alerts) return alerts.error();
  return std::unique_ptr<Guard>(new Guard(executor, std::move(options), std::move(*table)));
}

Guard::Guard(boost::asio::any_io_executor executor, Options options, keys::ClassTable table)
    : executor_(executor),
      options_(std::move(options)),
      table_(std::move(table)),
      schema_(options_.prefix),
      client_(redis::Client::create(executor, options_.endpoint)),
      lease_(client_, schema_.guard("lease")),
      judgement_(table_, options_.pressure),
      shedder_(client_, table_, options_.shed),
      level_(client_, schema_.guard("level")),
      notices_(options_.alerts.every),
      alerts_(executor, options_, ledger_, snapshot_),
      forecast_(options_.pressure, snapshot_),
      regret_(table_, snapshot_, ledger_),
      index_(executor, client_, options_, lease_, ledger_),
      content_(executor, client_, options_, lease_, judgement_, ledger_, alarms()),
      drift_(executor, options_, table_, lease_, snapshot_, ledger_, alarms()),
      journal_(snapshot_, alarms()) {
  shedder_.only_while([this] { return lease_.may_act(); });
  shedder_.tell([this](keys::ClassIndex index, std::string_view key) {
    regret_.log().note_shed(key, index, Clock::now());
  });
  snapshot_.endpoint = redis::describe(options_.endpoint);
  if (options_.data_directory.empty()) {
    ledger_.begin();
  } else {
    ledger_.keep_in(options_.data_directory);
  }
}

redis::awaitable<void> Guard::tick(std::stop_token stop) {
  const Pressure pressure = co_await read_pressure();
  if (stop.stop_requested()) co_return;  // the reading may have failed for that reason alone
  const auto seen = Clock::now();
  const bool may_act = co_await keep_lease(pressure.level);
  note(pressure);
  co_await tell_level(pressure.level);  // shedding may take a while
  const shed::ShedPlan plan = may_act ? judgement_.plan(pressure, Clock::now()) : shed::ShedPlan{};
  const shed::ShedOutcome outcome =
      co_await shedder_.run(plan, kTickBudget, shed::ShedMode::Real, stop);
  note(pressure, plan, outcome);
  keeps_up_ = shedding_keeps_up(pressure, outcome, options_.pressure);
  co_await tell_level(pressure.level);
  if (lease_.may_act() && !content_.is_restoring() &&
      judgement_.take_content_turn(pressure, plan, outcome, Clock::now())) {
    const bool made_room = co_await index_.make_room(outcome.used_after_bytes, stop);
    if (!made_room) content_.use(pressure, outcome.used_after_bytes, stop);
  }
  const auto now = Clock::now();
  alerts_.follow(pressure, outcome, numbers_of(pressure) + what_is_left(pressure) + who_acts(),
                 seen, now);
  journal_.look(pressure.level == PressureLevel::Blind, now);
  const AlertPolicy::Due due = alerts_.take(now);
  if (!due.empty()) write_down(shed_log_.take_all(now));  // what was done before what came of it
  alerts_.tell(due);
  alerts_.show_open();
  if (pressure.level == PressureLevel::Blind) co_return;
  co_await renew_append_only_file();
  co_await content_.watch(pressure, outcome.used_after_bytes, stop);
  co_await index_.look(pressure, stop);
  if (lease_.may_speak()) co_await forecast_.publish(client_, schema_.guard("forecast"));
  co_await regret_.look(client_, Clock::now());
}

redis::awaitable<void> Guard::run(std::stop_token stop) {
  using boost::asio::experimental::awaitable_operators::operator&&;
  co_await (keep_watch(stop) && alerts_.run(stop) && lease_.keep_up() && drift_.run(stop));
  client_->close();
}

redis::awaitable<void> Guard::keep_watch(std::stop_token stop) {
  StopWake wake(executor_, stop, client_);
  while (!stop.stop_requested()) {
    co_await tick(stop);
    if (stop.stop_requested()) break;
    co_await wake.pause_for(judgement_.next_reading_in());
  }
  co_await content_.end();
  co_await index_.end();
  write_down(shed_log_.take_all(Clock::now()));
  ledger_.end();
  if (lease_.may_act()) {
    co_await level_.withdraw();
    co_await forecast_.withdraw(client_, schema_.guard("forecast"));
  }
  co_await lease_.release();
}

// Redis 7.0 goes on behind a write that was cut short and taken back, and leaves a hole of zeros in
// its append-only file: it would not start from that again.
redis::awaitable<void> Guard::renew_append_only_file() {
  if (!renews_append_only_file_ || lease_.view().stand == LeaseStand::Unknown) co_return;
  renews_append_only_file_ = false;
  if (!lease_.may_act()) co_return;
  std::vector<std::string> rewrite{"BGREWRITEAOF"};
  const auto begun = co_await client_->call(std::move(rewrite));
  ledger_.add(LedgerKind::Notice, "append-only-file",
              begun ? "it is written anew: the write that failed may have left a hole in it, from "
                      "which the server would not start again"
                    : "the write that failed may have left a hole in it, from which the server "
                      "would not start again: BGREWRITEAOF; it could not be done here: " +
                          begun.error().message);
}

// A guard that only watches leaves the word to the one that acts.
redis::awaitable<void> Guard::tell_level(PressureLevel level) {
  if (lease_.may_speak()) co_await level_.publish(level, keeps_up_, alarm_kinds(snapshot_));
}

// A blind guard lets the lease run out: another one may see. On a replica, which takes no writes,
// there is nothing to act on; that it is one was told when it was met.
redis::awaitable<bool> Guard::keep_lease(PressureLevel level) {
  if (level == PressureLevel::Blind || met_as_replica_) {
    lease_.rest();
  } else {
    co_await lease_.keep();
  }
  snapshot_.lease = met_as_replica_ ? LeaseView{} : lease_.view();
  if (met_as_replica_) snapshot_.lease.stand = LeaseStand::Replica;
  const bool is_known = snapshot_.lease.stand != LeaseStand::Unknown && !met_as_replica_;
  if (is_known && snapshot_.lease != told_lease_) {
    told_lease_ = snapshot_.lease;
    ledger_.add(LedgerKind::Notice, "lease", describe(told_lease_));
  }
  if (level == PressureLevel::Blind || met_as_replica_) co_return false;
  co_return lease_.may_act();
}

redis::awaitable<Pressure> Guard::read_pressure() {
  const auto reading = co_await read_memory();
  const auto now = Clock::now();
  ++snapshot_.readings;
  if (!reading) {
    ++snapshot_.failed_readings;
    snapshot_.blind_reason = reading.error().message;
    co_return judgement_.blind(now);
  }
  snapshot_.blind_reason.clear();
  snapshot_.last_reading = now;
  note_anomalies(*reading);
  const GrowthNews growth = forecast_.note(*reading, now);
  if (growth.alarm) alarm("protected-growth", *growth.alarm);
  if (growth.is_over) alerts_.clear("protected-growth", now);
  if (snapshot_.census && snapshot_.census_time != sizes_time_) {
    judgement_.note_sizes(least_sizes(snapshot_));
    sizes_time_ = snapshot_.census_time;
  }
  co_return judgement_.judge(*reading, now);
}

redis::awaitable<Result<MemoryReading>> Guard::read_memory() {
  const auto reading = co_await pressure::ask_memory(client_, options_);
  const bool has_changed = reading && (reading->eviction_policy != met_policy_ ||
                                       reading->is_replica != met_as_replica_);
  if (reading && (client_->generation() != met_generation_ || has_changed)) {
    const Status met = co_await meet_server();
    if (!met) co_return met.error();
  }
  co_return reading;
}

// Settings and permissions are per server: they are read again after every reconnect.
redis::awaitable<Status> Guard::meet_server() {
  const auto generation = client_->generation();
  auto found = co_await redis::probe_capabilities(client_, schema_.guard("probe"),
                                                  redis::ServerSettings::MayChange);
  if (!found) co_return found.error();
  snapshot_.server_version = found->product;
  ledger_.add(LedgerKind::Notice, "connected",
              fmt::format("guarding {} at {}", found->product, snapshot_.endpoint));
  for (const auto& change : found->changes) {
    ledger_.add(LedgerKind::Notice, "settings", change);
  }
  for (const auto& limitation : found->limitations) {
    ledger_.add(LedgerKind::Notice, "limitation", limitation);
  }
  met_policy_ = found->eviction_policy;
  met_as_replica_ = found->is_replica;
  regret_.use(found->run_id, found->memory_usage);
  shedder_.use(std::move(*found));
  met_generation_ = generation;
  co_return Status{};
}

void Guard::note_anomalies(const MemoryReading& reading) {
  const auto found =
      last_reading_ ? find_anomalies(*last_reading_, reading) : find_anomalies(reading);
  renews_append_only_file_ |= last_reading_ && last_reading_->run_id == reading.run_id &&
                              !last_reading_->persistence.appends && reading.persistence.appends;
  last_reading_ = reading;
  for (const auto& anomaly : found) {
    if (anomaly.alarming) {
      alarm(anomaly.subject, anomaly.reason);
      untold_evictions_ += anomaly.keys;
    } else if (notices_.pass(anomaly.subject, Clock::now())) {
      ledger_.add(LedgerKind::Notice, anomaly.subject, anomaly.reason);
    }
  }
  for (const std::string_view state : kStates) {
    const bool holds = std::any_of(found.begin(), found.end(),
                                   [&](const Anomaly& one) { return one.subject == state; });
    if (!holds) alerts_.clear(state, Clock::now());
  }
  note_evictions();
}

std::string Guard::numbers_of(const Pressure& pressure) const {
  const MemoryReading& reading = pressure.reading;
  if (pressure.level == PressureLevel::Blind) {
    return fmt::format("no reading: {}", snapshot_.blind_reason);
  }
  const std::string used = sizes::print_bytes(reading.used_bytes);
  const std::string use =
      reading.limit_bytes > 0
          ? fmt::format("{} of {} used ({})", used, sizes::print_bytes(reading.limit_bytes),
                        sizes::print_pct(reading.usage_pct()))
          : used + " used, no limit known";
  return fmt::format("{}, growing {}/s", use,
                     sizes::print_bytes(static_cast<std::int64_t>(pressure.growth_bytes_per_s)));
}

void Guard::note(const Pressure& pressure) {
  const MemoryReading& reading = pressure.reading;
  snapshot_.level = pressure.level;
  snapshot_.connected = pressure.level != PressureLevel::Blind;  // ready is who has numbers to show
  const std::string numbers = numbers_of(pressure);
  const auto now = Clock::now();
  write_down(pressure.level_changed() ? shed_log_.take_all(now) : shed_log_.take_due(now));
  if (pressure.level_changed()) {
    ledger_.add(LedgerKind::LevelChange, std::string(to_string(pressure.level)),
                fmt::format("was {}; {}", to_string(pressure.level_before), numbers));
  }
  if (pressure.level == PressureLevel::Blind) return;
  snapshot_.memory = reading.use();
  snapshot_.derived_limit_bytes = reading.derived_limit_bytes;
  snapshot_.eviction_policy = reading.eviction_policy;
  snapshot_.resident_bytes = reading.resident_bytes;
  snapshot_.keys_with_ttl = reading.keyspace.with_ttl;
  snapshot_.keys_without_ttl = reading.keyspace.keys - reading.keyspace.with_ttl;
  snapshot_.evicted_keys = reading.evicted_keys;
  snapshot_.expired_keys = reading.expired_keys;
  snapshot_.persistence = reading.persistence;
  if (reading.usage_pct() > kLogAbovePct && notices_.pass("metrics", Clock::now())) {
    spdlog::info("memory: {}; {} keys, {} of them with a TTL", numbers,
                 sizes::print_count(reading.keyspace.keys),
                 sizes::print_count(reading.keyspace.with_ttl));
  }
}

void Guard::write_down(std::vector<LedgerEntry> entries) {
  for (auto& entry : entries) ledger_.add(std::move(entry));
}

// Once a second while it goes on, so that history can sum them up.
void Guard::note_evictions() {
  if (untold_evictions_ == 0 || !evictions_.pass("", Clock::now())) return;
  LedgerEntry entry;
  entry.kind = LedgerKind::Notice;
  entry.subject = "server-eviction";
  entry.reason = "the server evicted keys by itself";
  entry.keys = std::exchange(untold_evictions_, 0);
  ledger_.add(std::move(entry));
}

std::string Guard::what_is_left(const Pressure& pressure) const {
  if (!judgement_.nothing_left_at_warning(pressure)) return {};
  return "; " + nothing_left_at_warning(snapshot_.census, table_, options_.pressure);
}

// For an alert of a guard that only watches.
std::string Guard::who_acts() const {
  switch (snapshot_.lease.stand) {
    case LeaseStand::Watching: return "; " + describe(snapshot_.lease);
    case LeaseStand::Replica:
      return "; this server is a replica, where nothing is shed: guard its master";
    default: return {};
  }
}

void Guard::alarm(std::string subject, std::string reason) {
  alerts_.raise(std::move(subject), std::move(reason) + who_acts(), Clock::now());
}

ContentKeeper::Alarms Guard::alarms() {
  return {[this](std::string subject, std::string reason) {
            alarm(std::move(subject), std::move(reason));
          },
          [this](std::string_view subject) { alerts_.clear(subject, Clock::now()); },
          [this](const MemoryUse& memory, std::int64_t missing_bytes) {
            alarm_that_it_does_not_fit(memory, missing_bytes);
          }};
}

void Guard::alarm_that_it_does_not_fit(const MemoryUse& memory, std::int64_t missing_bytes) {
  const auto now = Clock::now();
  std::optional<Counted> counted;
  if (snapshot_.census) {
    counted =
        Counted{*snapshot_.census,
                std::chrono::duration_cast<std::chrono::seconds>(now - snapshot_.census_time)};
  }
  AlertCondition condition = condition_of(
      "does-not-fit",
      does_not_fit(memory, missing_bytes, counted, table_, options_.pressure) + who_acts(), memory);
  condition.action = alerts_.done_about("critical", now);
  alerts_.raise(std::move(condition), now);
}

void Guard::note(const Pressure& pressure, const shed::ShedPlan& plan,
                 const shed::ShedOutcome& outcome) {
  if (plan.empty()) return;
  judgement_.note_shed(pressure, plan, outcome, Clock::now());
  const auto limit_bytes = pressure.reading.limit_bytes;
  for (const auto& row : outcome.classes) {
    ShedTotals& total = snapshot_.shed[row.name];
    total.keys += row.keys;
    total.bytes += row.bytes;
    shed_log_.add(row, outcome.end, plan.reason,
                  pressure::pct_of_limit(outcome.used_before_bytes, limit_bytes),
                  pressure::pct_of_limit(outcome.used_after_bytes, limit_bytes));
  }
  write_down(shed_log_.take_due(Clock::now()));
  if (outcome.minute_budget_spent) {
    alarm("budget", fmt::format("[shed] most_keys_per_minute ({}) is used up: nothing more is shed "
                                "until a minute has passed",
                                options_.shed.most_keys_per_minute));
  }
  if (outcome.failure) {
    alarm("shedding", fmt::format("{}: {}", to_string(outcome.end), outcome.failure->message));
  }
}

}  // namespace redkeep::guard
