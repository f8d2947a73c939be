#include "recovery/merge.h"

#include <algorithm>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kRecordsAtOnce = 256;

// Removes a mapping only if it still points to what it was read with: another record of the same
// content may have taken the name over already.
constexpr std::string_view kRemoveIfEqual =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end "
    "return 0";

void remove_if_equal(const std::string& key, std::string_view value, redis::CommandBuffer& out) {
  out.add({"EVAL", kRemoveIfEqual, "1", key, value});
}

std::string text_of(const redis::Reply& reply) {
  return std::string(reply.string().value_or(std::string_view{}));
}

Status first_error(const std::vector<redis::Reply>& replies, std::string_view command) {
  for (const auto& reply : replies) {
    if (reply.is_error()) return redis::error_from_reply(command, reply);
  }
  return {};
}

Association association_from(const redis::Reply& reply, std::string path) {
  Association association;
  association.path = std::move(path);
  if (!reply.is_array() || reply.elements.size() != 3) return association;
  association.parent_id = text_of(reply.elements[0]);
  association.child_id = text_of(reply.elements[1]);
  association.type = text_of(reply.elements[2]);
  return association;
}

}  // namespace

bool Merge::is_full() const {
  return entities_.size() >= kRecordsAtOnce || associations_.size() >= kRecordsAtOnce;
}

void Merge::add_entity(const content::EntityView& entity, std::string_view path,
                       const std::vector<std::string_view>& words) {
  NewEntity fresh;
  fresh.record = {std::string(entity.id),         std::string(entity.type),
                  std::string(entity.semantic_name), std::string(entity.data),
                  std::string(entity.created_by), std::string(entity.created_at),
                  std::string(entity.updated_at)};
  fresh.path = path;
  fresh.words.assign(words.begin(), words.end());
  entities_.push_back(std::move(fresh));
}

void Merge::add_association(const content::AssociationView& association) {
  Association fresh;
  fresh.parent_id = association.parent_id;
  fresh.child_id = association.child_id;
  fresh.path = association.path;
  fresh.type = association.type;
  fresh.weight = static_cast<std::int32_t>(std::stol(std::string(association.weight)));
  associations_.push_back(std::move(fresh));
}

redis::awaitable<Status> Merge::read_stored(BulkPipe& pipe) {
  redis::CommandBuffer ask_types;
  for (const auto& entity : entities_) ask_types.add({"GET", schema_.type_of(entity.record.id)});
  auto types = co_await pipe.ask(std::move(ask_types));
  if (!types) co_return types.error();
  redis::CommandBuffer ask_hashes;
  for (std::size_t i = 0; i < entities_.size(); ++i) {
    NewEntity& entity = entities_[i];
    if ((*types)[i].is_error()) co_return redis::error_from_reply("GET", (*types)[i]);
    entity.old_type = text_of((*types)[i]);
    // A load that was killed may have written the hash and not yet the type.
    const auto& type = entity.old_type.empty() ? entity.record.type : entity.old_type;
    ask_hashes.add({"HMGET", schema_.entity(type, entity.record.id), "semantic_name", "data", "path"});
  }
  auto hashes = co_await pipe.ask(std::move(ask_hashes));
  if (!hashes) co_return hashes.error();
  for (std::size_t i = 0; i < entities_.size(); ++i) {
    const redis::Reply& hash = (*hashes)[i];
    if (!hash.is_array() || hash.elements.size() != 3) co_return redis::unexpected_reply("HMGET", hash);
    entities_[i].old_name = text_of(hash.elements[0]);
    entities_[i].old_data = text_of(hash.elements[1]);
    entities_[i].old_path = text_of(hash.elements[2]);
  }
  co_return Status{};
}

// A child that moves leaves its old place: the association there, and the old parent's set.
redis::awaitable<Status> Merge::remove_old_places(BulkPipe& pipe) {
  std::vector<const NewEntity*> moved;
  redis::CommandBuffer ask;
  for (const auto& entity : entities_) {
    if (entity.path.empty() || entity.old_path.empty() || entity.path == entity.old_path) continue;
    moved.push_back(&entity);
    ask.add({"HMGET", schema_.association(entity.old_path), "parent_id", "child_id", "type"});
  }
  if (moved.empty()) co_return Status{};
  auto places = co_await pipe.ask(std::move(ask));
  if (!places) co_return places.error();
  if (const Status fine = first_error(*places, "HMGET"); !fine) co_return fine;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const Association old = association_from((*places)[i], moved[i]->old_path);
    if (old.child_id != moved[i]->record.id || !old.is_containment()) continue;
    pipe.commands().add({"UNLINK", schema_.association(old.path)});
    pipe.commands().add({"SREM", schema_.children(old.parent_id), old.child_id});
  }
  co_return Status{};
}

void Merge::remove_stale(NewEntity& entity, redis::CommandBuffer& out) {
  const Entity& fresh = entity.record;
  const auto& old_type = entity.old_type.empty() ? fresh.type : entity.old_type;
  if (old_type != fresh.type) {
    out.add({"UNLINK", schema_.entity(old_type, fresh.id)});
    out.add({"SREM", schema_.type_index(old_type), fresh.id});
  }
  const bool renamed = entity.old_name != fresh.semantic_name || old_type != fresh.type;
  if (!entity.old_name.empty() && renamed) {
    remove_if_equal(schema_.semantic(old_type, entity.old_name), fresh.id, out);
  }
  if (entity.old_data.empty()) return;
  content::EntityView stored;
  stored.data = entity.old_data;
  stored.semantic_name = entity.old_name;
  for (const auto word : extractor_.words_of(stored)) {
    if (!std::binary_search(entity.words.begin(), entity.words.end(), word)) {
      out.add({"SREM", schema_.word(word), fresh.id});
    }
  }
}

redis::awaitable<Status> Merge::write_entities(BulkPipe& pipe, GraphBatch& batch) {
  if (entities_.empty()) co_return Status{};
  if (const Status sent = co_await pipe.finish(); !sent) co_return sent;
  if (const Status read = co_await read_stored(pipe); !read) co_return read;
  if (const Status moved = co_await remove_old_places(pipe); !moved) co_return moved;
  for (auto& entity : entities_) {
    remove_stale(entity, pipe.commands());
    const std::vector<std::string_view> words(entity.words.begin(), entity.words.end());
    const auto& path = entity.path.empty() ? entity.old_path : entity.path;
    batch.add_entity(content::view_of(entity.record), path, words, pipe.commands());
  }
  entities_.clear();
  co_return Status{};
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
      "if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('UNLINK', KEYS[2]) end end return 0";
  out.add({"EVAL", kRemovePath, "2", schema_.entity(child_type, stored.child_id),
           schema_.parent(stored.child_id), stored.path, stored.parent_id});
}

redis::awaitable<Status> Merge::write_associations(BulkPipe& pipe, GraphBatch& batch) {
  if (associations_.empty()) co_return Status{};
  batch.flush_strings(pipe.commands());
  if (const Status sent = co_await pipe.finish(); !sent) co_return sent;
  redis::CommandBuffer ask;
  for (const auto& fresh : associations_) {
    ask.add({"HMGET", schema_.association(fresh.path), "parent_id", "child_id", "type"});
  }
  auto stored = co_await pipe.ask(std::move(ask));
  if (!stored) co_return stored.error();
  if (const Status fine = first_error(*stored, "HMGET"); !fine) co_return fine;
  std::vector<Association> old;
  redis::CommandBuffer ask_types;
  for (std::size_t i = 0; i < associations_.size(); ++i) {
    old.push_back(association_from((*stored)[i], associations_[i].path));
    ask_types.add({"GET", schema_.type_of(old.back().child_id)});
  }
  auto types = co_await pipe.ask(std::move(ask_types));
  if (!types) co_return types.error();
  for (std::size_t i = 0; i < associations_.size(); ++i) {
    remove_stale(old[i], text_of((*types)[i]), associations_[i], pipe.commands());
    const std::string weight = std::to_string(associations_[i].weight);
    batch.add_association(content::view_of(associations_[i], weight), pipe.commands());
  }
  associations_.clear();
  co_return Status{};
}

}  // namespace redkeep::recovery
