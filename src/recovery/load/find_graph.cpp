#include "recovery/load/find_graph.h"

#include "keys/class_table.h"
#include "keys/key_schema.h"
#include "keys/keyspace_walk.h"

namespace redkeep::recovery {

redis::awaitable<Result<std::string>> find_graph_key(content::Ask ask, std::string prefix) {
  // By the built-in classes: the graph's keys are built by the schema, whatever is configured.
  const auto table = keys::ClassTable::compile(prefix, default_key_classes());
  if (!table) co_return table.error();
  keys::KeyspaceWalk walk(table->scan_glob(), 1000);
  while (!walk.done()) {
    redis::CommandBuffer scan;
    walk.ask(scan);
    auto replies = co_await ask(std::move(scan));
    if (!replies) co_return replies.error();
    const auto page = walk.take(std::move(replies->front()));
    if (!page) co_return page.error();
    for (const auto& key : *page) {
      const auto index = table->classify(key);
      if (!index || table->at(*index).level == KeyLevel::Evictable) continue;
      if (table->at(*index).name == "guard" || table->at(*index).name == "queues") continue;
      co_return key;
    }
  }
  co_return std::string{};
}

redis::awaitable<Result<bool>> has_whole_graph(content::Ask ask, std::string prefix) {
  const keys::KeySchema schema(prefix);
  std::vector<std::string> key{schema.guard("content")};
  const auto mark = co_await content::read_strings(ask, std::move(key));
  if (!mark) co_return mark.error();
  if (!mark->front().empty()) co_return mark->front() != kGraphIsRestored;
  const auto found = co_await find_graph_key(std::move(ask), std::move(prefix));
  if (found) co_return !found->empty();
  if (found.error().kind == ErrorKind::NotPermitted) co_return true;
  co_return found.error();
}

}  // namespace redkeep::recovery
