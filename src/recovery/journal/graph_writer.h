#pragma once
// The one owner through which the content graph is changed: a change is appended to the journal,
// synced, applied to Redis in the order of the journal, and then acknowledged. With Redis away it
// is acknowledged as Journaled and applied when Redis is back.
//
// All calls come from the executor it was made on.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "recovery/journal/applier.h"
#include "recovery/journal/change_queue.h"
#include "recovery/journal/data_directory.h"
#include "recovery/journal/journal.h"
#include "redkeep/store_outcome.h"

namespace redkeep::recovery {

/// Brings a Redis that has lost its content, or is older than the journal reaches back, to a state
/// from which the journal goes on, and returns that state's position (of the checkpoint; 0 for a
/// content directory). `found` is the server's guard:position, if there is one.
using RestoreBase =
    std::function<redis::awaitable<Result<std::int64_t>>(std::optional<std::int64_t> found)>;

struct GraphWriterOptions {
  EndpointOptions endpoint;
  std::string prefix;
  /// How long a writer waits for Redis before its change counts as Journaled.
  std::chrono::milliseconds deadline{5000};
  JournalLimits limits;
  redis::MakeRoom make_room;
  /// Without it, a Redis without content is filled from the journal alone, if that is whole.
  RestoreBase restore_base;
};

struct WaitingWriter;

class GraphWriter : public std::enable_shared_from_this<GraphWriter> {
 public:
  /// Opens the directory's journal: blocks while it is read. Fails as JournalWriter::open() does.
  /// `disk` must outlive it.
  static Result<std::shared_ptr<GraphWriter>> open(boost::asio::any_io_executor executor,
                                                   Disk& disk, DataDirectory directory,
                                                   GraphWriterOptions options);

  /// Begins to bring Redis forward by what it has not got of the journal. Again whenever it may
  /// have lost some: each write finds that out, but nobody may be writing. While nothing was ever
  /// stored, nothing is written there.
  void start();

  /// InvalidInput before anything is written. Other errors: the journal's (nothing is
  /// acknowledged), or how the change contradicts what is stored, in which case it is taken back in
  /// the journal.
  redis::awaitable<Result<StoreOutcome>> write(GraphChange change);

  /// What waits for the disk is stored first; then the directory is free. Writers that still wait
  /// get Journaled or Interrupted.
  void close();

  /// All of it is on the disk.
  std::int64_t journaled_position() const { return stored_; }
  /// What Redis has, as far as is known.
  std::int64_t applied_position() const { return applier_.at(); }
  /// Why Redis is not brought forward now; nothing while it is.
  const std::optional<Error>& held_up_by() const { return held_up_by_; }
  /// Why the last store could not be journaled; nothing once one could.
  std::optional<Error> store_trouble() const;
  /// Whether anything was ever stored.
  bool is_in_use() const { return stored_ > 0; }
  /// Whether Redis has everything that is stored.
  bool is_current() const { return located_ && !held_up_by_ && queue_.decided() == stored_; }

  /// Nothing is applied from now on until release(), so that a checkpoint can be taken of Redis:
  /// the position is what Redis has meanwhile. Changes go on being journaled, and are Journaled at
  /// their deadline. Fails with the server's error while Redis is away, and with Refused while
  /// it is held.
  redis::awaitable<Result<std::int64_t>> hold();
  void release();

  /// Writes what was done to words by hand, up to `position`, to the journal again: before the
  /// lines that say so are removed, since a checkpoint has none of it.
  redis::awaitable<Status> carry_hand_words_over(std::int64_t position);

  /// The journal's files that hold only positions up to `position` (that of a checkpoint that is on
  /// the disk) go.
  Status remove_files_up_to(std::int64_t position);

 private:
  using Writer = WaitingWriter;

  GraphWriter(boost::asio::any_io_executor executor, DataDirectory directory,
              std::unique_ptr<Journal> journal, GraphWriterOptions options);

  void append(GraphChange change, std::shared_ptr<Writer> writer);
  void note_stored(Result<std::int64_t> stored, GraphChange change, std::size_t bytes,
                   const std::shared_ptr<Writer>& writer);
  void run_if_idle();
  redis::awaitable<void> run();
  redis::awaitable<Status> apply_next();
  redis::awaitable<Status> locate();
  redis::awaitable<Result<std::int64_t>> find_base(std::optional<std::int64_t> found);
  Status go_on_behind(std::int64_t position);
  redis::awaitable<void> leave_out(ChangeQueue::Change change);
  redis::awaitable<Status> void_in_journal(std::int64_t position);
  void answer(std::int64_t position, Result<StoreOutcome> result);
  void answer_all_up_to(std::int64_t position);
  void note_held_up(const Error& error);
  void note_going_on();
  redis::awaitable<void> pause();

  boost::asio::any_io_executor executor_;
  GraphWriterOptions options_;
  std::optional<DataDirectory> directory_;
  std::unique_ptr<Journal> journal_;
  std::shared_ptr<redis::Client> client_;  // serves nobody else, see Applier
  content::GraphAccess access_;
  Applier applier_;

  std::map<std::int64_t, std::shared_ptr<Writer>> writers_;  // stored, and not answered
  std::int64_t stored_;                                      // the last position on the disk
  bool is_new_;  // nothing was ever applied by this journal
  ChangeQueue queue_;
  bool located_ = false;  // whether it is known where Redis is
  bool running_ = false;
  bool held_ = false;
  bool closed_ = false;
  int failures_ = 0;                                    // in a row
  std::shared_ptr<std::vector<GraphChange>> appended_;  // while it is of interest
  std::optional<Error> held_up_by_;
  std::optional<Error> refusal_;  // while Redis is not that of this journal
  std::chrono::steady_clock::time_point told_{};
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer idle_;  // cancelled when nothing is being applied
};

}  // namespace redkeep::recovery
