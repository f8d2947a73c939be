// GraphWriter: how a journal is opened or begun, and what is told of one that has lost something.
#include <spdlog/spdlog.h>

#include <utility>

#include "recovery/journal/graph_writer.h"
#include "recovery/journal/journal_identity.h"
#include "recovery/journal/journal_loss.h"

namespace redkeep::recovery {

namespace asio = boost::asio;

Result<std::shared_ptr<GraphWriter>> GraphWriter::open(asio::any_io_executor executor, Disk& disk,
                                                       DataDirectory directory,
                                                       GraphWriterOptions options) {
  auto identity = read_journal_identity(directory.path());
  if (!identity) return identity.error();
  const auto files = journal_files(directory.journal());
  if (!files) return files.error();
  auto journal =
      Journal::open(disk, directory.journal(), options.limits, options.checkpoint_position);
  if (!journal) return journal.error();
  auto loss =
      loss_of({directory.path(), !identity->empty(), !files->empty(), options.checkpoint_position,
               (*journal)->found_up_to(), (*journal)->torn_tail()});
  const auto& tail = (*journal)->torn_tail();
  if (loss) {
    spdlog::error("{}", *loss);
  } else if (tail) {
    spdlog::warn("{}", describe_cut(*tail));
  }
  // Behind the journal's first line: where there is one, there was a journal.
  if (identity->empty()) identity = begin_journal_identity(disk, directory.path());
  if (!identity) return identity.error();
  std::shared_ptr<GraphWriter> writer(new GraphWriter(std::move(executor), std::move(directory),
                                                      std::move(*journal), std::move(*identity),
                                                      std::move(options)));
  writer->loss_ = std::move(loss);
  return writer;
}

GraphWriter::GraphWriter(asio::any_io_executor executor, DataDirectory directory,
                         std::unique_ptr<Journal> journal, std::string identity,
                         GraphWriterOptions options)
    : executor_(executor),
      options_(std::move(options)),
      directory_(std::move(directory)),
      journal_(std::move(journal)),
      client_(redis::Client::create(executor, options_.endpoint)),
      access_(client_, keys::KeySchema(options_.prefix), options_.make_room),
      applier_(access_),
      stored_(journal_->last_position()),
      reachable_(stored_),
      is_new_(stored_ == 0),
      may_take_over_(is_new_ && options_.limits.durability == Durability::Os),
      queue_(stored_),
      pause_(executor),
      idle_(executor, asio::steady_timer::time_point::max()) {
  access_.belong_to(std::move(identity));
}

}  // namespace redkeep::recovery
