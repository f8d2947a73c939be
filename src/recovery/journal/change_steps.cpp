#include "recovery/journal/change_steps.h"

namespace redkeep::recovery {
namespace {

template <class Words>
Status fold_word(content::SearchIndex& index, Words& change) {
  auto word = index.one_word(change.word);
  if (!word) return word.error();
  change.word = std::move(*word);
  return content::SearchIndex::check_ids(change.entity_ids);
}

}  // namespace

Result<GraphChange> ChangeSteps::check(GraphChange change) {
  Status valid;
  if (const auto* entity = std::get_if<Entity>(&change)) {
    valid = content::EntityStore::check(*entity);
  } else if (const auto* removed = std::get_if<RemoveEntity>(&change)) {
    valid = content::EntityStore::check_id(removed->id);
  } else if (const auto* link = std::get_if<Association>(&change)) {
    valid = content::AssociationStore::check(*link);
  } else if (auto* added = std::get_if<AddWord>(&change)) {
    valid = fold_word(index_, *added);
  } else if (auto* word = std::get_if<RemoveWord>(&change)) {
    valid = fold_word(index_, *word);
  }
  if (!valid) return valid.error();
  return change;
}

// Each alternative is handed on without a coroutine of its own.
redis::awaitable<Status> ChangeSteps::apply(GraphChange change, content::JournalPlace place) {
  if (auto* entity = std::get_if<Entity>(&change))
    return entities_.store(std::move(*entity), place);
  if (auto* removed = std::get_if<RemoveEntity>(&change)) {
    return entities_.remove(std::move(removed->id), place);
  }
  if (auto* link = std::get_if<Association>(&change)) {
    return associations_.store(std::move(*link), place);
  }
  if (auto* path = std::get_if<RemoveAssociation>(&change)) {
    return associations_.remove(std::move(path->path), place);
  }
  if (auto* added = std::get_if<AddWord>(&change)) {
    return index_.add(std::move(added->word), std::move(added->entity_ids), place);
  }
  auto& word = std::get<RemoveWord>(change);
  return index_.remove(std::move(word.word), std::move(word.entity_ids), place);
}

bool is_contradiction(const Error& error) {
  switch (error.kind) {
    case ErrorKind::InvalidInput:
    case ErrorKind::NotFound:
    case ErrorKind::Conflict:
    case ErrorKind::Refused: return true;
    default: return false;
  }
}

}  // namespace redkeep::recovery
