#pragma once
// One field as CSV writes it (RFC 4180): in quotes where it needs them, so that CsvReader gives the
// same bytes.
#include <string>
#include <string_view>

namespace redkeep::recovery {

void append_csv_field(std::string& out, std::string_view text);

std::string csv_field(std::string_view text);

}  // namespace redkeep::recovery
