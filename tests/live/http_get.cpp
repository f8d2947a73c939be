#include "live/http_get.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace redkeep::test {

HttpAnswer http_get(const std::string& address, const std::string& target,
                    const std::string& host) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{10, 0};
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  there.sin_port =
      htons(static_cast<std::uint16_t>(std::atoi(address.substr(address.rfind(':') + 1).c_str())));
  std::string answer;
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0) {
    const std::string request =
        "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
    if (::send(connection, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
      std::array<char, 65536> block;
      ssize_t bytes = 0;
      while ((bytes = ::recv(connection, block.data(), block.size(), 0)) > 0) {
        answer.append(block.data(), static_cast<std::size_t>(bytes));
      }
    }
  }
  ::close(connection);
  const auto body = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || body == std::string::npos) return {};
  return {std::atoi(answer.c_str() + 9), answer.substr(body + 4)};
}

std::string http_address_in(const std::string& printed) {
  const auto start = printed.find("http://");
  if (start == std::string::npos) return {};
  return printed.substr(start, printed.find('\n', start) - start);
}

}  // namespace redkeep::test
