#pragma once
// The owner's end of the socket in its data directory: other programs' changes go through its
// GraphWriter, with the same guarantee.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "recovery/journal/graph_writer.h"

namespace redkeep::recovery {

class ChangeServer : public std::enable_shared_from_this<ChangeServer> {
 public:
  /// Listens at change_socket_path(); what is left of an earlier owner is replaced, so the caller
  /// must own the directory. The socket is for the same user only. Io if that cannot be done (a
  /// path of more than 107 bytes).
  static Result<std::shared_ptr<ChangeServer>> listen(boost::asio::any_io_executor executor,
                                                      const std::string& data_directory,
                                                      std::string prefix,
                                                      std::shared_ptr<GraphWriter> writer);

  /// What writes a checkpoint when a program asks for it; without it such requests are refused.
  void checkpoints_by(std::function<redis::awaitable<Status>()> write) {
    write_checkpoint_ = std::move(write);
  }

  /// Ends all connections and removes the socket.
  void close();

 private:
  using Socket = boost::asio::local::stream_protocol::socket;
  struct Session;

  ChangeServer(boost::asio::any_io_executor executor, std::string path, std::string prefix,
               std::shared_ptr<GraphWriter> writer);
  Status bind();
  redis::awaitable<void> accept_all();
  redis::awaitable<void> serve(std::shared_ptr<Session> session);
  redis::awaitable<void> carry_out(std::shared_ptr<Session> session, std::int64_t number,
                                   GraphChange change);
  redis::awaitable<void> carry_out_checkpoint(std::shared_ptr<Session> session,
                                              std::int64_t number);
  void answer(const std::shared_ptr<Session>& session, const std::string& line);
  redis::awaitable<void> send_all(std::shared_ptr<Session> session);
  void start(redis::awaitable<void> work);

  boost::asio::any_io_executor executor_;
  std::string path_;
  std::string prefix_;
  std::shared_ptr<GraphWriter> writer_;
  std::function<redis::awaitable<Status>()> write_checkpoint_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::vector<std::weak_ptr<Session>> sessions_;
  bool closed_ = false;
};

}  // namespace redkeep::recovery
