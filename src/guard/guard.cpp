// One tick is the sentence MemoryReading -> Pressure -> ShedPlan -> ShedOutcome -> Ledger. What
// decides is in pressure/ and shed/shed_plan, pure; what acts is in shed/shedder; this file only
// joins them and writes down what happened.
#include "guard/guard.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>

#include "error/error.h"
#include "guard/anomalies.h"
#include "guard/emergency.h"
#include "guard/level_key.h"
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

double pct_of(std::int64_t bytes, std::int64_t limit_bytes) {
  return limit_bytes > 0 ? 100.0 * static_cast<double>(bytes) / static_cast<double>(limit_bytes)
                         : 0;
}

}  // namespace

Result<std::unique_ptr<Guard>> Guard::create(boost::asio::any_io_executor executor,
                                             Options options) {
  auto table = keys::ClassTable::compile(options.prefix, options.classes);
  if (!table) return table.error();
  return std::unique_ptr<Guard>(new Guard(executor, std::move(options), std::move(*table)));
}

Guard::Guard(boost::asio::any_io_executor executor, Options options, keys::ClassTable table)
    : executor_(executor),
      options_(std::move(options)),
      table_(std::move(table)),
      schema_(options_.prefix),
      client_(redis::Client::create(executor, options_.endpoint)),
      gauge_(options_.pressure),
      shedder_(client_, table_),
      alerts_(options_.pressure.alert_every) {
  snapshot_.endpoint = redis::describe(options_.endpoint);
}

redis::awaitable<void> Guard::tick(std::stop_token stop) {
  const Pressure pressure = co_await read_pressure();
  note(pressure);
  const shed::ShedPlan plan = plan_for(pressure);
  const shed::ShedOutcome outcome =
      co_await shedder_.run(plan, shed::ShedBudget{}, shed::ShedMode::Real, stop);
  note(pressure, plan, outcome);
  if (is_still_critical(pressure, plan, outcome, options_.pressure) ||
      has_room_again(pressure, missing_bytes_, options_.pressure)) {
    co_await use_content(pressure, outcome.used_after_bytes, stop);
  }
  co_await publish(pressure.level);
}

redis::awaitable<void> Guard::run(std::stop_token stop) {
  StopWake wake(executor_, stop, client_);
  while (!stop.stop_requested()) {
    co_await tick(stop);
    if (stop.stop_requested()) break;
    co_await wake.pause_for(next_reading_in_);
  }
  co_await withdraw_level();
  client_->close();
}

redis::awaitable<Pressure> Guard::read_pressure() {
  const auto reading = co_await read_memory();
  const auto now = Clock::now();
  ++snapshot_.readings;
  snapshot_.connected = reading.ok();
  if (!reading) {
    ++snapshot_.failed_readings;
    snapshot_.blind_reason = reading.error().message;
    co_return gauge_.blind(now);
  }
  snapshot_.blind_reason.clear();
  snapshot_.last_reading = now;
  note_anomalies(*reading);
  co_return gauge_.judge(*reading, now);
}

redis::awaitable<Result<MemoryReading>> Guard::read_memory() {
  const auto reading = co_await pressure::ask_memory(client_, options_);
  if (reading && client_->generation() != met_generation_) {
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
  shedder_.use(std::move(*found));
  met_generation_ = generation;
  co_return Status{};
}

void Guard::note_anomalies(const MemoryReading& reading) {
  const auto found =
      last_reading_ ? find_anomalies(*last_reading_, reading) : find_anomalies(reading);
  last_reading_ = reading;
  for (const auto& anomaly : found) {
    if (anomaly.alarming) {
      alarm(anomaly.subject, anomaly.reason);
    } else if (alerts_.pass(anomaly.subject, Clock::now())) {
      ledger_.add(LedgerKind::Notice, anomaly.subject, anomaly.reason);
    }
  }
}

void Guard::note(const Pressure& pressure) {
  const MemoryReading& reading = pressure.reading;
  snapshot_.level = pressure.level;
  next_reading_in_ = pressure.next_reading_in;
  const std::string numbers =
      pressure.level == PressureLevel::Blind
          ? fmt::format("no reading: {}", snapshot_.blind_reason)
          : fmt::format("{} of {} used ({}), growing {}/s", sizes::print_bytes(reading.used_bytes),
                        sizes::print_bytes(reading.limit_bytes),
                        sizes::print_pct(reading.usage_pct()),
                        sizes::print_bytes(static_cast<std::int64_t>(pressure.growth_bytes_per_s)));
  if (pressure.level_changed()) {
    ledger_.add(LedgerKind::LevelChange, std::string(to_string(pressure.level)),
                fmt::format("was {}; {}", to_string(pressure.level_before), numbers));
  }
  if (pressure.level != PressureLevel::Normal) {
    alarm(std::string(to_string(pressure.level)), numbers);
  }
  if (pressure.level == PressureLevel::Blind) return;
  snapshot_.memory = reading.use();
  snapshot_.eviction_policy = reading.eviction_policy;
  snapshot_.resident_bytes = reading.resident_bytes;
  snapshot_.keys_with_ttl = reading.keyspace.with_ttl;
  snapshot_.keys_without_ttl = reading.keyspace.keys - reading.keyspace.with_ttl;
  snapshot_.evicted_keys = reading.evicted_keys;
  snapshot_.expired_keys = reading.expired_keys;
  if (reading.usage_pct() > kLogAbovePct && alerts_.pass("metrics", Clock::now())) {
    spdlog::info("memory: {}; {} keys, {} of them with a TTL", numbers,
                 sizes::print_count(reading.keyspace.keys),
                 sizes::print_count(reading.keyspace.with_ttl));
  }
}

void Guard::alarm(std::string subject, std::string reason) {
  if (!alerts_.pass(subject, Clock::now())) return;
  ++snapshot_.alerts[subject];
  ledger_.add(LedgerKind::Alarm, std::move(subject), std::move(reason));
}

shed::ShedPlan Guard::plan_for(const Pressure& pressure) const {
  shed::ShedPlan plan = shed::plan_for_pressure(pressure, table_, options_.pressure);
  if (!sweeps_.may_sweep(pressure, Clock::now())) plan.steps.clear();
  return plan;
}

void Guard::note(const Pressure& pressure, const shed::ShedPlan& plan,
                 const shed::ShedOutcome& outcome) {
  if (plan.empty()) return;
  sweeps_.note(pressure, outcome, Clock::now());
  const auto limit_bytes = pressure.reading.limit_bytes;
  for (const auto& row : outcome.classes) {
    ShedTotals& total = snapshot_.shed[row.name];
    gauge_.note_shed(row.bytes);
    total.keys += row.keys;
    total.bytes += row.bytes;
    LedgerEntry entry;
    entry.kind = LedgerKind::Shed;
    entry.subject = row.name;
    entry.outcome = to_string(outcome.end);
    entry.reason = plan.reason;
    if (row.became_persistent > 0) {
      entry.reason +=
          fmt::format("; {} keys had lost their TTL and were kept", row.became_persistent);
    }
    if (row.too_big > 0) {
      entry.reason += fmt::format("; {} big collections were left", row.too_big);
    }
    entry.keys = row.keys;
    entry.bytes = row.bytes;
    entry.usage_before_pct = pct_of(outcome.used_before_bytes, limit_bytes);
    entry.usage_after_pct = pct_of(outcome.used_after_bytes, limit_bytes);
    ledger_.add(std::move(entry));
  }
  // Something flows in or it would not have come to this: look again at once.
  if (outcome.keys() > 0) next_reading_in_ = options_.pressure.min_interval;
  if (outcome.failure) {
    alarm("shedding", fmt::format("{}: {}", to_string(outcome.end), outcome.failure->message));
  }
}

// The last step of an emergency: what is missing is written back if it fits, and if not, a person
// is told how much memory is needed. Rebuilding makes no room, so it is not tried again at once;
// what did not fit is, when there is room.
redis::awaitable<void> Guard::use_content(const Pressure& pressure, std::int64_t used_bytes,
                                          std::stop_token stop) {
  const auto now = Clock::now();
  if (content_used_ && now - *content_used_ < options_.pressure.restore_cool_down) co_return;
  content_used_ = now;
  const std::int64_t limit_bytes = pressure.reading.limit_bytes;
  if (!options_.content_directory.empty()) {
    const auto room = room_bytes(used_bytes, limit_bytes, options_.pressure);
    const auto outcome = co_await recovery::restore_missing(client_, options_.prefix,
                                                            options_.content_directory, room, stop);
    note(outcome, pressure.level);
    const bool does_not_fit = outcome && outcome->end == recovery::RestoreEnd::DoesNotFit;
    missing_bytes_ = does_not_fit ? outcome->missing_bytes : 0;
    if (outcome && outcome->end == recovery::RestoreEnd::Restored) co_return;
  }
  if (pressure.level == PressureLevel::Critical) {
    alarm_that_it_does_not_fit(used_bytes, limit_bytes);
  }
}

void Guard::alarm_that_it_does_not_fit(std::int64_t used_bytes, std::int64_t limit_bytes) {
  const auto needed = limit_needed_bytes(used_bytes + missing_bytes_, options_.pressure);
  alarm("does-not-fit",
        fmt::format(
            "the protected data does not fit: {} ({} bytes) are used and nothing is left to "
            "shed{}; the limit is {}, and {} ({} bytes) are needed to be below the stop mark",
            sizes::print_bytes(used_bytes), used_bytes,
            missing_bytes_ > 0
                ? fmt::format(", and {} of content are missing", sizes::print_bytes(missing_bytes_))
                : "",
            sizes::print_bytes(limit_bytes), sizes::print_bytes(needed), needed));
}

void Guard::note(const Result<recovery::RestoreOutcome>& outcome, PressureLevel level) {
  if (!outcome) {
    alarm("restore", fmt::format("the content directory {} could not be used: {}",
                                 options_.content_directory, outcome.error().message));
    return;
  }
  LedgerEntry entry;
  entry.kind = LedgerKind::Restore;
  entry.subject = "content";
  entry.outcome = recovery::to_string(outcome->end);
  entry.reason = fmt::format("{}; of {} entities and {} associations {} pieces were missing",
                             level == PressureLevel::Critical
                                 ? "still critical with nothing left to shed"
                                 : "there is room again for what did not fit before",
                             outcome->entities, outcome->associations, outcome->missing_pieces);
  if (outcome->end == recovery::RestoreEnd::BadContent) {
    entry.reason = fmt::format("{} bad rows in {}, the first: {}", outcome->problems.count,
                               options_.content_directory, outcome->problems.first.front());
  }
  entry.keys = outcome->end == recovery::RestoreEnd::Restored ? outcome->missing_pieces : 0;
  entry.bytes = outcome->missing_bytes;
  ledger_.add(std::move(entry));
}

redis::awaitable<void> Guard::publish(PressureLevel level) {
  const auto now = Clock::now();
  const bool due = level != published_level_ || now - published_ >= kLevelEvery;
  if (!due || level == PressureLevel::Blind) co_return;
  std::vector<std::string> time{"TIME"};
  const auto reply = co_await client_->call(std::move(time));
  if (!reply) co_return;
  const auto server_time = parse_server_time(*reply);
  if (!server_time) co_return;
  std::vector<std::string> set{"SET", schema_.guard("level"), print_level({level, *server_time})};
  // A server at its limit refuses the write; who reads the key then sees that it is old.
  const auto done = co_await client_->call(std::move(set));
  if (!done) spdlog::debug("the level was not published: {}", done.error().message);
  published_level_ = level;
  published_ = now;
}

// Who asks after this is told that there is no guard, and need not wait until the level is old.
redis::awaitable<void> Guard::withdraw_level() {
  if (published_level_ == PressureLevel::Blind) co_return;
  std::vector<std::string> unlink{"UNLINK", schema_.guard("level")};
  const auto done = co_await client_->call(std::move(unlink));
  if (!done) spdlog::debug("the level was not withdrawn: {}", done.error().message);
}

}  // namespace redkeep::guard
