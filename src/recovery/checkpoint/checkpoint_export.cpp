// Design: one pass that writes what it reads. What records say together can only be told as they
// come, and a cycle only at the end; so a pass that found something wrong is thrown away and made
// again, until two say the same: an application may have been in the middle of a change. What
// closes a cycle is left out by a further pass. Rejected: holding back rows until all is known,
// which would keep the whole content in memory.
#include "recovery/checkpoint/checkpoint_export.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>
#include <span>

#include "error/error.h"
#include "keys/fingerprint_set.h"
#include "recovery/checkpoint/checkpoint_writer.h"
#include "recovery/checkpoint/manifest.h"
#include "recovery/csv/containments.h"
#include "recovery/load/find_graph.h"
#include "redis/info_when_loaded.h"
#include "redis/stop_patience.h"

namespace redkeep::recovery {
namespace {

using keys::fingerprint;
using Paths = std::set<std::string, std::less<>>;

// Where each pass finds something else, the graph is being changed faster than it is read.
constexpr int kMostPasses = 8;

// What records say together, and the rows of those that do not contradict an earlier one.
class Pass : public RecordSink {
 public:
  Pass(CheckpointWriter& writer, const keys::KeySchema& schema, const Paths& closing)
      : writer_(writer), schema_(schema), closing_(closing) {}

  Status take(const content::EntityView& entity) override {
    const auto id = fingerprint(entity.id);
    if (ids_.contains(id)) {
      return contradiction(key_of(entity), "the id is there twice, with another type");
    }
    if (!entity.semantic_name.empty() &&
        !names_.insert(fingerprint(schema_.semantic(entity.type, entity.semantic_name)))) {
      return contradiction(key_of(entity), fmt::format("another {} has the semantic name {}, too",
                                                       entity.type, entity.semantic_name));
    }
    ids_.insert(id);
    return writer_.add(entity);
  }

  Status take(const content::AssociationView& association) override {
    for (const auto end : {association.parent_id, association.child_id}) {
      if (ids_.contains(fingerprint(end))) continue;
      left_out.add(fmt::format("{}: there is no entity {}", printable(key_of(association)), end));
      return {};
    }
    if (closing_.contains(association.path)) {
      return contradiction(key_of(association), kClosesCycle);
    }
    if (association.is_containment()) {
      const auto before = containments_.add(association.parent_id, association.child_id,
                                            association.path, ++containment_count_);
      if (before) {
        return contradiction(
            key_of(association),
            fmt::format("{} has a containing parent already, by {}", association.child_id,
                        printable(schema_.association(*before))));
      }
    }
    return writer_.add(association);
  }

  void take_bad(std::string problem) override { bad_records.add(std::move(problem)); }

  // Once all was taken: the paths of the containments that close a cycle.
  std::vector<std::string> closing_paths() {
    std::vector<std::string> paths;
    for (const auto& closing : containments_.break_cycles()) paths.emplace_back(closing.path);
    return paths;
  }

  static constexpr std::string_view kClosesCycle = "the containment closes a cycle";
  ContentProblems bad_records;
  ContentProblems left_out;

 private:
  std::string key_of(const content::EntityView& entity) const {
    return schema_.entity(entity.type, entity.id);
  }
  std::string key_of(const content::AssociationView& association) const {
    return schema_.association(association.path);
  }
  Status contradiction(const std::string& key, std::string_view what) {
    bad_records.add(fmt::format("{}: {}", printable(key), what));
    return {};
  }

  CheckpointWriter& writer_;
  const keys::KeySchema& schema_;
  const Paths& closing_;
  keys::FingerprintSet ids_;
  keys::FingerprintSet names_;
  Containments containments_;
  std::uint32_t containment_count_ = 0;
};

class Export {
 public:
  Export(std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema,
         CheckpointWriter& writer, const CheckpointOptions& options, std::stop_token stop,
         std::function<void(const ReadProgress&)> progress)
      : connection_(std::move(connection)),
        schema_(schema),
        writer_(writer),
        options_(options),
        stop_(std::move(stop)),
        progress_(std::move(progress)) {}

  redis::awaitable<Result<CheckpointOutcome>> run();

 private:
  enum class Verdict { Again, Refuse, Write };

  redis::awaitable<Result<Verdict>> pass(int number);
  Verdict judge(Pass& pass, int number);
  redis::awaitable<Status> wait_until_loaded();
  redis::awaitable<Status> require_whole_graph();
  redis::awaitable<Status> require_position();
  Status require_something();

  std::shared_ptr<redis::Connection> connection_;
  const keys::KeySchema& schema_;
  CheckpointWriter& writer_;
  const CheckpointOptions& options_;
  std::stop_token stop_;
  std::function<void(const ReadProgress&)> progress_;
  Paths closing_;  // what the next pass leaves out
  CheckpointOutcome outcome_;
};

redis::awaitable<Result<CheckpointOutcome>> Export::run() {
  const auto begun = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  outcome_.directory = writer_.directory();
  if (const Status loaded = co_await wait_until_loaded(); !loaded) co_return loaded.error();
  if (const Status quiet = co_await require_whole_graph(); !quiet) co_return quiet.error();
  Verdict verdict = Verdict::Again;
  for (int number = 1; verdict == Verdict::Again; ++number) {
    if (number > kMostPasses) {
      co_return make_error(ErrorKind::ServerBusy,
                           "the graph changes faster than it can be read: try again");
    }
    const auto judged = co_await pass(number);
    if (!judged) co_return judged.error();
    verdict = *judged;
  }
  if (const Status quiet = co_await require_whole_graph(); !quiet) co_return quiet.error();
  if (verdict == Verdict::Refuse) co_return std::move(outcome_);
  if (const Status some = require_something(); !some) co_return some.error();
  if (const Status put = writer_.finish(begun, options_.position); !put) co_return put.error();
  outcome_.written = true;
  outcome_.entities = writer_.entities();
  outcome_.associations = writer_.associations();
  outcome_.bytes = writer_.bytes();
  co_return std::move(outcome_);
}

redis::awaitable<Result<Export::Verdict>> Export::pass(int number) {
  if (const Status begun = writer_.begin(); !begun) co_return begun.error();
  Pass pass(writer_, schema_, closing_);
  GraphReader reader(connection_, schema_, stop_, progress_);
  if (const Status read = co_await reader.run(pass); !read) co_return read.error();
  outcome_.vanished_keys = reader.vanished_keys();
  outcome_.keys_with_other_fields = reader.keys_with_other_fields();
  outcome_.an_other_field = reader.an_other_field();
  co_return judge(pass, number);
}

Export::Verdict Export::judge(Pass& pass, int number) {
  ContentProblems found = std::move(pass.bad_records);
  const auto closing = pass.closing_paths();
  for (const auto& path : closing) {
    found.add(fmt::format("{}: {}", printable(schema_.association(path)), Pass::kClosesCycle));
  }
  const bool is_as_before = found.first == outcome_.bad_records.first;
  outcome_.bad_records = std::move(found);
  outcome_.left_out = std::move(pass.left_out);
  if (outcome_.bad_records.count == 0) return Verdict::Write;
  if (!is_as_before && number < kMostPasses) return Verdict::Again;
  if (!options_.skip_bad_records) return Verdict::Refuse;
  closing_.insert(closing.begin(), closing.end());
  return closing.empty() ? Verdict::Write : Verdict::Again;
}

// Where INFO is refused, the next answer tells whether the server serves.
redis::awaitable<Status> Export::wait_until_loaded() {
  std::function<void(const std::string&)> waiting;
  if (progress_) waiting = [this](const std::string& why) { progress_({why, -1, -1}); };
  const auto loaded = co_await redis::info_when_loaded(*connection_, stop_, waiting);
  if (loaded || loaded.error().kind == ErrorKind::NotPermitted) co_return Status{};
  co_return loaded.error();
}

// What the checkpoint says it holds is removed from the journal, so a server that has lost its
// content, before or during the reading, must not pass for one that has it.
redis::awaitable<Status> Export::require_position() {
  if (!options_.position) co_return Status{};
  const std::string key = schema_.guard("position");
  redis::CommandBuffer ask;
  ask.add({"GET", key});
  ask.add({"GET", schema_.guard("journal")});
  const auto answers = co_await connection_->exchange(ask, std::chrono::seconds{5});
  if (!answers) co_return answers.error();
  for (const auto& answer : *answers) {
    if (answer.is_error()) co_return redis::error_from_reply("GET " + printable(key), answer);
  }
  const bool is_same = options_.journal.empty() || answers->back().string() == options_.journal;
  const bool is_there = answers->front().string() == std::to_string(*options_.position);
  if (is_same && is_there) co_return Status{};
  co_return make_error(ErrorKind::Refused,
                       "{} is no longer {}{}: the server has lost its content or somebody else "
                       "applied a journal to it; try again when it was brought forward",
                       printable(key), *options_.position, is_same ? "" : " of this journal");
}

// A graph that is being loaded or rebuilt is not whole.
redis::awaitable<Status> Export::require_whole_graph() {
  redis::CommandBuffer ask;
  ask.add({"EXISTS", schema_.guard("load")});
  ask.add({"EXISTS", schema_.guard("rebuild")});
  ask.add({"GET", schema_.guard("content")});
  const auto answers = co_await connection_->exchange(ask, std::chrono::seconds{5});
  if (!answers) co_return answers.error();
  for (const auto& answer : std::span(*answers).first(2)) {
    if (!answer.is_integer()) co_return redis::unexpected_reply("EXISTS", answer);
  }
  if (answers->back().string() == kGraphIsRestored) {
    co_return make_error(ErrorKind::Refused,
                         "the graph is being written back, or that was cut ({} is {}), and it is "
                         "not whole: a running guard finishes it, or `redkeep rebuild`",
                         printable(schema_.guard("content")), kGraphIsRestored);
  }
  const bool is_loading = answers->front().integer != 0;
  const bool is_rebuilding = (*answers)[1].integer != 0;
  if (!is_loading && !is_rebuilding) co_return co_await require_position();
  co_return make_error(ErrorKind::Refused,
                       "a {0} is under way or was cut ({1}), and the graph is not whole: "
                       "`redkeep {0}{2}` finishes it",
                       is_loading ? "load" : "rebuild",
                       printable(schema_.guard(is_loading ? "load" : "rebuild")),
                       is_loading ? " --merge" : "");
}

// After a FLUSHALL by somebody the last copy must not be replaced by nothing.
Status Export::require_something() {
  if (writer_.entities() > 0) return {};
  const auto old = read_manifest(checkpoint_path(writer_.directory()));
  if (!old || old->files.front().rows == 0) return {};
  return make_error(ErrorKind::Refused,
                    "Redis has no entity under {}, and {} has {}: remove it first if that is meant",
                    printable(schema_.prefix()), writer_.directory(), old->files.front().rows);
}

// A connection that was closed because we were asked to stop is no fault of the server.
Error ended(const Error& error, const std::stop_token& stop) {
  const bool is_cut =
      error.kind == ErrorKind::Unreachable || error.kind == ErrorKind::UnknownOutcome;
  if (!is_cut || !stop.stop_requested()) return error;
  return {ErrorKind::Interrupted, "stopped on request; the server did not answer any more"};
}

Error with_state(const Error& error, const CheckpointWriter& writer) {
  if (writer.is_put()) return error;
  const bool has_old = read_manifest(checkpoint_path(writer.directory())).ok();
  return make_error(error.kind, "{}; {} {}", error.message, writer.directory(),
                    has_old ? "is as it was" : "was not written");
}

redis::awaitable<Result<CheckpointOutcome>> export_over(
    std::shared_ptr<redis::Connection> connection, CheckpointWriter& writer, std::string prefix,
    const CheckpointOptions& options, std::stop_token stop,
    std::function<void(const ReadProgress&)> progress) {
  const keys::KeySchema schema(std::move(prefix));
  const auto executor = co_await boost::asio::this_coro::executor;
  const redis::StopPatience patience(executor, stop, [connection] { connection->close(); });
  Export run(connection, schema, writer, options, stop, std::move(progress));
  auto outcome = co_await run.run();
  if (!outcome || !outcome->written) writer.abandon();
  if (!outcome) co_return with_state(ended(outcome.error(), stop), writer);
  co_return outcome;
}

// What co_spawn() carries over has to have an empty state.
redis::awaitable<std::optional<Result<CheckpointOutcome>>> export_now(
    Disk* disk, EndpointOptions endpoint, std::string prefix, CheckpointOptions options,
    std::stop_token stop, std::function<void(const ReadProgress&)> progress) {
  // First: a directory that is refused is told without waiting for a server.
  auto writer = CheckpointWriter::create(*disk, options.directory, options.replace);
  if (!writer) co_return Result<CheckpointOutcome>(writer.error());
  auto opened = co_await redis::Connection::open(std::move(endpoint));
  if (!opened) {
    writer->abandon();
    co_return Result<CheckpointOutcome>(with_state(opened.error(), *writer));
  }
  const std::shared_ptr<redis::Connection> connection = std::move(*opened);
  co_return co_await export_over(connection, *writer, std::move(prefix), options, stop,
                                 std::move(progress));
}

}  // namespace

redis::awaitable<Result<CheckpointOutcome>> write_checkpoint(
    Disk& disk, EndpointOptions endpoint, std::string prefix, CheckpointOptions options,
    std::stop_token stop, std::function<void(const ReadProgress&)> progress) {
  boost::asio::thread_pool thread(1);
  auto work = export_now(&disk, std::move(endpoint), std::move(prefix), std::move(options), stop,
                         std::move(progress));
  auto outcome =
      co_await boost::asio::co_spawn(thread, std::move(work), boost::asio::use_awaitable);
  co_return std::move(*outcome);
}

}  // namespace redkeep::recovery
