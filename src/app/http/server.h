#pragma once
// The HTTP server: read-only, loopback by default, bounded in everything.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "app/inspections.h"
#include "guard/ledger.h"
#include "guard/snapshot.h"
#include "redkeep/options.h"
#include "redkeep/result.h"

namespace redkeep::app::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:8390";
  std::vector<std::string> allowed_hosts;
  std::size_t most_connections = 64;
  std::chrono::seconds request_deadline{10};
};

/// What is served. What it refers to must outlive the server.
struct Shown {
  const guard::Snapshot& snapshot;
  const guard::Ledger& ledger;
  const Inspections& inspections;
  PressureOptions pressure;
};

class Server {
 public:
  /// Binds at once. Fails with InvalidInput if the address makes no sense or is taken.
  static Result<std::unique_ptr<Server>> create(boost::asio::any_io_executor executor,
                                                ServerOptions options, Shown shown);

  /// Whether create() would be able to listen there now.
  static Status check(const std::string& listen);

  /// "http://127.0.0.1:8390".
  std::string address() const;

  /// Serves until asked to stop, then closes what is open.
  boost::asio::awaitable<void> run(std::stop_token stop);

 private:
  using Stream = boost::beast::basic_stream<boost::asio::ip::tcp, boost::asio::any_io_executor>;
  struct Answer {
    unsigned status = 200;
    std::string_view type = "application/json";
    std::string body;
    std::chrono::seconds retry_after{0};  // 0: nothing is said of it
  };

  Server(boost::asio::any_io_executor executor, ServerOptions options, Shown shown);
  Status bind();
  boost::asio::awaitable<void> serve(std::shared_ptr<Stream> stream);
  Answer answer(std::string_view method, std::string_view target, std::string_view host) const;
  Answer api_page(std::string_view path, std::string_view query) const;
  Answer ledger_page(std::string_view query) const;

  boost::asio::any_io_executor executor_;
  ServerOptions options_;
  Shown shown_;
  std::string host_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::set<std::shared_ptr<Stream>> open_;
};

}  // namespace redkeep::app::http
