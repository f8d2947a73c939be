#pragma once
// The journal as many writers use it: a thread of its own appends, and what arrives while it is
// busy with the disk goes together in the next append, so that many writers share one sync.
//
// Safe from any thread.
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "recovery/journal/journal_writer.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

class Journal {
 public:
  /// Gets the line's position when it is stored, or why it is not. Called on the journal's thread,
  /// in the order of the positions; it must not block.
  using Done = std::function<void(Result<std::int64_t>)>;

  /// As JournalWriter::open() does. `disk` must outlive it.
  static Result<std::unique_ptr<Journal>> open(Disk& disk, std::string directory,
                                               JournalLimits limits = {}, std::int64_t taken = 0);
  /// What waits is appended first.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Refused (at once) when 64 MiB wait for the disk already. The line's position is set.
  void append(JournalLine line, Done done);
  /// The same, for a thread that may wait.
  Result<std::int64_t> append_and_wait(JournalLine line);

  /// See JournalWriter. These three wait for an append that is under way, the others never do.
  Status leave_out_until(std::int64_t position);
  Status begin_next_file(std::int64_t position);
  Status remove_files_up_to(std::int64_t position);
  std::int64_t first_position() const;
  std::int64_t last_position() const;
  bool is_voided(std::int64_t position) const;
  /// See JournalWriter.
  std::int64_t found_up_to() const { return found_up_to_; }
  /// What was cut off when it was opened.
  const std::optional<TornTail>& torn_tail() const { return torn_; }

  const std::string& directory() const { return directory_; }

 private:
  struct Request {
    JournalLine line;
    std::size_t bytes;
    Done done;
  };

  Journal(JournalWriter writer, std::string directory);
  void run();
  std::vector<Request> take_batch();
  void note_state();
  Status append_together(std::vector<Request>& batch);

  const std::string directory_;
  std::optional<TornTail> torn_;
  const std::int64_t found_up_to_;
  std::mutex writer_mutex_;  // held during an append
  JournalWriter writer_;

  mutable std::mutex mutex_;  // of what follows
  // As the writer has it between two appends.
  std::int64_t first_position_ = 0;
  std::int64_t last_position_ = 0;
  std::set<std::int64_t> voided_;
  std::condition_variable changed_;
  std::vector<Request> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool closing_ = false;

  std::thread thread_;  // last: it uses all the others
};

}  // namespace redkeep::recovery
