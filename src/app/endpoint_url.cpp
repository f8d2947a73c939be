#include "app/endpoint_url.h"

#include <boost/url.hpp>
#include <charconv>

#include "error/error.h"

namespace redkeep::app {
namespace {

namespace urls = boost::urls;

constexpr std::string_view kForms =
    "write redis://[user@]host:port/db, rediss://host:port/db or unix:///path/to/socket";

Error bad(std::string_view why) {
  return make_error(ErrorKind::InvalidInput, "the Redis URL {}: {}", why, kForms);
}

Result<int> database_number(std::string_view text) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size() || number < 0 || number > 65535) {
    return bad(fmt::format("has \"{}\" where the database's number should be", printable(text)));
  }
  return number;
}

Status apply_socket(const urls::url_view& url, EndpointOptions& endpoint) {
  if (!url.host().empty()) return bad("needs three slashes before a socket's path");
  endpoint.unix_path = url.path();
  if (endpoint.unix_path.size() < 2) return bad("has no socket path");
  for (const auto& parameter : url.params()) {
    if (parameter.key != "db") return bad("has an unknown parameter");
    const auto number = database_number(parameter.value);
    if (!number) return number.error();
    endpoint.database = *number;
  }
  return {};
}

Status apply_host(const urls::url_view& url, EndpointOptions& endpoint) {
  endpoint.unix_path.clear();
  endpoint.host = url.host_type() == urls::host_type::ipv6
                      ? std::string(url.host_ipv6_address().to_string())
                      : url.host();
  if (endpoint.host.empty()) return bad("names no host");
  endpoint.port = 6379;
  if (url.has_port()) {
    endpoint.port = url.port_number();
    if (endpoint.port == 0) return bad("has no valid port");
  }
  if (url.has_query()) return bad("has parameters, which mean nothing here");
  endpoint.database = 0;
  if (!url.path().empty() && url.path() != "/") {
    const auto number = database_number(std::string_view(url.path()).substr(1));
    if (!number) return number.error();
    endpoint.database = *number;
  }
  return {};
}

}  // namespace

Status apply_url(std::string_view text, EndpointOptions& endpoint) {
  const auto parsed = urls::parse_uri(text);
  if (!parsed) return bad("cannot be read");
  const urls::url_view url = *parsed;
  if (url.has_fragment()) return bad("has a \"#\"");
  const std::string scheme = url.scheme();
  if (scheme != "redis" && scheme != "rediss" && scheme != "unix") {
    return bad("begins with neither redis:// nor rediss:// nor unix://");
  }
  endpoint.tls = scheme == "rediss";
  endpoint.user = url.user();
  if (url.has_password()) endpoint.password = url.password();
  return scheme == "unix" ? apply_socket(url, endpoint) : apply_host(url, endpoint);
}

std::string_view password_in(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return {};
  const auto authority = url.substr(start + 3, url.find_first_of("/?#", start + 3) - start - 3);
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) return {};
  const auto colon = authority.substr(0, at).find(':');
  if (colon == std::string_view::npos) return {};
  return authority.substr(colon + 1, at - colon - 1);
}

}  // namespace redkeep::app
