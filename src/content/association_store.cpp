#include "content/association_store.h"

#include <algorithm>

#include "content/record_rules.h"
#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::content {
namespace {

// A tree of pages that is deeper than this is a loop that somebody wrote past us.
constexpr int kMostPathLevels = 10'000;

void require_unchanged(const keys::KeySchema& schema, const Association& stored, AtomicStep& step) {
  const std::string key = schema.association(stored.path);
  step.require_field(key, "parent_id", stored.parent_id);
  step.require_field(key, "child_id", stored.child_id);
  step.require_field(key, "type", stored.type);
}

}  // namespace

Status AssociationStore::check(const Association& association) {
  const std::string weight = std::to_string(association.weight);
  const AssociationView view = view_of(association, weight);
  if (!is_utf8(association.path)) {
    return make_error(ErrorKind::InvalidInput, "path is not UTF-8 or has a NUL");
  }
  if (const auto fault = find_fault(view)) {
    return make_error(ErrorKind::InvalidInput, "{} {}", fault->field, fault->reason);
  }
  return {};
}

redis::awaitable<Status> AssociationStore::store(Association association, JournalPlace place) {
  if (const Status valid = check(association); !valid) co_return valid;
  co_return co_await access_.change([&] { return prepare_store(association, place); }, place);
}

redis::awaitable<Result<AtomicStep>> AssociationStore::prepare_store(Association association,
                                                                     JournalPlace place) {
  const std::string ends[] = {association.parent_id, association.child_id};
  std::vector<std::string> type_keys{schema_.type_of(ends[0]), schema_.type_of(ends[1])};
  const auto types = co_await read_strings(access_.ask(), std::move(type_keys));
  if (!types) co_return types.error();
  AtomicStep step = access_.begin(place);
  for (std::size_t i = 0; i < 2; ++i) {
    if ((*types)[i].empty()) co_return no_entity(ends[i]);
    step.require_value(schema_.type_of(ends[i]), (*types)[i]);
  }
  std::vector<std::string> path{association.path};
  auto stored = co_await read_associations(access_.ask(), schema_, std::move(path));
  if (!stored) co_return stored.error();
  const Association& old = stored->front();
  require_unchanged(schema_, old, step);
  const bool same = old.parent_id == association.parent_id &&
                    old.child_id == association.child_id && old.type == association.type;
  if (!old.child_id.empty() && !same) {
    if (const Status out = co_await take_out(old, step); !out) co_return out.error();
  }
  if (association.is_containment()) {
    const Status fits = co_await prepare_containment(association, step);
    if (!fits) co_return fits.error();
  }
  StepSink sink{step};
  const std::string weight = std::to_string(association.weight);
  spread(schema_, view_of(association, weight), sink);
  co_return step;
}

// One containing parent a child, and no child above its own parent.
redis::awaitable<Status> AssociationStore::prepare_containment(const Association& association,
                                                               AtomicStep& step) {
  std::vector<EntityName> name{{association.child_id, {}}};
  const auto children = co_await read_entities(access_.ask(), schema_, std::move(name));
  if (!children) co_return children.error();
  const StoredEntity& child = children->front();
  if (!child.has_hash()) co_return no_entity(association.child_id);
  if (!child.path.empty() && child.path != association.path) {
    co_return make_error(ErrorKind::Conflict,
                         "{} would have two containing parents: by the paths \"{}\" and \"{}\"; "
                         "remove the first one to move it",
                         association.child_id, printable(child.path), printable(association.path));
  }
  const std::string key = schema_.entity(child.record.type, association.child_id);
  step.require_field(key, "path", child.path);
  step.set_field(key, "path", association.path);
  co_return co_await require_no_cycle(association, step);
}

redis::awaitable<Status> AssociationStore::require_no_cycle(const Association& association,
                                                            AtomicStep& step) {
  std::string at = association.parent_id;
  for (int level = 0; level < kMostPathLevels; ++level) {
    if (at == association.child_id) {
      co_return make_error(ErrorKind::Conflict,
                           "\"{}\" would make a cycle: {} contains {} already, by {}",
                           printable(association.path), association.child_id, association.parent_id,
                           sizes::print_counted(level, "level"));
    }
    std::vector<std::string> key{schema_.parent(at)};
    const auto above = co_await read_strings(access_.ask(), std::move(key));
    if (!above) co_return above.error();
    step.require_value(schema_.parent(at), above->front());
    if (above->front().empty()) co_return Status{};
    at = above->front();
  }
  co_return make_error(ErrorKind::Conflict, "{} has more than {} levels above it",
                       association.parent_id, kMostPathLevels);
}

// What a stored association has written beside its own hash.
redis::awaitable<Status> AssociationStore::take_out(Association stored, AtomicStep& step) {
  if (!stored.is_containment()) {
    step.remove_member(schema_.links(stored.parent_id), stored.path);
    step.remove_member(schema_.links(stored.child_id), stored.path);
    co_return Status{};
  }
  std::vector<EntityName> name{{stored.child_id, {}}};
  const auto children = co_await read_entities(access_.ask(), schema_, std::move(name));
  if (!children) co_return children.error();
  const StoredEntity& child = children->front();
  // The child may be somewhere else by now, written past us: then its place is not ours to remove.
  if (child.path == stored.path) {
    const std::string key = schema_.entity(child.record.type, stored.child_id);
    step.require_field(key, "path", child.path);
    step.remove_field(key, "path");
    step.remove_string(schema_.parent(stored.child_id));
  }
  step.remove_member(schema_.children(stored.parent_id), stored.child_id);
  co_return Status{};
}

redis::awaitable<Result<Association>> AssociationStore::get(std::string path) {
  std::vector<std::string> paths{path};
  auto stored = co_await read_associations(access_.ask(), schema_, std::move(paths));
  if (!stored) co_return stored.error();
  if (stored->front().child_id.empty()) {
    co_return make_error(ErrorKind::NotFound, "there is no association \"{}\"", printable(path));
  }
  co_return std::move(stored->front());
}

redis::awaitable<Status> AssociationStore::remove(std::string path, JournalPlace place) {
  co_return co_await access_.change([&] { return prepare_remove(path, place); }, place);
}

redis::awaitable<Result<AtomicStep>> AssociationStore::prepare_remove(std::string path,
                                                                      JournalPlace place) {
  std::vector<std::string> paths{std::move(path)};
  auto stored = co_await read_associations(access_.ask(), schema_, std::move(paths));
  if (!stored) co_return stored.error();
  AtomicStep step = access_.begin(place);
  const Association& old = stored->front();
  if (old.child_id.empty()) co_return step;
  require_unchanged(schema_, old, step);
  if (const Status out = co_await take_out(old, step); !out) co_return out.error();
  step.remove_hash(schema_.association(old.path));
  co_return step;
}

namespace {

std::vector<Association> by_weight(std::vector<Association> found) {
  std::sort(found.begin(), found.end(), [](const Association& a, const Association& b) {
    return a.weight != b.weight ? a.weight < b.weight : a.path < b.path;
  });
  return found;
}

}  // namespace

redis::awaitable<Result<std::vector<Association>>> AssociationStore::children(
    std::string parent_id) {
  auto ids = co_await access_.members(schema_.children(parent_id));
  if (!ids) co_return ids.error();
  std::vector<EntityName> names;
  for (auto& id : *ids) names.push_back({std::move(id), {}});
  auto entities = co_await read_entities(access_.ask(), schema_, std::move(names));
  if (!entities) co_return entities.error();
  std::vector<std::string> paths;
  for (auto& entity : *entities) {
    if (!entity.path.empty()) paths.push_back(std::move(entity.path));
  }
  auto found = co_await read_associations(access_.ask(), schema_, std::move(paths));
  if (!found) co_return found.error();
  // Between two reads one may have moved away.
  std::erase_if(*found, [&](const Association& row) { return row.parent_id != parent_id; });
  co_return by_weight(std::move(*found));
}

redis::awaitable<Result<std::vector<Association>>> AssociationStore::links(std::string entity_id) {
  auto paths = co_await access_.members(schema_.links(entity_id));
  if (!paths) co_return paths.error();
  auto found = co_await read_associations(access_.ask(), schema_, std::move(*paths));
  if (!found) co_return found.error();
  // Between two reads one may have gone, or become another one.
  std::erase_if(*found, [&](const Association& row) {
    return row.is_containment() || (row.parent_id != entity_id && row.child_id != entity_id);
  });
  co_return by_weight(std::move(*found));
}

redis::awaitable<Result<std::string>> AssociationStore::parent(std::string child_id) {
  std::vector<std::string> key{schema_.parent(child_id)};
  auto found = co_await read_strings(access_.ask(), std::move(key));
  if (!found) co_return found.error();
  if (found->front().empty()) {
    co_return make_error(ErrorKind::NotFound, "{} is contained nowhere", printable(child_id));
  }
  co_return std::move(found->front());
}

}  // namespace redkeep::content
