#pragma once
// From a key of the graph and what it holds to references whose targets were not seen. Pure.
//
// They are suspicions: a target may have been stored after it was looked for. confirm.h asks again.
#include <string>
#include <string_view>
#include <vector>

#include "drift/known_records.h"

namespace redkeep::drift {

/// How a reference is looked at again, and what mends it.
enum class Link {
  MemberOfEntity,  ///< A member of children or of a word: the id of an entity.
  MemberOfType,    ///< A member of a type index: entity:{type}:{member}.
  MemberOfPath,    ///< A member of links: assoc:{path}.
  TypeOfEntity,    ///< type_of:{id} holds the entity's type.
  NameOfEntity,    ///< semantic:{type}:{name} holds its id.
  ParentOfEntity,  ///< parent:{id} is of an entity that is not there.
  SetOfEntity,     ///< children:{id} or links:{id} is, whatever its members are.
  ParentMissing,   ///< parent:{id} is of one that is there, and holds the id of none. Not mended.
  EndMissing,      ///< An end of assoc:{path} is not there. Not mended.
};

struct Suspicion {
  Link link;
  std::string key;
  std::string value;   ///< The member, or what the string held; of a whole set nothing.
  std::string target;  ///< What should be there: a key or an id.
};

class References {
 public:
  References(const KnownRecords& known, const keys::KeySchema& schema)
      : known_(known), schema_(schema) {}

  /// `value` is a string's value.
  void string(Role role, std::string_view key, std::string_view value,
              std::vector<Suspicion>& found) const;
  /// A set as a whole. True if it is suspected: then its members need not be.
  bool set(Role role, std::string_view key, std::vector<Suspicion>& found) const;
  /// One member of a set.
  void member(Role role, std::string_view key, std::string_view member,
              std::vector<Suspicion>& found) const;
  void association(std::string_view key, std::string_view parent_id, std::string_view child_id,
                   std::vector<Suspicion>& found) const;

 private:
  std::string_view rest_of(std::string_view key) const {
    return key_rest(key, schema_.prefix().size());
  }

  const KnownRecords& known_;
  const keys::KeySchema& schema_;
};

}  // namespace redkeep::drift
