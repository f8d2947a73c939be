#pragma once
// Which Host headers are answered. A web page that somebody visits may point a name of its own at
// our loopback address (DNS rebinding); such requests carry that name and are refused. Pure.
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::app::http {

/// True for localhost, 127.0.0.1, [::1], `own_host` and the `allowed` names, each with or without a
/// port, in any case.
bool is_allowed_host(std::string_view header, std::string_view own_host,
                     const std::vector<std::string>& allowed);

}  // namespace redkeep::app::http
