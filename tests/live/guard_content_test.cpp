// A server that has lost its content graph: the guard notices, alarms, and brings it back.
#include <gtest/gtest.h>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/running_guard.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

const std::string kMark = "reed:guard:content";

class LostContentLive : public testing::Test {
 protected:
  LostContentLive() { write_made_up_content(content, 300, 1); }

  void load() {
    ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  }
  void load_again() {
    ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url(), "--merge"}).exit_code, 0);
  }
  bool is_marked() { return redis.text({"GET", kMark}) == "there"; }
  bool is_alarmed(const RunningGuard& guard) { return guard.count("alarm", "content-gone") > 0; }
  // What is not the content's own (the guard's keys, caches) is passed over.
  void expect_whole(const Contents& whole) {
    const Contents after = redis.contents();
    for (const auto& [key, value] : whole) {
      const auto found = after.find(key);
      ASSERT_NE(found, after.end()) << key;
      EXPECT_EQ(found->second, value) << key;
    }
  }
  static double readings(const RunningGuard& guard) {
    const std::string metrics = http_get(guard.http(), "/metrics").body;
    const std::string name = "\nredkeep_readings_total ";
    const auto at = metrics.find(name);
    return at == std::string::npos ? 0 : std::stod(metrics.substr(at + name.size()));
  }
  int entities() { return static_cast<int>(redis.keys("reed:entity:*").size()); }

  LiveRedis redis{{"--maxmemory", "64mb", "--maxmemory-policy", "noeviction"}};
  TemporaryDirectory content;
};

TEST_F(LostContentLive, F25AFlushIsAlarmedAndTheGraphIsWrittenBack) {
  load();
  const Contents whole = redis.contents();
  RunningGuard guard(redis.url(), {"--content", content.path()});
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  EXPECT_FALSE(is_alarmed(guard));
  redis.run({"FLUSHALL"});
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  expect_whole(whole);
  ASSERT_TRUE(eventually([&] { return is_alarmed(guard); }));
  const std::string alarm = guard.last("alarm", "content-gone").at("reason").as_string().c_str();
  EXPECT_TRUE(has(alarm, "is gone")) << alarm;
  EXPECT_TRUE(has(alarm, content.path())) << alarm;
  const auto restored = guard.last("restore", "content");
  EXPECT_EQ(restored.at("outcome"), "Restored");
  EXPECT_EQ(restored.at("keys"), std::ssize(whole)) << "keys, not members of sets";
}

// One alert a minute is enough for who is woken by it, not for who reads what happened.
TEST_F(LostContentLive, F25ASecondFlushWithinTheMinuteIsInTheLedgerToo) {
  load();
  RunningGuard guard(redis.url(), {"--content", content.path()}, {},
                     "[pressure]\ninterval = \"40ms\"\n[alerts]\nevery = \"1h\"\n");
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  redis.run({"FLUSHALL"});
  ASSERT_TRUE(eventually([&] { return guard.count("notice", "content-gone") == 1; }));
  EXPECT_EQ(guard.count("alarm", "content-gone"), 1);
  redis.run({"FLUSHALL"});
  EXPECT_TRUE(eventually([&] { return guard.count("alarm", "content-gone") == 2; }));
}

TEST_F(LostContentLive, F01AServerThatWasKilledAndBeginsEmptyIsFilledAgain) {
  load();
  const Contents whole = redis.contents();
  RunningGuard guard(redis.url(), {"--content", content.path()});
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  redis.kill();
  redis.start();
  // Caches come first, so the server is not empty.
  write_keys(redis, kPages, 100);
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  expect_whole(whole);
  EXPECT_TRUE(eventually([&] { return is_alarmed(guard); }));
}

TEST_F(LostContentLive, AfterARestartOfBothAnEmptyServerIsFilled) {
  load();
  const Contents whole = redis.contents();
  redis.run({"FLUSHALL"});
  const RunningGuard guard(redis.url(), {"--content", content.path()});
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  expect_whole(whole);
}

// Caches may go, the graph must live.
TEST_F(LostContentLive, CachesMakeRoomForAGraphThatDoesNotFitBesideThem) {
  load();
  const Contents whole = redis.contents();
  redis.run({"FLUSHALL"});
  redis.run({"CONFIG", "SET", "maxmemory", "16mb"});
  fill_to(redis, kPages, 83);
  const RunningGuard guard(redis.url(), {"--content", content.path()}, {},
                           "[pressure]\ninterval = \"40ms\"\n");
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  expect_whole(whole);
  EXPECT_GT(guard.count("shed", "page_cache"), 0);
  EXPECT_GT(redis.keys("reed:page:cache:*").size(), 0U) << "no more than needed";
}

// A restore takes as long as the graph is large; memory is watched all the while.
TEST_F(LostContentLive, TheGuardGoesOnReadingWhileItWritesBack) {
  write_made_up_content(content, 20000, 2);
  load();
  RunningGuard guard(redis.url(), {"--content", content.path()}, {},
                     "[pressure]\ninterval = \"20ms\"\n");
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  redis.run({"FLUSHALL"});
  ASSERT_TRUE(eventually([&] { return redis.text({"GET", kMark}) == "restoring"; }));
  const double before = readings(guard);
  ASSERT_TRUE(eventually([&] { return readings(guard) > before + 5 || is_marked(); }));
  EXPECT_GT(readings(guard), before + 5) << "all at once, when it was done";
  EXPECT_TRUE(eventually([&] { return is_marked(); }));
}

// F43: the guard that began it is gone, and the graph looks as if it were there.
TEST_F(LostContentLive, AnotherGuardGoesOnWithARestoreThatWasCut) {
  load();
  const Contents whole = redis.contents();
  for (const auto& key : redis.keys("reed:entity:*")) redis.run({"DEL", key});
  redis.run({"SET", kMark, "restoring"});
  const RunningGuard guard(redis.url(), {"--content", content.path()});
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  expect_whole(whole);
}

TEST_F(LostContentLive, WhereOnlyAnAlarmIsWantedNothingIsWrittenAndALoadEndsIt) {
  RunningGuard guard(redis.url(), {"--content", content.path()}, {},
                     "[pressure]\ninterval = \"40ms\"\n[content]\nwhen_lost = \"alarm\"\n"
                     "[alerts]\nevery = \"1s\"\ngrace = \"0s\"\n");
  ASSERT_TRUE(eventually([&] { return is_alarmed(guard); }));
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "content-gone") >= 2; }));
  EXPECT_EQ(entities(), 0);
  EXPECT_EQ(guard.count("restore", "content"), 0);
  load();
  EXPECT_TRUE(eventually([&] { return is_marked(); }));
  EXPECT_TRUE(eventually([&] { return guard.count("notice", "content-gone") > 0; }));
}

// An application may have removed since what the CSV still has.
TEST_F(LostContentLive, AGraphThatIsThereIsWatchedAndNotCompleted) {
  load();
  redis.run({"DEL", redis.keys("reed:entity:*").front()});
  RunningGuard guard(redis.url(), {"--content", content.path()});
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  EXPECT_EQ(guard.count("restore", "content"), 0);
  EXPECT_EQ(entities(), 299);
}

TEST_F(LostContentLive, AKeyThatIsLostIsFoundAndAlarmed) {
  load();
  const RunningGuard guard(redis.url(), {"--content", content.path()}, {},
                           "[pressure]\ninterval = \"40ms\"\n[content]\nverify_every = \"1s\"\n"
                           "[alerts]\nevery = \"1s\"\ngrace = \"0s\"\n");
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  const std::string lost = redis.keys("reed:entity:*").front();
  redis.run({"DEL", lost});
  ASSERT_TRUE(eventually([&] { return guard.count("alarm", "content-missing") > 0; }));
  const std::string alarm = guard.last("alarm", "content-missing").at("reason").as_string().c_str();
  EXPECT_TRUE(has(alarm, "1 of ")) << alarm;
  EXPECT_TRUE(has(alarm, lost)) << alarm;
  EXPECT_EQ(entities(), 299);
  load_again();
  EXPECT_TRUE(eventually([&] { return guard.count("notice", "content-missing") > 0; }));
}

TEST_F(LostContentLive, KeysThatAreLostAreWrittenBackWhereThatIsWanted) {
  load();
  const Contents whole = redis.contents();
  const RunningGuard guard(redis.url(), {"--content", content.path()}, {},
                           "[pressure]\ninterval = \"40ms\"\n[content]\nverify_every = \"1s\"\n"
                           "when_missing = \"restore\"\n");
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  redis.run({"DEL", redis.keys("reed:entity:*").front(), redis.keys("reed:word:*").front()});
  ASSERT_TRUE(eventually([&] { return guard.count("restore", "content") > 0; }));
  expect_whole(whole);
  EXPECT_TRUE(has(guard.last("restore", "content").at("reason").as_string().c_str(),
                  "keys of the content were missing"));
}

TEST_F(LostContentLive, AServerOfCachesAloneIsNoCauseForAnAlarm) {
  write_keys(redis, kPages, 100);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return readings(guard) > 60; }));
  EXPECT_FALSE(is_alarmed(guard));
  EXPECT_EQ(redis.text({"GET", kMark}), "");
}

// Without a directory the graph is watched all the same.
TEST_F(LostContentLive, AFlushIsAlarmedWhereThereIsNothingToWriteBackFrom) {
  load();
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return is_marked(); }));
  redis.run({"FLUSHALL"});
  ASSERT_TRUE(eventually([&] { return is_alarmed(guard); }));
  EXPECT_TRUE(has(guard.last("alarm", "content-gone").at("reason").as_string().c_str(),
                  "no content directory"));
  EXPECT_EQ(entities(), 0);
}

}  // namespace
}  // namespace redkeep::test
