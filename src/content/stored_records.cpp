#include "content/stored_records.h"

#include <array>
#include <charconv>

#include "error/error.h"

namespace redkeep::content {
namespace {

constexpr std::array<std::string_view, 8> kEntityFields{
    "type", "data", "semantic_name", "created_by", "created_at", "updated_at", "path", "version"};
constexpr std::array<std::string_view, 4> kAssociationFields{"parent_id", "child_id", "type",
                                                             "weight"};

template <std::size_t kFields>
void ask_fields(const std::string& key, const std::array<std::string_view, kFields>& fields,
                redis::CommandBuffer& out) {
  out.begin(2 + kFields);
  out.arg("HMGET");
  out.arg(key);
  for (const auto field : fields) out.arg(field);
}

std::string text_of(redis::Reply& reply) {
  return reply.is_string() ? std::move(reply.text) : std::string();
}

Result<redis::Reply*> fields_of(redis::Reply& reply, const std::string& key, std::size_t count) {
  if (reply.is_array() && reply.elements.size() == count) return reply.elements.data();
  return redis::unexpected_reply("HMGET " + printable(key), reply);
}

StoredEntity entity_from(redis::Reply* fields, std::string id) {
  StoredEntity stored;
  Entity& record = stored.record;
  record.data = text_of(fields[1]);
  if (record.data.empty()) return stored;
  record.id = std::move(id);
  record.type = text_of(fields[0]);
  record.semantic_name = text_of(fields[2]);
  record.created_by = text_of(fields[3]);
  record.created_at = text_of(fields[4]);
  record.updated_at = text_of(fields[5]);
  stored.path = text_of(fields[6]);
  stored.version = text_of(fields[7]);
  return stored;
}

}  // namespace

Error no_entity(std::string_view id) {
  return make_error(ErrorKind::NotFound, "there is no entity {}", printable(id));
}

Status first_error(const std::vector<redis::Reply>& replies, std::string_view command) {
  for (const auto& reply : replies) {
    if (reply.is_error()) return redis::error_from_reply(command, reply);
  }
  return {};
}

redis::awaitable<Result<std::vector<std::string>>> read_strings(const Ask& ask,
                                                                std::vector<std::string> keys) {
  std::vector<std::string> texts;
  if (keys.empty()) co_return texts;
  redis::CommandBuffer commands;
  for (const auto& key : keys) commands.add({"GET", key});
  auto replies = co_await ask(std::move(commands));
  if (!replies) co_return replies.error();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    redis::Reply& reply = (*replies)[i];
    if (reply.is_error()) co_return redis::error_from_reply("GET " + printable(keys[i]), reply);
    texts.push_back(text_of(reply));
  }
  co_return texts;
}

redis::awaitable<Result<std::vector<StoredEntity>>> read_entities(const Ask& ask,
                                                                  const keys::KeySchema& schema,
                                                                  std::vector<EntityName> names) {
  std::vector<StoredEntity> stored;
  if (names.empty()) co_return stored;
  std::vector<std::string> type_keys;
  for (const auto& name : names) type_keys.push_back(schema.type_of(name.id));
  const auto types = co_await read_strings(ask, std::move(type_keys));
  if (!types) co_return types.error();
  redis::CommandBuffer commands;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < names.size(); ++i) {
    keys.push_back(schema.entity((*types)[i].empty() ? names[i].type : (*types)[i], names[i].id));
    ask_fields(keys.back(), kEntityFields, commands);
  }
  auto replies = co_await ask(std::move(commands));
  if (!replies) co_return replies.error();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto fields = fields_of((*replies)[i], keys[i], kEntityFields.size());
    if (!fields) co_return fields.error();
    StoredEntity& entity = stored.emplace_back(entity_from(*fields, names[i].id));
    if (!(*types)[i].empty()) entity.record.type = (*types)[i];
  }
  co_return stored;
}

redis::awaitable<Result<std::vector<Association>>> read_associations(
    const Ask& ask, const keys::KeySchema& schema, std::vector<std::string> paths) {
  std::vector<Association> stored;
  if (paths.empty()) co_return stored;
  redis::CommandBuffer commands;
  for (const auto& path : paths) ask_fields(schema.association(path), kAssociationFields, commands);
  auto replies = co_await ask(std::move(commands));
  if (!replies) co_return replies.error();
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto fields =
        fields_of((*replies)[i], schema.association(paths[i]), kAssociationFields.size());
    if (!fields) co_return fields.error();
    Association& association = stored.emplace_back();
    association.path = std::move(paths[i]);
    association.parent_id = text_of((*fields)[0]);
    association.child_id = text_of((*fields)[1]);
    association.type = text_of((*fields)[2]);
    const std::string weight = text_of((*fields)[3]);
    std::from_chars(weight.data(), weight.data() + weight.size(), association.weight);
  }
  co_return stored;
}

}  // namespace redkeep::content
