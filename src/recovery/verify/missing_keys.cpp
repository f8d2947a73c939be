// Design: EXISTS with many keys says how many of them are there, for a third of what SCAN costs the
// server for as many. Where all or none are, that is all; else those of that one command are asked
// for in parts, and those of such a part one by one: five of 500 cost it 100 commands, not 500.
// Where that goes on, parts are asked for at once. While the server looks, the next names are made
// by a thread of their own.
#include "recovery/verify/missing_keys.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "error/error.h"
#include "recovery/csv/content_walk.h"
#include "redis/pause.h"

namespace redkeep::recovery {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMissingRowsAtOnce = 100;
constexpr std::size_t kKeysOfCommand = 500;  // some hundred microseconds of the server's time
constexpr std::size_t kKeysOfPart = 10;
constexpr std::size_t kMissingKeysAtOnce = 4000;
constexpr std::chrono::seconds kMissingDeadline{30};

// Names that lie one after the other.
class NameBatch {
 public:
  void add(std::string_view key) {
    text_ += key;
    ends_.push_back(text_.size());
  }
  std::size_t size() const { return ends_.size(); }
  std::string_view at(std::size_t place) const {
    const std::size_t begin = place == 0 ? 0 : ends_[place - 1];
    return std::string_view(text_).substr(begin, ends_[place] - begin);
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

// Of names in a batch.
struct Range {
  std::size_t first;
  std::size_t last;  // beyond the last one
  std::size_t size() const { return last - first; }
};

// A sink of content::spread(): each key once, and none of the values.
struct NameSink {
  NameBatch batch = {};
  keys::FingerprintSet sets = {};
  void hash(std::string_view key, const content::HashFields&) { batch.add(key); }
  void string(std::string_view key, std::string_view) { batch.add(key); }
  std::string_view member(std::string_view bytes) const { return bytes; }
  void in_set(std::string_view key, std::string_view) {
    if (sets.insert(key_print(key))) batch.add(key);
  }
};

class FindMissing {
 public:
  FindMissing(std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema,
              const ContentCheck& check, const SurveyOptions& options, std::stop_token stop,
              const ShowProgress& progress)
      : connection_(std::move(connection)),
        check_(check),
        options_(options),
        stop_(std::move(stop)),
        progress_(progress),
        walk_(schema, check, options.directory, WalkWords::Cut) {}

  redis::awaitable<Result<Survey>> run();

 private:
  // What co_spawn() carries over has to have an empty state.
  redis::awaitable<std::optional<Result<NameBatch>>> next_names();
  redis::awaitable<std::optional<Result<NameBatch>>> next_names_beside(asio::thread_pool& thread);
  redis::awaitable<Status> ask(const NameBatch& names);
  redis::awaitable<Status> ask_in_parts(const NameBatch& names, std::vector<Range> ranges,
                                        std::size_t keys_of_part);
  redis::awaitable<void> keep_to_share(Clock::time_point begun) const;

  std::shared_ptr<redis::Connection> connection_;
  const ContentCheck& check_;
  const SurveyOptions& options_;
  std::stop_token stop_;
  const ShowProgress& progress_;
  ContentWalk walk_;
  NameSink sink_;
  bool many_lack_ = false;  // some key in nearly every command of full length
  Survey found_;
};

// None: there are no more.
redis::awaitable<std::optional<Result<NameBatch>>> FindMissing::next_names() {
  while (sink_.batch.size() < kMissingKeysAtOnce) {
    const auto more = walk_.next(kMissingRowsAtOnce, sink_);
    if (!more) co_return Result<NameBatch>(more.error());
    if (!*more) break;
  }
  co_return Result<NameBatch>(std::exchange(sink_.batch, {}));
}

redis::awaitable<std::optional<Result<NameBatch>>> FindMissing::next_names_beside(
    asio::thread_pool& thread) {
  co_return co_await asio::co_spawn(thread, next_names(), asio::use_awaitable);
}

redis::awaitable<void> FindMissing::keep_to_share(Clock::time_point begun) const {
  if (options_.most_share >= 1) co_return;
  const auto took = Clock::now() - begun;
  co_await redis::pause_for(std::chrono::duration_cast<Clock::duration>(
      took * ((1 - options_.most_share) / options_.most_share)));
}

// Of each part in one command; what is left is asked for in smaller ones.
redis::awaitable<Status> FindMissing::ask_in_parts(const NameBatch& names,
                                                   std::vector<Range> ranges,
                                                   std::size_t keys_of_part) {
  std::vector<Range> parts;
  redis::CommandBuffer commands;
  for (const auto& range : ranges) {
    for (std::size_t first = range.first; first < range.last; first += keys_of_part) {
      parts.push_back({first, std::min(range.last, first + keys_of_part)});
      commands.begin(1 + parts.back().size());
      commands.arg("EXISTS");
      for (std::size_t i = first; i < parts.back().last; ++i) commands.arg(names.at(i));
    }
  }
  if (parts.empty()) co_return Status{};
  const auto replies = co_await connection_->exchange(commands, kMissingDeadline);
  if (!replies) co_return replies.error();
  std::vector<Range> mixed;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& reply = (*replies)[i];
    if (!reply.is_integer()) co_return redis::unexpected_reply("EXISTS", reply);
    if (reply.integer == 0) {
      for (std::size_t at = parts[i].first; at < parts[i].last; ++at) {
        found_.damage.missing.insert(key_print(names.at(at)));
      }
    } else if (reply.integer != static_cast<std::int64_t>(parts[i].size())) {
      mixed.push_back(parts[i]);
    }
  }
  const std::size_t smaller = keys_of_part > kKeysOfPart ? kKeysOfPart : 1;
  co_return co_await ask_in_parts(names, std::move(mixed), smaller);
}

redis::awaitable<Status> FindMissing::ask(const NameBatch& names) {
  const auto begun = Clock::now();
  std::vector<Range> all{{0, names.size()}};
  const std::size_t missing_before = found_.damage.missing.size();
  const Status asked =
      co_await ask_in_parts(names, std::move(all), many_lack_ ? kKeysOfPart : kKeysOfCommand);
  if (!asked) co_return asked;
  const std::size_t missing = found_.damage.missing.size() - missing_before;
  many_lack_ = missing > names.size() / kKeysOfCommand && missing < names.size() / 2;
  co_await keep_to_share(begun);
  co_return Status{};
}

redis::awaitable<Result<Survey>> FindMissing::run() {
  using asio::experimental::awaitable_operators::operator&&;
  asio::thread_pool thread(1);
  auto names = co_await next_names_beside(thread);
  while (*names && (*names)->size() > 0) {
    if (stop_.stop_requested()) co_return interrupted();
    found_.expected_keys += static_cast<std::int64_t>((*names)->size());
    if (progress_) {
      progress_({"asking", found_.expected_keys,
                 static_cast<double>(walk_.bytes_read()) / static_cast<double>(check_.total_bytes),
                 "keys"});
    }
    auto [next, asked] = co_await (next_names_beside(thread) && ask(**names));
    if (!asked) co_return asked.error();
    names = std::move(next);
  }
  if (!*names) co_return names->error();
  found_.seen_keys = found_.expected_keys - static_cast<std::int64_t>(found_.damage.missing.size());
  co_return std::move(found_);
}

}  // namespace

redis::awaitable<Result<Survey>> find_missing(std::shared_ptr<redis::Connection> connection,
                                              const keys::KeySchema& schema, SurveyOptions options,
                                              std::stop_token stop, ShowProgress progress) {
  if (progress) progress({"checking", 0, -1});
  auto check = co_await check_content_beside(options.directory, stop);
  if (!check) co_return check.error();
  Survey nothing_asked;
  nothing_asked.check = std::move(*check);
  if (nothing_asked.check.problems.count > 0) co_return nothing_asked;
  FindMissing run(std::move(connection), schema, nothing_asked.check, options, std::move(stop),
                  progress);
  auto found = co_await run.run();
  if (found) found->check = std::move(nothing_asked.check);
  co_return found;
}

}  // namespace redkeep::recovery
