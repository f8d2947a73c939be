// Design: rounds of looking and mending until nothing is left to do. A round that ends because the
// server is out of memory is followed by a pause and another one, so that nothing has to be
// remembered of where it stopped. An empty graph is loaded, which is faster than mending it.
#include "recovery/verify/rebuild.h"

#include <boost/asio/this_coro.hpp>

#include "error/error.h"
#include "keys/keyspace_walk.h"
#include "recovery/load/find_graph.h"
#include "recovery/load/loader.h"
#include "redis/beside.h"
#include "redis/pause.h"
#include "redis/stop_patience.h"
#include "sizes/sizes.h"

namespace redkeep::recovery {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kRebuildDeadline{10};
constexpr std::string_view kHowToGoOn = "the same command goes on where it stopped";
constexpr std::size_t kRebuildPageKeys = 500;
// Below this there is no point in going on: the next window of commands would be refused.
constexpr std::int64_t kLeastRoomBytes = std::int64_t{1} << 20;
constexpr std::chrono::milliseconds kAskForRoomEvery{250};

// The connection may be replaced: after a refused window of commands there are replies outstanding.
struct Line {
  std::shared_ptr<redis::Connection> connection;
};

class Rebuild {
 public:
  Rebuild(std::shared_ptr<Line> line, EndpointOptions endpoint, const keys::KeySchema& schema,
          const GraphClasses& classes, RebuildOptions options, std::stop_token stop,
          ShowProgress progress)
      : line_(std::move(line)),
        endpoint_(std::move(endpoint)),
        schema_(schema),
        classes_(classes),
        options_(std::move(options)),
        stop_(std::move(stop)),
        progress_(std::move(progress)) {}

  redis::awaitable<Result<RebuildOutcome>> run();
  bool has_written() const { return has_written_; }

 private:
  const std::shared_ptr<redis::Connection>& connection() const { return line_->connection; }
  redis::awaitable<Status> reopen();
  redis::awaitable<Status> ask_facts();
  redis::awaitable<Result<Survey>> look();
  bool fits(const Survey& found);
  bool has_work(const Survey& found) const;
  redis::awaitable<Status> work(const Survey& found);
  redis::awaitable<Status> set_marker();
  redis::awaitable<Status> remove_markers();
  redis::awaitable<Status> clear();
  redis::awaitable<Status> load_all();
  redis::awaitable<Status> mend_all(const Survey& found);
  redis::awaitable<Status> wait_for_room(Error refusal);

  std::shared_ptr<Line> line_;
  EndpointOptions endpoint_;
  const keys::KeySchema& schema_;
  const GraphClasses& classes_;
  RebuildOptions options_;
  std::stop_token stop_;
  ShowProgress progress_;
  ServerFacts facts_;
  ExpectedContent content_;
  bool is_cleared_ = false;
  bool has_written_ = false;  // something of the graph, as far as can be known
  RebuildOutcome outcome_;
};

redis::awaitable<Status> Rebuild::reopen() {
  connection()->close();
  auto opened = co_await redis::Connection::open(endpoint_);
  if (!opened) co_return opened.error();
  line_->connection = std::move(*opened);
  co_return Status{};
}

redis::awaitable<Status> Rebuild::ask_facts() {
  const auto facts = co_await ask_server_facts(connection(), schema_, endpoint_.database,
                                               options_.configured_limit_bytes, stop_, progress_);
  if (!facts) co_return facts.error();
  facts_ = *facts;
  co_return Status{};
}

bool Rebuild::fits(const Survey& found) {
  outcome_.needed_bytes = estimated_missing_bytes(found);
  outcome_.room_bytes = std::max<std::int64_t>(0, facts_.limit_bytes - facts_.used_bytes);
  return facts_.limit_bytes == 0 || outcome_.needed_bytes <= outcome_.room_bytes;
}

bool Rebuild::has_work(const Survey& found) const {
  const Damage& damage = found.damage;
  const bool differs = damage.missing.size() + damage.changed.size() + damage.wrong_type.size() +
                           damage.with_ttl.size() >
                       0;
  return differs || facts_.load_marker || facts_.rebuild_marker || facts_.is_being_restored ||
         (options_.from_scratch && !is_cleared_ && found.seen_keys > 0);
}

redis::awaitable<Status> Rebuild::set_marker() {
  redis::CommandBuffer commands;
  commands.add({"SET", schema_.guard("rebuild"), options_.directory});
  const auto done = co_await connection()->exchange(commands, kRebuildDeadline);
  if (!done) co_return done.error();
  if (done->front().is_error()) co_return redis::error_from_reply("SET", done->front());
  co_return Status{};
}

redis::awaitable<Status> Rebuild::remove_markers() {
  redis::CommandBuffer commands;
  commands.add({"UNLINK", schema_.guard("rebuild"), schema_.guard("load")});
  if (facts_.is_being_restored) {
    constexpr std::string_view kIsThere =
        "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end "
        "return 1";
    commands.add(
        {"EVAL", kIsThere, "1", schema_.guard("content"), kGraphIsRestored, kGraphIsThere});
  }
  const auto done = co_await connection()->exchange(commands, kRebuildDeadline);
  if (!done) co_return done.error();
  if (done->front().is_error()) co_return redis::error_from_reply("UNLINK", done->front());
  co_return Status{};
}

redis::awaitable<Status> Rebuild::clear() {
  keys::KeyspaceWalk walk(classes_.scan_glob(), kRebuildPageKeys);
  while (!walk.done()) {
    if (stop_.stop_requested()) co_return interrupted();
    redis::CommandBuffer scan;
    walk.ask(scan);
    auto replies = co_await connection()->exchange(scan, kRebuildDeadline);
    if (!replies) co_return replies.error();
    const auto page = walk.take(std::move(replies->front()));
    if (!page) co_return page.error();
    std::vector<std::string> unlink{"UNLINK"};
    for (const auto& key : *page) {
      if (classes_.kind_of(key)) unlink.push_back(key);
    }
    if (unlink.size() == 1) continue;
    redis::CommandBuffer commands;
    commands.add(std::span<const std::string>(unlink));
    has_written_ = true;
    const auto done = co_await connection()->exchange(commands, kRebuildDeadline);
    if (!done) co_return done.error();
    if (!done->front().is_integer()) co_return redis::unexpected_reply("UNLINK", done->front());
    outcome_.cleared_keys += done->front().integer;
    if (progress_) progress_({"clearing", outcome_.cleared_keys, -1, "keys"});
  }
  is_cleared_ = true;
  co_return Status{};
}

redis::awaitable<Status> Rebuild::load_all() {
  LoadOptions options;
  options.directory = content_.directory;
  options.finish_cut_load = true;
  options.despite_cut_load = true;
  options.how_to_go_on = kHowToGoOn;
  std::function<void(const LoadProgress&)> show;
  if (progress_) {
    show = [this](const LoadProgress& at) { progress_({at.doing, at.rows, at.share, "rows"}); };
  }
  has_written_ = true;
  const auto loaded = co_await load_over(connection(), schema_, options, stop_, show);
  co_return loaded ? Status{} : Status{loaded.error()};
}

redis::awaitable<Status> Rebuild::mend_all(const Survey& found) {
  MendOptions options;
  options.directory = content_.directory;
  options.save_to = options_.save_to;
  bool has_begun = false;
  const auto mended = co_await mend(connection(), schema_, classes_, found, std::move(options),
                                    stop_, progress_, has_begun);
  has_written_ = has_written_ || has_begun;
  if (!mended) co_return mended.error();
  MendOutcome& sum = outcome_.mended;
  sum.missing += mended->missing;
  sum.changed += mended->changed;
  sum.wrong_type += mended->wrong_type;
  sum.ttls += mended->ttls;
  sum.stale_members += mended->stale_members;
  sum.orphans_left = mended->orphans_left;
  sum.members_left = mended->members_left;
  sum.saved_rows += mended->saved_rows;
  if (!mended->saved_directory.empty()) sum.saved_directory = mended->saved_directory;
  co_return Status{};
}

redis::awaitable<Status> Rebuild::work(const Survey& found) {
  if (const Status marked = co_await set_marker(); !marked) co_return marked;
  const bool clears = options_.from_scratch && !is_cleared_;
  if (clears) {
    if (const Status cleared = co_await clear(); !cleared) co_return cleared;
  }
  if (clears || found.seen_keys == 0) {
    if (const Status loaded = co_await load_all(); !loaded) co_return loaded;
    outcome_.mended.missing += outcome_.keys;
  } else {
    if (const Status mended = co_await mend_all(found); !mended) co_return mended;
  }
  co_return co_await remove_markers();
}

// `refusal` is what the server said to the last command.
redis::awaitable<Status> Rebuild::wait_for_room(Error refusal) {
  ++outcome_.pauses;
  const auto until = Clock::now() + options_.oom_patience;
  for (;;) {
    if (const Status asked = co_await ask_facts(); !asked) co_return asked;
    if (facts_.limit_bytes == 0 || facts_.limit_bytes - facts_.used_bytes >= kLeastRoomBytes) {
      co_return Status{};
    }
    const std::string full =
        fmt::format("the server is out of memory ({} of {} used)",
                    sizes::print_bytes(facts_.used_bytes), sizes::print_bytes(facts_.limit_bytes));
    if (stop_.stop_requested()) {
      co_return make_error(ErrorKind::Interrupted, "stopped on request while {}", full);
    }
    if (Clock::now() >= until) {
      co_return make_error(ErrorKind::OutOfMemory,
                           "{}, and no room was made for {}: raise maxmemory, or redkeep shed; {}",
                           full, sizes::print_duration(options_.oom_patience), refusal.message);
    }
    if (progress_) progress_({fmt::format("paused: {}: waiting for room", full)});
    co_await redis::pause_for(kAskForRoomEvery);
  }
}

redis::awaitable<Result<Survey>> Rebuild::look() {
  SurveyOptions what{content_.directory};
  auto found =
      co_await survey(connection(), schema_, classes_, facts_, std::move(what), stop_, progress_);
  if (!found) co_return found;
  const auto sift = [&] { return leave_out_what_is_right(content_, found->damage); };
  const Status sifted = co_await redis::beside(sift);
  if (!sifted) co_return sifted.error();
  co_return found;
}

redis::awaitable<Result<RebuildOutcome>> Rebuild::run() {
  if (const Status asked = co_await ask_facts(); !asked) co_return asked.error();
  if (!options_.content_at && !options_.despite_journal) {
    const Status allowed = allow_content_without_journal(options_.directory, facts_.position);
    if (!allowed) co_return allowed.error();
  }
  auto content = co_await choose_content(options_.content_at, options_.directory, facts_.position);
  if (!content) co_return content.error();
  const Status same = require_same_journal(schema_, facts_.journal, *content);
  if (!same) co_return same.error();
  content_ = std::move(*content);
  outcome_.went_on = facts_.load_marker || facts_.rebuild_marker || facts_.is_being_restored;
  for (bool is_first = true;; is_first = false) {
    auto found = co_await look();
    if (!found) co_return found.error();
    if (found->check.problems.count > 0) {
      outcome_.end = RebuildEnd::BadContent;
      outcome_.problems = std::move(found->check.problems);
      co_return std::move(outcome_);
    }
    outcome_.entities = found->check.entities;
    outcome_.associations = found->check.associations;
    outcome_.keys = found->expected_keys;
    if (is_first && !has_work(*found)) {
      outcome_.mended.orphans_left = static_cast<std::int64_t>(found->damage.orphaned.size());
      co_return std::move(outcome_);
    }
    if (is_first && !fits(*found)) {
      outcome_.end = RebuildEnd::DoesNotFit;
      co_return std::move(outcome_);
    }
    const Status worked = co_await work(*found);
    if (worked) break;
    // Refused by the load: an application has begun to write into the empty graph.
    const bool looks_again = worked.error().kind == ErrorKind::Refused && is_first;
    if (looks_again) continue;
    if (worked.error().kind != ErrorKind::OutOfMemory) co_return worked.error();
    if (stop_.stop_requested()) co_return worked.error();
    found = Survey{};  // its memory
    if (const Status reopened = co_await reopen(); !reopened) co_return reopened.error();
    if (const Status room = co_await wait_for_room(worked.error()); !room) co_return room.error();
  }
  // Nothing but members of orphans may have differed.
  const bool did_something =
      outcome_.mended.changes_anything() || outcome_.cleared_keys > 0 || outcome_.went_on;
  outcome_.end = did_something ? RebuildEnd::Rebuilt : RebuildEnd::NothingToDo;
  co_return std::move(outcome_);
}

}  // namespace

std::int64_t estimated_missing_bytes(const Survey& survey) {
  if (survey.expected_keys == 0) return 0;
  const double share =
      static_cast<double>(survey.damage.missing.size()) / static_cast<double>(survey.expected_keys);
  return static_cast<std::int64_t>(share * static_cast<double>(survey.check.estimated_bytes));
}

redis::awaitable<Result<RebuildOutcome>> rebuild(EndpointOptions endpoint, std::string prefix,
                                                 RebuildOptions options, std::stop_token stop,
                                                 ShowProgress progress) {
  const keys::KeySchema schema(prefix);
  const auto classes = GraphClasses::create(prefix);
  if (!classes) co_return classes.error();
  auto opened = co_await redis::Connection::open(endpoint);
  if (!opened) co_return opened.error();
  const auto line = std::make_shared<Line>(Line{std::move(*opened)});
  // Apart: g++ 12 destroys twice what a lambda captures beside a co_await.
  const auto executor = co_await boost::asio::this_coro::executor;
  const redis::StopPatience patience(executor, stop, [line] { line->connection->close(); });
  Rebuild run(line, std::move(endpoint), schema, *classes, std::move(options), stop,
              std::move(progress));
  auto outcome = co_await run.run();
  if (outcome) co_return outcome;
  const Error error = unless_stopped(outcome.error(), stop);
  const bool is_told = error.message.find(kHowToGoOn) != std::string::npos;  // by the load
  if (is_told) co_return error;
  co_return Error{error.kind,
                  run.has_written()
                      ? fmt::format("{}; what was written stays: {}", error.message, kHowToGoOn)
                      : error.message + "; nothing of the graph was changed"};
}

std::string_view to_string(RebuildEnd end) {
  switch (end) {
    case RebuildEnd::NothingToDo: return "NothingToDo";
    case RebuildEnd::Rebuilt: return "Rebuilt";
    case RebuildEnd::DoesNotFit: return "DoesNotFit";
    case RebuildEnd::BadContent: return "BadContent";
  }
  return "unknown";
}

}  // namespace redkeep::recovery
