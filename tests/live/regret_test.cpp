// Looking for what was shed, at a real server: what it finds, and that nothing of the server's own
// bookkeeping is changed by it.
#include <gtest/gtest.h>

#include "guard/regret_watch.h"
#include "live/live_redis.h"
#include "wire/event_loop.h"

namespace redkeep::test {
namespace {

using namespace std::chrono_literals;
using guard::RegretWatch;

class RegretLive : public testing::TestWithParam<bool> {
 protected:
  redis::awaitable<bool> look(RegretWatch::TimePoint now) {
    std::vector<std::string> ping{"PING"};
    const auto connected = co_await client->call(std::move(ping));
    co_await watch.look(client, now);
    co_return connected.ok();
  }

  LiveRedis redis{{"--maxmemory-policy", "volatile-lfu"}};
  wire::EventLoop loop;
  std::shared_ptr<redis::Client> client = redis::Client::create(loop.executor(), redis.endpoint());
  keys::ClassTable table = *keys::ClassTable::compile("reed:", default_key_classes());
  guard::Snapshot snapshot;
  guard::Ledger ledger;
  RegretWatch watch{table, snapshot, ledger};
};

TEST_P(RegretLive, FindsWhatIsThereAgainAndTouchesNothing) {
  watch.use("run", GetParam());
  const RegretWatch::TimePoint shed_at{1000min};
  for (int i = 0; i < 40; ++i) {
    const std::string key = "reed:query:cache:" + std::to_string(i);
    watch.log().note_shed(key, *table.find("query_cache"), shed_at);
    if (i % 4 == 0) redis.run({"SET", key, "again", "EX", "300"});
  }
  redis.run({"CONFIG", "RESETSTAT"});
  const auto frequency = redis.integer({"OBJECT", "FREQ", "reed:query:cache:0"});
  ASSERT_EQ(redis.info_number("keyspace_hits"), 1) << "OBJECT counts as one";
  ASSERT_TRUE(loop.run(look(shed_at + 61s)));

  const auto& regret = snapshot.regret.at("query_cache");
  EXPECT_EQ(regret.sampled_keys, 40);
  EXPECT_DOUBLE_EQ(regret.written_again_pct, 25);
  const bool counts_hits = !GetParam();
  EXPECT_EQ(redis.info_number("keyspace_hits"), 1 + (counts_hits ? 10 : 0));
  EXPECT_EQ(redis.info_number("keyspace_misses"), counts_hits ? 30 : 0);
  EXPECT_EQ(redis.integer({"OBJECT", "FREQ", "reed:query:cache:0"}), frequency);
}

INSTANTIATE_TEST_SUITE_P(Commands, RegretLive, testing::Bool(),
                         [](const auto& test) { return test.param ? "MemoryUsage" : "Exists"; });

}  // namespace
}  // namespace redkeep::test
