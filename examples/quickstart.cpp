// The library in thirty lines: something that must live, something that may go, and how full it is.
// Needs a Redis, such as the one of `redkeep up`. Usage: quickstart [unix socket]
#include <redkeep/blocking_memory_manager.h>

#include <iostream>
int main(int argc, char** argv) {
  redkeep::Options options;
  options.endpoint.port = 6390;
  if (argc > 1) options.endpoint.unix_path = argv[1];
  const auto opened = redkeep::BlockingMemoryManager::create(options);
  if (!opened) return std::cerr << opened.error().message << '\n', 1;
  redkeep::BlockingMemoryManager& redis = **opened;

  redkeep::Entity page;  // must live: no TTL, found by its id, its name and its words
  page.id = "0b6f3c1e-5a0e-4a44-9d3c-2f9c5b1e7a10";
  page.type = "page";
  page.semantic_name = "$quickstart";
  page.data = R"({"title": "Grüße aus dem Baztan", "content": "Kaixo mundua"})";
  const auto stored = redis.store_entity(page);
  if (!stored) return std::cerr << stored.error().message << '\n', 1;

  const redkeep::PageKey key{"/quickstart", "eu", "plain"};  // may go: has the TTL of its class
  if (!redis.store_page(key, "<h1>Kaixo mundua</h1>")) return 1;

  const auto found = redis.search("GRÜSSE");
  const auto statistics = redis.statistics();
  if (!found || !statistics) return 1;
  std::cout << found->size() << " entity found; " << to_json(*statistics) << '\n';
  return redis.remove_entity(page.id).ok() ? 0 : 1;
}
