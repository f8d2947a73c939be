#pragma once
// What a valid record is: the rules of docs/data-model.md for one record alone. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "content/record_view.h"

namespace redkeep::content {

/// Which field of a record breaks which rule.
struct FieldFault {
  std::string_view field;  ///< The CSV column's name.
  std::string reason;      ///< The rest of a sentence: `id "x" is not a UUID ...`
};

/// The first fault, or nothing. Texts are taken as valid UTF-8 (the CSV reader sees to it; see
/// is_utf8 for other sources).
std::optional<FieldFault> find_fault(const EntityView& entity);
std::optional<FieldFault> find_fault(const AssociationView& association);

bool is_uuid(std::string_view text);           ///< Canonical: lower case, 8-4-4-4-12.
bool is_type_name(std::string_view text);      ///< [a-z][a-z0-9_-]*, at most 64 bytes.
bool is_semantic_name(std::string_view text);  ///< $ and 1 to 128 of [a-z0-9_.-].
bool is_utf8(std::string_view text);           ///< Well-formed (RFC 3629) and without NUL.

/// How many bytes at the front of a text are well-formed UTF-8 without NUL: where the first bad
/// byte is, if there is one.
std::size_t utf8_bytes(std::string_view text);

}  // namespace redkeep::content
