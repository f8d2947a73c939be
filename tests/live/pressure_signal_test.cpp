// The library beside a guard, on a real server that is nearly or wholly full.
#include <gtest/gtest.h>

#include <csignal>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/running_guard.h"
#include "redkeep/blocking_memory_manager.h"

namespace redkeep::test {
namespace {

constexpr const char* kLevelKey = "reed:guard:level";
const std::string kHtml(2000, 'x');

Entity some_page() {
  Entity made;
  made.id = "00000000-0000-4000-8000-000000000001";
  made.type = "page";
  made.data = R"({"title": "A page"})";
  return made;
}

class PressureSignalLive : public testing::Test {
 protected:
  PressureSignalLive() {
    Options options;
    options.endpoint = redis.endpoint();
    manager = std::move(*BlockingMemoryManager::create(options));
  }

  // Until the server itself refuses a write, and then with a lower limit, so that it refuses every
  // other one too.
  std::vector<std::string> fill_up(const KeyKind& kind) {
    std::vector<std::string> names;
    for (int i = 0; i < 100'000; ++i) {
      names.push_back(kind.start + std::to_string(i) + kind.end);
      Command set{"SET", names.back(), kHtml};
      if (kind.ttl_seconds > 0) {
        set.insert(set.end(), {"EX", std::to_string(kind.ttl_seconds)});
      }
      if (redis.error(set).starts_with("OOM")) break;
    }
    names.pop_back();
    redis.run(
        {"CONFIG", "SET", "maxmemory", std::to_string(redis.info_number("used_memory") / 20 * 19)});
    EXPECT_TRUE(redis.error({"SET", "reed:guard:other", "x"}).starts_with("OOM"));
    return names;
  }

  // What a guard would have written so long ago, by the server's clock.
  void guard_said(const std::string& words, std::int64_t seconds_ago) {
    const auto time = redis.list({"TIME"});
    ASSERT_EQ(time.size(), 2U);
    const auto stamp = (std::stoll(time[0]) - seconds_ago) * 1000 + std::stoll(time[1]) / 1000;
    redis.run({"SET", kLevelKey, words + " " + std::to_string(stamp)});
  }

  CacheOutcome store_page(const std::string& path = "/") {
    const auto stored = manager->store_page({path, "eu", "plain"}, kHtml);
    EXPECT_TRUE(stored.ok()) << stored.error().message;
    return stored ? *stored : CacheOutcome::Stored;
  }
  bool becomes(CacheOutcome outcome) {
    return eventually([&] { return store_page() == outcome; });
  }

  LiveRedis redis{{"--maxmemory", "24mb", "--maxmemory-policy", "noeviction"}};
  std::unique_ptr<BlockingMemoryManager> manager;
};

TEST_F(PressureSignalLive, AProtectedStoreOnAServerFullOfPagesSucceedsBecausePagesGo) {
  const auto pages = fill_up(kPages);
  const auto stored = manager->store_entity(some_page());
  ASSERT_TRUE(stored.ok()) << stored.error().message;
  EXPECT_TRUE(manager->entity(some_page().id).ok());
  EXPECT_LT(redis.existing(pages), std::ssize(pages));
  EXPECT_LT(redis.usage_pct(), 81);
  EXPECT_GT(redis.usage_pct(), 75) << "far more was shed than needed";
}

TEST_F(PressureSignalLive, AWordOfOnesOwnAndAnAssociationMakeRoomToo) {
  ASSERT_TRUE(manager->store_entity(some_page()).ok());
  Entity other = some_page();
  other.id.back() = '2';
  ASSERT_TRUE(manager->store_entity(other).ok());
  fill_up(kPages);
  EXPECT_TRUE(manager->add_word("another", {some_page().id}).ok());
  fill_up(kPages);
  EXPECT_TRUE(manager->store_association({some_page().id, other.id, "/a", "contains", 0}).ok());
}

TEST_F(PressureSignalLive, OnAFullServerAPageIsSkippedAndItsOldVersionGoes) {
  ASSERT_EQ(store_page("/old"), CacheOutcome::Stored);
  fill_up(kProtected);
  EXPECT_EQ(store_page("/old"), CacheOutcome::SkippedUnderPressure);
  EXPECT_FALSE(manager->page({"/old", "eu", "plain"})->has_value());
}

TEST_F(PressureSignalLive, OnAServerFullOfPagesASessionIsStored) {
  fill_up(kPages);
  const auto stored = manager->store_session("s1", "data");
  ASSERT_TRUE(stored.ok()) << stored.error().message;
  EXPECT_EQ(*stored, CacheOutcome::Stored);
  EXPECT_EQ(**manager->session("s1"), "data");
}

TEST_F(PressureSignalLive, WithNothingLeftToShedAProtectedStoreSaysWhatToDo) {
  fill_up(kProtected);
  const auto refused = manager->store_entity(some_page());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfMemory);
  EXPECT_TRUE(has(refused.error().message, "raise its maxmemory or remove content"));
}

TEST_F(PressureSignalLive, WhileSheddingIsBehindPagesGetAQuarterOfTheirTtlAndSessionsAllOfIt) {
  guard_said("warning behind", 0);
  ASSERT_TRUE(becomes(CacheOutcome::StoredBriefly));
  EXPECT_EQ(redis.integer({"TTL", "reed:page:cache:/:eu:plain"}), 75);
  ASSERT_TRUE(manager->store_session("s1", "data").ok());
  EXPECT_EQ(redis.integer({"TTL", "reed:session:s1"}), 86400);
}

TEST_F(PressureSignalLive, AtCriticalPagesAreSkippedAndAKilledGuardThrottlesNobodyForLong) {
  fill_to(redis, kProtected, 96);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(becomes(CacheOutcome::SkippedUnderPressure));
  ASSERT_TRUE(eventually([&] {
    return redis.text({"GET", kLevelKey}).starts_with("critical behind ");
  }));
  EXPECT_EQ(*manager->store_session("s1", "data"), CacheOutcome::Stored);

  guard.program().signal(SIGKILL);
  EXPECT_EQ(guard.program().wait().exit_code, -SIGKILL);
  EXPECT_EQ(store_page(), CacheOutcome::SkippedUnderPressure) << "its level is still young";
  guard_said("critical behind", 9);  // as if nine of its ten seconds had passed
  EXPECT_TRUE(becomes(CacheOutcome::Stored));
  EXPECT_TRUE(has(redis.text({"GET", kLevelKey}), "critical behind ")) << "the key is still there";
}

TEST_F(PressureSignalLive, AGuardThatIsStoppedThrottlesNobody) {
  fill_to(redis, kProtected, 96);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(becomes(CacheOutcome::SkippedUnderPressure));
  guard.program().signal(SIGTERM);
  ASSERT_EQ(guard.program().wait().exit_code, 0);
  EXPECT_TRUE(becomes(CacheOutcome::Stored));
}

TEST_F(PressureSignalLive, OnAServerThatRefusesEveryWriteTheGuardStillTellsItsLevel) {
  fill_up(kProtected);
  RunningGuard guard(redis.url());
  EXPECT_TRUE(eventually([&] { return redis.keys(kLevelKey).size() == 1; }));
  EXPECT_TRUE(eventually([&] {
    return redis.text({"GET", kLevelKey}).starts_with("critical behind");
  }));
}

}  // namespace
}  // namespace redkeep::test
