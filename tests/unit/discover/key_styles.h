#pragma once
// Keys as applications write them: Redkeep's own families and three foreign applications' styles.
#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "discover/families.h"

namespace redkeep::discover {

class KeyMaker {
 public:
  explicit KeyMaker(std::uint64_t seed) : random_(seed) {}

  std::string uuid() {
    return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", below(1LL << 32), below(1 << 16),
                       below(1 << 12), below(1 << 12), below(1LL << 48));
  }
  std::string hex(int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += fmt::format("{:02x}", below(256));
    return text;
  }
  std::int64_t below(std::int64_t limit) {
    return std::uniform_int_distribution<std::int64_t>(0, limit - 1)(random_);
  }
  std::string one_of(const std::vector<std::string>& words) {
    return words[static_cast<std::size_t>(below(static_cast<std::int64_t>(words.size())))];
  }
  std::string word() {
    std::string text;
    const auto letters = 3 + below(7);
    for (std::int64_t i = 0; i < letters; ++i) text += static_cast<char>('a' + below(26));
    return text;
  }

  /// A key; with a TTL of which a random part is left, if `ttl_seconds` is not 0.
  void add(std::string key, std::string type, std::int64_t ttl_seconds = 0,
           std::int64_t bytes = 300) {
    KeyFact fact{std::move(key), std::move(type), bytes + below(bytes), {}, 0};
    if (ttl_seconds > 0) fact.ttl = std::chrono::milliseconds{1 + below(1000 * ttl_seconds)};
    facts.push_back(std::move(fact));
  }

  std::vector<KeyFact> facts;

 private:
  std::mt19937_64 random_;
};

/// The built-in families, as examples/site and a CMS with caches have them.
inline void add_redkeep(KeyMaker& made, int times) {
  const std::vector<std::string> types{"page", "snippet", "theme", "user", "plugin"};
  const std::vector<std::string> locales{"de_DE", "eu", "en_GB"};
  const std::vector<std::string> themes{"light", "dark"};
  for (int i = 0; i < times; ++i) {
    const std::string path = "/" + made.one_of({"de", "eu", "en"}) + "/" + made.word();
    made.add("reed:entity:" + made.one_of(types) + ":" + made.uuid(), "hash");
    made.add("reed:type_of:" + made.uuid(), "string");
    made.add("reed:semantic:" + made.one_of(types) + ":$" + made.word(), "string");
    made.add("reed:assoc:" + path, "hash");
    made.add("reed:children:" + made.uuid(), "set");
    made.add("reed:parent:" + made.uuid(), "string");
    made.add("reed:links:" + made.uuid(), "set");
    for (int j = 0; j < 4; ++j) made.add("reed:word:" + made.word(), "set");
    made.add(
        fmt::format("reed:page:cache:{}:{}:{}", path, made.one_of(locales), made.one_of(themes)),
        "string", 300, 4000);
    made.add("reed:query:cache:" + made.hex(16), "string", 300);
    made.add("reed:asset:bundle:" + made.one_of({"css", "js"}) + ":" + made.hex(8), "string", 3600);
    made.add("reed:template:cache:" + made.word() + ":" + made.one_of(themes), "string", 900);
    made.add("reed:session:" + made.hex(16), "string", 86400);
    made.add("reed:csrf:" + made.hex(16), "string", 3600);
    made.add("reed:rate:" + made.one_of({"login", "search", "comment"}) + ":" +
                 fmt::format("10.{}.{}.{}", made.below(256), made.below(256), made.below(256)),
             "string", 900);
  }
  for (const auto& type : types) made.add("reed:type_index:" + type, "set");
}

/// What should be found of them. Types, names and locales are variables; the words are not.
inline std::vector<std::string> redkeep_families() {
  return {"reed:entity:{name}:{uuid}",
          "reed:type_of:{uuid}",
          "reed:semantic:{name}:{name}",
          "reed:assoc:{name}",
          "reed:children:{uuid}",
          "reed:parent:{uuid}",
          "reed:links:{uuid}",
          "reed:word:{name}",
          "reed:type_index:{name}",
          "reed:page:cache:{name}:{name}:{name}",
          "reed:query:cache:{hash}",
          "reed:asset:bundle:{name}:{hash}",
          "reed:template:cache:{name}:{name}",
          "reed:session:{hash}",
          "reed:csrf:{hash}",
          "reed:rate:{name}:{number}"};
}

/// Rails' cache and Sidekiq.
inline void add_rails(KeyMaker& made, int times) {
  for (int i = 0; i < times; ++i) {
    made.add(fmt::format("cache:views/products/{}-{}/{}", made.below(100'000),
                         20240101000000 + made.below(1'000'000), made.hex(16)),
             "string", 7200, 2000);
    made.add(fmt::format("stat:processed:2024-{:02}-{:02}", 1 + made.below(12), 1 + made.below(28)),
             "string");
    made.add("b-" + made.hex(7), "hash", 2'592'000);
  }
  for (const auto* queue : {"default", "mailers", "low"}) {
    made.add(std::string("queue:") + queue, "list");
  }
  made.add("retry", "zset");
  made.add("schedule", "zset");
}
inline std::vector<std::string> rails_families() {
  return {"cache:views/products/{number}", "stat:processed:{number}", "b-{hash}", "queue:{name}"};
}

/// Laravel's cache and Horizon, and Celery's results.
inline void add_laravel_and_celery(KeyMaker& made, int times) {
  for (int i = 0; i < times; ++i) {
    made.add("laravel_database_laravel_cache_:" + made.hex(20), "string", 3600);
    made.add(fmt::format("laravel_horizon:{}", made.below(10'000'000)), "hash", 604'800);
    made.add("celery-task-meta-" + made.uuid(), "string", 86400);
  }
}
inline std::vector<std::string> laravel_and_celery_families() {
  return {"laravel_database_laravel_cache_:{hash}", "laravel_horizon:{number}",
          "celery-task-meta-{uuid}"};
}

/// Spring Session.
inline void add_spring(KeyMaker& made, int times) {
  for (int i = 0; i < times; ++i) {
    made.add("spring:session:sessions:" + made.uuid(), "hash", 2100);
    made.add("spring:session:sessions:expires:" + made.uuid(), "string", 1800, 60);
    made.add(fmt::format("spring:session:expirations:{}", 1'700'000'000'000 + 60'000 * i), "set",
             2100);
  }
}
inline std::vector<std::string> spring_families() {
  return {"spring:session:sessions:{uuid}", "spring:session:sessions:expires:{uuid}",
          "spring:session:expirations:{number}"};
}

}  // namespace redkeep::discover
