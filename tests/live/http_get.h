#pragma once
// One GET over plain HTTP.
#include <string>

namespace redkeep::test {

struct HttpAnswer {
  int status = 0;  ///< 0: there was no answer.
  std::string body;
};

/// `address` is as `redkeep up` prints it, such as http://127.0.0.1:8390.
HttpAnswer http_get(const std::string& address, const std::string& target,
                    const std::string& host = "localhost");

/// The address in the line that begins with "HTTP" of what a program printed.
std::string http_address_in(const std::string& printed);

}  // namespace redkeep::test
