// `redkeep discover`: from an unknown server to a configuration that fits it.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "live/live_redis.h"
#include "live/program.h"

namespace redkeep::test {
namespace {

namespace json = boost::json;

class DiscoverLive : public testing::Test {
 protected:
  // Three applications beside the example site, each in its own style.
  void write_foreign_keys() {
    std::vector<Command> commands;
    for (int i = 0; i < 300; ++i) {
      const std::string number = std::to_string(i);
      const std::string uuid = "3f2b8c1e-0d4f-4b6a-9c1d-" + std::to_string(100'000'000'000 + i);
      commands.push_back(
          {"SET", "cache:views/products/" + number + "-20240101", "html", "EX", "60"});
      commands.push_back({"SET", "celery-task-meta-" + uuid, "{}", "EX", "86400"});
      commands.push_back({"HSET", "spring:session:sessions:" + uuid, "a", "b"});
      commands.push_back({"EXPIRE", "spring:session:sessions:" + uuid, "1800"});
      commands.push_back(
          {"SADD", "spring:session:expirations:" + std::to_string(1'700'000'000 + i), "x"});
      commands.push_back({"RPUSH", "queue:" + std::string(i % 2 == 0 ? "default" : "mail"), "job"});
    }
    redis.run_all(commands);
  }

  Ended discover(std::vector<std::string> further = {}) {
    std::vector<std::string> arguments{"discover", "--url", redis.url()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    Ended ended = run_program(arguments);
    EXPECT_EQ(ended.exit_code, 0) << ended;
    return ended;
  }

  LiveRedis redis;
};

TEST_F(DiscoverLive, FindsTheFamiliesOfTheExampleSiteAmongForeignOnes) {
  ASSERT_EQ(
      run_program({"load", REDKEEP_SOURCE_DIR "/examples/site", "--url", redis.url()}).exit_code,
      0);
  write_foreign_keys();
  TemporaryDirectory directory;
  const std::string file = directory.path() + "/proposed.toml";
  const Ended table = discover({"--output", file});
  for (const char* part :
       {"reed:entity:{name}:{uuid}", "reed:type_of:{uuid}",
        "reed:semantic:{name}:", "reed:assoc:", "reed:parent:{uuid}", "reed:children:{uuid}",
        "reed:word:", "cache:views/products/{id}", "celery-task-meta-{id}",
        "spring:session:sessions:{uuid}", "spring:session:expirations:{number}"}) {
    EXPECT_TRUE(has(table.out, part));
  }
  const Ended checked = run_program({"check-config", file});
  EXPECT_EQ(checked.exit_code, 0) << checked;
  EXPECT_TRUE(has(checked.out, "spring_session_sessions"));
  // What it proposes is what stats then counts.
  const Ended counted = run_program({"stats", "--json", "--config", file, "--url", redis.url()});
  ASSERT_EQ(counted.exit_code, 0) << counted;
  std::int64_t tasks = -1;
  const auto counts = json::parse(counted.out).as_object();
  for (const auto& row : counts.at("classes").as_array()) {
    if (row.at("name").as_string() == "celery_task_meta") tasks = row.at("keys").as_int64();
  }
  EXPECT_EQ(tasks, 300);
}

TEST_F(DiscoverLive, ChangesNothing) {
  write_foreign_keys();
  const auto before = redis.contents();
  redis.run({"CONFIG", "RESETSTAT"});
  discover();
  EXPECT_EQ(redis.contents(), before);
}

// Whoever takes the proposal as it is and lets everything be mended loses no TTL and gets none.
TEST_F(DiscoverLive, MixedTtlsStayAsTheyAreUnderTheProposal) {
  std::vector<Command> commands;
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    commands.push_back({"HSET", "basket:" + number, "a", "b"});
    if (i % 3 > 0) commands.push_back({"EXPIRE", "basket:" + number, "3600"});
    commands.push_back({"HSET", "user:" + number, "a", "b"});
  }
  redis.run_all(commands);
  TemporaryDirectory directory;
  const std::string file = directory.path() + "/proposed.toml";
  discover({"--output", file});
  EXPECT_TRUE(has(read_file(file), "#name = \"basket\""));
  EXPECT_TRUE(has(read_file(file), "background = \"look\""));
  const Ended mended = run_program({"audit", "--fix", "--config", file, "--url", redis.url()});
  EXPECT_EQ(mended.exit_code, 0) << mended;
  EXPECT_TRUE(has(redis.info("db0"), "expires=200"));
}

TEST_F(DiscoverLive, HostileNamesAreShownEscaped) {
  std::vector<Command> commands;
  for (int i = 0; i < 50; ++i) {
    const std::string number = std::to_string(i);
    commands.push_back({"SET", "a\x1b[31m:" + number, "x"});
    commands.push_back({"SET", "quote\"\n[[class]]\n:" + number, "x"});
    commands.push_back({"SET", std::string("\0\xff", 2) + number, "x"});
    commands.push_back({"SET", "tag:{" + number + "}:x", "x"});
  }
  commands.push_back({"SET", "long" + std::string(100'000, 'y'), "x"});
  redis.run_all(commands);
  TemporaryDirectory directory;
  const std::string file = directory.path() + "/proposed.toml";
  const Ended ended = discover({"--output", file});
  const Ended object = discover({"--json"});
  for (const std::string& text : {ended.out, object.out, object.err, read_file(file)}) {
    for (const char c : text) {
      ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << text;
    }
  }
  EXPECT_EQ(run_program({"check-config", file}).exit_code, 0);
  EXPECT_TRUE(has(object.out, "tag:{id}:x"));
}

TEST_F(DiscoverLive, WithoutAnOutputTheConfigurationIsPrintedAlone) {
  write_foreign_keys();
  const Ended ended = discover();
  EXPECT_TRUE(has(ended.out, "classes = \"replace\""));
  EXPECT_TRUE(has(ended.out, "[[class]]\nname = \"celery_task_meta\""));
  EXPECT_TRUE(has(ended.err, "cost "));
  EXPECT_FALSE(ended.out.find("cost  ") != std::string::npos);
}

TEST_F(DiscoverLive, AnOutputThatCannotBeWrittenIsNamed) {
  const Ended ended =
      run_program({"discover", "--url", redis.url(), "--output", "/no/such/place.toml"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_TRUE(has(ended.err, "/no/such/place.toml"));
}

TEST_F(DiscoverLive, WithoutAServerItSaysWhereItLooked) {
  redis.kill();
  const Ended ended = run_program({"discover", "--url", redis.url()});
  EXPECT_EQ(ended.exit_code, 3) << ended;
  EXPECT_TRUE(has(ended.err, redis.socket_path()));
}

}  // namespace
}  // namespace redkeep::test
