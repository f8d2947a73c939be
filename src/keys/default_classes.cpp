// The built-in classes: the table in docs/data-model.md, row by row.
#include "redkeep/key_class.h"

namespace redkeep {
namespace {

using std::chrono::seconds;

KeyClass lasting(std::string name, std::string pattern, KeyLevel level = KeyLevel::Protected) {
  KeyClass made;
  made.name = std::move(name);
  made.patterns = {std::move(pattern)};
  made.level = level;
  return made;
}

KeyClass timed(std::string name, std::string pattern, seconds ttl, ShedAt shed_at, int order) {
  KeyClass made = lasting(std::move(name), std::move(pattern), KeyLevel::Evictable);
  made.ttl = ttl;
  made.shed_at = shed_at;
  made.shed_order = order;
  return made;
}

}  // namespace

std::vector<KeyClass> default_key_classes() {
  return {
      lasting("entities", "entity:{type}:{id}"),
      lasting("entity_types", "type_of:{id}"),
      lasting("semantic_names", "semantic:{type}:{name}"),
      lasting("associations", "assoc:{path}"),
      lasting("children", "children:{parent_id}"),
      lasting("parents", "parent:{child_id}"),
      lasting("links", "links:{id}"),
      lasting("search_index", "word:{word}", KeyLevel::Rebuildable),
      lasting("type_index", "type_index:{type}", KeyLevel::Rebuildable),
      lasting("queues", "queue:*"),
      lasting("guard", "guard:*"),
      timed("page_cache", "page:cache:{path}:{locale}:{theme}", seconds{300}, ShedAt::Warning, 1),
      timed("query_cache", "query:cache:{hash}", seconds{300}, ShedAt::Warning, 1),
      timed("asset_bundles", "asset:bundle:{type}:{hash}", seconds{3600}, ShedAt::Warning, 2),
      timed("template_cache", "template:cache:{name}:{theme}", seconds{900}, ShedAt::Warning, 3),
      timed("temporary", "temp:{operation}:{id}", seconds{600}, ShedAt::Warning, 3),
      // Whoever loses a session is logged out: last, and only where the limit itself is near.
      timed("sessions", "session:{id}", seconds{86400}, ShedAt::Critical, 9),
      timed("csrf_tokens", "csrf:{token}", seconds{3600}, ShedAt::Critical, 9),
      // These have a TTL and are not caches: losing one breaks a promise to somebody.
      timed("rate_limits", "rate:{action}:{identifier}", seconds{900}, ShedAt::Never, 0),
      timed("locks", "lock:{resource}", seconds{30}, ShedAt::Never, 0),
  };
}

}  // namespace redkeep
