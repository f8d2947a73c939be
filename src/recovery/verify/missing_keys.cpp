// Design: EXISTS with many keys says how many of them are there, for a third of what SCAN costs the
// server for as many. Where all or none are, that is all; else those of that one command are asked
// for in parts, and those of such a part one by one: five of 500 cost it 100 commands, not 500.
// Where that goes on, parts are asked for at once. The names are made by the threads that check the
// content, as they read it: so it is read once, and the server looks meanwhile. Asking changes
// nothing, so a row that turns out bad has cost nothing.
#include "recovery/verify/missing_keys.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "content/words.h"
#include "error/error.h"
#include "recovery/csv/content_check.h"
#include "recovery/verify/name_queue.h"
#include "redis/beside.h"
#include "redis/pause.h"

namespace redkeep::recovery {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kKeysOfCommand = 500;  // some hundred microseconds of the server's time
constexpr std::size_t kKeysOfPart = 10;
constexpr std::size_t kMissingKeysAtOnce = 4000;
constexpr std::size_t kMostWaitingBatches = 8;
constexpr std::chrono::seconds kMissingDeadline{30};

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

// The names of a content's keys, as it is checked. Records of the two files have none in common.
class ContentNames {
 public:
  ContentNames(const keys::KeySchema& schema, NameQueue& queue) : schema_(schema), queue_(queue) {}

  CheckEvents events(bool cuts_words) {
    CheckEvents events;
    events.entity_passed = [this, cuts_words](const auto& entity, const auto& reader) {
      fresh_.clear();
      if (cuts_words) gather_fresh(extractor_.occurrences_of(entity));
      content::spread(schema_, entity, {}, fresh_, entities_);
      pass_on(entities_, kMissingKeysAtOnce);
      entity_bytes_ = reader.bytes_read();
    };
    events.association_passed = [this](const auto& association, const auto& reader) {
      content::spread(schema_, association, associations_);
      pass_on(associations_, kMissingKeysAtOnce);
      association_bytes_ = reader.bytes_read();
    };
    events.word_passed = [this](std::string_view word, const auto& reader) {
      entities_.in_set(schema_.word(word), {});
      pass_on(entities_, kMissingKeysAtOnce);
      index_bytes_ = reader.bytes_read();
    };
    return events;
  }

  /// After the check: those that make no full batch.
  void finish() {
    pass_on(entities_, 1);
    pass_on(associations_, 1);
    queue_.finish();
  }

  std::int64_t bytes_read() const { return entity_bytes_ + association_bytes_ + index_bytes_; }

 private:
  // A word that was there before costs no name.
  void gather_fresh(const std::vector<std::string_view>& words) {
    for (const auto word : words) {
      if (words_.insert(keys::fingerprint(word))) fresh_.push_back(word);
    }
  }
  void pass_on(NameSink& sink, std::size_t at_least) {
    if (sink.batch.size() >= at_least) queue_.push(std::exchange(sink.batch, {}));
  }

  const keys::KeySchema& schema_;
  NameQueue& queue_;
  content::WordExtractor extractor_;
  keys::FingerprintSet words_;
  std::vector<std::string_view> fresh_;
  NameSink entities_;
  NameSink associations_;
  std::atomic<std::int64_t> entity_bytes_ = 0;
  std::atomic<std::int64_t> association_bytes_ = 0;
  std::atomic<std::int64_t> index_bytes_ = 0;
};

// For the share that is done.
double bytes_of_files(const std::string& directory) {
  double bytes = 1;
  for (const auto* name : {"entities.csv", "associations.csv", "search_index.csv"}) {
    std::error_code none;
    const auto size = std::filesystem::file_size(directory + "/" + name, none);
    if (!none) bytes += static_cast<double>(size);
  }
  return bytes;
}

class FindMissing {
 public:
  FindMissing(std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema,
              const SurveyOptions& options, std::stop_token stop, const ShowProgress& progress)
      : connection_(std::move(connection)),
        options_(options),
        progress_(progress),
        names_(schema, queue_),
        forward_(std::move(stop), [this] { both_.request_stop(); }) {}

  redis::awaitable<Result<Survey>> run();

 private:
  // What co_spawn() carries over has to have an empty state.
  redis::awaitable<std::optional<Result<ContentCheck>>> check();
  redis::awaitable<std::optional<Result<ContentCheck>>> check_beside();
  redis::awaitable<Status> ask_all();
  redis::awaitable<Status> ask_beside();
  redis::awaitable<Status> ask(const NameBatch& names);
  redis::awaitable<Status> ask_in_parts(const NameBatch& names, std::vector<Range> ranges,
                                        std::size_t keys_of_part);
  redis::awaitable<void> keep_to_share(Clock::time_point begun) const;

  std::shared_ptr<redis::Connection> connection_;
  const SurveyOptions& options_;
  const ShowProgress& progress_;
  NameQueue queue_{kMostWaitingBatches};
  ContentNames names_;
  std::stop_source both_;  // whichever side fails ends the other one too
  std::stop_callback<std::function<void()>> forward_;
  bool many_lack_ = false;  // some key in nearly every command of full length
  Survey found_;
};

redis::awaitable<std::optional<Result<ContentCheck>>> FindMissing::check() {
  const auto index = open_search_index(options_.directory);
  const bool has_index = index || index.error().kind != ErrorKind::NotFound;
  auto checked = check_content(options_.directory, both_.get_token(), names_.events(!has_index));
  names_.finish();
  if (checked && checked->has_search_index != has_index) {
    co_return make_error(ErrorKind::Io, "search_index.csv came or went meanwhile: start again");
  }
  co_return checked;
}

redis::awaitable<std::optional<Result<ContentCheck>>> FindMissing::check_beside() {
  asio::thread_pool thread(1);
  auto checked = co_await asio::co_spawn(thread, check(), asio::use_awaitable);
  if (!*checked || (*checked)->problems.count > 0) both_.request_stop();
  co_return checked;
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

redis::awaitable<Status> FindMissing::ask_all() {
  const double all = bytes_of_files(options_.directory);
  const auto next = [this] { return queue_.pop(); };
  for (;;) {
    const auto names = co_await redis::beside(next);
    if (both_.stop_requested()) co_return interrupted();
    if (!names) co_return Status{};
    found_.expected_keys += static_cast<std::int64_t>(names->size());
    if (progress_) {
      const auto done = static_cast<double>(names_.bytes_read());
      progress_({"asking", found_.expected_keys, std::min(1.0, done / all), "keys"});
    }
    if (const Status asked = co_await ask(*names); !asked) co_return asked;
  }
}

redis::awaitable<Status> FindMissing::ask_beside() {
  const Status asked = co_await ask_all();
  if (!asked) both_.request_stop();
  queue_.abandon();
  co_return asked;
}

redis::awaitable<Result<Survey>> FindMissing::run() {
  using asio::experimental::awaitable_operators::operator&&;
  auto [checked, asked] = co_await (check_beside() && ask_beside());
  // The one that failed by itself tells why; the other one was stopped.
  const auto is_interruption = [](const Error& error) {
    return error.kind == ErrorKind::Interrupted;
  };
  if (!*checked && !is_interruption(checked->error())) co_return checked->error();
  if (*checked && (*checked)->problems.count > 0) {
    co_return Survey{std::move(**checked), {}, {}, 0};
  }
  if (!asked) co_return asked.error();
  if (!*checked) co_return checked->error();
  found_.check = std::move(**checked);
  found_.seen_keys = found_.expected_keys - static_cast<std::int64_t>(found_.damage.missing.size());
  co_return std::move(found_);
}

}  // namespace

redis::awaitable<Result<Survey>> find_missing(std::shared_ptr<redis::Connection> connection,
                                              const keys::KeySchema& schema, SurveyOptions options,
                                              std::stop_token stop, ShowProgress progress) {
  FindMissing run(std::move(connection), schema, options, std::move(stop), progress);
  co_return co_await run.run();
}

}  // namespace redkeep::recovery
