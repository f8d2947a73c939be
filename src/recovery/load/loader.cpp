// Design: the check costs a tenth of the load and runs first, on two threads, so that nothing is
// written when a row is bad. Then both files are read again and written as they stream by; only
// sets (words, children, links) are gathered, because a set written whole costs the server a third
// of one that grows member by member. Where they outgrow a bound they are written in parts. Words
// are cut by a thread of their own, because that takes about as long as the server's part.
#include "recovery/load/loader.h"

#include <thread>

#include "content/words.h"
#include "error/error.h"
#include "recovery/load/bulk_pipe.h"
#include "recovery/load/cut_load.h"
#include "recovery/load/eviction_watch.h"
#include "recovery/load/graph_batch.h"
#include "recovery/load/merge.h"
#include "recovery/load/rejects_file.h"
#include "recovery/load/word_gatherer.h"
#include "recovery/load/write_form.h"
#include "recovery/verify/server_facts.h"
#include "redis/info_when_loaded.h"
#include "redis/stop_patience.h"

namespace redkeep::recovery {
namespace {

using Next = CsvReader::Next;

// The gathered sets' share of this process's memory.
constexpr std::size_t kMostLoadSetBytes = std::size_t{96} << 20;
constexpr std::int64_t kLoadRowsBetweenReports = 1000;
// guard:load is there for as long as a load is under way, and stays if it is cut.
constexpr std::string_view kMarker = "load";

// A key of the wrong type would stop a merge at the same place again and again.
Error with_advice(const Error& error, const LoadOptions& options) {
  std::string how = options.how_to_go_on;
  if (error.kind == ErrorKind::Conflict) {
    how = fmt::format("`redkeep repair {}` replaces keys of the wrong type, and then {}",
                      printable(options.directory), how);
  }
  return Error{error.kind, fmt::format("{}; what was written stays: {}", error.message, how)};
}

Error without_a_write(const Error& error) {
  return Error{error.kind, fmt::format("{}; nothing was written", error.message)};
}

// What is there before the first write.
struct Ground {
  ContentCheck check;
  EvictionWatch evictions;
  std::optional<RejectsFile> rejects;
  WriteForm form = WriteForm::Plain;
  std::optional<WordGatherer> words;  // for a load of what is new, without a search index
  std::int64_t gathered_ahead = 0;    // entities whose words it was given already
};

// Gives the thread of the words each entity that was checked, until so many wait that the check
// would have to wait too.
class GatherAhead {
 public:
  explicit GatherAhead(Ground& ground) : ground_(ground) {}

  void operator()(const content::EntityView& entity, const CsvReader& /*reader*/) {
    goes_on_ = goes_on_ && !ground_.words->is_full();
    if (!goes_on_) return;
    ground_.words->add(entity);
    ++ground_.gathered_ahead;
  }

 private:
  Ground& ground_;
  bool goes_on_ = true;
};

class Load {
 public:
  Load(const keys::KeySchema& schema, const LoadOptions& options, Ground& ground,
       std::shared_ptr<redis::Connection> connection, std::stop_token stop,
       const std::function<void(const LoadProgress&)>& progress)
      : options_(options),
        ground_(ground),
        check_(ground.check),
        reasons_(ground.check.problems.first),
        stop_(std::move(stop)),
        progress_(progress),
        connection_(connection),
        pipe_(std::move(connection)),
        batch_(schema, ground.form, options.merge ? Existing::Replace : Existing::None),
        merge_(schema),
        marker_(schema.guard(kMarker)) {}

  redis::awaitable<Result<LoadOutcome>> run() {
    // By itself: where it is refused, nothing is written behind it.
    pipe_.commands().add({"SET", marker_, name_in_mark(options_.directory)});
    if (const Status marked = co_await pipe_.finish(); !marked) co_return marked.error();
    has_begun_ = true;
    if (const Status done = co_await write_entities(); !done) co_return done.error();
    if (const Status done = co_await write_associations(); !done) co_return done.error();
    if (const Status done = co_await write_search_index(); !done) co_return done.error();
    batch_.flush_strings(pipe_.commands());
    if (const Status done = co_await write_sets(); !done) co_return done.error();
    if (const Status done = co_await pipe_.finish(); !done) co_return done.error();
    const Status kept = co_await ground_.evictions.look_again(*connection_);
    if (!kept) co_return kept.error();
    pipe_.commands().add({"UNLINK", marker_});
    if (const Status done = co_await pipe_.finish(); !done) co_return done.error();
    outcome_.words = batch_.words_written();
    outcome_.commands = pipe_.commands_sent();
    outcome_.problems = check_.problems;
    outcome_.conflicts = merge_.conflicts();
    if (ground_.rejects) {
      if (const Status done = ground_.rejects->finish(); !done) co_return done.error();
    }
    co_return std::move(outcome_);
  }

  /// Whether the mark is there, and content may be.
  bool has_begun() const { return has_begun_; }

 private:
  redis::awaitable<Status> write_entities();
  redis::awaitable<Status> write_associations();
  redis::awaitable<Status> write_search_index();
  redis::awaitable<Status> write_sets();
  redis::awaitable<Status> write_each(bool (GraphBatch::*next)(redis::CommandBuffer&));
  bool step_is_due() { return ++rows_ % kLoadRowsBetweenReports == 0 || pipe_.is_due(); }
  redis::awaitable<Status> step(std::int64_t bytes_read);
  void reject(const CsvReader& reader, const std::string& problem);

  const LoadOptions& options_;
  Ground& ground_;
  const ContentCheck& check_;
  RejectReasons reasons_;
  std::stop_token stop_;
  const std::function<void(const LoadProgress&)>& progress_;
  std::shared_ptr<redis::Connection> connection_;
  BulkPipe pipe_;
  GraphBatch batch_;
  Merge merge_;
  std::string marker_;
  content::WordExtractor extractor_;  // for a merge, which compares old and new words
  LoadOutcome outcome_;
  bool has_begun_ = false;
  std::int64_t rows_ = 0;
  std::int64_t bytes_before_ = 0;  // of the files that are done
};

// After a row: send what makes a window, look whether to stop, tell how far we are.
redis::awaitable<Status> Load::step(std::int64_t bytes_read) {
  if (rows_ % kLoadRowsBetweenReports == 0) {
    if (stop_.stop_requested()) {
      co_return interrupted();
    }
    if (progress_) {
      const auto done = static_cast<double>(bytes_before_ + bytes_read);
      progress_({"writing", rows_, done / static_cast<double>(check_.total_bytes)});
    }
  }
  const std::size_t gathered = batch_.set_bytes() + (ground_.words ? ground_.words->bytes() : 0);
  if (gathered > kMostLoadSetBytes) co_return co_await write_sets();
  co_return co_await pipe_.advance();
}

// While the words are written, the other sets are sorted: so the server does not wait for it.
redis::awaitable<Status> Load::write_sets() {
  std::jthread sorting([this] { batch_.sort_sets(); });
  if (ground_.words) {
    batch_.take_words(ground_.words->take());
    const Status written = co_await write_each(&GraphBatch::next_word);
    if (!written) co_return written;
  }
  sorting.join();
  co_return co_await write_each(&GraphBatch::next_set);
}

redis::awaitable<Status> Load::write_each(bool (GraphBatch::*next)(redis::CommandBuffer&)) {
  while ((batch_.*next)(pipe_.commands())) {
    if (!pipe_.is_due()) continue;
    if (const Status sent = co_await pipe_.advance(); !sent) co_return sent;
  }
  co_return Status{};
}

// `problem` is what is wrong with the row by itself; empty: rows contradict each other.
void Load::reject(const CsvReader& reader, const std::string& problem) {
  ++outcome_.bad_rows;
  if (!ground_.rejects) return;
  ground_.rejects->add(reader, problem.empty() ? reasons_.of(reader) : problem);
}

redis::awaitable<Status> Load::write_entities() {
  static const std::vector<std::string_view> kNoWords;
  auto file = EntityFile::open(options_.directory);
  if (!file) co_return file.error();
  if (const Status same = same_as_checked(check_, file->reader()); !same) co_return same;
  BadLines bad(check_.bad_entity_lines);
  content::EntityView entity;
  for (;;) {
    const Next next = file->next_unchecked(entity);
    if (next == Next::End) break;
    if (next != Next::Row || bad.contains(file->reader().line())) {
      if (next == Next::Broken && (options_.rejects_file.empty() || file->reader().failed())) {
        co_return make_error(ErrorKind::Io, "{}", file->problem());
      }
      if (next == Next::Row) file->check(entity);
      reject(file->reader(), file->problem());
      if (next == Next::Broken) break;
      continue;
    }
    const auto path = check_.containments.path_of(entity.id);
    if (options_.merge) {
      merge_.add_entity(entity, path,
                        check_.has_search_index ? kNoWords : extractor_.words_of(entity));
      if (merge_.is_full()) {
        const Status merged = co_await merge_.write_entities(pipe_, batch_);
        if (!merged) co_return merged;
      }
    } else {
      batch_.add_entity(entity, path, kNoWords, pipe_.commands());
      const bool is_new = outcome_.entities >= ground_.gathered_ahead;
      if (ground_.words && is_new) ground_.words->add(entity);
    }
    ++outcome_.entities;
    if (!step_is_due()) continue;
    const Status stepped = co_await step(file->reader().bytes_read());
    if (!stepped) co_return stepped;
  }
  bytes_before_ += file->reader().file_bytes();
  if (ground_.words) ground_.words->finish();
  co_return co_await merge_.write_entities(pipe_, batch_);
}

redis::awaitable<Status> Load::write_associations() {
  if (!check_.files.contains("associations.csv")) co_return Status{};
  auto file = AssociationFile::open(options_.directory);
  if (!file) co_return file.error();
  if (const Status same = same_as_checked(check_, file->reader()); !same) co_return same;
  BadLines bad(check_.bad_association_lines);
  content::AssociationView association;
  for (;;) {
    const Next next = file->next_unchecked(association);
    if (next == Next::End) break;
    if (next != Next::Row || bad.contains(file->reader().line())) {
      if (next == Next::Broken && (options_.rejects_file.empty() || file->reader().failed())) {
        co_return make_error(ErrorKind::Io, "{}", file->problem());
      }
      if (next == Next::Row) file->check(association);
      reject(file->reader(), file->problem());
      if (next == Next::Broken) break;
      continue;
    }
    if (options_.merge) {
      merge_.add_association(association);
      if (merge_.is_full()) {
        const Status merged = co_await merge_.write_associations(pipe_, batch_);
        if (!merged) co_return merged;
      }
    } else {
      batch_.add_association(association, pipe_.commands());
    }
    ++outcome_.associations;
    if (!step_is_due()) continue;
    const Status stepped = co_await step(file->reader().bytes_read());
    if (!stepped) co_return stepped;
  }
  bytes_before_ += file->reader().file_bytes();
  co_return co_await merge_.write_associations(pipe_, batch_);
}

redis::awaitable<Status> Load::write_search_index() {
  if (!check_.has_search_index) co_return Status{};
  auto reader = open_search_index(options_.directory);
  if (!reader) co_return reader.error();
  if (const Status same = same_as_checked(check_, *reader); !same) co_return same;
  BadLines bad(check_.bad_index_lines);
  for (;;) {
    const Next next = reader->next();
    if (next == Next::End) co_return Status{};
    if (next != Next::Row || bad.contains(reader->line())) {
      if (next == Next::Broken && (options_.rejects_file.empty() || reader->failed())) {
        co_return make_error(ErrorKind::Io, "{}", reader->problem());
      }
      reject(*reader, reader->problem());
      if (next == Next::Broken) co_return Status{};
      continue;
    }
    for (const auto id : ids_in(reader->field(1))) batch_.add_word(reader->field(0), id);
    if (!step_is_due()) continue;
    const Status stepped = co_await step(reader->bytes_read());
    if (!stepped) co_return stepped;
  }
}

// The files first: what is wrong with them is no matter of the server.
Status open_files(const LoadOptions& options, Ground& ground) {
  const auto entities = EntityFile::open(options.directory);
  if (!entities) return entities.error();
  if (options.rejects_file.empty()) return {};
  auto rejects = RejectsFile::create(options.rejects_file, options.directory);
  if (!rejects) return rejects.error();
  ground.rejects.emplace(std::move(*rejects));
  return {};
}

redis::awaitable<Status> wait_for_server(redis::Connection& connection, std::stop_token stop,
                                         const std::function<void(const LoadProgress&)>& progress,
                                         Ground& ground) {
  std::function<void(const std::string&)> waiting;
  if (progress) waiting = [&progress](const std::string& why) { progress({why, -1, -1}); };
  const auto info = co_await redis::info_when_loaded(connection, std::move(stop), waiting);
  if (info && info->count("slave_read_only") == 1) {
    co_return make_error(ErrorKind::NotPermitted,
                         "this server is a read-only replica: load into its master");
  }
  if (info) ground.evictions = EvictionWatch(*info);
  const bool goes_on = info || info.error().kind == ErrorKind::NotPermitted;
  co_return goes_on ? Status{} : Status{info.error()};
}

}  // namespace

redis::awaitable<Result<LoadOutcome>> load_over(
    std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema,
    LoadOptions options, std::stop_token stop,
    const std::function<void(const LoadProgress&)>& progress) {
  Ground ground;
  if (const Status opened = open_files(options, ground); !opened) co_return opened.error();
  const Status serves = co_await wait_for_server(*connection, stop, progress, ground);
  if (!serves) co_return serves.error();
  const auto merges = co_await must_merge(*connection, schema, options);
  if (!merges) co_return merges.error();
  options.merge = *merges;
  Result<std::optional<std::int64_t>> position = std::optional<std::int64_t>();
  if (options.merge) position = co_await ask_position(*connection, schema);
  if (!position) co_return position.error();
  if (progress) progress({"checking", 0, -1});
  CheckEvents events;
  if (!options.merge && !has_search_index(options.directory)) {
    ground.words.emplace(WordGatherer::Begins::WhenTold);
    events.entity_passed = GatherAhead(ground);
    events.associations_read = [&words = *ground.words] { words.begin(); };
  }
  auto check = co_await check_content_beside(options.directory, stop, std::move(events));
  if (!check) co_return check.error();
  if (check->problems.count > 0 && options.rejects_file.empty()) {
    LoadOutcome refused;
    refused.bad_rows = check->problems.count;
    refused.problems = check->problems;
    co_return refused;
  }
  ground.check = std::move(*check);
  const bool cuts_words = !options.merge && !ground.check.has_search_index;
  if (!cuts_words) ground.words.reset();
  if (cuts_words && !ground.words) ground.words.emplace();  // the index went meanwhile
  // Of a merge a part is there already, and how large that is nobody knows.
  const auto bytes = ground.check.estimated_bytes;
  const Status fits = options.merge ? ground.evictions.require_possible(bytes)
                                    : ground.evictions.require_room(bytes);
  if (!fits) co_return fits.error();
  const auto form = co_await probe_write_form(*connection, schema);
  if (!form) co_return form.error();
  ground.form = *form;
  Load run(schema, options, ground, std::move(connection), stop, progress);
  auto outcome = co_await run.run();
  if (!outcome) {
    const Error why = unless_stopped(outcome.error(), stop);
    co_return run.has_begun() ? with_advice(why, options) : without_a_write(why);
  }
  outcome->journal_position = *position;
  co_return outcome;
}

redis::awaitable<Result<LoadOutcome>> load(EndpointOptions endpoint, std::string prefix,
                                           LoadOptions options, std::stop_token stop,
                                           std::function<void(const LoadProgress&)> progress) {
  const keys::KeySchema schema(std::move(prefix));
  auto opened = co_await redis::Connection::open(std::move(endpoint));
  if (!opened) co_return opened.error();
  const std::shared_ptr<redis::Connection> connection = std::move(*opened);
  // Apart: g++ 12 destroys twice what a lambda captures beside a co_await.
  const auto executor = co_await boost::asio::this_coro::executor;
  const redis::StopPatience patience(executor, stop, [connection] { connection->close(); });
  auto outcome = co_await load_over(connection, schema, std::move(options), stop, progress);
  if (!outcome) co_return unless_stopped(outcome.error(), stop);
  co_return outcome;
}

}  // namespace redkeep::recovery
