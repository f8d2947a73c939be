#pragma once
// A program's end of the socket: changes are written by the owner of the data directory.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "recovery/journal/graph_change.h"
#include "redis/connection.h"
#include "redkeep/store_outcome.h"

namespace redkeep::recovery {

/// All calls come from the executor it was made on; many may be under way.
class ChangeClient : public std::enable_shared_from_this<ChangeClient> {
 public:
  /// Connects when it is first needed, and again after the connection was lost. `deadline` is for
  /// each answer.
  static std::shared_ptr<ChangeClient> create(boost::asio::any_io_executor executor,
                                              const std::string& data_directory, std::string prefix,
                                              std::chrono::milliseconds deadline);

  /// What GraphWriter::write() of the owner gives. Unreachable if the owner does not listen
  /// (nothing was sent), UnknownOutcome if it ended or did not answer in time: a store or removal
  /// may simply be repeated.
  redis::awaitable<Result<StoreOutcome>> write(GraphChange change);

  /// Has the owner write a checkpoint; fails as JournalOwner::checkpoint() and write() do.
  redis::awaitable<Status> write_checkpoint();

  void close();

 private:
  using Socket = boost::asio::local::stream_protocol::socket;
  struct Waiter;

  ChangeClient(boost::asio::any_io_executor executor, std::string path, std::string prefix,
               std::chrono::milliseconds deadline);
  Status connect();
  redis::awaitable<Result<StoreOutcome>> ask(std::int64_t number, std::string line);
  redis::awaitable<void> send_all(std::shared_ptr<Socket> socket);
  redis::awaitable<void> receive_all(std::shared_ptr<Socket> socket);
  void lose(const std::shared_ptr<Socket>& socket);
  void start(redis::awaitable<void> work);

  boost::asio::any_io_executor executor_;
  std::string path_;
  std::string prefix_;
  std::chrono::milliseconds deadline_;
  std::shared_ptr<Socket> socket_;  // while connected
  std::string unsent_;
  bool is_sending_ = false;
  std::int64_t last_number_ = 0;
  std::map<std::int64_t, std::shared_ptr<Waiter>> waiters_;
  bool closed_ = false;
};

}  // namespace redkeep::recovery
