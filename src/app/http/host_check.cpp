#include "app/http/host_check.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>

namespace redkeep::app::http {

bool is_allowed_host(std::string_view header, std::string_view own_host,
                     const std::vector<std::string>& allowed) {
  const auto colon = header.rfind(':');
  const bool has_port = colon != std::string_view::npos &&
                        header.find(']', colon) == std::string_view::npos &&
                        std::all_of(header.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                                    header.end(), [](char c) { return c >= '0' && c <= '9'; });
  const std::string_view host = has_port ? header.substr(0, colon) : header;
  const auto is = [host](std::string_view name) {
    return boost::beast::iequals({host.data(), host.size()}, {name.data(), name.size()});
  };
  return is("localhost") || is("127.0.0.1") || is("[::1]") || (!own_host.empty() && is(own_host)) ||
         std::any_of(allowed.begin(), allowed.end(), is);
}

}  // namespace redkeep::app::http
