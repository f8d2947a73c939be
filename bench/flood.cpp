// The operations of the next batch do not depend on the replies to this one, so they are prepared
// while the server works: on two cores the load must not be what limits the server. What does
// depend on them (the fill of a page that was missing) goes out first in the next batch.
#include "flood.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <utility>

namespace redkeep::bench {

namespace {

constexpr std::uint32_t kSessionBytes = 300, kProtectedBytes = 600;
constexpr std::string_view kPageSeconds = "300", kSessionSeconds = "86400", kLockSeconds = "30";
// Keys that are written or looked at outside the load, in one round trip.
constexpr std::uint32_t kKeysAtOnce = 1000;

std::string hexadecimal_text(std::size_t bytes) {
  Random random(7);
  std::string text;
  while (text.size() < bytes) text += fmt::format("{:016x}", random.next());
  return text;
}

void sleep_until(std::chrono::steady_clock::time_point due) {
  const auto since_start =
      std::chrono::duration_cast<std::chrono::nanoseconds>(due.time_since_epoch());
  const timespec at{since_start.count() / 1'000'000'000, since_start.count() % 1'000'000'000};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

float milliseconds_between(std::chrono::steady_clock::time_point from,
                           std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<float, std::milli>(to - from).count();
}

}  // namespace

Flood::Flood(FloodOptions options, PageLoad pages)
    : options_(std::move(options)),
      pages_(std::move(pages)),
      pipe_(options_.socket_path),
      mix_(options_.seed + 1),
      forgetting_(options_.seed + 2),
      // Twice the largest, so that contents can begin anywhere in the first half.
      text_(hexadecimal_text(2 * std::size_t{pages_.largest_bytes()})) {
  for (std::uint32_t session = 0; session < options_.sessions; ++session) {
    Random name(options_.seed + session);
    session_keys_.push_back(fmt::format("reed:session:{:016x}{:016x}", name.next(), name.next()));
  }
  for (std::uint32_t lock = 0; lock < options_.locks; ++lock)
    lock_keys_.push_back(fmt::format("reed:lock:{}", lock));
  session_lost_.resize(options_.sessions);
  lock_held_.resize(options_.locks);
}

FloodCounts Flood::run() {
  write_first_keys();
  counts_.commands = 0;
  run_load();
  check_what_is_left();
  return std::move(counts_);
}

void Flood::write_first_keys() {
  for (std::uint32_t session = 0; session < options_.sessions; ++session) {
    write_session(follow_ups_, session);
    if (session % kKeysAtOnce == 0) exchange();
  }
  for (std::uint32_t lock = 0; lock < options_.locks; ++lock) renew_lock(follow_ups_, lock);
  exchange();
}

void Flood::run_load() {
  ::prctl(PR_SET_TIMERSLACK, 1);
  const auto started = Clock::now();
  const std::chrono::duration<double> a_batch(options_.rate > 0 ? options_.batch / options_.rate
                                                                : 0);
  locks_due_ = started;
  prepare_operations();
  for (std::int64_t batch = 0; !operations_.asked.empty(); ++batch) {
    const auto due =
        started + std::chrono::duration_cast<Clock::duration>(a_batch * static_cast<double>(batch));
    if (options_.rate > 0) sleep_until(due);
    const auto sent = Clock::now();
    add_due_locks(sent);
    exchange();
    const auto answered = Clock::now();
    counts_.latency_ms.push_back(milliseconds_between(sent, answered));
    if (options_.rate > 0)
      counts_.scheduled_latency_ms.push_back(milliseconds_between(due, answered));
  }
  counts_.seconds = std::chrono::duration<double>(Clock::now() - started).count();
  exchange();
}

// One round trip: what the last replies asked for and the operations that were prepared. The next
// operations are prepared meanwhile.
void Flood::exchange() {
  pipe_.send(follow_ups_.commands.wire());
  pipe_.send(operations_.commands.wire());
  in_flight_.clear();
  for (Batch* batch : {&follow_ups_, &operations_}) {
    in_flight_.insert(in_flight_.end(), batch->asked.begin(), batch->asked.end());
    batch->asked.clear();
    batch->commands.clear();
  }
  counts_.commands += static_cast<std::int64_t>(in_flight_.size());
  late_ = prepared_ > options_.operations / 2;
  signal_pause(prepared_);
  if (prepared_ > 0) prepare_operations();
  for (const Asked asked : in_flight_) take(asked, pipe_.next());
}

void Flood::prepare_operations() {
  const std::int64_t up_to = std::min(options_.operations, prepared_ + options_.batch);
  for (; prepared_ < up_to; ++prepared_) {
    const double drawn = mix_.unit() * 100;
    if (drawn < options_.session_pct)
      read_session(operations_, mix_.below(options_.sessions));
    else if (drawn < options_.session_pct + options_.protected_pct)
      write_protected(operations_);
    else
      read_page(operations_);
  }
}

// The locks are spread over the second, so that they are not a burst that no application makes.
void Flood::add_due_locks(Clock::time_point now) {
  if (options_.locks == 0) return;
  for (; locks_due_ <= now;
       locks_due_ += Clock::duration(std::chrono::seconds(1)) / options_.locks) {
    follow_ups_.commands.add({"EXISTS", lock_keys_[next_lock_]});
    follow_ups_.asked.push_back({Kind::LockCheck, next_lock_});
    renew_lock(follow_ups_, next_lock_);
    next_lock_ = (next_lock_ + 1) % options_.locks;
  }
}

void Flood::signal_pause(std::int64_t done) {
  if (options_.pause_pid == 0 || pauses_ == 2) return;
  if (done < options_.operations * (pauses_ + 1) / 3) return;
  ::kill(options_.pause_pid, pauses_++ == 0 ? SIGSTOP : SIGCONT);
}

void Flood::take(Asked asked, const PlainReply& reply) {
  switch (asked.kind) {
    case Kind::PageRead: {
      if (reply.is_error()) return take_error(reply);
      const bool hit = !reply.is_nothing();
      ++counts_.page_reads;
      counts_.page_hits += hit;
      counts_.late_page_reads += late_;
      counts_.late_page_hits += hit && late_;
      if (!hit) fill_page(follow_ups_, asked.number);
      return;
    }
    case Kind::SessionRead:
      if (reply.is_error()) return take_error(reply);
      if (!reply.is_nothing()) return;
      counts_.sessions_lost += !session_lost_[asked.number];
      session_lost_[asked.number] = true;
      return write_session(follow_ups_, asked.number);
    case Kind::LockCheck:
      if (reply.is_error()) return take_error(reply);
      if (reply.number == 1 || !lock_held_[asked.number]) return;
      ++counts_.locks_lost;
      lock_held_[asked.number] = false;
      return;
    case Kind::LockRenewal:
      if (!reply.is_error()) lock_held_[asked.number] = true;
      return take_write(Write::Lock, reply);
    case Kind::ProtectedWrite:
      counts_.protected_written += !reply.is_error();
      protected_kept_[asked.number] = !reply.is_error();
      return take_write(Write::Protected, reply);
    case Kind::PageFill: return take_write(Write::Page, reply);
    case Kind::SessionWrite: return take_write(Write::Session, reply);
  }
}

void Flood::take_write(Write write, const PlainReply& reply) {
  if (reply.is_oom())
    ++counts_.oom[static_cast<std::size_t>(write)];
  else if (reply.is_error())
    take_error(reply);
}

void Flood::take_error(const PlainReply& reply) {
  if (counts_.other_errors++ == 0) counts_.first_error = reply.line;
}

void Flood::check_what_is_left() {
  std::vector<std::uint32_t> asked;
  const auto missing_of = [&](auto key_of, auto when_missing) {
    for (std::size_t begin = 0; begin < asked.size(); begin += kKeysAtOnce) {
      const std::size_t end = std::min(asked.size(), begin + kKeysAtOnce);
      redis::CommandBuffer commands;
      for (std::size_t at = begin; at < end; ++at) commands.add({"EXISTS", key_of(asked[at])});
      pipe_.send(commands.wire());
      for (std::size_t at = begin; at < end; ++at)
        if (pipe_.next().number != 1) when_missing(asked[at]);
    }
  };
  counts_.sessions_lost_in_all = counts_.sessions_lost;
  for (std::uint32_t session = 0; session < options_.sessions; ++session) asked.push_back(session);
  missing_of([&](std::uint32_t session) { return session_keys_[session]; },
             [&](std::uint32_t session) {
               ++counts_.sessions_missing_at_end;
               counts_.sessions_lost_in_all += !session_lost_[session];
             });
  asked.clear();
  for (std::uint32_t number = 0; number < protected_kept_.size(); ++number)
    if (protected_kept_[number]) asked.push_back(number);
  missing_of([](std::uint32_t number) { return fmt::format("reed:entity:page:{}", number); },
             [&](std::uint32_t) { ++counts_.protected_missing; });
}

std::string_view Flood::page_key(std::uint32_t page) {
  key_.clear();
  fmt::format_to(std::back_inserter(key_), "reed:page:cache:/p/{}:en:light", pages_.id(page));
  return key_;
}

void Flood::read_page(Batch& batch) {
  const std::uint32_t page = pages_.next();
  batch.commands.add({"GET", page_key(page)});
  batch.asked.push_back({Kind::PageRead, page});
}

void Flood::fill_page(Batch& batch, std::uint32_t page) {
  const std::uint32_t bytes = pages_.bytes(page);
  const std::string_view content = std::string_view(text_).substr(page % 1000, bytes);
  // By a sequence of its own: which page is read next is the same whatever was in the cache.
  const bool forgotten = options_.no_ttl_pct > 0 && forgetting_.unit() * 100 < options_.no_ttl_pct;
  if (forgotten)
    batch.commands.add({"SET", page_key(page), content});
  else
    batch.commands.add({"SET", page_key(page), content, "EX", kPageSeconds});
  batch.asked.push_back({Kind::PageFill, page});
}

void Flood::read_session(Batch& batch, std::uint32_t session) {
  batch.commands.add({"GET", session_keys_[session]});
  batch.asked.push_back({Kind::SessionRead, session});
}

void Flood::write_session(Batch& batch, std::uint32_t session) {
  batch.commands.add({"SET", session_keys_[session],
                      std::string_view(text_).substr(session % 1000, kSessionBytes), "EX",
                      kSessionSeconds});
  batch.asked.push_back({Kind::SessionWrite, session});
}

void Flood::write_protected(Batch& batch) {
  const auto number = static_cast<std::uint32_t>(protected_kept_.size());
  protected_kept_.push_back(false);
  const std::string name = fmt::format("$page-{}", number);
  const std::string_view fields = "typepagesemantic_namedata";
  const std::string_view data =
      std::string_view(text_).substr(number % 1000, kProtectedBytes - fields.size() - name.size());
  batch.commands.add({"HSET", fmt::format("reed:entity:page:{}", number), "type", "page",
                      "semantic_name", name, "data", data});
  batch.asked.push_back({Kind::ProtectedWrite, number});
}

void Flood::renew_lock(Batch& batch, std::uint32_t lock) {
  batch.commands.add({"SET", lock_keys_[lock], "worker", "EX", kLockSeconds});
  batch.asked.push_back({Kind::LockRenewal, lock});
}

}  // namespace redkeep::bench
