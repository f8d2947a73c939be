#pragma once
// The addresses of a host, looked up beside everything else. Asio has one thread for look-ups, and
// one that hangs (a name server that is gone takes half a minute) would hold up that of the Redis
// that is guarded, and the end of the program. Here each has a thread that is left behind when it
// takes too long.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "redkeep/result.h"

namespace redkeep::guard {

class HostLookup {
 public:
  using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;

  explicit HostLookup(const boost::asio::any_io_executor& executor);

  /// Once. An address is its own, without a look-up. Unreachable if there is none, if it is not
  /// found within `longest`, or if too many look-ups before have not ended.
  boost::asio::awaitable<Result<Addresses>> find(std::string host, std::uint16_t port,
                                                 std::chrono::steady_clock::duration longest);

  /// find() ends at once.
  void give_up();

 private:
  struct Shared;
  static void look(const std::shared_ptr<Shared>& shared, const std::string& host,
                   std::uint16_t port);
  std::shared_ptr<Shared> shared_;  // with the thread, which may outlive us
};

}  // namespace redkeep::guard
