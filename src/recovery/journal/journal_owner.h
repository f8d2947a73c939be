#pragma once
// The owner of a data directory: its journal, the writer that applies it, the socket for other
// programs, and the checkpoints that keep the journal short.
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <stop_token>
#include <string>

#include "recovery/checkpoint/checkpoint_export.h"
#include "recovery/journal/change_server.h"
#include "recovery/journal/graph_writer.h"
#include "recovery/load/restore.h"
#include "recovery/verify/rebuild.h"
#include "recovery/verify/repair.h"
#include "redis/client.h"
#include "redis/make_room.h"
#include "redkeep/options.h"

namespace redkeep::recovery {

/// All calls come from the executor that it was made on.
class JournalOwner : public std::enable_shared_from_this<JournalOwner> {
 public:
  /// Takes the directory of the options and reads the journal, which blocks. Refused if another
  /// process owns the directory (it is named) or the journal is damaged; fails if there is no
  /// journal and the checkpoint's manifest, which has its position, is damaged.
  static Result<std::shared_ptr<JournalOwner>> open(boost::asio::any_io_executor executor,
                                                    const Options& options,
                                                    redis::MakeRoom make_room);
  ~JournalOwner() { close(); }

  /// Begins to bring Redis forward, and to serve other programs.
  void start();

  GraphWriter& writer() { return *writer_; }

  /// The graph as it is at one position of the journal into DIR/checkpoint. A new file of the
  /// journal begins, and those that hold nothing newer go. Stores wait meanwhile, or are Journaled
  /// after their deadline. ServerBusy while Redis is away, Refused while another checkpoint is
  /// being written, or a repair or restore is under way.
  redis::awaitable<Result<CheckpointOutcome>> checkpoint(std::stop_token stop);

  /// Writes back what is missing of the content as it is at the journal's position, as far as
  /// `room_bytes` allow. Stores wait meanwhile as they do for a checkpoint.
  redis::awaitable<Result<RestoreOutcome>> restore_missing(std::int64_t room_bytes,
                                                           std::stop_token stop);

  /// Makes Redis what the journal says, as repair() does with a content directory. Stores wait
  /// meanwhile.
  redis::awaitable<Result<RepairOutcome>> repair(RepairOptions how, std::stop_token stop,
                                                 ShowProgress progress);

  /// The same where most is lost, as rebuild() does with a content directory.
  redis::awaitable<Result<RebuildOutcome>> rebuild(RebuildOptions how, std::stop_token stop,
                                                   ShowProgress progress);

  /// By age or by the journal's size (JournalOptions). Words by hand, which stay in the journal
  /// behind a checkpoint, make none due.
  bool checkpoint_is_due() const;

  /// Writes checkpoints when they are due by age or by the journal's size (JournalOptions), until
  /// asked to stop. One that has to wait for a repair or a restore is tried again soon.
  redis::awaitable<void> keep_short(std::stop_token stop);

  /// What waits for the disk is stored first; then the directory is free.
  void close();

 private:
  JournalOwner(boost::asio::any_io_executor executor, const Options& options);

  redis::awaitable<Status> checkpoint_on_request();
  redis::awaitable<Result<RestoreOutcome>> restore_held(std::int64_t position,
                                                        std::int64_t room_bytes,
                                                        std::stop_token stop);
  redis::awaitable<Result<CheckpointOutcome>> write_held(std::int64_t position,
                                                         std::stop_token stop);
  redis::awaitable<void> write_hand_words(std::int64_t position);

  boost::asio::any_io_executor executor_;
  Options options_;
  std::shared_ptr<redis::Client> client_;
  std::shared_ptr<GraphWriter> writer_;
  std::shared_ptr<ChangeServer> server_;  // none where it could not listen
  bool is_writing_checkpoint_ = false;
  std::int64_t left_bytes_ = 0;     // of the journal by the last checkpoint
  std::int64_t left_position_ = 0;  // the last in these
  std::chrono::system_clock::time_point opened_at_ = std::chrono::system_clock::now();
  std::stop_source closing_;
};

}  // namespace redkeep::recovery
