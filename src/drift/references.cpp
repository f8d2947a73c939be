#include "drift/references.h"

namespace redkeep::drift {

void References::string(Role role, std::string_view key, std::string_view value,
                        std::vector<Suspicion>& found) const {
  const std::string_view rest = rest_of(key);
  const auto suspect = [&](Link link, std::string target) {
    found.push_back({link, std::string(key), std::string(value), std::move(target)});
  };
  if (role == Role::EntityType) {
    std::string entity = schema_.entity(value, rest);
    if (!known_.has_key(entity)) suspect(Link::TypeOfEntity, std::move(entity));
  } else if (role == Role::SemanticName) {
    std::string entity = schema_.entity(rest.substr(0, rest.find(':')), value);
    if (!known_.has_key(entity)) suspect(Link::NameOfEntity, std::move(entity));
  } else if (role == Role::Parent) {
    if (!known_.has_id(rest)) {
      suspect(Link::ParentOfEntity, std::string(rest));
    } else if (!known_.has_id(value)) {
      suspect(Link::ParentMissing, std::string(value));
    }
  }
}

bool References::set(Role role, std::string_view key, std::vector<Suspicion>& found) const {
  if (role != Role::Children && role != Role::Links) return false;
  const std::string_view owner = rest_of(key);
  if (known_.has_id(owner)) return false;
  found.push_back({Link::SetOfEntity, std::string(key), "", std::string(owner)});
  return true;
}

void References::member(Role role, std::string_view key, std::string_view member,
                        std::vector<Suspicion>& found) const {
  const auto suspect = [&](Link link, std::string target) {
    found.push_back({link, std::string(key), std::string(member), std::move(target)});
  };
  if (role == Role::Children || role == Role::Words) {
    if (!known_.has_id(member)) suspect(Link::MemberOfEntity, std::string(member));
  } else if (role == Role::TypeIndex) {
    std::string entity = schema_.entity(rest_of(key), member);
    if (!known_.has_key(entity)) suspect(Link::MemberOfType, std::move(entity));
  } else if (role == Role::Links) {
    std::string association = schema_.association(member);
    if (!known_.has_key(association)) suspect(Link::MemberOfPath, std::move(association));
  }
}

void References::association(std::string_view key, std::string_view parent_id,
                             std::string_view child_id, std::vector<Suspicion>& found) const {
  for (const auto id : {parent_id, child_id}) {
    if (known_.has_id(id)) continue;
    found.push_back({Link::EndMissing, std::string(key), std::string(id), std::string(id)});
    return;  // one is enough to say so
  }
}

}  // namespace redkeep::drift
