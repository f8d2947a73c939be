// The search index as the last room in an emergency: dropped where that is configured, and built
// again from the entities.
#include <gtest/gtest.h>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/running_guard.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

const std::string kQuickPressure =
    "interval = \"40ms\"\nmin_interval = \"10ms\"\ndwell = \"200ms\"\n"
    "restore_cool_down = \"1s\"\n[alerts]\nevery = \"1s\"\ngrace = \"0s\"\n";
const std::string kDrop = "[pressure]\nindex_in_emergency = \"drop\"\n" + kQuickPressure;

class IndexLive : public testing::Test {
 protected:
  IndexLive() {
    write_made_up_content(content, 300, 1);
    EXPECT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
    whole = redis.contents();
    lasting = fill_to(redis, {"reed:queue:", ""}, 97);
  }

  int index_keys() {
    return static_cast<int>(redis.keys("reed:word:*").size() +
                            redis.keys("reed:type_index:*").size());
  }
  static std::string outcome(const RunningGuard& guard) {
    const auto entry = guard.last("restore", "search_index");
    return entry.empty() ? "" : entry.at("outcome").as_string().c_str();
  }
  void expect_whole() {
    const Contents after = redis.contents();
    for (const auto& [key, value] : whole) EXPECT_EQ(after.at(key), value) << key;
  }

  LiveRedis redis{{"--maxmemory", "16mb", "--maxmemory-policy", "noeviction"}};
  TemporaryDirectory content;
  Contents whole;
  std::vector<std::string> lasting;
};

TEST_F(IndexLive, IsDroppedInAnEmergencyAndBuiltAgainWhenThereIsRoom) {
  ASSERT_GT(index_keys(), 0);
  RunningGuard guard(redis.url(), {}, {}, kDrop);
  ASSERT_TRUE(eventually([&] { return outcome(guard) == "Dropped"; }));
  EXPECT_EQ(index_keys(), 0);
  EXPECT_GT(guard.last("restore", "search_index").at("keys").as_int64(), 10);
  EXPECT_EQ(redis.existing(lasting), std::ssize(lasting));
  redis.run({"CONFIG", "SET", "maxmemory", "64mb"});
  ASSERT_TRUE(eventually([&] { return outcome(guard) == "Built"; }));
  expect_whole();
  EXPECT_EQ(redis.text({"GET", "reed:guard:index"}), "");
}

TEST_F(IndexLive, IsBuiltByTheNextGuardIfTheFirstIsGone) {
  {
    RunningGuard first(redis.url(), {}, {}, kDrop);
    ASSERT_TRUE(eventually([&] { return outcome(first) == "Dropped"; }));
    first.program().signal(SIGKILL);
    first.program().wait();
  }
  redis.run({"CONFIG", "SET", "maxmemory", "64mb"});
  RunningGuard second(redis.url(), {}, {}, kDrop);
  ASSERT_TRUE(eventually([&] { return outcome(second) == "Built"; }));
  expect_whole();
}

TEST_F(IndexLive, StaysWhereItIsNotConfigured) {
  RunningGuard guard(redis.url(), {}, {}, "[pressure]\n" + kQuickPressure);
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "does-not-fit") >= 1; }));
  EXPECT_EQ(outcome(guard), "");
  expect_whole();
}

// Nothing is built beside a server that has no room for it.
TEST_F(IndexLive, IsNotBuiltWhileThereIsNoRoom) {
  RunningGuard guard(redis.url(), {}, {}, kDrop);
  ASSERT_TRUE(eventually([&] { return outcome(guard) == "Dropped"; }));
  // The step after it, when it has cooled down.
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "does-not-fit") >= 1; }));
  EXPECT_EQ(outcome(guard), "Dropped");
  EXPECT_EQ(index_keys(), 0);
}

}  // namespace
}  // namespace redkeep::test
