#include "recovery/load/index_room.h"

#include "content/graph_keys.h"
#include "content/stored_records.h"
#include "content/words.h"
#include "error/error.h"
#include "keys/class_table.h"
#include "keys/keyspace_walk.h"

namespace redkeep::recovery {
namespace {

// A page of keys or entities costs the server some milliseconds.
constexpr std::size_t kIndexPageKeys = 500;

// Takes of an entity's pieces only what it adds to the index.
class IndexSink {
 public:
  explicit IndexSink(redis::CommandBuffer& out) : out_(out) {}
  void hash(const std::string& /*key*/, const content::HashFields& /*fields*/) {}
  void string(const std::string& /*key*/, std::string_view /*value*/) {}
  std::string_view member(std::string_view bytes) const { return bytes; }
  void in_set(const std::string& key, std::string_view member) { out_.add({"SADD", key, member}); }

 private:
  redis::CommandBuffer& out_;
};

Result<keys::ClassTable> only_class(const std::string& prefix, std::string_view name) {
  std::vector<KeyClass> classes;
  for (auto& one : default_key_classes()) {
    if (one.name == name) classes.push_back(std::move(one));
  }
  return keys::ClassTable::compile(prefix, classes);
}

// The keys of one class, page by page.
class ClassWalk {
 public:
  ClassWalk(std::shared_ptr<redis::Client> client, keys::ClassTable table, std::stop_token stop)
      : client_(std::move(client)),
        table_(std::move(table)),
        stop_(std::move(stop)),
        walk_(table_.scan_glob({0}), kIndexPageKeys) {}

  bool done() const { return walk_.done(); }

  redis::awaitable<Result<std::vector<std::string>>> next() {
    if (stop_.stop_requested()) co_return interrupted();
    redis::CommandBuffer scan;
    walk_.ask(scan);
    auto replies = co_await client_->exchange(std::move(scan));
    if (!replies) co_return replies.error();
    auto page = walk_.take(std::move(replies->front()));
    if (!page) co_return page.error();
    std::erase_if(*page, [this](const std::string& key) { return !table_.classify(key); });
    co_return std::move(*page);
  }

 private:
  std::shared_ptr<redis::Client> client_;
  keys::ClassTable table_;
  std::stop_token stop_;
  keys::KeyspaceWalk walk_;
};

// "…entity:{type}:{id}" again as its parts.
content::EntityName name_in(std::string_view key) {
  const auto last = key.rfind(':');
  const auto before = key.rfind(':', last - 1);
  return {std::string(key.substr(last + 1)),
          std::string(key.substr(before + 1, last - before - 1))};
}

}  // namespace

redis::awaitable<Result<IndexOutcome>> drop_index(std::shared_ptr<redis::Client> client,
                                                  std::string prefix, std::stop_token stop) {
  IndexOutcome outcome;
  for (const std::string_view name : {"search_index", "type_index"}) {
    auto table = only_class(prefix, name);
    if (!table) co_return table.error();
    ClassWalk walk(client, std::move(*table), stop);
    while (!walk.done()) {
      const auto page = co_await walk.next();
      if (!page) co_return page.error();
      if (page->empty()) continue;
      std::vector<std::string> unlink{"UNLINK"};
      unlink.insert(unlink.end(), page->begin(), page->end());
      const auto gone = co_await client->call(std::move(unlink));
      if (!gone) co_return gone.error();
      outcome.keys += gone->integer;
    }
  }
  co_return outcome;
}

redis::awaitable<Result<IndexOutcome>> build_index(std::shared_ptr<redis::Client> client,
                                                   std::string prefix, std::stop_token stop) {
  IndexOutcome outcome;
  const keys::KeySchema schema(prefix);
  content::WordExtractor extractor;
  const content::Ask ask = [client](redis::CommandBuffer commands) {
    return client->exchange(std::move(commands));
  };
  auto table = only_class(prefix, "entities");
  if (!table) co_return table.error();
  ClassWalk walk(client, std::move(*table), stop);
  while (!walk.done()) {
    const auto page = co_await walk.next();
    if (!page) co_return page.error();
    if (page->empty()) continue;
    std::vector<content::EntityName> names;
    for (const auto& key : *page) names.push_back(name_in(key));
    const auto stored = co_await content::read_entities(ask, schema, std::move(names));
    if (!stored) co_return stored.error();
    redis::CommandBuffer write;
    IndexSink sink(write);
    for (const auto& entity : *stored) {
      if (!entity.has_hash()) continue;
      const auto view = content::view_of(entity.record);
      content::spread(schema, view, entity.path, extractor.words_of(view), sink);
      ++outcome.entities;
    }
    const auto written = co_await client->exchange(std::move(write));
    if (!written) co_return written.error();
    const Status fine = content::first_error(*written, "SADD");
    if (!fine) co_return fine.error();
  }
  co_return outcome;
}

}  // namespace redkeep::recovery
