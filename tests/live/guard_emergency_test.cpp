// The emergency: nothing is left to shed and the server is still full. The content directory is
// looked at, a person is told how much memory is needed, and nothing else happens.
#include <gtest/gtest.h>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/running_guard.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

class EmergencyLive : public testing::Test {
 protected:
  EmergencyLive() { write_made_up_content(content, 300, 1); }

  // Critical is told again every second, so three of it mean that two seconds of ticks have passed.
  static void wait_for_many_ticks(const RunningGuard& guard) {
    ASSERT_TRUE(eventually([&] { return guard.count("alarm", "critical") >= 3; }));
  }
  std::string alarm_of(const RunningGuard& guard) {
    const auto alarm = guard.last("alarm", "does-not-fit");
    return alarm.empty() ? "" : alarm.at("reason").as_string().c_str();
  }

  LiveRedis redis{{"--maxmemory", "16mb", "--maxmemory-policy", "noeviction"}};
  TemporaryDirectory content;
};

TEST_F(EmergencyLive, ProtectedDataThatDoesNotFitIsOneAlarmWithTheBytesNeeded) {
  const auto lasting = fill_to(redis, kProtected, 97);
  const auto used = redis.info_number("used_memory");
  RunningGuard guard(redis.url());
  wait_for_many_ticks(guard);
  EXPECT_EQ(guard.count("alarm", "does-not-fit"), 1);
  EXPECT_EQ(redis.existing(lasting), std::ssize(lasting));
  const std::string alarm = alarm_of(guard);
  EXPECT_TRUE(has(alarm, "does not fit"));
  // "... (N bytes) are needed to be below the stop mark": usage by 0.8.
  const auto open = alarm.rfind('(');
  ASSERT_NE(open, std::string::npos) << alarm;
  EXPECT_NEAR(std::stod(alarm.substr(open + 1)), static_cast<double>(used) / 0.8, 600'000);
}

// Rate limits have a TTL and are never shed: protected data is not to be blamed for them.
TEST_F(EmergencyLive, AClassThatIsNeverShedIsNamedWhereItFillsTheMemory) {
  const KeyKind limits{"reed:rate:login:", "", 900};
  fill_to(redis, limits, 84);
  RunningGuard guard(redis.url());
  const auto is_counted = [&] {
    const auto status = guard.status();
    for (const auto& row : status.at("classes").as_array()) {
      if (row.at("name") == "rate_limits" && row.at("keys").as_int64() > 100) return true;
    }
    return false;
  };
  ASSERT_TRUE(eventually(is_counted));
  const auto sessions = write_keys(redis, kSessions, 50);
  fill_to(redis, limits, 97);
  ASSERT_TRUE(eventually([&] { return !alarm_of(guard).empty(); }));
  const std::string alarm = alarm_of(guard);
  EXPECT_TRUE(has(alarm, "what is never shed"));
  EXPECT_TRUE(has(alarm, "; of that rate_limits "));
  EXPECT_TRUE(has(alarm, ", of sessions -> ")) << "what was done about it";
  EXPECT_EQ(redis.existing(sessions), 0);
}

TEST_F(EmergencyLive, MissingContentThatDoesNotFitIsNamedAndNotWritten) {
  const auto lasting = fill_to(redis, {"reed:queue:", ""}, 97);
  RunningGuard guard(redis.url(), {"--content", content.path()});
  wait_for_many_ticks(guard);
  EXPECT_EQ(guard.count("restore", "content"), 1);
  const auto restore = guard.last("restore", "content");
  EXPECT_EQ(restore.at("outcome"), "DoesNotFit");
  EXPECT_GT(restore.at("bytes").as_int64(), 50'000);
  EXPECT_TRUE(has(restore.at("reason").as_string().c_str(), "of 300 entities"));
  EXPECT_TRUE(has(alarm_of(guard), "of content are missing"));
  EXPECT_EQ(redis.existing(lasting), std::ssize(lasting));
  EXPECT_EQ(redis.keys("reed:entity:*"), std::vector<std::string>{});
}

TEST_F(EmergencyLive, MissingContentIsWrittenWhenThereIsRoomAgain) {
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  const Contents whole = redis.contents();
  redis.run({"FLUSHALL"});
  fill_to(redis, {"reed:queue:", ""}, 97);
  RunningGuard guard(redis.url(), {"--content", content.path()}, {},
                     "[pressure]\ninterval = \"40ms\"\ndwell = \"200ms\"\n"
                     "restore_cool_down = \"1s\"\n");
  ASSERT_TRUE(eventually([&] { return guard.count("restore", "content") >= 1; }));
  EXPECT_EQ(guard.last("restore", "content").at("outcome"), "DoesNotFit");
  redis.run({"CONFIG", "SET", "maxmemory", "64mb"});
  ASSERT_TRUE(eventually(
      [&] { return guard.last("restore", "content").at("outcome").as_string() == "Restored"; }));
  const auto restore = guard.last("restore", "content");
  EXPECT_TRUE(has(restore.at("reason").as_string().c_str(), "there is room again"));
  const Contents after = redis.contents();
  for (const auto& [key, value] : whole) EXPECT_EQ(after.at(key), value) << key;
}

TEST_F(EmergencyLive, WholeContentIsFoundWholeAndStaysAsItIs) {
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  const Contents before = redis.contents();
  fill_to(redis, {"reed:queue:", ""}, 97);
  RunningGuard guard(redis.url(), {"--content", content.path()});
  wait_for_many_ticks(guard);
  EXPECT_EQ(guard.last("restore", "content").at("outcome"), "NothingMissing");
  EXPECT_EQ(guard.count("alarm", "does-not-fit"), 1);
  const Contents after = redis.contents();
  for (const auto& [key, value] : before) EXPECT_EQ(after.at(key), value) << key;
}

TEST_F(EmergencyLive, ABadRowIsNamedAndNothingIsTouched) {
  content.write("entities.csv", kEntityHeader + "broken\n");
  const auto lasting = fill_to(redis, kProtected, 97);
  RunningGuard guard(redis.url(), {"--content", content.path()});
  wait_for_many_ticks(guard);
  const auto restore = guard.last("restore", "content");
  EXPECT_EQ(restore.at("outcome"), "BadContent");
  EXPECT_TRUE(has(restore.at("reason").as_string().c_str(), "entities.csv:2:"));
  EXPECT_EQ(redis.existing(lasting), std::ssize(lasting));
}

TEST_F(EmergencyLive, AMissingContentDirectoryIsAnAlarmBesideTheOther) {
  fill_to(redis, kProtected, 97);
  RunningGuard guard(redis.url(), {"--content", "/no/such/content"});
  wait_for_many_ticks(guard);
  EXPECT_TRUE(has(guard.last("alarm", "restore").at("reason").as_string().c_str(),
                  "/no/such/content/entities.csv"));
  EXPECT_EQ(guard.count("alarm", "does-not-fit"), 1);
}

TEST_F(EmergencyLive, ItIsOverAsSoonAsTheLimitIsRaised) {
  fill_to(redis, kProtected, 97);
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] { return guard.level() == "critical"; }));
  redis.run({"CONFIG", "SET", "maxmemory", "32mb"});
  EXPECT_TRUE(eventually([&] { return guard.level() == "normal"; }));
}

}  // namespace
}  // namespace redkeep::test
