#include "app/http/listen_address.h"

#include <charconv>

#include "error/error.h"

namespace redkeep::app::http {

namespace ip = boost::asio::ip;

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = std::min(text.rfind(':'), text.size());
  const std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(std::min(colon + 1, text.size()));
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const std::string bare = host == "localhost"
                               ? "127.0.0.1"
                               : std::string(in_brackets ? host.substr(1, host.size() - 2) : host);
  boost::system::error_code code;
  const auto address = ip::make_address(bare, code);
  std::uint16_t port = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, failure] = std::from_chars(digits.data(), end, port);
  if (code || address.is_v6() != in_brackets || failure != std::errc{} || stopped != end) {
    return make_error(ErrorKind::InvalidInput,
                      "\"{}\" is not of the form 127.0.0.1:8390 or [::1]:8390 (an IP address or "
                      "localhost, and a port)",
                      printable(text));
  }
  return ListenAddress{std::string(host), ip::tcp::endpoint(address, port)};
}

}  // namespace redkeep::app::http
