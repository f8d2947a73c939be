// `redkeep history` after what it is there for: a flood, a kill -9, and a second life.
#include <gtest/gtest.h>

#include <csignal>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/running_guard.h"
#include "live/running_up.h"

namespace redkeep::test {
namespace {

class HistoryLive : public testing::Test {
 protected:
  Ended history(const std::vector<std::string>& further = {}) const {
    std::vector<std::string> arguments{"history", "--data", data.path()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    return run_program(std::move(arguments));
  }
  std::vector<boost::json::object> entries() const {
    std::vector<boost::json::object> list;
    std::istringstream lines(history({"--json"}).out);
    for (std::string line; std::getline(lines, line);) {
      list.push_back(boost::json::parse(line).as_object());
    }
    return list;
  }

  TemporaryDirectory data;
};

TEST_F(HistoryLive, ShowsBothLivesOfAGuardThatWasKilledInAFlood) {
  LiveRedis redis{{"--maxmemory", "24mb", "--maxmemory-policy", "noeviction"}};
  fill_to(redis, kPages, 87);
  {
    RunningGuard first(redis.url(), {"--data", data.path()});
    ASSERT_TRUE(eventually([&] { return first.level() == "normal"; }));
    first.program().signal(SIGKILL);
    first.program().wait();
  }
  const auto before = entries();
  ASSERT_FALSE(before.empty());
  fill_to(redis, kPages, 87);
  RunningGuard second(redis.url(), {"--data", data.path()});
  ASSERT_TRUE(eventually([&] { return second.level() == "normal"; }));
  ASSERT_TRUE(eventually([&] { return entries().size() == second.ledger().size(); }));

  const auto all = entries();
  ASSERT_GT(all.size(), before.size());
  EXPECT_EQ(all[before.size()].at("subject").as_string(), "guard-start");
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].at("number"), i + 1);
  EXPECT_EQ(second.count("notice", "guard-start"), 2) << "HTTP shows what was before the restart";

  const Ended running = history();
  ASSERT_EQ(running.exit_code, 0) << running;
  EXPECT_TRUE(has(running.out, "a guard is writing it"));
  EXPECT_TRUE(has(running.out, "guard      started 2 times"));
  EXPECT_TRUE(has(running.out, "warning"));
  EXPECT_TRUE(has(running.out, "shed       page_cache"));
  EXPECT_TRUE(has(running.out, " keys, "));
  second.program().signal(SIGTERM);
  ASSERT_EQ(second.program().wait().exit_code, 0);
  redis.kill();
  const Ended ended = history();
  ASSERT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "no guard is writing it now"));
  EXPECT_TRUE(has(ended.out, "guard-end"));
}

TEST_F(HistoryLive, TwoGuardsWithOneDirectoryKeepOneLedgerWhole) {
  LiveRedis redis{{"--maxmemory", "24mb", "--maxmemory-policy", "noeviction"}};
  auto first =
      std::make_unique<RunningGuard>(redis.url(), std::vector<std::string>{"--data", data.path()});
  ASSERT_TRUE(eventually([&] { return entries().size() == first->ledger().size(); }));
  RunningGuard second(redis.url(), {"--data", data.path()});
  second.program().wait_for_err("another process keeps its ledger in");
  ASSERT_TRUE(eventually([&] { return second.level() == first->level(); }));
  first.reset();
  fill_to(redis, kPages, 87);
  ASSERT_TRUE(eventually([&] {
    fill_to(redis, kPages, 87);  // again, until what it says of it is in the file
    return has(history().out, "page_cache");
  }));
  const auto all = entries();
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_GT(all[i].at("number").to_number<int>(), all[i - 1].at("number").to_number<int>());
  }
}

TEST_F(HistoryLive, UpKeepsItsLedgerInItsDataDirectory) {
  {
    RunningUp up(data.path());
    ASSERT_TRUE(eventually([&] { return entries().size() >= 2; }));
    EXPECT_EQ(up.stop().exit_code, 0);
  }
  const Ended ended = history();
  ASSERT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.out, "guard-start"));
  EXPECT_TRUE(has(ended.out, "connected"));
  EXPECT_TRUE(has(ended.out, "guard-end"));
}

}  // namespace
}  // namespace redkeep::test
