#include "recovery/journal/journal.h"

#include <future>
#include <utility>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

// One append: well below a file's size, so that files are not cut short.
constexpr std::size_t kMostBatchBytes = std::size_t{4} << 20;
constexpr std::size_t kMostWaitingBytes = std::size_t{64} << 20;

std::size_t line_bytes(const JournalLine& line) {
  std::size_t bytes = 48 + line.operation.size();
  for (const auto& field : line.fields) bytes += field.size() + 4;
  return bytes;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(Disk& disk, std::string directory,
                                               JournalLimits limits, std::int64_t taken) {
  auto writer = JournalWriter::open(disk, directory, limits, taken);
  if (!writer) return writer.error();
  return std::unique_ptr<Journal>(new Journal(std::move(*writer), std::move(directory)));
}

Journal::Journal(JournalWriter writer, std::string directory)
    : directory_(std::move(directory)),
      torn_(writer.torn_tail()),
      found_up_to_(writer.found_up_to()),
      writer_(std::move(writer)) {
  note_state();
  thread_ = std::thread([this] { run(); });
}

Journal::~Journal() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void Journal::append(JournalLine line, Done done) {
  const std::size_t bytes = line_bytes(line);
  std::unique_lock lock(mutex_);
  if (waiting_bytes_ + bytes > kMostWaitingBytes && !waiting_.empty()) {
    lock.unlock();
    done(make_error(ErrorKind::Refused,
                    "{} MiB wait for the journal's disk already: try again when it is less busy",
                    kMostWaitingBytes >> 20));
    return;
  }
  waiting_bytes_ += bytes;
  waiting_.push_back({std::move(line), bytes, std::move(done)});
  changed_.notify_one();
}

Result<std::int64_t> Journal::append_and_wait(JournalLine line) {
  std::promise<Result<std::int64_t>> promise;
  append(std::move(line),
         [&promise](Result<std::int64_t> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

void Journal::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    auto batch = take_batch();
    lock.unlock();
    const Status stored = append_together(batch);
    for (auto& request : batch) {
      if (stored) {
        request.done(request.line.position);
      } else {
        request.done(stored.error());
      }
    }
    batch.clear();
    lock.lock();
  }
}

std::vector<Journal::Request> Journal::take_batch() {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < waiting_.size()) {
    if (count > 0 && bytes + waiting_[count].bytes > kMostBatchBytes) break;
    bytes += waiting_[count++].bytes;
  }
  waiting_bytes_ -= bytes;
  if (count == waiting_.size()) return std::exchange(waiting_, {});
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Request> batch(std::make_move_iterator(waiting_.begin()),
                             std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return batch;
}

Status Journal::append_together(std::vector<Request>& batch) {
  std::vector<JournalLine> lines;
  lines.reserve(batch.size());
  for (auto& request : batch) lines.push_back(std::move(request.line));
  Status stored;
  {
    const std::lock_guard lock(writer_mutex_);
    stored = writer_.append(lines);
    note_state();
  }
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].line = std::move(lines[i]);
  return stored;
}

// With the writer's mutex held.
void Journal::note_state() {
  const std::lock_guard lock(mutex_);
  first_position_ = writer_.first_position();
  last_position_ = writer_.last_position();
  // They only grow between two removals of files.
  if (voided_.size() != writer_.voided().size()) voided_ = writer_.voided();
}

Status Journal::leave_out_until(std::int64_t position) {
  const std::lock_guard lock(writer_mutex_);
  const Status done = writer_.leave_out_until(position);
  note_state();
  return done;
}

Status Journal::begin_next_file(std::int64_t position) {
  const std::lock_guard lock(writer_mutex_);
  const Status done = writer_.begin_next_file(position);
  note_state();
  return done;
}

Status Journal::remove_files_up_to(std::int64_t position) {
  const std::lock_guard lock(writer_mutex_);
  const Status done = writer_.remove_files_up_to(position);
  note_state();
  return done;
}

std::int64_t Journal::first_position() const {
  const std::lock_guard lock(mutex_);
  return first_position_;
}

std::int64_t Journal::last_position() const {
  const std::lock_guard lock(mutex_);
  return last_position_;
}

bool Journal::is_voided(std::int64_t position) const {
  const std::lock_guard lock(mutex_);
  return voided_.contains(position);
}

}  // namespace redkeep::recovery
