// What `redkeep up` is for: caches flood a server of 128 MiB to more than twice its limit, while
// protected keys are written. Nothing but pages may be lost.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "live/filling.h"
#include "live/running_guard.h"
#include "live/running_up.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

constexpr std::int64_t kLimitBytes = 128 << 20;
constexpr std::int64_t kFloodBytes = kLimitBytes * 21 / 10;
constexpr int kProtectedWrites = 4000;
// With the sanitizers it is ten times slower than the server, which has none: the flood waits for
// it.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kGuardIsSlow = true;
#else
constexpr bool kGuardIsSlow = false;
#endif

std::string page_key(std::int64_t number) {
  return "reed:page:cache:/flood/" + std::to_string(number) + ":eu:plain";
}

class FloodLive : public testing::Test {
 protected:
  // Pages of 1 to 4 KB, as ten web servers store them: each waits for its answer.
  void flood() {
    Commands redis(socket_path());
    std::minstd_rand random(1);
    std::uniform_int_distribution<std::size_t> size(1024, 4096);
    const std::string text(4096, 'p');
    while (flooded_bytes < kFloodBytes) {
      std::vector<Command> writes;
      std::int64_t bytes = 0;
      for (int i = 0; i < 10; ++i) {
        writes.push_back({"SET", page_key(pages++), text.substr(0, size(random)), "EX", "300"});
        bytes += std::ssize(writes.back()[2]);
      }
      redis.run_all(writes);
      flooded_bytes += bytes;
      if (kGuardIsSlow && pages % 500 == 0) {
        eventually([&] { return redis.usage_pct() < 93; }, std::chrono::seconds{20});
      }
    }
  }

  // Protected records all along the flood; every write has to be acknowledged.
  void write_protected() {
    Commands redis(socket_path());
    for (int i = 0; i < kProtectedWrites; ++i) {
      const auto due = kFloodBytes / kProtectedWrites * i;
      if (!eventually([&] { return flooded_bytes >= due; }, std::chrono::seconds{60})) return;
      const std::string id = id_of(1'000'000 + i);
      for (const Command& write : {Command{"HSET", "reed:entity:page:" + id, "type", "page", "data",
                                           "{\"title\":\"written in the flood\"}"},
                                   Command{"SET", "reed:type_of:" + id, "page"}}) {
        const std::string error = redis.error(write);
        if (!error.empty()) failed_writes.push_back(error);
        lasting.push_back(write[1]);
      }
    }
  }

  std::string socket_path() const { return directory.path() + "/redis.sock"; }

  TemporaryDirectory directory;
  TemporaryDirectory content;
  std::atomic<std::int64_t> flooded_bytes{0};
  std::int64_t pages = 0;
  std::vector<std::string> lasting;
  std::vector<std::string> failed_writes;
};

TEST_F(FloodLive, UsageComesBackAndNothingIsLostButPages) {
  write_made_up_content(content, 2000, 1);
  RunningUp up(directory.path(), {"--maxmemory", "128MiB", "--content", content.path()});
  Commands& redis = up.redis();
  Contents graph = redis.contents();
  std::erase_if(graph, [](const auto& pair) { return pair.first.starts_with("reed:guard:"); });
  const auto sessions = write_keys(redis, {"reed:session:", "", 86400, 400}, 20'000);
  const auto templates = write_keys(redis, {"reed:template:cache:", ":plain", 900, 1500}, 2'000);

  std::thread flooding([this] { flood(); });
  std::thread writing([this] { write_protected(); });
  flooding.join();
  writing.join();

  EXPECT_TRUE(eventually([&] { return redis.usage_pct() < 80; })) << redis.usage_pct();
  EXPECT_EQ(failed_writes, std::vector<std::string>{});
  EXPECT_EQ(redis.existing(lasting), 2 * kProtectedWrites);
  std::vector<std::string> graph_keys;
  for (const auto& [key, value] : graph) graph_keys.push_back(key);
  EXPECT_EQ(redis.existing(graph_keys), std::ssize(graph_keys));
  EXPECT_EQ(redis.existing(sessions), std::ssize(sessions));
  EXPECT_EQ(redis.existing(templates), std::ssize(templates));

  // Every page that is missing was shed by the guard, and the ledger says why.
  std::vector<std::string> page_keys;
  for (std::int64_t i = 0; i < pages; ++i) page_keys.push_back(page_key(i));
  const std::int64_t missing = pages - redis.existing(page_keys);
  std::int64_t shed = 0;
  for (const auto& entry : ledger_of(up.http())) {
    if (entry.at("kind") != "shed") continue;
    EXPECT_EQ(entry.at("subject"), "page_cache");
    EXPECT_TRUE(has(entry.at("reason").as_string().c_str(), "used ("));
    EXPECT_TRUE(has(entry.at("reason").as_string().c_str(), "go down to 80"));
    shed += entry.at("keys").as_int64();
  }
  EXPECT_EQ(redis.info_number("evicted_keys"), 0) << "the server was faster than the guard";
  EXPECT_EQ(shed, missing);
  EXPECT_GT(shed, 20'000);
}

}  // namespace
}  // namespace redkeep::test
