// Design: EXISTS with many keys says how many of them are there, for a third of what SCAN costs the
// server for as many. Where all or none are, that is all; else those of that one command are asked
// for in parts, and those of such a part one by one: five of 500 cost it 100 commands, not 500.
// Where that goes on, parts are asked for at once. The names are made by the threads that check the
// content, as they read it: so it is read once, and the server looks meanwhile. Asking changes
// nothing, so a row that turns out bad has cost nothing.
#include "recovery/verify/missing_keys.h"

#include <atomic>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>

#include "content/words.h"
#include "error/error.h"
#include "recovery/csv/content_check.h"
#include "recovery/verify/handover_queue.h"
#include "recovery/verify/name_batch.h"
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

using NameQueue = HandoverQueue<NameBatch>;

// Of names in a batch.
struct Range {
  std::size_t first;
  std::size_t last;  // beyond the last one
  std::size_t size() const { return last - first; }
};

// Of each part how many of its keys are there.
struct Question {
  redis::CommandBuffer commands = {};
  std::vector<Range> parts = {};
  std::size_t keys_of_part = 0;
};

// A sink of content::spread(): each key once, and none of the values.
struct NameSink {
  NameBatch batch = {};
  keys::FingerprintSet sets = {};
  keys::FingerprintSet linked = {};
  bool wants_links(std::string_view id) { return linked.insert(keys::fingerprint(id)); }
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
  void give_up() {
    both_.request_stop();
    queue_.abandon();
  }
  Result<ContentCheck> check();
  redis::awaitable<Result<ContentCheck>> check_beside();
  redis::awaitable<Status> ask_all();
  struct Next {
    NameBatch names = {};  // none: there are no more
    Question question = {};
  };
  Next next();
  redis::awaitable<Next> next_beside(asio::thread_pool& thread);
  redis::awaitable<Status> ask_at_a_share(const Next& next);
  redis::awaitable<Status> ask_or_give_up(const Next& next);
  redis::awaitable<Status> ask(const NameBatch& names, const Question& question);

  std::shared_ptr<redis::Connection> connection_;
  const SurveyOptions& options_;
  const ShowProgress& progress_;
  NameQueue queue_{kMostWaitingBatches};
  ContentNames names_;
  std::stop_source both_;  // whichever side fails ends the other one too
  std::stop_callback<std::function<void()>> forward_;
  std::atomic<bool> many_lack_ = false;  // some key in nearly every command of full length
  Survey found_;
};

Result<ContentCheck> FindMissing::check() {
  const bool has_index = has_search_index(options_.directory);
  auto checked = check_content(options_.directory, both_.get_token(), names_.events(!has_index));
  names_.finish();
  if (checked && checked->has_search_index != has_index) {
    return make_error(ErrorKind::Io, "search_index.csv came or went meanwhile: start again");
  }
  return checked;
}

redis::awaitable<Result<ContentCheck>> FindMissing::check_beside() {
  const auto check_it = [this] { return check(); };
  auto checked = co_await redis::beside(check_it);
  if (!checked || checked->problems.count > 0) both_.request_stop();
  co_return checked;
}

// Of each of `ranges` in commands of so many keys.
Question question_of(const NameBatch& names, const std::vector<Range>& ranges,
                     std::size_t keys_of_part) {
  Question question{{}, {}, keys_of_part};
  for (const auto& range : ranges) {
    for (std::size_t first = range.first; first < range.last; first += keys_of_part) {
      const Range part{first, std::min(range.last, first + keys_of_part)};
      question.parts.push_back(part);
      question.commands.begin(1 + part.size());
      question.commands.arg("EXISTS");
      names.give(first, part.last, question.commands);
    }
  }
  return question;
}

FindMissing::Next FindMissing::next() {
  auto names = queue_.pop();
  if (!names) return {};
  Question question =
      question_of(*names, {{0, names->size()}}, many_lack_ ? kKeysOfPart : kKeysOfCommand);
  return {std::move(*names), std::move(question)};
}

redis::awaitable<FindMissing::Next> FindMissing::next_beside(asio::thread_pool& thread) {
  const auto make_it = [this] { return next(); };
  co_return co_await redis::beside(thread, make_it);
}

// Where some keys of a part are there and some are not, smaller ones are asked for.
redis::awaitable<Status> FindMissing::ask(const NameBatch& names, const Question& question) {
  const auto replies = co_await connection_->exchange(question.commands, kMissingDeadline);
  if (!replies) co_return replies.error();
  std::vector<Range> mixed;
  for (std::size_t i = 0; i < question.parts.size(); ++i) {
    const Range& part = question.parts[i];
    const auto& reply = (*replies)[i];
    if (!reply.is_integer()) co_return redis::unexpected_reply("EXISTS", reply);
    if (reply.integer == 0) {
      for (std::size_t at = part.first; at < part.last; ++at) {
        found_.damage.missing.insert(key_print(names.at(at)));
      }
    } else if (reply.integer != static_cast<std::int64_t>(part.size())) {
      mixed.push_back(part);
    }
  }
  if (mixed.empty()) co_return Status{};
  const std::size_t smaller = question.keys_of_part > kKeysOfPart ? kKeysOfPart : 1;
  const Question further = question_of(names, mixed, smaller);
  co_return co_await ask(names, further);
}

redis::awaitable<Status> FindMissing::ask_at_a_share(const Next& next) {
  const auto begun = Clock::now();
  const std::size_t missing_before = found_.damage.missing.size();
  const Status asked = co_await ask(next.names, next.question);
  if (!asked) co_return asked;
  const std::size_t missing = found_.damage.missing.size() - missing_before;
  const std::size_t all = next.names.size();
  many_lack_ = missing > all / kKeysOfCommand && missing < all / 2;
  if (options_.most_share < 1) {
    const auto took = Clock::now() - begun;
    co_await redis::pause_for(std::chrono::duration_cast<Clock::duration>(
        took * ((1 - options_.most_share) / options_.most_share)));
  }
  co_return Status{};
}

// Whoever waits at the queue goes on when asking fails.
redis::awaitable<Status> FindMissing::ask_or_give_up(const Next& next) {
  const Status asked = co_await ask_at_a_share(next);
  if (!asked) give_up();
  co_return asked;
}

redis::awaitable<Status> FindMissing::ask_all() {
  using asio::experimental::awaitable_operators::operator&&;
  const double all = bytes_of_files(options_.directory);
  asio::thread_pool thread(1);
  auto now = co_await next_beside(thread);
  while (now.names.size() > 0) {
    if (both_.stop_requested()) {
      give_up();
      co_return interrupted();
    }
    found_.expected_keys += static_cast<std::int64_t>(now.names.size());
    if (progress_) {
      const auto done = static_cast<double>(names_.bytes_read());
      progress_({"asking", found_.expected_keys, std::min(1.0, done / all), "keys"});
    }
    auto [next, asked] = co_await (next_beside(thread) && ask_or_give_up(now));
    if (!asked) co_return asked;
    now = std::move(next);
  }
  co_return both_.stop_requested() ? interrupted() : Status{};
}

redis::awaitable<Result<Survey>> FindMissing::run() {
  using asio::experimental::awaitable_operators::operator&&;
  auto [checked, asked] = co_await (check_beside() && ask_all());
  if (checked && checked->problems.count > 0) {
    co_return Survey{std::move(*checked), {}, {}, 0};
  }
  if (const auto why = failure_of_either(checked, asked)) co_return *why;
  found_.check = std::move(*checked);
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
