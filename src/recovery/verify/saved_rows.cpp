#include "recovery/verify/saved_rows.h"

#include <fmt/chrono.h>

#include <array>
#include <filesystem>
#include <map>

#include "content/record_rules.h"
#include "error/error.h"

namespace redkeep::recovery {
namespace {

using Fields = std::map<std::string_view, std::string_view>;

std::string_view field(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : found->second;
}

template <std::size_t kNames>
bool has_only(const Fields& fields, const std::array<std::string_view, kNames>& names) {
  std::size_t known = 0;
  for (const auto name : names) known += fields.count(name);
  return known == fields.size();
}

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace

std::string saved_directory_name(std::chrono::system_clock::time_point now) {
  return fmt::format("repair-saved-{:%Y%m%dT%H%M%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

Status SavedRows::make_own_directory() {
  const std::string parent = parent_.empty() ? "." : parent_;
  if (!std::filesystem::exists(parent)) {
    if (const Status made = make_directory(disk_, parent); !made) return made;
  }
  const std::string name = parent + "/" + saved_directory_name(std::chrono::system_clock::now());
  std::string path = name;
  for (int again = 2; std::filesystem::exists(path); ++again) {
    path = fmt::format("{}-{}", name, again);
  }
  if (const Status made = make_directory(disk_, path); !made) return made;
  if (const Status synced = sync_directory(disk_, parent); !synced) return synced;
  directory_ = std::move(path);
  return {};
}

Result<CsvWriter*> SavedRows::writer(std::optional<CsvWriter>& file, std::string_view name,
                                     Header header) {
  if (file) return &*file;
  if (directory_.empty()) {
    if (const Status made = make_own_directory(); !made) return made.error();
  }
  auto opened = CsvWriter::create(disk_, fmt::format("{}/{}", directory_, name), header);
  if (!opened) return opened.error();
  file.emplace(std::move(*opened));
  return &*file;
}

Result<bool> SavedRows::hash(std::string_view key, std::span<const redis::Reply> fields) {
  Fields by_name;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    by_name[fields[i].text] = fields[i + 1].text;
    if (!content::is_utf8(fields[i + 1].text)) return false;
  }
  const std::string entity_start = schema_.prefix() + "entity:";
  const std::string association_start = schema_.prefix() + "assoc:";
  if (key.starts_with(entity_start)) {
    constexpr std::array<std::string_view, 8> kKnown{"type",       "data",       "semantic_name",
                                                     "created_by", "created_at", "updated_at",
                                                     "path",       "version"};
    const auto id = key.substr(key.rfind(':') + 1);
    const auto type = field(by_name, "type");
    const bool is_row = has_only(by_name, kKnown) && key == schema_.entity(type, id) &&
                        content::is_uuid(id) && !field(by_name, "data").empty();
    if (!is_row) return false;
    auto file =
        writer(entities_, "entities.csv",
               {"id", "type", "semantic_name", "data", "created_by", "created_at", "updated_at"});
    if (!file) return file.error();
    ++rows_;
    const Status added = (*file)->add({id, type, field(by_name, "semantic_name"),
                                       field(by_name, "data"), field(by_name, "created_by"),
                                       field(by_name, "created_at"), field(by_name, "updated_at")});
    return added ? Result<bool>(true) : Result<bool>(added.error());
  }
  if (!key.starts_with(association_start)) return false;
  constexpr std::array<std::string_view, 4> kKnown{"parent_id", "child_id", "type", "weight"};
  const std::string path = keys::decode_component(key.substr(association_start.size()));
  const bool is_row = by_name.size() == kKnown.size() && has_only(by_name, kKnown) &&
                      key == schema_.association(path) && content::is_utf8(path);
  if (!is_row) return false;
  auto file = writer(associations_, "associations.csv",
                     {"parent_id", "child_id", "path", "type", "weight"});
  if (!file) return file.error();
  ++rows_;
  const Status added = (*file)->add({field(by_name, "parent_id"), field(by_name, "child_id"), path,
                                     field(by_name, "type"), field(by_name, "weight")});
  return added ? Result<bool>(true) : Result<bool>(added.error());
}

Status SavedRows::other(std::string_view key, std::string_view type, std::string_view value) {
  auto file = writer(others_, "other_keys.csv", {"key", "type", "value"});
  if (!file) return file.error();
  ++rows_;
  const bool is_text = content::is_utf8(key);
  const std::string shown = is_text ? std::string(key) : printable(key, key.size());
  if (type == "dump-hex" || content::is_utf8(value)) return (*file)->add({shown, type, value});
  return (*file)->add({shown, fmt::format("{}-hex", type), hexadecimal(value)});
}

Status SavedRows::string(std::string_view key, std::string_view value) {
  return other(key, "string", value);
}

Status SavedRows::member(std::string_view key, std::string_view member) {
  return other(key, "member", member);
}

Status SavedRows::dump(std::string_view key, std::string_view payload) {
  return other(key, "dump-hex", hexadecimal(payload));
}

Status SavedRows::finish() {
  for (auto* file : {&entities_, &associations_, &others_}) {
    if (!*file) continue;
    if (const Status finished = (*file)->finish(); !finished) return finished;
  }
  return directory_.empty() ? Status{} : sync_directory(disk_, directory_);
}

}  // namespace redkeep::recovery
