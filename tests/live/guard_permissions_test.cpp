// Passwords, and servers that do not allow everything.
#include <gtest/gtest.h>

#include "live/filling.h"
#include "live/live_redis.h"
#include "live/running_guard.h"

namespace redkeep::test {
namespace {

constexpr const char* kSecret = "open-sesame-7431";

class PermissionsLive : public testing::Test {
 protected:
  PermissionsLive() { redis.run({"AUTH", kSecret}); }

  // A user who may do everything but what managed services forbid.
  void make_limited_user() {
    redis.run({"ACL", "SETUSER", "limited", "on", std::string(">") + kSecret, "~*", "+@all",
               "-config", "-memory", "-client", "-object"});
  }

  static std::string command_line_of(pid_t pid) {
    return read_file("/proc/" + std::to_string(pid) + "/cmdline");
  }

  LiveRedis redis{
      {"--maxmemory", "24mb", "--maxmemory-policy", "noeviction", "--requirepass", kSecret}};
};

TEST_F(PermissionsLive, F16WithoutConfigAndMemoryItWorksWithWhatItHasAndSaysWhatItHasNot) {
  make_limited_user();
  const auto pages = fill_to(redis, kPages, 87);
  RunningGuard guard(redis.url("limited"), {}, {{"REDKEEP_PASSWORD", kSecret}});
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal" && redis.usage_pct() < 80.5; }));
  EXPECT_LT(redis.existing(pages), std::ssize(pages));
  EXPECT_GT(redis.usage_pct(), 70) << "far more was shed than needed";
  std::string said;
  for (const auto& entry : guard.ledger()) {
    if (entry.at("subject") == "limitation") said += entry.at("reason").as_string().c_str();
  }
  EXPECT_TRUE(has(said, "MEMORY USAGE is refused"));
  EXPECT_TRUE(has(said, "CONFIG is refused"));
  EXPECT_TRUE(has(guard.program().err(), "CONFIG is refused"));
}

TEST_F(PermissionsLive, AServerThatRefusesWritesIsWatchedAndShedOnceItTakesThemAgain) {
  const Environment secret{{"REDKEEP_PASSWORD", kSecret}};
  fill_to(redis, kPages, 87);
  redis.run({"CONFIG", "SET", "min-replicas-to-write", "1"});
  RunningGuard guard(redis.url(), {}, secret);
  ASSERT_TRUE(eventually([&] { return guard.level() == "warning"; }));
  EXPECT_TRUE(has(guard.program().err(), "nothing can be shed at the moment"));
  EXPECT_TRUE(has(guard.program().err(), "NOREPLICAS"));
  for (const std::string command : {"status", "stats"}) {
    EXPECT_EQ(run_program({command, "--url", redis.url()}, secret).exit_code, 0) << command;
  }
  const Ended shed = run_program({"shed", "--free", "1MB", "--url", redis.url()}, secret);
  EXPECT_EQ(shed.exit_code, 3) << shed;
  EXPECT_TRUE(has(shed.err, "the server refuses writes (NOREPLICAS"));
  redis.run({"CONFIG", "SET", "min-replicas-to-write", "0"});
  EXPECT_TRUE(eventually([&] { return guard.level() == "normal" && redis.usage_pct() < 80.5; }));
}

TEST_F(PermissionsLive, WithoutPexpireItSaysAtOnceThatNothingCanBeShed) {
  const Environment secret{{"REDKEEP_PASSWORD", kSecret}};
  redis.run({"ACL", "SETUSER", "watcher", "on", std::string(">") + kSecret, "~*", "&*", "+@all",
             "-pexpire"});
  write_keys(redis, kPages, 7);
  RunningGuard guard(redis.url("watcher"), {}, secret);
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  EXPECT_TRUE(has(guard.program().err(), "nothing can be shed, because PEXPIRE is refused"));
  EXPECT_TRUE(has(guard.program().err(), "+pexpire"));
  EXPECT_FALSE(has(guard.program().err(), "small script"));
  const Ended shed = run_program({"shed", "--free", "1MB", "--url", redis.url("watcher")}, secret);
  EXPECT_EQ(shed.exit_code, 4) << shed;
  EXPECT_TRUE(has(shed.err, "+pexpire"));
}

TEST_F(PermissionsLive, StatsWithoutMemoryCountsKeysAndLeavesBytesOut) {
  make_limited_user();
  write_keys(redis, kPages, 7);
  const Ended stats = run_program({"stats", "--json", "--url", redis.url("limited")},
                                  {{"REDKEEP_PASSWORD", kSecret}});
  ASSERT_EQ(stats.exit_code, 0) << stats;
  const auto statistics = boost::json::parse(stats.out).as_object();
  for (const auto& row : statistics.at("classes").as_array()) {
    EXPECT_EQ(row.at("keys"), row.at("name") == "page_cache" ? 7 : 0);
    EXPECT_TRUE(row.at("bytes").is_null());
  }
}

TEST_F(PermissionsLive, ThePasswordIsTakenFromTheEnvironmentOrAFileAndNeverShown) {
  TemporaryDirectory directory;
  const std::string file = directory.write("password", std::string(kSecret) + "\n");
  const std::vector<std::pair<std::vector<std::string>, Environment>> ways{
      {{}, {{"REDKEEP_PASSWORD", kSecret}}}, {{"--password-file", file}, {}}};
  for (const auto& [flags, environment] : ways) {
    RunningGuard guard(redis.url(), flags, environment);
    ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
    for (const std::string& shown :
         {guard.program().out(), guard.program().err(), command_line_of(guard.program().pid()),
          http_get(guard.http(), "/api/v1/status").body,
          http_get(guard.http(), "/api/v1/ledger").body}) {
      EXPECT_FALSE(has(shown, kSecret));
    }
  }
}

TEST_F(PermissionsLive, APasswordInTheUrlIsWarnedOfAndWipedFromTheProcessList) {
  RunningGuard guard("unix://:" + std::string(kSecret) + "@" + redis.socket_path());
  ASSERT_TRUE(eventually([&] { return guard.level() == "normal"; }));
  EXPECT_TRUE(has(guard.program().err(), "REDKEEP_PASSWORD"));
  EXPECT_FALSE(has(command_line_of(guard.program().pid()), kSecret));
  EXPECT_FALSE(has(guard.program().out() + guard.program().err(), kSecret));
}

TEST_F(PermissionsLive, F15AMissingOrWrongPasswordGetsASentence) {
  const Ended missing = run_program({"status", "--url", redis.url()});
  EXPECT_EQ(missing.exit_code, 4) << missing;
  EXPECT_TRUE(has(missing.err, "needs a password"));
  const Ended wrong =
      run_program({"status", "--url", redis.url()}, {{"REDKEEP_PASSWORD", "mistaken"}});
  EXPECT_EQ(wrong.exit_code, 4) << wrong;
  EXPECT_TRUE(has(wrong.err, "refuses the user or password"));
  EXPECT_FALSE(has(wrong.err, "mistaken"));
  const Ended no_file =
      run_program({"status", "--url", redis.url(), "--password-file", "/no/such/file"});
  EXPECT_EQ(no_file.exit_code, 2) << no_file;
  EXPECT_TRUE(has(no_file.err, "/no/such/file"));
}

TEST_F(PermissionsLive, AGuardWithoutThePasswordIsBlindAndSaysWhy) {
  RunningGuard guard(redis.url());
  ASSERT_TRUE(eventually([&] {
    return has(guard.status().at("blind_reason").as_string().c_str(), "needs a password");
  }));
  EXPECT_EQ(guard.level(), "blind");
}

}  // namespace
}  // namespace redkeep::test
