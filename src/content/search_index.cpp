#include "content/search_index.h"

#include <algorithm>

#include "content/record_rules.h"
#include "error/error.h"

namespace redkeep::content {

Status SearchIndex::check_ids(const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    if (is_uuid(id)) continue;
    return make_error(ErrorKind::InvalidInput, "id \"{}\" is not a UUID in lower case",
                      printable(id));
  }
  return {};
}

Result<std::string> SearchIndex::one_word(const std::string& text) {
  if (is_utf8(text)) {
    const auto& words = extractor_.words_of_text(text);
    if (words.size() == 1) return std::string(words.front());
  }
  return make_error(ErrorKind::InvalidInput, "\"{}\" is not exactly one word of the index",
                    printable(text, 80));
}

redis::awaitable<Status> SearchIndex::add(std::string word, std::vector<std::string> entity_ids,
                                          JournalPlace place) {
  const auto folded = one_word(word);
  if (!folded) co_return folded.error();
  if (const Status valid = check_ids(entity_ids); !valid) co_return valid;
  const std::string key = schema_.word(*folded);
  co_return co_await access_.change([&] { return prepare_add(key, entity_ids, place); }, place);
}

redis::awaitable<Result<AtomicStep>> SearchIndex::prepare_add(std::string key,
                                                              std::vector<std::string> ids,
                                                              JournalPlace place) {
  std::vector<std::string> type_keys;
  for (const auto& id : ids) type_keys.push_back(schema_.type_of(id));
  const auto types = co_await read_strings(access_.ask(), std::move(type_keys));
  if (!types) co_return types.error();
  AtomicStep step = access_.begin(place);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if ((*types)[i].empty()) co_return no_entity(ids[i]);
    step.require_value(schema_.type_of(ids[i]), (*types)[i]);
    step.add_member(key, ids[i]);
  }
  co_return step;
}

redis::awaitable<Status> SearchIndex::remove(std::string word, std::vector<std::string> entity_ids,
                                             JournalPlace place) {
  const auto folded = one_word(word);
  if (!folded) co_return folded.error();
  const std::string key = schema_.word(*folded);
  co_return co_await access_.change([&] { return prepare_remove(key, entity_ids, place); }, place);
}

redis::awaitable<Result<AtomicStep>> SearchIndex::prepare_remove(std::string key,
                                                                 std::vector<std::string> ids,
                                                                 JournalPlace place) {
  AtomicStep step = access_.begin(place);
  for (const auto& id : ids) step.remove_member(key, id);
  co_return step;
}

redis::awaitable<Result<std::vector<std::string>>> SearchIndex::search(std::string text) {
  std::vector<std::string> ids;
  if (!is_utf8(text)) {
    co_return make_error(ErrorKind::InvalidInput, "the text is not UTF-8 or has a NUL");
  }
  redis::CommandBuffer command;
  {
    const auto& words = extractor_.words_of_text(text);
    if (words.empty()) co_return ids;
    command.begin(1 + words.size());
    command.arg("SINTER");
    for (const auto word : words) command.arg(schema_.word(word));
  }
  auto replies = co_await access_.ask()(std::move(command));
  if (!replies) co_return replies.error();
  redis::Reply& found = replies->front();
  if (!found.is_array()) co_return redis::unexpected_reply("SINTER", found);
  for (auto& id : found.elements) ids.push_back(std::move(id.text));
  std::sort(ids.begin(), ids.end());
  co_return ids;
}

}  // namespace redkeep::content
