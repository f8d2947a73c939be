#pragma once
// A configuration file as TOML, with all of its errors. Of app/config alone.
#include <toml++/toml.h>

#include <optional>
#include <string>
#include <vector>

#include "redkeep/result.h"

namespace redkeep::app {

struct TomlError {
  toml::source_position where;  ///< Line and column, from 1.
  std::string message;
};

struct TomlDocument {
  std::optional<toml::table> root;  ///< What could be read; nothing if it makes no sense.
  std::vector<TomlError> errors;
};

/// Reads a regular file of at most 1 MiB; the error names it.
Result<std::string> read_text_file(const std::string& path);

/// TOML as such ends at its first error. Here one that lies within the line of a `key = value` is
/// taken out and the rest read again, so that one run names them all. Pure.
TomlDocument parse_document(std::string text);

}  // namespace redkeep::app
