// Design: commands go in windows. A window may begin with the SCAN of the next page, so that its
// reply comes first and the next window is made and sent while the server still reads the values of
// this one. Values are not made into objects: each reply is digested where it lies.
//
// Strings are read by MGET (a quarter of what GET costs the server) and hashes by HGETALL. Sets are
// read by SRANDMEMBER with a count: with fewer members than that the server gives the whole set,
// for two thirds of what SMEMBERS or SSCAN cost it; those with more are read by SSCAN afterwards,
// so that a set of a million members holds nobody up. Serialised values (DUMP) were tried: where
// rdbcompression is on, as it is by default, they cost the server more than HGETALL.
#include "recovery/verify/graph_look.h"

#include <algorithm>
#include <charconv>
#include <deque>

#include "error/error.h"
#include "keys/keyspace_walk.h"
#include "recovery/verify/value_digest.h"
#include "redis/pause.h"
#include "redis/raw_reply.h"

namespace redkeep::recovery {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLookPageKeys = 1000;
constexpr std::string_view kLookMembersAtOnce = "1000";
// Of a set with fewer members SRANDMEMBER gives all, each once: two milliseconds of the server's
// time at the most.
constexpr std::int64_t kMostMembers = 4096;
constexpr std::string_view kMembersAskedFor = "4096";
constexpr std::chrono::seconds kLookDeadline{30};
// What the server may have to keep ready for us: windows are cut so that their values are about so
// large, judged by the windows before.
constexpr std::size_t kLookWindowBytes = std::size_t{1} << 20;
constexpr std::size_t kMostWindowKeys = 1000;
constexpr std::size_t kFirstWindowKeys = 64;

struct PageKey {
  std::string key;
  ValueKind kind;
};

struct Window {
  bool begins_with_scan = false;
  std::vector<PageKey> keys;  // strings first
  std::size_t strings = 0;
  redis::CommandBuffer commands;
};

class Look {
 public:
  Look(std::shared_ptr<redis::Connection> connection, const GraphClasses& classes, LookAt what,
       std::stop_token stop, std::function<void(const SeenKey&)> see)
      : connection_(std::move(connection)),
        classes_(classes),
        what_(what),
        stop_(std::move(stop)),
        see_(std::move(see)),
        walk_(classes.scan_glob(), kLookPageKeys) {}

  redis::awaitable<Status> run();

 private:
  Window next_window();
  redis::awaitable<Status> send(Window window);
  redis::awaitable<Status> take_scan();
  redis::awaitable<Status> take_values(Window& window);
  redis::awaitable<Status> take_big_sets();
  redis::awaitable<Status> take_doubtful();
  void take_page(std::string_view reply);
  void take_strings(Window& window, std::string_view reply);
  void take_hash(const PageKey& asked, std::string_view reply, SeenKey& seen);
  void take_set(const PageKey& asked, std::string_view reply, SeenKey& seen);
  void fail(std::string_view command, std::string_view reply);
  Status status() const { return failure_ ? Status{*failure_} : Status{}; }

  std::shared_ptr<redis::Connection> connection_;
  const GraphClasses& classes_;
  LookAt what_;
  std::stop_token stop_;
  std::function<void(const SeenKey&)> see_;
  keys::KeyspaceWalk walk_;
  std::deque<PageKey> waiting_;  // keys that were named and not asked for
  std::deque<Window> unanswered_;
  std::vector<std::string> big_sets_;
  std::vector<std::string> doubtful_;  // MGET has nil for what is gone and for another type
  std::vector<SeenKey> seen_;          // of one window
  std::size_t window_keys_ = kFirstWindowKeys;
  std::optional<Error> failure_;
};

void Look::fail(std::string_view command, std::string_view reply) {
  if (failure_) return;
  redis::Reply shown;
  const redis::RawItem item = redis::take_item(reply);
  shown.type = item.is_error() ? redis::Reply::Type::Error : redis::Reply::Type::Status;
  shown.text = item.text;
  failure_ = redis::unexpected_reply(command, shown);
}

bool is_wrong_type_line(std::string_view reply) { return reply.starts_with("-WRONGTYPE"); }

Window Look::next_window() {
  Window window;
  if (!walk_.done() && waiting_.size() < 2 * kLookPageKeys) {
    walk_.ask(window.commands);
    window.begins_with_scan = true;
  }
  if (!what_.values && !what_.ttls) return window;
  const std::size_t count = std::min(window_keys_, waiting_.size());
  window.keys.assign(
      std::make_move_iterator(waiting_.begin()),
      std::make_move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(count)));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  const auto strings_end =
      std::stable_partition(window.keys.begin(), window.keys.end(),
                            [](const PageKey& named) { return named.kind == ValueKind::String; });
  window.strings = static_cast<std::size_t>(strings_end - window.keys.begin());
  auto& out = window.commands;
  if (what_.values && window.strings > 0) {
    out.begin(1 + window.strings);
    out.arg("MGET");
    for (std::size_t i = 0; i < window.strings; ++i) out.arg(window.keys[i].key);
  }
  for (std::size_t i = what_.values ? window.strings : window.keys.size(); i < window.keys.size();
       ++i) {
    const PageKey& named = window.keys[i];
    if (named.kind == ValueKind::Hash) {
      out.add({"HGETALL", named.key});
    } else {
      out.add({"SRANDMEMBER", named.key, kMembersAskedFor});
    }
  }
  if (what_.ttls) {
    for (const auto& named : window.keys) out.add({"PTTL", named.key});
  }
  return window;
}

redis::awaitable<Status> Look::send(Window window) {
  unanswered_.push_back(std::move(window));
  co_return co_await connection_->send(unanswered_.back().commands.wire(), kLookDeadline);
}

void Look::take_page(std::string_view reply) {
  const std::string_view whole = reply;
  const auto head = redis::take_item(reply);
  if (head.kind != '*' || head.count != 2) return fail("SCAN", whole);
  const auto cursor = redis::take_item(reply);
  const auto count = redis::take_item(reply);
  if (cursor.kind != '$' || count.kind != '*') return fail("SCAN", whole);
  redis::Reply page;
  page.type = redis::Reply::Type::Array;
  page.elements.resize(2);
  page.elements[0].type = redis::Reply::Type::String;
  page.elements[0].text = cursor.text;
  page.elements[1].type = redis::Reply::Type::Array;
  if (const auto taken = walk_.take(std::move(page)); !taken && !failure_) failure_ = taken.error();
  for (std::int64_t i = 0; i < count.count; ++i) {
    const auto key = redis::take_item(reply).text;
    const auto kind = classes_.kind_of(key);
    if (!kind) continue;
    if (what_.values || what_.ttls) {
      waiting_.push_back({std::string(key), *kind});
    } else {
      see_({key, SeenKey::State::There, 0, false});
    }
  }
}

redis::awaitable<Status> Look::take_scan() {
  std::function<void(std::string_view)> sink = [this](std::string_view reply) { take_page(reply); };
  const Status received = co_await connection_->receive_raw(1, std::move(sink), kLookDeadline);
  co_return received ? status() : received;
}

void Look::take_strings(Window& window, std::string_view reply) {
  const std::string_view whole = reply;
  const auto head = redis::take_item(reply);
  if (head.kind != '*' || head.count != static_cast<std::int64_t>(window.strings)) {
    return fail("MGET", whole);
  }
  for (std::size_t i = 0; i < window.strings; ++i) {
    const auto value = redis::take_item(reply);
    if (value.is_nil()) {
      doubtful_.push_back(std::move(window.keys[i].key));
      seen_[i].key = {};
    } else {
      seen_[i].digest = string_digest(value.text);
    }
  }
}

void Look::take_hash(const PageKey& asked, std::string_view reply, SeenKey& seen) {
  const std::string_view whole = reply;
  const auto head = redis::take_item(reply);
  if (head.kind != '*') return fail("HGETALL " + printable(asked.key), whole);
  if (head.count <= 0) seen.state = SeenKey::State::NotThere;
  const bool is_entity = classes_.is_entity(asked.key);
  for (std::int64_t i = 0; i + 1 < head.count; i += 2) {
    const auto name = redis::take_item(reply).text;
    const auto value = redis::take_item(reply).text;
    if (is_entity && name == "version") continue;  // whose write it was, and no content
    seen.digest += field_digest(name, value);
  }
}

void Look::take_set(const PageKey& asked, std::string_view reply, SeenKey& seen) {
  const std::string_view whole = reply;
  const auto head = redis::take_item(reply);
  if (head.kind != '*') return fail("SRANDMEMBER " + printable(asked.key), whole);
  if (head.count >= kMostMembers) {
    big_sets_.push_back(asked.key);
    seen.key = {};  // later, as a whole
    return;
  }
  if (head.count <= 0) seen.state = SeenKey::State::NotThere;
  for (std::int64_t i = 0; i < head.count; ++i) {
    seen.digest += member_digest(redis::take_item(reply).text);
  }
}

redis::awaitable<Status> Look::take_values(Window& window) {
  seen_.assign(window.keys.size(), SeenKey{});
  for (std::size_t i = 0; i < window.keys.size(); ++i) seen_[i].key = window.keys[i].key;
  std::size_t bytes = 0;
  std::size_t place = 0;
  const std::size_t first_reply = what_.values && window.strings > 0 ? 1 : 0;
  const std::size_t values = what_.values ? first_reply + window.keys.size() - window.strings : 0;
  std::function<void(std::string_view)> sink = [&, this](std::string_view reply) {
    bytes += reply.size();
    const std::size_t i = place++;
    if (i >= values) {
      const std::string_view whole = reply;
      const auto ttl = redis::take_item(reply);
      if (ttl.kind != ':') return fail("PTTL", whole);
      seen_[i - values].has_ttl = !ttl.text.starts_with('-');
      return;
    }
    if (i < first_reply) return take_strings(window, reply);
    const std::size_t at = window.strings + i - first_reply;
    if (is_wrong_type_line(reply)) {
      seen_[at].state = SeenKey::State::WrongType;
    } else if (window.keys[at].kind == ValueKind::Hash) {
      take_hash(window.keys[at], reply, seen_[at]);
    } else {
      take_set(window.keys[at], reply, seen_[at]);
    }
  };
  const std::size_t replies = values + (what_.ttls ? window.keys.size() : 0);
  const Status received =
      co_await connection_->receive_raw(replies, std::move(sink), kLookDeadline);
  if (!received) co_return received;
  if (failure_) co_return *failure_;
  for (const auto& seen : seen_) {
    if (!seen.key.empty()) see_(seen);
  }
  if (bytes > 0) {
    const std::size_t fitting = window.keys.size() * kLookWindowBytes / bytes;
    window_keys_ = std::clamp<std::size_t>(fitting, 1, std::min(kMostWindowKeys, 2 * window_keys_));
  }
  co_return Status{};
}

// A set may be rehashed between two pages, and then SSCAN may give a member twice.
redis::awaitable<Status> Look::take_big_sets() {
  for (const auto& key : big_sets_) {
    if (stop_.stop_requested()) co_return interrupted();
    keys::FingerprintSet members;
    SeenKey seen;
    seen.key = key;
    std::string cursor = "0";
    do {
      redis::CommandBuffer ask;
      ask.add({"SSCAN", key, cursor, "COUNT", kLookMembersAtOnce});
      if (cursor == "0" && what_.ttls) ask.add({"PTTL", key});
      auto replies = co_await connection_->exchange(ask, kLookDeadline);
      if (!replies) co_return replies.error();
      redis::Reply& page = replies->front();
      if (page.is_error() && page.text.starts_with("WRONGTYPE")) {
        seen.state = SeenKey::State::WrongType;
        break;
      }
      if (!page.is_array() || page.elements.size() != 2) {
        co_return redis::unexpected_reply("SSCAN " + printable(key), page);
      }
      if (replies->size() > 1) seen.has_ttl = (*replies)[1].integer >= 0;
      cursor = page.elements[0].text;
      for (const auto& member : page.elements[1].elements) {
        const auto digest = member_digest(member.text);
        if (members.insert(digest)) seen.digest += digest;
      }
    } while (cursor != "0");
    if (members.size() == 0 && seen.state == SeenKey::State::There) {
      seen.state = SeenKey::State::NotThere;
    }
    see_(seen);
  }
  co_return Status{};
}

redis::awaitable<Status> Look::take_doubtful() {
  for (std::size_t done = 0; done < doubtful_.size(); done += kLookPageKeys) {
    const auto batch =
        std::span(doubtful_).subspan(done, std::min(kLookPageKeys, doubtful_.size() - done));
    redis::CommandBuffer ask;
    for (const auto& key : batch) {
      ask.add({"TYPE", key});
      ask.add({"PTTL", key});
    }
    const auto replies = co_await connection_->exchange(ask, kLookDeadline);
    if (!replies) co_return replies.error();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto type = (*replies)[2 * i].string();
      if (!type) co_return redis::unexpected_reply("TYPE", (*replies)[2 * i]);
      // A string by now: it was written in between, and the next look tells what it is.
      const bool is_there = *type != "none" && *type != "string";
      see_({batch[i], is_there ? SeenKey::State::WrongType : SeenKey::State::NotThere, 0,
            (*replies)[2 * i + 1].integer >= 0});
    }
  }
  co_return Status{};
}

redis::awaitable<Status> Look::run() {
  Window first = next_window();
  auto sent_at = Clock::now();
  if (const Status sent = co_await send(std::move(first)); !sent) co_return sent;
  while (!unanswered_.empty()) {
    if (stop_.stop_requested()) co_return interrupted();
    if (unanswered_.front().begins_with_scan) {
      if (const Status taken = co_await take_scan(); !taken) co_return taken;
    }
    Window window = std::move(unanswered_.front());
    unanswered_.pop_front();
    if (!walk_.done() || !waiting_.empty()) {
      if (what_.most_share < 1) {
        const auto took = Clock::now() - sent_at;
        co_await redis::pause_for(std::chrono::duration_cast<Clock::duration>(
            took * ((1 - what_.most_share) / what_.most_share)));
        sent_at = Clock::now();
      }
      Window next = next_window();
      if (const Status sent = co_await send(std::move(next)); !sent) co_return sent;
    }
    if (window.keys.empty()) continue;
    if (const Status taken = co_await take_values(window); !taken) co_return taken;
  }
  if (const Status taken = co_await take_doubtful(); !taken) co_return taken;
  co_return co_await take_big_sets();
}

}  // namespace

redis::awaitable<Status> look_at_graph(std::shared_ptr<redis::Connection> connection,
                                       const GraphClasses& classes, LookAt what,
                                       std::stop_token stop,
                                       std::function<void(const SeenKey&)> see) {
  Look look(std::move(connection), classes, what, std::move(stop), std::move(see));
  co_return co_await look.run();
}

}  // namespace redkeep::recovery
