#include "content/entity_store.h"

#include <algorithm>
#include <charconv>

#include "content/association_store.h"
#include "content/record_rules.h"
#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::content {
namespace {

// How many links go in the same step as their entity: some milliseconds of the server's time. A hub
// that has more loses the others first, one step each.
constexpr std::size_t kMostLinksAtOnce = 500;

// Whether the server has a store of later in the journal.
bool is_newer(const StoredEntity& stored, JournalPlace place) {
  std::int64_t version = 0;
  std::from_chars(stored.version.data(), stored.version.data() + stored.version.size(), version);
  return place.is_set() && version > place.position;
}

}  // namespace

Status EntityStore::check(const Entity& entity) {
  const EntityView view = view_of(entity);
  const std::pair<std::string_view, const std::string&> texts[] = {
      {"data", entity.data},
      {"created_by", entity.created_by},
      {"created_at", entity.created_at},
      {"updated_at", entity.updated_at}};
  for (const auto& [field, text] : texts) {
    if (is_utf8(text)) continue;
    return make_error(ErrorKind::InvalidInput, "{} is not UTF-8 or has a NUL", field);
  }
  if (const auto fault = find_fault(view)) {
    return make_error(ErrorKind::InvalidInput, "{} {}", fault->field, fault->reason);
  }
  return {};
}

Status EntityStore::check_id(const std::string& id) {
  if (is_uuid(id)) return {};
  return make_error(ErrorKind::InvalidInput, "id \"{}\" is not a UUID in lower case",
                    printable(id));
}

redis::awaitable<Status> EntityStore::store(Entity entity, JournalPlace place) {
  if (const Status valid = check(entity); !valid) co_return valid;
  co_return co_await access_.change([&] { return prepare_store(entity, place); }, place);
}

// The entity as it is stored, with the conditions that it still is when the step is applied.
redis::awaitable<Result<StoredEntity>> EntityStore::read(std::string id, std::string type,
                                                         AtomicStep& step) {
  std::vector<EntityName> name{{id, type}};
  auto stored = co_await read_entities(access_.ask(), schema_, std::move(name));
  if (!stored) co_return stored.error();
  StoredEntity& found = stored->front();
  step.require_value(schema_.type_of(id), found.record.type);
  if (!found.record.type.empty()) type = found.record.type;
  const std::string key = schema_.entity(type, id);
  step.require_field(key, "data", found.record.data);
  step.require_field(key, "semantic_name", found.record.semantic_name);
  step.require_field(key, "path", found.path);
  step.require_field(key, "version", found.version);
  co_return std::move(found);
}

redis::awaitable<Result<AtomicStep>> EntityStore::prepare_store(Entity entity, JournalPlace place) {
  AtomicStep step = access_.begin(place);
  const auto stored = co_await read(entity.id, entity.type, step);
  if (!stored) co_return stored.error();
  if (is_newer(*stored, place)) co_return step;
  const Entity& old = stored->record;
  const bool retyped = !old.type.empty() && old.type != entity.type;
  if (retyped) {
    step.remove_hash(schema_.entity(old.type, entity.id));
    step.remove_member(schema_.type_index(old.type), entity.id);
  }
  if (retyped || old.semantic_name != entity.semantic_name) {
    const Status released = co_await release_name(old, step);
    if (!released) co_return released.error();
  }
  if (const Status taken = co_await take_name(entity, step); !taken) co_return taken.error();

  std::vector<std::string> old_words;
  if (stored->has_hash()) {
    const auto& words = extractor_.words_of(view_of(old));
    old_words.assign(words.begin(), words.end());
  }
  const auto& words = extractor_.words_of(view_of(entity));
  for (const auto& word : old_words) {
    if (std::binary_search(words.begin(), words.end(), word)) continue;
    step.remove_member(schema_.word(word), entity.id);
  }
  StepSink sink{step};
  const std::string version = place.is_set() ? std::to_string(place.position) : std::string();
  spread(schema_, view_of(entity), stored->path, words, sink, version);
  co_return step;
}

// The new name must be free or the entity's own already.
redis::awaitable<Status> EntityStore::take_name(const Entity& entity, AtomicStep& step) {
  if (entity.semantic_name.empty()) co_return Status{};
  const std::string key = schema_.semantic(entity.type, entity.semantic_name);
  std::vector<std::string> keys{key};
  const auto owner = co_await read_strings(access_.ask(), std::move(keys));
  if (!owner) co_return owner.error();
  if (!owner->front().empty() && owner->front() != entity.id) {
    co_return make_error(ErrorKind::Conflict, "the semantic name {} belongs to the {} {} already",
                         entity.semantic_name, entity.type, owner->front());
  }
  step.require_value(key, owner->front());
  co_return Status{};
}

// A name that was handed to another entity, past us, stays with that one.
redis::awaitable<Status> EntityStore::release_name(Entity stored, AtomicStep& step) {
  if (stored.semantic_name.empty()) co_return Status{};
  const std::string key = schema_.semantic(stored.type, stored.semantic_name);
  std::vector<std::string> keys{key};
  const auto owner = co_await read_strings(access_.ask(), std::move(keys));
  if (!owner) co_return owner.error();
  if (owner->front() != stored.id) co_return Status{};
  step.require_value(key, stored.id);
  step.remove_string(key);
  co_return Status{};
}

redis::awaitable<Result<Entity>> EntityStore::get(std::string id) {
  std::vector<EntityName> name{{id, {}}};
  auto stored = co_await read_entities(access_.ask(), schema_, std::move(name));
  if (!stored) co_return stored.error();
  if (!stored->front().has_hash()) co_return no_entity(id);
  co_return std::move(stored->front().record);
}

redis::awaitable<Result<Entity>> EntityStore::get_by_name(std::string type,
                                                          std::string semantic_name) {
  std::vector<std::string> key{schema_.semantic(type, semantic_name)};
  auto id = co_await read_strings(access_.ask(), std::move(key));
  if (!id) co_return id.error();
  if (id->front().empty()) {
    co_return make_error(ErrorKind::NotFound, "there is no {} with the semantic name {}",
                         printable(type), printable(semantic_name));
  }
  co_return co_await get(std::move(id->front()));
}

redis::awaitable<Status> EntityStore::remove(std::string id, JournalPlace place) {
  if (const Status valid = check_id(id); !valid) co_return valid;
  if (const Status fewer = co_await remove_most_links(id); !fewer) co_return fewer;
  co_return co_await access_.change([&] { return prepare_remove(id, place); }, place);
}

redis::awaitable<Status> EntityStore::remove_most_links(std::string id) {
  auto paths = co_await access_.members(schema_.links(id));
  if (!paths) co_return paths.error();
  AssociationStore associations(access_);
  while (paths->size() > kMostLinksAtOnce) {
    const Status removed = co_await associations.remove(std::move(paths->back()));
    if (!removed) co_return removed;
    paths->pop_back();
  }
  co_return Status{};
}

redis::awaitable<Result<AtomicStep>> EntityStore::prepare_remove(std::string id,
                                                                 JournalPlace place) {
  AtomicStep step = access_.begin(place);
  const auto stored = co_await read(id, {}, step);
  if (!stored) co_return stored.error();
  const Entity& old = stored->record;
  if (old.type.empty() || is_newer(*stored, place)) co_return access_.begin(place);
  const auto children = co_await access_.members(schema_.children(id));
  if (!children) co_return children.error();
  if (!children->empty()) {
    const auto count = static_cast<std::int64_t>(children->size());
    co_return make_error(ErrorKind::Refused, "{} has {} {}, {}{}: {} first", id,
                         sizes::print_count(count), sizes::by_count(count, "child", "children"),
                         printable(children->front()), sizes::by_count(count, "", " among them"),
                         sizes::by_count(count, "remove it", "remove them"));
  }
  step.require_members(schema_.children(id), 0);
  if (const Status out = co_await take_out_links(id, step); !out) co_return out.error();
  if (const Status out = co_await take_out_place(*stored, step); !out) co_return out.error();
  if (const Status free = co_await release_name(old, step); !free) co_return free.error();
  step.remove_hash(schema_.entity(old.type, id));
  step.remove_string(schema_.type_of(id));
  step.remove_member(schema_.type_index(old.type), id);
  if (stored->has_hash()) {
    for (const auto word : extractor_.words_of(view_of(old))) {
      step.remove_member(schema_.word(word), id);
    }
  }
  co_return step;
}

redis::awaitable<Status> EntityStore::take_out_links(std::string id, AtomicStep& step) {
  auto paths = co_await access_.members(schema_.links(id));
  if (!paths) co_return paths.error();
  step.require_members(schema_.links(id), paths->size());
  const auto links = co_await read_associations(access_.ask(), schema_, std::move(*paths));
  if (!links) co_return links.error();
  for (const auto& link : *links) {
    const std::string key = schema_.association(link.path);
    step.require_field(key, "parent_id", link.parent_id);
    step.require_field(key, "child_id", link.child_id);
    step.remove_hash(key);
    step.remove_member(schema_.links(link.parent_id == id ? link.child_id : link.parent_id),
                       link.path);
  }
  step.remove_set(schema_.links(id));
  co_return Status{};
}

redis::awaitable<Status> EntityStore::take_out_place(const StoredEntity& stored, AtomicStep& step) {
  if (stored.path.empty()) co_return Status{};
  std::vector<std::string> path{stored.path};
  const auto places = co_await read_associations(access_.ask(), schema_, std::move(path));
  if (!places) co_return places.error();
  const Association& place = places->front();
  const std::string& id = stored.record.id;
  step.remove_string(schema_.parent(id));
  if (place.child_id != id) co_return Status{};
  const std::string key = schema_.association(place.path);
  step.require_field(key, "parent_id", place.parent_id);
  step.require_field(key, "child_id", id);
  step.remove_hash(key);
  step.remove_member(schema_.children(place.parent_id), id);
  co_return Status{};
}

}  // namespace redkeep::content
