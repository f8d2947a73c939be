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
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "recovery/journal/applier.h"
#include "recovery/journal/change_queue.h"
#include "recovery/journal/data_directory.h"
#include "recovery/journal/graph_writer_options.h"
#include "recovery/journal/journal.h"
#include "redkeep/store_outcome.h"

namespace redkeep::recovery {

struct WaitingWriter;

class GraphWriter : public std::enable_shared_from_this<GraphWriter> {
 public:
  /// Opens the directory's journal: blocks while it is read. Fails as JournalWriter::open() does.
  /// `disk` must outlive it.
  static Result<std::shared_ptr<GraphWriter>> open(boost::asio::any_io_executor executor,
                                                   Disk& disk, DataDirectory directory,
                                                   GraphWriterOptions options);

  /// Begins to bring Redis forward; again whenever it may have lost some while nobody writes. While
  /// nothing was ever stored, it is only looked where Redis is.
  void start();

  /// InvalidInput before anything is written. Other errors: the journal's (nothing is
  /// acknowledged), how the change contradicts what is stored (it is taken back in the journal), or
  /// Refused while Redis is ahead: it has what another journal stored.
  redis::awaitable<Result<StoreOutcome>> write(GraphChange change);

  /// What waits for the disk is stored first. Writers that still wait get Journaled or Interrupted.
  void close();

  const std::string& journal_identity() const { return access_.journal(); }
  /// What the journal had lost when it was opened, or may have; see journal_loss.h.
  const std::optional<std::string>& loss() const { return loss_; }
  std::int64_t journaled_position() const { return stored_; }
  std::int64_t applied_position() const { return applier_.at(); }
  /// Why Redis is not brought forward now; nothing while it is.
  const std::optional<Error>& held_up_by() const { return held_up_by_; }
  /// Why the last store could not be journaled; nothing once one could.
  std::optional<Error> store_trouble() const;
  bool is_in_use() const { return stored_ > 0; }
  /// Whether Redis has everything that is stored.
  bool is_current() const { return has_content_back() && queue_.decided() == stored_; }
  /// Whether Redis has everything that was stored when it was found to have lost some.
  bool has_content_back() const { return located_ && !held_up_by_ && !recovery_.is_under_way(); }
  GraphRecovery& recovery() { return recovery_; }
  /// Whether Redis gets, after it was held up, what was journaled meanwhile.
  bool is_catching_up() const { return catching_up_.has_value(); }

  /// Nothing is applied until release(), so that a checkpoint can be taken of Redis, which has the
  /// position meanwhile. Changes are Journaled at their deadline. Fails with the server's error
  /// while Redis is away, and with Refused while it is held.
  redis::awaitable<Result<std::int64_t>> hold();
  void release();
  bool is_held() const { return held_; }

  /// Writes what was done to words by hand, up to `position`, to the journal again: a checkpoint
  /// has none of it, and takes the lines that say so away.
  redis::awaitable<Status> carry_hand_words_over(std::int64_t position);

  /// A new file of the journal, if the last one holds any of what a checkpoint at `position` will.
  Status begin_next_file(std::int64_t position);
  /// The journal's files with nothing behind `position`, that of a checkpoint on the disk, go.
  Status remove_files_up_to(std::int64_t position);

 private:
  using Writer = WaitingWriter;
  GraphWriter(boost::asio::any_io_executor executor, DataDirectory directory,
              std::unique_ptr<Journal> journal, std::string identity, GraphWriterOptions options);

  redis::awaitable<Status> admit(std::shared_ptr<Writer> writer,
                                 std::chrono::steady_clock::time_point deadline);
  void append(GraphChange change, std::shared_ptr<Writer> writer);
  void note_stored(Result<std::int64_t> stored, GraphChange change, std::size_t bytes,
                   const std::shared_ptr<Writer>& writer);
  void note_store_trouble(const Result<std::int64_t>& stored);
  bool has_work() const;
  void run_if_idle();
  redis::awaitable<void> run();
  redis::awaitable<Status> apply_next();
  // In graph_writer_place.cpp, as hold():
  redis::awaitable<Result<ServerPlace>> look();
  Status require_own(const ServerPlace& found);
  Status refuse(Error why);
  redis::awaitable<Status> locate();
  redis::awaitable<Result<std::optional<std::int64_t>>> find_beginning(
      std::optional<std::int64_t> found);
  redis::awaitable<Result<std::int64_t>> find_base(std::optional<std::int64_t> found);
  Status goes_on_from(std::int64_t base, const std::string& what) const;
  redis::awaitable<Status> mark_recovery(std::string what, std::int64_t base);
  redis::awaitable<Status> go_on_with_cut_recovery(std::int64_t position);
  redis::awaitable<Status> finish_recovery();
  Status go_on_behind(std::int64_t position);
  redis::awaitable<void> leave_out(ChangeQueue::Change change);
  redis::awaitable<Status> void_in_journal(std::int64_t position);
  void answer(std::int64_t position, Result<StoreOutcome> result);
  void answer_all_up_to(std::int64_t position);
  void note_held_up(const Error& error);
  void note_going_on();
  void wake_early();
  redis::awaitable<void> pause();

  boost::asio::any_io_executor executor_;
  GraphWriterOptions options_;
  std::optional<DataDirectory> directory_;
  std::unique_ptr<Journal> journal_;
  std::shared_ptr<redis::Client> client_;  // serves nobody else
  content::GraphAccess access_;
  Applier applier_;
  std::map<std::int64_t, std::shared_ptr<Writer>> writers_;  // stored, and not answered
  std::vector<std::shared_ptr<Writer>> early_;  // wait until it is known where Redis is
  std::int64_t stored_;                         // the last position on the disk
  std::int64_t reachable_;  // Redis cannot have more of this journal: what was there, and was tried
  bool is_new_;             // nothing was ever applied by this journal
  bool may_take_over_;      // a Redis of another journal, as it is
  std::optional<std::string> loss_;
  ChangeQueue queue_;
  GraphRecovery recovery_;
  bool has_looked_ = false, located_ = false;  // at Redis, once; and it is known where that is
  bool running_ = false, held_ = false, closed_ = false;
  int failures_ = 0;                                    // in a row
  std::shared_ptr<std::vector<GraphChange>> appended_;  // while it is of interest
  std::optional<Error> held_up_by_;
  std::optional<Error> refusal_;  // while Redis is not that of this journal
  std::optional<Error> store_trouble_;
  std::string told_;  // what holds it up
  std::chrono::steady_clock::time_point tell_again_{};
  bool base_failed_ = false;                 // for a reason that will not pass by itself
  std::optional<std::int64_t> catching_up_;  // to this position, after it was held up
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer idle_;  // cancelled when nothing is being applied
};

}  // namespace redkeep::recovery
