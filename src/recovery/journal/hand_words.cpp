#include "recovery/journal/hand_words.h"

#include <algorithm>
#include <set>

#include "recovery/journal/journal_reader.h"
#include "recovery/journal/journal_writer.h"

namespace redkeep::recovery {

void HandWords::forget(const std::string& entity_id) {
  const auto begin = added_.lower_bound({entity_id, {}});
  auto end = begin;
  while (end != added_.end() && end->first.first == entity_id) ++end;
  added_.erase(begin, end);
}

void HandWords::apply(const GraphChange& change) {
  if (const auto* added = std::get_if<AddWord>(&change)) {
    for (const auto& id : added->entity_ids) added_[{id, added->word}] = true;
  } else if (const auto* removed = std::get_if<RemoveWord>(&change)) {
    for (const auto& id : removed->entity_ids) added_[{id, removed->word}] = false;
  } else if (const auto* gone = std::get_if<RemoveEntity>(&change)) {
    forget(gone->id);
  } else if (const auto* stored = std::get_if<Entity>(&change)) {
    for (auto at = added_.lower_bound({stored->id, {}});
         at != added_.end() && at->first.first == stored->id;) {
      at = at->second ? std::next(at) : added_.erase(at);
    }
  }
}

void HandWords::leave_to(const GraphChange& later) {
  if (const auto* added = std::get_if<AddWord>(&later)) {
    for (const auto& id : added->entity_ids) added_.erase({id, added->word});
  } else if (const auto* removed = std::get_if<RemoveWord>(&later)) {
    for (const auto& id : removed->entity_ids) added_.erase({id, removed->word});
  } else {
    apply(later);
  }
}

namespace {

template <class Change>
void add_changes(const std::map<std::string, std::vector<std::string>>& ids_by_word,
                 std::vector<GraphChange>& out) {
  constexpr std::ptrdiff_t kMostIds = 10'000;  // in one line, which is one step on the server
  for (const auto& [word, ids] : ids_by_word) {
    for (auto at = ids.begin(); at != ids.end();) {
      const auto end = at + std::min(kMostIds, ids.end() - at);
      out.emplace_back(Change{word, {at, end}});
      at = end;
    }
  }
}

}  // namespace

std::vector<GraphChange> HandWords::as_changes() const {
  std::map<std::string, std::vector<std::string>> added;
  std::map<std::string, std::vector<std::string>> removed;
  for (const auto& [name, is_added] : added_) {
    const auto& [id, word] = name;
    (is_added ? added : removed)[word].push_back(id);
  }
  std::vector<GraphChange> changes;
  add_changes<AddWord>(added, changes);
  add_changes<RemoveWord>(removed, changes);
  return changes;
}

Result<HandWords> hand_words_in(const std::string& journal_directory, std::int64_t position) {
  auto reader = JournalReader::open_whole(journal_directory);
  if (!reader) return reader.error();
  std::vector<std::pair<std::int64_t, GraphChange>> changes;
  std::set<std::int64_t> voided;
  for (;;) {
    auto line = reader->next();
    if (!line) return line.error();
    if (!*line) break;
    if (const auto taken_back = voided_by(**line)) {
      voided.insert(*taken_back);
      continue;
    }
    const std::int64_t at = (*line)->position;
    auto change = change_of(std::move(**line));
    if (!change) return change.error();
    // Only its id is of interest, and a journal may have many of them.
    if (auto* entity = std::get_if<Entity>(&*change)) {
      Entity named;
      named.id = std::move(entity->id);
      *change = std::move(named);
    }
    if (std::holds_alternative<Association>(*change)) continue;
    if (std::holds_alternative<RemoveAssociation>(*change)) continue;
    changes.emplace_back(at, std::move(*change));
  }
  HandWords words;
  for (const auto& [at, change] : changes) {
    if (voided.contains(at)) continue;
    if (at <= position) {
      words.apply(change);
    } else {
      words.leave_to(change);
    }
  }
  return words;
}

}  // namespace redkeep::recovery
