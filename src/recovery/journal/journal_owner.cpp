#include "recovery/journal/journal_owner.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <limits>

#include "error/error.h"
#include "recovery/checkpoint/checkpoint_place.h"
#include "recovery/checkpoint/manifest.h"
#include "recovery/journal/present_content.h"
#include "redis/beside.h"
#include "redis/pause.h"
#include "sizes/sizes.h"

namespace redkeep::recovery {
namespace {

constexpr std::chrono::seconds kLookEvery{10};

std::int64_t bytes_in(const std::string& directory) {
  std::int64_t bytes = 0;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(directory, code)) {
    const auto size = entry.file_size(code);
    if (!code) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

// Where the server has lost its content, what is missing is written. What an old one still has may
// be older than the base, or removed since, so there all is made as the base has it, and what goes
// is saved first. A graph without a position may hold what nobody has elsewhere, so what the base
// does not have stays there for a person to decide on. It need not fit below the stop mark:
// protected content goes before caches.
redis::awaitable<Status> bring_base(std::shared_ptr<redis::Client> client, Options options,
                                    std::string directory, BehindRedis behind, BroughtBase& base) {
  // Named: g++ 12 destroys a temporary of a full expression with `co_await` twice.
  const std::stop_token no_stop;
  const ShowProgress untold;
  ContentProblems problems;
  // A journal that is there from its first line removes by itself what was removed through it.
  const bool is_old = behind.position || (behind.has_graph && base.position > 0);
  if (is_old) {
    RepairOptions how;
    how.mend.directory = directory;
    how.despite_journal = true;  // which is applied afterwards
    how.mend.remove_orphans = behind.position.has_value();
    how.mend.save_to = options.data_directory;
    const auto repaired =
        co_await recovery::repair(options.endpoint, options.prefix, how, no_stop, untold);
    if (!repaired) co_return repaired.error();
    problems = repaired->problems;
    const MendOutcome& mended = repaired->mended;
    base.changed_keys = mended.missing + mended.changed + mended.wrong_type;
    base.removed_keys = mended.orphans_removed;
    base.left_keys = mended.orphans_left;
    base.saved_directory = mended.saved_directory;
  } else {
    const auto restored = co_await restore_missing(
        client, options.prefix, directory, std::numeric_limits<std::int64_t>::max(), no_stop);
    if (!restored) co_return restored.error();
    problems = restored->problems;
    base.changed_keys = restored->missing_keys;
  }
  if (problems.count == 0) co_return Status{};
  co_return make_error(ErrorKind::Refused, "{} in {}, the first: {}",
                       sizes::print_counted(problems.count, "bad row"), printable(directory),
                       problems.first.front());
}

// These two own what they need: they may end after the owner.
redis::awaitable<Result<BroughtBase>> restore_base(std::shared_ptr<redis::Client> client,
                                                   Options options, BehindRedis behind) {
  const auto find = [options] { return content_base(options); };
  const auto found = co_await redis::beside(find);
  if (!found) co_return found.error();
  BroughtBase base;
  if (found->directory.empty()) co_return base;
  base.position = found->position;
  base.name = found->directory == options.content_directory
                  ? "the content directory " + printable(found->directory)
                  : fmt::format("the checkpoint at position {}", found->position);
  const Status marked = co_await behind.mark(base.position);
  if (!marked) co_return marked.error();
  const Status brought = co_await bring_base(client, options, found->directory, behind, base);
  if (!brought) co_return brought.error();
  co_return base;
}

// Positions up to that of the checkpoint are taken, also where the journal beside it is gone. Where
// both are unreadable, nobody knows which position comes next.
Result<std::int64_t> position_of_checkpoint(const std::string& data_directory) {
  const auto manifest =
      read_manifest(checkpoint_path(DataDirectory::checkpoint_of(data_directory)));
  if (manifest) return manifest->position.value_or(0);
  if (manifest.error().kind == ErrorKind::NotFound) return std::int64_t{0};
  const auto files = journal_files(DataDirectory::journal_of(data_directory));
  if (!files) return files.error();
  if (files->empty()) return within("no journal is begun beside it", manifest.error());
  return std::int64_t{0};
}

redis::awaitable<Status> no_owner() {
  co_return make_error(ErrorKind::Interrupted, "the owner of the data directory ends");
}

}  // namespace

JournalOwner::JournalOwner(boost::asio::any_io_executor executor, const Options& options)
    : executor_(executor),
      options_(options),
      client_(redis::Client::create(executor, options.endpoint)) {}

Result<std::shared_ptr<JournalOwner>> JournalOwner::open(boost::asio::any_io_executor executor,
                                                         const Options& options,
                                                         redis::MakeRoom make_room) {
  auto directory = DataDirectory::own(options.data_directory);
  if (!directory) return directory.error();
  const auto checkpoint_position = position_of_checkpoint(options.data_directory);
  if (!checkpoint_position) return checkpoint_position.error();
  std::shared_ptr<JournalOwner> owner(new JournalOwner(executor, options));
  GraphWriterOptions how;
  how.endpoint = options.endpoint;
  how.prefix = options.prefix;
  how.deadline = options.endpoint.deadline;
  how.limits.durability = options.journal.durability;
  how.make_room = std::move(make_room);
  how.checkpoint_position = *checkpoint_position;
  how.restore_base = [client = owner->client_, options](BehindRedis behind) {
    return restore_base(client, options, std::move(behind));
  };
  auto writer = GraphWriter::open(executor, Disk::real(), std::move(*directory), std::move(how));
  if (!writer) return writer.error();
  owner->writer_ = std::move(*writer);
  return owner;
}

void JournalOwner::start() {
  writer_->start();
  auto listening =
      ChangeServer::listen(executor_, options_.data_directory, options_.prefix, writer_);
  if (!listening) {
    spdlog::warn("{}", listening.error().message);
    return;
  }
  server_ = std::move(*listening);
  server_->checkpoints_by([weak = weak_from_this()]() -> redis::awaitable<Status> {
    const auto owner = weak.lock();
    if (!owner) return no_owner();
    return owner->checkpoint_on_request();
  });
}

void JournalOwner::close() {
  closing_.request_stop();
  if (server_) server_->close();
  if (writer_) writer_->close();
  client_->close();
}

redis::awaitable<Status> JournalOwner::checkpoint_on_request() {
  const auto written = co_await checkpoint(closing_.get_token());
  if (!written) co_return written.error();
  co_return Status{};
}

redis::awaitable<Result<CheckpointOutcome>> JournalOwner::checkpoint(std::stop_token stop) {
  const auto self = shared_from_this();
  if (std::exchange(is_writing_checkpoint_, true)) {
    co_return make_error(ErrorKind::Refused, "a checkpoint is being written already");
  }
  const auto position = co_await writer_->hold();
  Result<CheckpointOutcome> outcome = CheckpointOutcome{};
  if (position) {
    outcome = co_await write_held(*position, stop);
    writer_->release();
  } else {
    outcome = position.error();
  }
  is_writing_checkpoint_ = false;
  co_return outcome;
}

redis::awaitable<Result<CheckpointOutcome>> JournalOwner::write_held(std::int64_t position,
                                                                     std::stop_token stop) {
  // So that the file with what this checkpoint holds can go, although stores go on meanwhile.
  const Status begun = writer_->begin_next_file(position);
  if (!begun) spdlog::warn("no new file of the journal: {}", begun.error().message);
  CheckpointOptions how;
  how.directory = DataDirectory::checkpoint_of(options_.data_directory);
  how.replace = true;
  how.position = position;
  how.journal = writer_->journal_identity();
  const std::function<void(const ReadProgress&)> untold;
  auto outcome = co_await write_checkpoint(Disk::real(), options_.endpoint, options_.prefix, how,
                                           stop, untold);
  if (!outcome) co_return outcome;
  if (!outcome->written) {
    co_return make_error(ErrorKind::Refused,
                         "no checkpoint was written: {} {} no valid record, the first: {}",
                         sizes::print_counted(outcome->bad_records.count, "key"),
                         sizes::by_count(outcome->bad_records.count, "is", "are"),
                         outcome->bad_records.first.front());
  }
  Status removed = co_await writer_->carry_hand_words_over(position);
  if (removed) removed = writer_->remove_files_up_to(position);
  if (!removed) spdlog::warn("the journal stays as long as it is: {}", removed.error().message);
  left_bytes_ = bytes_in(DataDirectory::journal_of(options_.data_directory));
  left_position_ = writer_->journaled_position();
  co_return outcome;
}

redis::awaitable<Result<RestoreOutcome>> JournalOwner::restore_missing(std::int64_t room_bytes,
                                                                       std::stop_token stop) {
  const auto self = shared_from_this();
  const auto position = co_await writer_->hold();
  if (!position) co_return position.error();
  auto outcome = co_await restore_held(*position, room_bytes, std::move(stop));
  writer_->release();
  co_await write_hand_words(*position);
  co_return outcome;
}

redis::awaitable<Result<RestoreOutcome>> JournalOwner::restore_held(std::int64_t position,
                                                                    std::int64_t room_bytes,
                                                                    std::stop_token stop) {
  const auto choose = [this, position] {
    return present_content(Disk::real(), options_, WithoutBase::JournalAlone, position);
  };
  const auto content = co_await redis::beside(choose);
  if (!content) co_return content.error();
  co_return co_await recovery::restore_missing(client_, options_.prefix, content->directory,
                                               room_bytes, std::move(stop));
}

redis::awaitable<Result<RepairOutcome>> JournalOwner::repair(RepairOptions how,
                                                             std::stop_token stop,
                                                             ShowProgress progress) {
  const auto self = shared_from_this();
  const auto held = co_await writer_->hold();
  if (!held) co_return held.error();
  how.content_at = present_content_of(options_, WithoutBase::Refused);
  auto outcome = co_await recovery::repair(options_.endpoint, options_.prefix, std::move(how),
                                           std::move(stop), std::move(progress));
  writer_->release();
  co_return outcome;
}

redis::awaitable<Result<RebuildOutcome>> JournalOwner::rebuild(RebuildOptions how,
                                                               std::stop_token stop,
                                                               ShowProgress progress) {
  const auto self = shared_from_this();
  const auto held = co_await writer_->hold();
  if (!held) co_return held.error();
  how.directory = options_.data_directory;
  how.content_at = present_content_of(options_, WithoutBase::Refused);
  auto outcome = co_await recovery::rebuild(options_.endpoint, options_.prefix, std::move(how),
                                            std::move(stop), std::move(progress));
  writer_->release();
  co_await write_hand_words(*held);
  co_return outcome;
}

// Words that were changed by hand are in no CSV: what wrote an index from it undid them.
redis::awaitable<void> JournalOwner::write_hand_words(std::int64_t position) {
  const Status words = co_await writer_->carry_hand_words_over(position);
  if (!words) spdlog::warn("words changed by hand: {}", words.error().message);
}

bool JournalOwner::checkpoint_is_due() const {
  const std::string place = DataDirectory::checkpoint_of(options_.data_directory);
  const auto manifest = read_manifest(checkpoint_path(place));
  const std::int64_t position = manifest ? manifest->position.value_or(0) : 0;
  if (writer_->applied_position() <= std::max(position, left_position_)) return false;
  if (bytes_in(DataDirectory::journal_of(options_.data_directory)) >=
      options_.journal.checkpoint_bytes + left_bytes_) {
    return true;
  }
  // By the wall clock, since it has to hold across restarts; one that was set back delays it only.
  const auto last = manifest ? manifest->written_at : opened_at_;
  return std::chrono::system_clock::now() - last >= options_.journal.checkpoint_every;
}

redis::awaitable<void> JournalOwner::keep_short(std::stop_token stop) {
  auto look_at = std::chrono::steady_clock::now() + kLookEvery;
  while (!stop.stop_requested()) {
    co_await redis::pause_for(std::chrono::milliseconds{100});
    if (stop.stop_requested() || std::chrono::steady_clock::now() < look_at) continue;
    look_at = std::chrono::steady_clock::now() + kLookEvery;
    const bool has_to_wait =
        writer_->held_up_by() || writer_->is_held() || writer_->recovery().is_under_way();
    if (has_to_wait || !checkpoint_is_due()) continue;
    const auto written = co_await checkpoint(stop);
    if (written) {
      spdlog::info("checkpoint: {} and {} in {}", sizes::print_counted(written->entities, "entity"),
                   sizes::print_counted(written->associations, "association"), written->directory);
    } else if (!stop.stop_requested()) {
      spdlog::error("no checkpoint was written: {}", written.error().message);
      look_at += std::chrono::minutes{5};
    }
  }
}

}  // namespace redkeep::recovery
