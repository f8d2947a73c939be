#pragma once
// A change of the content graph as the journal has it: which call of the library it was, and with
// what. Pure.
#include <string>
#include <variant>
#include <vector>

#include "recovery/journal/journal_line.h"
#include "redkeep/records.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

struct RemoveEntity {
  std::string id;
  friend bool operator==(const RemoveEntity&, const RemoveEntity&) = default;
};
struct RemoveAssociation {
  std::string path;
  friend bool operator==(const RemoveAssociation&, const RemoveAssociation&) = default;
};
/// `word` is as the index has it.
struct AddWord {
  std::string word;
  std::vector<std::string> entity_ids;
  friend bool operator==(const AddWord&, const AddWord&) = default;
};
struct RemoveWord {
  std::string word;
  std::vector<std::string> entity_ids;
  friend bool operator==(const RemoveWord&, const RemoveWord&) = default;
};

/// An Entity or an Association is a store of it.
using GraphChange =
    std::variant<Entity, RemoveEntity, Association, RemoveAssociation, AddWord, RemoveWord>;

/// Without a position.
JournalLine line_of(const GraphChange& change);

/// Refused for an operation that this version does not know, or fields that do not belong to it;
/// the position is named.
Result<GraphChange> change_of(JournalLine line);

/// For logs: "store_entity 00000000-..."; control characters as \xNN.
std::string describe(const GraphChange& change);

}  // namespace redkeep::recovery
