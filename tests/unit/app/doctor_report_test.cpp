#include "app/doctor_report.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "app/shell_words.h"

namespace redkeep::app {
namespace {

using doctor::Mend;

Options tcp() {
  Options options;
  options.endpoint.host = "10.0.0.7";
  options.endpoint.port = 6380;
  return options;
}

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
  Options options = tcp();
  options.endpoint.user = "ops";
  options.endpoint.password = "open-sesame";
  options.endpoint.database = 3;
  const auto redis = shell_command(doctor::config_set("maxmemory", "512mb"), options);
  EXPECT_EQ(redis, "redis-cli -h 10.0.0.7 -p 6380 --user ops -n 3 CONFIG SET maxmemory 512mb");
  options.prefix = "my:";
  const auto own = shell_command(doctor::redkeep_command({"audit", "--fix"}), options);
  EXPECT_EQ(own, "redkeep audit --fix --url redis://ops@10.0.0.7:6380/3 --prefix my:");
}

TEST(ShellCommand, KnowsSocketsAndTls) {
  Options options;
  options.endpoint.unix_path = "/run/redis.sock";
  EXPECT_EQ(shell_command(doctor::redis_command({"BGSAVE"}), options),
            "redis-cli -s /run/redis.sock BGSAVE");
  options = tcp();
  options.endpoint.tls = true;
  options.endpoint.ca_file = "/etc/ca.pem";
  EXPECT_EQ(shell_command(doctor::redis_command({"BGSAVE"}), options),
            "redis-cli -h 10.0.0.7 -p 6380 --tls --cacert /etc/ca.pem BGSAVE");
}

TEST(DoctorReport, HasTheNamesThatScriptsRelyOn) {
  doctor::ServerReading reading;
  reading.info = redis::ServerInfo::parse(
      "redis_version:7.0.15\r\nused_memory:1000\r\nmaxmemory_policy:volatile-ttl\r\n");
  const auto table = keys::ClassTable::compile("reed:", default_key_classes());
  const auto findings = doctor::judge(reading, *table, {});
  const auto eviction = doctor::eviction_outlook("volatile-ttl", *table);
  const Options options = tcp();
  const DoctorReport report{reading, findings, eviction, options, std::chrono::milliseconds{7}};
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
