#include "recovery/journal/content_changes.h"

namespace redkeep::recovery {

void ContentChanges::apply(GraphChange change) {
  std::visit([this](auto&& one) { take(std::move(one)); }, std::move(change));
}

void ContentChanges::take(Entity&& stored) {
  std::string id = stored.id;
  entities_.insert_or_assign(std::move(id), std::move(stored));
}

// Its links and its place go with it.
void ContentChanges::take(RemoveEntity&& removed) {
  const auto [begin, end] = paths_by_end_.equal_range(removed.id);
  for (auto entry = begin; entry != end; ++entry) {
    const auto stored = associations_.find(entry->second);
    if (stored == associations_.end()) continue;
    const Association& link = stored->second;
    if (link.parent_id != removed.id && link.child_id != removed.id) continue;  // it was replaced
    removed_paths_.insert(stored->first);
    associations_.erase(stored);
  }
  paths_by_end_.erase(removed.id);
  entities_.erase(removed.id);
  removed_entities_.insert(std::move(removed.id));
}

void ContentChanges::take(Association&& stored) {
  for (const auto& id : {stored.parent_id, stored.child_id}) paths_by_end_.emplace(id, stored.path);
  std::string path = stored.path;
  associations_.insert_or_assign(std::move(path), std::move(stored));
}

void ContentChanges::take(RemoveAssociation&& removed) {
  associations_.erase(removed.path);
  removed_paths_.insert(std::move(removed.path));
}

bool ContentChanges::empty() const {
  return entities_.empty() && associations_.empty() && removed_entities_.empty() &&
         removed_paths_.empty();
}

bool ContentChanges::leaves(const content::EntityView& entity) const {
  return !entities_.contains(entity.id) && !removed_entities_.contains(entity.id);
}

bool ContentChanges::leaves(const content::AssociationView& association) const {
  return !associations_.contains(association.path) && !removed_paths_.contains(association.path) &&
         !removed_entities_.contains(association.parent_id) &&
         !removed_entities_.contains(association.child_id);
}

}  // namespace redkeep::recovery
