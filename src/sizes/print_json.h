#pragma once
// JSON text with numbers as people write them: 24, where Boost.JSON prints 2.4E1.
#include <boost/json/value.hpp>
#include <string>

namespace redkeep::sizes {

/// On one line. The value must not hold NaN or an infinity, which JSON does not have.
std::string print_json(const boost::json::value& value);

}  // namespace redkeep::sizes
