#include "app/endpoint_url.h"

#include <boost/algorithm/string/case_conv.hpp>
#include <boost/url.hpp>
#include <charconv>

#include "error/error.h"
#include "sizes/sizes.h"

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
  // An unencoded "/" in a password brings the rest of it here.
  if (text.find_first_of("@:") != std::string_view::npos) {
    return bad("has more than the database's number after the host (in a password, \"/\" is %2F)");
  }
  if (failure != std::errc{} || end != text.data() + text.size() || number < 0 || number > 65535) {
    return bad(fmt::format("has \"{}\" where the database's number should be", printable(text)));
  }
  return number;
}

Status apply_socket(const urls::url_view& url, EndpointOptions& endpoint) {
  if (!url.host().empty()) return bad("needs three slashes before a socket's path");
  endpoint.unix_path = url.path();
  if (endpoint.unix_path.size() < 2) return bad("has no socket path");
  if (endpoint.unix_path.front() != '/') return bad("has a socket path that does not begin with /");
  endpoint.database = 0;
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
    const auto port = sizes::parse_port(url.port());
    // Not repeated: it is part of the password where a "/" in that was not encoded.
    if (!port) return bad("has a port that is not one of 1 to 65535");
    endpoint.port = *port;
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
  const urls::url_view& url = *parsed;
  if (url.has_fragment()) return bad("has a \"#\"");
  const std::string scheme = boost::algorithm::to_lower_copy(std::string(url.scheme()));
  if (scheme != "redis" && scheme != "rediss" && scheme != "unix") {
    return bad("begins with neither redis:// nor rediss:// nor unix://");
  }
  endpoint.tls = scheme == "rediss";
  endpoint.user = url.user();
  endpoint.password = url.password();
  return scheme == "unix" ? apply_socket(url, endpoint) : apply_host(url, endpoint);
}

std::string print_url(const EndpointOptions& endpoint) {
  const auto encoded = [](std::string_view text) {
    return urls::encode(text, urls::unreserved_chars);
  };
  const std::string user = endpoint.user.empty() ? "" : encoded(endpoint.user) + "@";
  if (!endpoint.unix_path.empty()) {
    return fmt::format("unix://{}{}{}", user,
                       urls::encode(endpoint.unix_path, urls::unreserved_chars + '/'),
                       endpoint.database == 0 ? "" : fmt::format("?db={}", endpoint.database));
  }
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}:{}/{}", endpoint.tls ? "rediss" : "redis", user,
                     is_ipv6 ? "[" + endpoint.host + "]" : encoded(endpoint.host), endpoint.port,
                     endpoint.database);
}

std::string_view password_in(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const auto rest = url.substr(scheme + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.empty()) return {};  // unix:///path
  // Where the "@" comes later, a "/", "?" or "#" of the password was not encoded.
  const auto within_authority = authority.rfind('@');
  const auto at = within_authority != std::string_view::npos ? within_authority : rest.rfind('@');
  const auto colon = rest.find(':');
  if (at == std::string_view::npos || colon > at) return {};
  return rest.substr(colon + 1, at - colon - 1);
}

}  // namespace redkeep::app
