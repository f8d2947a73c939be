#pragma once
// Redis URLs: redis://[user[:password]@]host[:port][/db], rediss:// (TLS), unix:///path[?db=N].
// Pure.
#include <string>
#include <string_view>

#include "redkeep/options.h"
#include "redkeep/result.h"

namespace redkeep::app {

/// Sets where and as whom in `endpoint`, with the URL's password or none (that of another URL must
/// not be sent there); deadlines and the CA file stay. Fails with InvalidInput; the message never
/// repeats the URL's user or password.
Status apply_url(std::string_view url, EndpointOptions& endpoint);

/// A URL that apply_url takes for the same server, user and database; without the password.
std::string print_url(const EndpointOptions& endpoint);

/// Where the password stands in a URL on the command line, also in one that apply_url refuses
/// because of an unencoded character; empty if there is none.
std::string_view password_in(std::string_view url);

}  // namespace redkeep::app
