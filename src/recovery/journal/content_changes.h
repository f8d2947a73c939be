#pragma once
// What the journal has changed of a content since that was written. Pure.
#include <map>
#include <set>
#include <string>

#include "content/record_view.h"
#include "recovery/journal/graph_change.h"

namespace redkeep::recovery {

class ContentChanges {
 public:
  /// In the order of the journal, without what was taken back there.
  void apply(GraphChange change);

  bool empty() const;

  /// Whether a record of the content stands as it was written.
  bool leaves(const content::EntityView& entity) const;
  bool leaves(const content::AssociationView& association) const;

  /// Stored since, as they are now: beside what was left.
  const std::map<std::string, Entity, std::less<>>& entities() const { return entities_; }
  const std::map<std::string, Association, std::less<>>& associations() const {
    return associations_;
  }
  /// Words of the index that were added to entities or taken from them by hand.
  const std::set<std::string, std::less<>>& words() const { return words_; }

 private:
  void take(Entity&& stored);
  void take(RemoveEntity&& removed);
  void take(Association&& stored);
  void take(RemoveAssociation&& removed);
  void take(AddWord&& added) { words_.insert(std::move(added.word)); }
  void take(RemoveWord&& removed) { words_.insert(std::move(removed.word)); }

  std::map<std::string, Entity, std::less<>> entities_;
  std::map<std::string, Association, std::less<>> associations_;
  std::multimap<std::string, std::string> paths_by_end_;  // of associations that were stored
  std::set<std::string, std::less<>> removed_entities_;   // some of them stored again
  std::set<std::string, std::less<>> removed_paths_;      // some of them stored again
  std::set<std::string, std::less<>> words_;
};

}  // namespace redkeep::recovery
