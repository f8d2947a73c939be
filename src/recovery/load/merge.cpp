#include "recovery/load/merge.h"

#include <algorithm>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kMergeRecordsAtOnce = 256;

// A merge may be cut after any command, and the next one finds what is stale in what is stored. So
// the record that tells goes last: members of sets before the association that names them, words
// and mappings before the hash that they are computed from.

// Removes a mapping only if it still points to what it was read with: another record of the same
// content may have taken the name over already.
constexpr std::string_view kRemoveIfEqual =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end "
    "return 0";

void remove_if_equal(const std::string& key, std::string_view value, redis::CommandBuffer& out) {
  out.add({"EVAL", kRemoveIfEqual, "1", key, value});
}

void note_if(bool differs, std::string_view field, std::vector<std::string_view>& fields) {
  if (differs) fields.push_back(field);
}

std::string sentence(std::string_view record, const std::vector<std::string_view>& fields) {
  return fmt::format("{}: {} differed", record, fmt::join(fields, ", "));
}

}  // namespace

void MergeConflicts::add(std::string conflict) {
  if (++count <= static_cast<std::int64_t>(kMostKept)) first.push_back(std::move(conflict));
}

// What is stored is no conflict where nothing is: after a cut the type alone may be there.
redis::awaitable<Status> Merge::note_conflicts(BulkPipe& pipe) {
  std::vector<std::string> name_keys;
  for (const auto& entity : entities_) {
    name_keys.push_back(schema_.semantic(entity.record.type, entity.record.semantic_name));
  }
  const auto owners = co_await content::read_strings(pipe.asks(), std::move(name_keys));
  if (!owners) co_return owners.error();
  for (std::size_t i = 0; i < entities_.size(); ++i) {
    const Entity& fresh = entities_[i].record;
    const Entity& old = entities_[i].old.record;
    std::vector<std::string_view> fields;
    if (entities_[i].old.has_hash()) {
      note_if(old.type != fresh.type, "type", fields);
      note_if(old.data != fresh.data, "data", fields);
      note_if(old.semantic_name != fresh.semantic_name, "semantic_name", fields);
      note_if(old.created_by != fresh.created_by, "created_by", fields);
      note_if(old.created_at != fresh.created_at, "created_at", fields);
      note_if(old.updated_at != fresh.updated_at, "updated_at", fields);
      note_if(!entities_[i].path.empty() && entities_[i].old.path != entities_[i].path, "path",
              fields);
    }
    std::string conflict = fields.empty() ? "" : sentence("entity " + fresh.id, fields);
    const std::string& owner = (*owners)[i];
    if (!fresh.semantic_name.empty() && !owner.empty() && owner != fresh.id) {
      conflict += fmt::format("{}{} was the name of {}",
                              conflict.empty() ? "entity " + fresh.id + ": " : "; ",
                              fresh.semantic_name, printable(owner));
    }
    if (!conflict.empty()) conflicts_.add(std::move(conflict));
  }
  co_return Status{};
}

bool Merge::is_full() const {
  return entities_.size() >= kMergeRecordsAtOnce || associations_.size() >= kMergeRecordsAtOnce;
}

void Merge::add_entity(const content::EntityView& entity, std::string_view path,
                       const std::vector<std::string_view>& words) {
  NewEntity fresh;
  fresh.record = content::record_of(entity);
  fresh.path = path;
  fresh.words.assign(words.begin(), words.end());
  entities_.push_back(std::move(fresh));
}

void Merge::add_association(const content::AssociationView& association) {
  associations_.push_back(content::record_of(association));
}

redis::awaitable<Status> Merge::read_stored(BulkPipe& pipe) {
  std::vector<content::EntityName> names;
  for (const auto& entity : entities_) names.push_back({entity.record.id, entity.record.type});
  auto stored = co_await content::read_entities(pipe.asks(), schema_, std::move(names));
  if (!stored) co_return stored.error();
  for (std::size_t i = 0; i < entities_.size(); ++i) entities_[i].old = std::move((*stored)[i]);
  co_return Status{};
}

// A child that moves leaves its old place: the association there, and the old parent's set.
redis::awaitable<Status> Merge::remove_old_places(BulkPipe& pipe) {
  std::vector<const NewEntity*> moved;
  std::vector<std::string> paths;
  for (const auto& entity : entities_) {
    const std::string& old_path = entity.old.path;
    if (entity.path.empty() || old_path.empty() || entity.path == old_path) continue;
    moved.push_back(&entity);
    paths.push_back(old_path);
  }
  const auto places = co_await content::read_associations(pipe.asks(), schema_, std::move(paths));
  if (!places) co_return places.error();
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const Association& old = (*places)[i];
    if (old.child_id != moved[i]->record.id || !old.is_containment()) continue;
    pipe.commands().add({"SREM", schema_.children(old.parent_id), old.child_id});
    pipe.commands().add({"UNLINK", schema_.association(old.path)});
  }
  co_return Status{};
}

void Merge::remove_stale(const NewEntity& entity, redis::CommandBuffer& out) {
  const Entity& fresh = entity.record;
  const Entity& old = entity.old.record;
  if (entity.changes_type()) out.add({"SREM", schema_.type_index(old.type), fresh.id});
  const bool renamed = old.semantic_name != fresh.semantic_name || old.type != fresh.type;
  if (!old.semantic_name.empty() && renamed) {
    remove_if_equal(schema_.semantic(old.type, old.semantic_name), fresh.id, out);
  }
  if (!entity.old.has_hash()) return;
  for (const auto word : extractor_.words_of(content::view_of(old))) {
    if (!std::binary_search(entity.words.begin(), entity.words.end(), word)) {
      out.add({"SREM", schema_.word(word), fresh.id});
    }
  }
}

// In one step: whatever type is found, the whole hash is there under it.
void Merge::take_type_over(const NewEntity& entity, redis::CommandBuffer& out) {
  constexpr std::string_view kTakeOver =
      "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('UNLINK', KEYS[2])";
  const Entity& fresh = entity.record;
  out.add({"EVAL", kTakeOver, "2", schema_.type_of(fresh.id),
           schema_.entity(entity.old.record.type, fresh.id), fresh.type});
}

redis::awaitable<Status> Merge::write_entities(BulkPipe& pipe, GraphBatch& batch) {
  if (entities_.empty()) co_return Status{};
  if (const Status sent = co_await pipe.finish(); !sent) co_return sent;
  if (const Status read = co_await read_stored(pipe); !read) co_return read;
  if (const Status noted = co_await note_conflicts(pipe); !noted) co_return noted;
  if (const Status moved = co_await remove_old_places(pipe); !moved) co_return moved;
  for (auto& entity : entities_) {
    remove_stale(entity, pipe.commands());
    const std::vector<std::string_view> words(entity.words.begin(), entity.words.end());
    const auto& path = entity.path.empty() ? entity.old.path : entity.path;
    batch.add_entity(content::view_of(entity.record), path, words, pipe.commands());
    if (entity.changes_type()) take_type_over(entity, pipe.commands());
  }
  entities_.clear();
  co_return Status{};
}

void Merge::note_conflict(const Association& stored, const Association& fresh) {
  if (stored.child_id.empty()) return;
  std::vector<std::string_view> fields;
  note_if(stored.parent_id != fresh.parent_id, "parent_id", fields);
  note_if(stored.child_id != fresh.child_id, "child_id", fields);
  note_if(stored.type != fresh.type, "type", fields);
  note_if(stored.weight != fresh.weight, "weight", fields);
  if (!fields.empty()) {
    conflicts_.add(sentence("association " + printable(fresh.path), fields));
  }
}

void Merge::remove_stale(const Association& stored, const std::string& child_type,
                         const Association& fresh, redis::CommandBuffer& out) {
  const bool same_ends = stored.parent_id == fresh.parent_id && stored.child_id == fresh.child_id &&
                         stored.type == fresh.type;
  if (stored.child_id.empty() || same_ends) return;
  if (!stored.is_containment()) {
    out.add({"SREM", schema_.links(stored.parent_id), stored.path});
    out.add({"SREM", schema_.links(stored.child_id), stored.path});
    return;
  }
  const bool still_there = fresh.is_containment() && stored.child_id == fresh.child_id;
  out.add({"SREM", schema_.children(stored.parent_id), stored.child_id});
  if (still_there) return;
  // The child that was here may have got its new place already, further up in the content.
  constexpr std::string_view kRemovePath =
      "if redis.call('HGET', KEYS[1], 'path') == ARGV[1] then redis.call('HDEL', KEYS[1], 'path') "
      "if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('UNLINK', KEYS[2]) end end return "
      "0";
  out.add({"EVAL", kRemovePath, "2", schema_.entity(child_type, stored.child_id),
           schema_.parent(stored.child_id), stored.path, stored.parent_id});
}

redis::awaitable<Status> Merge::write_associations(BulkPipe& pipe, GraphBatch& batch) {
  if (associations_.empty()) co_return Status{};
  batch.flush_strings(pipe.commands());
  if (const Status sent = co_await pipe.finish(); !sent) co_return sent;
  std::vector<std::string> paths;
  for (const auto& fresh : associations_) paths.push_back(fresh.path);
  const auto old = co_await content::read_associations(pipe.asks(), schema_, std::move(paths));
  if (!old) co_return old.error();
  std::vector<std::string> type_keys;
  for (const auto& association : *old) type_keys.push_back(schema_.type_of(association.child_id));
  const auto types = co_await content::read_strings(pipe.asks(), std::move(type_keys));
  if (!types) co_return types.error();
  for (std::size_t i = 0; i < associations_.size(); ++i) {
    note_conflict((*old)[i], associations_[i]);
    remove_stale((*old)[i], (*types)[i], associations_[i], pipe.commands());
    const std::string weight = std::to_string(associations_[i].weight);
    batch.add_association(content::view_of(associations_[i], weight), pipe.commands());
  }
  associations_.clear();
  co_return Status{};
}

}  // namespace redkeep::recovery
