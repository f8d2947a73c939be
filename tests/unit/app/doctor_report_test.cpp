#include "app/doctor_report.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "app/shell_command.h"
#include "app/shell_words.h"

namespace redkeep::app {
namespace {

using doctor::Mend;

Settings tcp() {
  Settings settings;
  settings.options.endpoint.host = "10.0.0.7";
  settings.options.endpoint.port = 6380;
  return settings;
}

const Mend kAudit = doctor::redkeep_command({"audit", "--fix"});

TEST(ShellWord, IsLeftAloneWhereAShellReadsNothingIntoIt) {
  EXPECT_EQ(shell_word("reed:page:cache:/a-b_c.d:eu"), "reed:page:cache:/a-b_c.d:eu");
  EXPECT_EQ(shell_word("80%"), "80%");
}

TEST(ShellWord, IsQuotedOtherwise) {
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("~reed:*"), "'~reed:*'");
  EXPECT_EQ(shell_word("it's $(rm)"), "'it'\\''s $(rm)'");
  EXPECT_EQ(shell_word("a\nb\x1b'"), "$'a\\x0ab\\x1b\\x27'");
}

TEST(ShellCommand, SaysWhereTheServerIsAndNeverThePassword) {
  Settings settings = tcp();
  EndpointOptions& endpoint = settings.options.endpoint;
  endpoint.user = "ops";
  endpoint.password = "open-sesame";
  endpoint.database = 3;
  const auto redis = shell_command(doctor::config_set("maxmemory", "512mb"), settings);
  EXPECT_EQ(redis, "redis-cli -h 10.0.0.7 -p 6380 --user ops -n 3 CONFIG SET maxmemory 512mb");
  settings.options.prefix = "my:";
  EXPECT_EQ(shell_command(kAudit, settings),
            "redkeep audit --fix --url redis://ops@10.0.0.7:6380/3 --prefix my:");
}

TEST(ShellCommand, KnowsSocketsAndTls) {
  Settings settings;
  settings.options.endpoint.unix_path = "/run/redis.sock";
  EXPECT_EQ(shell_command(doctor::redis_command({"BGSAVE"}), settings),
            "redis-cli -s /run/redis.sock BGSAVE");
  settings = tcp();
  settings.options.endpoint.tls = true;
  settings.options.endpoint.ca_file = "/etc/ca.pem";
  EXPECT_EQ(shell_command(doctor::redis_command({"BGSAVE"}), settings),
            "redis-cli -h 10.0.0.7 -p 6380 --tls --cacert /etc/ca.pem BGSAVE");
}

// Without its configuration an audit would hold the keys to the built-in classes.
TEST(ShellCommand, OfOursHasTheFilesThatWereInForceFromWhereverItIsPasted) {
  const std::string here = std::filesystem::current_path().string();
  Settings settings = tcp();
  settings.config_file = "p.toml";
  settings.password_file = "../secret";
  settings.options.endpoint.ca_file = "/etc/ca file.pem";
  settings.options.prefix = "";
  const std::string parent = std::filesystem::path(here).parent_path().string();
  EXPECT_EQ(shell_command(kAudit, settings),
            "redkeep audit --fix --url redis://10.0.0.7:6380/0 --config " + here +
                "/p.toml --password-file " + parent +
                "/secret --ca-file '/etc/ca file.pem' --prefix ''");
}

TEST(ShellCommand, ThePrefixOfAConfigurationThatWasOverriddenIsOverriddenAgain) {
  Settings settings = tcp();
  settings.config_file = "/etc/redkeep/redkeep.toml";
  EXPECT_EQ(shell_command(kAudit, settings),
            "redkeep audit --fix --url redis://10.0.0.7:6380/0 --config "
            "/etc/redkeep/redkeep.toml --prefix reed:");
}

TEST(ShellCommand, ALimitThatNoFileHasIsGivenAgain) {
  Settings settings = tcp();
  settings.options.pressure.limit_bytes = 1 << 20;
  settings.places["[pressure] limit"] = "--limit";
  const auto shed = doctor::redkeep_command({"shed", "--to", "80%"});
  EXPECT_EQ(shell_command(shed, settings),
            "redkeep shed --to 80% --url redis://10.0.0.7:6380/0 --limit 1048576B");
  settings.places["[pressure] limit"] = "redkeep.toml:3:1";
  EXPECT_EQ(shell_command(shed, settings), "redkeep shed --to 80% --url redis://10.0.0.7:6380/0");
}

TEST(ShellCommand, ASocketsPathIsWrittenSoThatTheUrlCanBeRead) {
  Settings settings;
  settings.options.endpoint.unix_path = "/tmp/so ck/r.sock";
  EXPECT_EQ(shell_command(kAudit, settings),
            "redkeep audit --fix --url unix:///tmp/so%20ck/r.sock");
  EXPECT_EQ(shell_command(doctor::redis_command({"BGSAVE"}), settings),
            "redis-cli -s '/tmp/so ck/r.sock' BGSAVE");
}

TEST(ShellCommand, MayBeForAnotherServerAndAnotherUser) {
  Settings settings;
  settings.options.endpoint.unix_path = "/run/replica.sock";
  settings.options.endpoint.user = "ops";
  Mend mend = kAudit;
  mend.host = "10.0.0.1";
  mend.port = 6390;
  EXPECT_EQ(shell_command(mend, settings), "redkeep audit --fix --url redis://ops@10.0.0.1:6390/0");
  Mend grant = doctor::redis_command({"ACL", "SETUSER", "ops", "+eval"});
  grant.user = "";
  EXPECT_EQ(shell_command(grant, settings), "redis-cli -s /run/replica.sock ACL SETUSER ops +eval");
}

TEST(ShellCommand, OfARepairNamesWhatItGoesByAndTheServer) {
  const Settings settings = tcp();
  EXPECT_EQ(command_by({"/srv/site", false}, {"repair"}, {"--dry-run"}, settings),
            "redkeep repair /srv/site --dry-run --url redis://10.0.0.7:6380/0");
  EXPECT_EQ(command_by({"/var/lib/redkeep", true}, {"checkpoint"}, {}, settings),
            "redkeep checkpoint --data /var/lib/redkeep --url redis://10.0.0.7:6380/0");
}

TEST(DoctorReport, HasTheNamesThatScriptsRelyOn) {
  doctor::ServerReading reading;
  reading.info = redis::ServerInfo::parse(
      "redis_version:7.0.15\r\nused_memory:1000\r\nmaxmemory_policy:volatile-ttl\r\n");
  const auto table = keys::ClassTable::compile("reed:", default_key_classes());
  const auto findings = doctor::judge(reading, *table, {});
  const auto eviction = doctor::eviction_outlook("volatile-ttl", *table);
  const Settings settings = tcp();
  const DoctorReport report{reading, findings, eviction, settings, std::chrono::milliseconds{7}};
  const auto object = boost::json::parse(doctor_json(report)).as_object();
  for (const char* name : {"outcome", "server", "guarded", "user", "policy", "findings", "eviction",
                           "sampled_keys", "sample_is_whole", "took_ms"}) {
    EXPECT_TRUE(object.contains(name)) << name;
  }
  const auto& first = object.at("findings").as_array().front().as_object();
  for (const char* name : {"name", "severity", "evidence", "advice", "mend"}) {
    EXPECT_TRUE(first.contains(name)) << name;
  }
  EXPECT_EQ(object.at("outcome"), "Problems");
  EXPECT_EQ(object.at("eviction").as_array().size(), table->classes().size());
  const std::string text = describe_doctor(report);
  EXPECT_NE(text.find("no-limit"), std::string::npos);
  EXPECT_NE(text.find("redis-cli -h 10.0.0.7 -p 6380 CONFIG SET maxmemory "), std::string::npos);
}

}  // namespace
}  // namespace redkeep::app
