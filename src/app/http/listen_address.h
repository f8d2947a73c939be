#pragma once
// Where the HTTP server listens: "127.0.0.1:8390", "[::1]:8390", "localhost:8390". Pure.
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "redkeep/result.h"

namespace redkeep::app::http {

struct ListenAddress {
  std::string host;  ///< As written: what a Host header may say.
  boost::asio::ip::tcp::endpoint endpoint;
};

/// An IP address or localhost, and a port; port 0 is any that is free. IPv6 stands in brackets.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace redkeep::app::http
