#include "recovery/load/graph_batch.h"

#include <algorithm>

namespace redkeep::recovery {
namespace {

constexpr std::size_t kStringsPerMset = 256;
constexpr std::size_t kMembersPerSadd = 512;
// A set of so many members is written in parts, so that no command holds the server for long.
constexpr std::size_t kMostMembersAtOnce = 4096;

}  // namespace

void GraphBatch::add_entity(const content::EntityView& entity, std::string_view path,
                            const std::vector<std::string_view>& words, redis::CommandBuffer& out) {
  Sink sink{*this, out};
  content::spread(schema_, entity, path, words, sink);
}

void GraphBatch::add_association(const content::AssociationView& association,
                                 redis::CommandBuffer& out) {
  Sink sink{*this, out};
  content::spread(schema_, association, sink);
}

void GraphBatch::add_word(std::string_view word, std::string_view entity_id) {
  sets_.add(sets_.key(schema_.word(word)), sets_.member(entity_id));
}

void GraphBatch::add_hash(const std::string& key, const content::HashFields& fields,
                          redis::CommandBuffer& out) {
  if (form_ == WriteForm::Restore) {
    std::array<std::string_view, 16> flat;
    std::size_t size = 0;
    for (const auto& field : fields) {
      flat[size++] = field.name;
      flat[size++] = field.value;
    }
    const auto payload = payload_.hash({flat.data(), size});
    if (existing_ == Existing::Replace) {
      out.add({"RESTORE", key, "0", payload, "REPLACE"});
    } else {
      out.add({"RESTORE", key, "0", payload});
    }
    return;
  }
  // Fields that the new record does not have must not stay, and the record must never be gone.
  if (existing_ == Existing::Replace) {
    out.add({"MULTI"});
    out.add({"UNLINK", key});
  }
  out.begin(2 + 2 * fields.size());
  out.arg("HSET");
  out.arg(key);
  for (const auto& field : fields) {
    out.arg(field.name);
    out.arg(field.value);
  }
  if (existing_ == Existing::Replace) out.add({"EXEC"});
}

void GraphBatch::add_string(std::string key, std::string_view value, redis::CommandBuffer& out) {
  strings_.push_back(std::move(key));
  strings_.emplace_back(value);
  if (strings_.size() >= 2 * kStringsPerMset) flush_strings(out);
}

// MSET removes a TTL that a key may have had.
void GraphBatch::flush_strings(redis::CommandBuffer& out) {
  if (strings_.empty()) return;
  out.begin(1 + strings_.size());
  out.arg("MSET");
  for (const auto& text : strings_) out.arg(text);
  strings_.clear();
}

void GraphBatch::sort_sets() { sets_.sort(); }

bool GraphBatch::next_set(redis::CommandBuffer& out) {
  std::string_view key;
  std::span<const std::string_view> members;
  if (!sets_.next(key, members)) {
    sets_are_whole_ = false;
    return false;
  }
  if (key.starts_with(word_start_)) ++words_written_;
  write_set(key, members, sets_are_whole_, out);
  return true;
}

void GraphBatch::take_words(SetCollector words) { words_ = std::move(words); }

bool GraphBatch::next_word(redis::CommandBuffer& out) {
  std::string_view word;
  std::span<const std::string_view> members;
  if (!words_.next(word, members)) {
    words_are_whole_ = false;
    return false;
  }
  ++words_written_;
  write_set(schema_.word(word), members, words_are_whole_, out);
  return true;
}

void GraphBatch::write_set(std::string_view key, std::span<const std::string_view> members,
                           bool is_whole, redis::CommandBuffer& out) {
  const bool restores = is_whole && existing_ == Existing::None && form_ == WriteForm::Restore &&
                        members.size() <= kMostMembersAtOnce;
  if (restores) {
    out.add({"RESTORE", key, "0", payload_.set(members)});
    return;
  }
  while (!members.empty()) {
    const auto part = members.first(std::min(members.size(), kMembersPerSadd));
    out.begin(2 + part.size());
    out.arg("SADD");
    out.arg(key);
    for (const auto member : part) out.arg(member);
    members = members.subspan(part.size());
  }
  if (existing_ == Existing::Replace) out.add({"PERSIST", key});
}

}  // namespace redkeep::recovery
