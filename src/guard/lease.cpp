// Design: one script for everything, so that who looks sees what it could have taken. It reads
// first; whoever finds the lease in other hands leaves without a write. A write begins with
// PERSIST, which a server at its memory limit carries out; a script that has written may go on
// writing there (tested with Redis 7.0; the same rule is in 5 to 8 and in Valkey), so the lease is
// renewed while plain writes are answered with OOM.
//
// Rejected: SET with NX and PX (volatile-ttl evicts the shortest TTL first, and a paused holder
// that wakes up does not know that it was too late), WATCH with MULTI (needs a connection of its
// own, and EXEC is refused at the memory limit).
#include "guard/lease.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cctype>
#include <charconv>
#include <random>

#include "error/error.h"
#include "keys/level_key.h"
#include "redis/pause.h"

namespace redkeep::guard {
namespace {

namespace asio = boost::asio;

// After an exchange that failed, and while waiting for a holder to step back.
constexpr std::chrono::milliseconds kAgainSoon{50};

// ARGV: who asks; what for; the value of a lease that may be taken, as its holder is gone; the
// highest fencing number that was seen; from which age in milliseconds a holder need not be waited
// for. Returns the server's time in milliseconds and the value as it is then. A lease that is given
// back keeps its key, with nobody for an owner: deleted with it, the fencing number would begin
// anew.
constexpr std::string_view kScript =
    R"(local me, verb, gone, seen, old = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = redis.call('GET', KEYS[1]) or ''
local owner, fencing, since, renewed, leaving =
  string.match(found, '^(%S+) (%d+) (%d+) (%d+) (%S+)$')
local said = string.format('%.0f', now)
local held = owner and owner ~= '-'
if verb == 'release' then
  if owner ~= me then return {said, found} end
  owner, since, renewed, leaving = '-', now, now, '-'
elseif owner == me then
  renewed = now
elseif held and verb ~= 'seize' and found ~= gone then
  if leaving ~= me then return {said, found} end
  leaving = '-'
else
  local before = leaving
  leaving = '-'
  if held and verb == 'seize' and now - renewed < tonumber(old) then
    leaving = before == '-' and owner or '?'
  end
  fencing = math.max(tonumber(fencing or 0), tonumber(seen)) + 1
  owner, since, renewed = me, now, now
end
local lease = string.format('%s %.0f %.0f %.0f %s', owner, fencing, since, renewed, leaving)
redis.call('PERSIST', KEYS[1])
redis.call('SET', KEYS[1], lease)
return {said, lease})";

std::string host_and_pid(pid_t process) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {"unknown"};
  std::string name(host.data());
  std::replace_if(
      name.begin(), name.end(), [](unsigned char byte) { return std::isgraph(byte) == 0; }, '_');
  return fmt::format("{}:{}", name, process);
}

std::optional<LeaseAnswer> parse_answer(const redis::Reply& reply) {
  if (!reply.is_array() || reply.elements.size() != 2) return std::nullopt;
  const auto time = reply.elements[0].string();
  const auto text = reply.elements[1].string();
  if (!time || !text) return std::nullopt;
  std::int64_t since_1970 = 0;
  const auto [end, failure] =
      std::from_chars(time->data(), time->data() + time->size(), since_1970);
  if (failure != std::errc{} || end != time->data() + time->size()) return std::nullopt;
  return LeaseAnswer{std::chrono::milliseconds{since_1970}, std::string(*text)};
}

}  // namespace

std::string lease_owner() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}@{}", random(), random(), host_and_pid(::getpid()));
}

std::string lease_owner_by_hand() { return lease_owner() + std::string(kLeaseByHand); }

std::string lease_holder(pid_t process) { return printable(host_and_pid(process)); }

Lease::Lease(std::shared_ptr<redis::Client> client, std::string key, std::string owner)
    : client_(std::move(client)), key_(std::move(key)), rule_(std::move(owner)) {}

redis::awaitable<bool> Lease::keep() {
  if (released_) co_return false;
  resting_ = false;
  const bool is_due = BootClock::now() >= next_ || !is_of_this_connection();
  if (is_due && !asking_) {
    Status asked = co_await ask(Verb::Keep);
    // Who is known to be gone need not be watched first.
    const bool may_take = asked && !rule_.may_take(BootClock::now()).empty();
    if (may_take) asked = co_await ask(Verb::Keep);
    failure_ = asked ? "" : asked.error().message;
  }
  co_return may_act();
}

redis::awaitable<Status> Lease::seize() {
  resting_ = false;
  Status asked = co_await ask(Verb::Seize);
  while (asked && view().stand == LeaseStand::Awaiting) {
    co_await redis::pause_for(kAgainSoon);
    asked = co_await ask(Verb::Keep);
  }
  if (!asked) co_return asked.error();
  if (may_act()) co_return Status{};
  co_return make_error(ErrorKind::Refused, "the lease was taken by another one meanwhile: {}",
                       describe(view()));
}

redis::awaitable<void> Lease::keep_up() {
  pause_.emplace(co_await asio::this_coro::executor);
  while (!released_) {
    const BootClock::duration left = resting_ ? kLeaseEvery : next_ - BootClock::now();
    pause_->expires_after(std::max<BootClock::duration>(left, kAgainSoon));
    co_await pause_->async_wait(asio::as_tuple(asio::use_awaitable));
    if (!may_act()) lost_.request_stop();
    if (!resting_ && !released_) co_await keep();
    if (!may_act()) lost_.request_stop();
  }
}

redis::awaitable<void> Lease::release() {
  if (released_) co_return;
  released_ = true;
  if (pause_) pause_->cancel();
  if (!rule_.is_mine() && !asking_) co_return;
  // If this is lost on the way, the lease is taken over as that of a guard that is gone.
  const Status released = co_await ask(Verb::Release);
  failure_ = released ? "released" : released.error().message;
}

bool Lease::may_act() const {
  return !released_ && is_of_this_connection() && rule_.may_act(BootClock::now());
}

std::stop_token Lease::until_lost() {
  lost_ = std::stop_source{};
  if (!may_act()) lost_.request_stop();
  return lost_.get_token();
}

LeaseView Lease::view() const {
  LeaseView view =
      is_of_this_connection() && !released_ ? rule_.view(BootClock::now()) : LeaseView{};
  if (view.stand == LeaseStand::Unknown) view.why = failure_;
  return view;
}

redis::CommandBuffer Lease::question(Verb verb, BootTime now) const {
  const std::string_view word = verb == Verb::Keep    ? "keep"
                                : verb == Verb::Seize ? "seize"
                                                      : "release";
  redis::CommandBuffer commands;
  commands.add({"EVAL", kScript, "1", key_, rule_.owner(), word, rule_.may_take(now),
                std::to_string(rule_.fencing_seen()), std::to_string(kLeaseTakenAfter.count())});
  return commands;
}

// Twice if the connection turns out to be a new one: what is known of the lease is of the old one.
redis::awaitable<Status> Lease::ask(Verb verb) {
  asking_ = true;
  Status done;
  for (int tries = 0; tries < 2; ++tries) {
    const auto on = client_->generation();
    if (on != met_on_) rule_.forget();
    met_on_ = on;
    const BootTime sent = BootClock::now();
    redis::CommandBuffer commands = question(verb, sent);
    const auto replies = co_await client_->exchange(std::move(commands), on);
    done = replies ? take_in(replies->front(), sent) : Status(replies.error());
    if (replies || client_->generation() == on) break;
  }
  const bool is_settled = done && view().stand != LeaseStand::Awaiting;
  next_ = BootClock::now() + (is_settled ? kLeaseEvery : kAgainSoon);
  asking_ = false;
  co_return done;
}

Status Lease::take_in(const redis::Reply& reply, BootTime sent) {
  if (reply.is_error()) {
    const Error error = redis::error_from_reply("the lease", reply);
    if (error.kind == ErrorKind::ServerBusy) return error;
    rule_.refused(printable(reply.text), sent);
    return {};
  }
  const auto answer = parse_answer(reply);
  if (!answer) return redis::unexpected_reply("the lease", reply);
  rule_.answered(*answer, sent, BootClock::now());
  return {};
}

redis::awaitable<Result<std::optional<LeaseRecord>>> read_lease(
    std::shared_ptr<redis::Client> client, std::string key) {
  redis::CommandBuffer ask;
  ask.add({"GET", key});
  ask.add({"TIME"});
  const auto replies = co_await client->exchange(std::move(ask));
  if (!replies) co_return replies.error();
  const redis::Reply& value = replies->front();
  if (value.is_error()) co_return redis::error_from_reply("GET", value);
  auto record = value.string() ? parse_lease(*value.string()) : std::nullopt;
  if (!record || record->owner == kLeaseOfNobody) co_return std::nullopt;
  // Where TIME is refused the age is not known, and nothing is said of it.
  if (const auto now = keys::parse_server_time(replies->back()))
    record->age = *now - record->renewed;
  co_return record;
}

}  // namespace redkeep::guard
