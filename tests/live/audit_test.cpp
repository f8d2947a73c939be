// `redkeep audit` finds each kind of drift and nothing else, `--fix` mends it and loses nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "live/damaged_graph.h"
#include "live/filling.h"
#include "live/program.h"
#include "live/relay.h"

namespace redkeep::test {
namespace {

namespace json = boost::json;

constexpr std::array kDriftKinds{"protected_with_ttl", "field_with_ttl", "evictable_without_ttl",
                                 "wrong_type",         "dangling_key",   "dead_member",
                                 "dangling_record"};

json::object run_audit(const std::string& url, int exit_code,
                       std::vector<std::string> further = {}) {
  std::vector<std::string> arguments{"audit", "--json", "--url", url};
  arguments.insert(arguments.end(), further.begin(), further.end());
  const Ended ended = run_program(arguments);
  EXPECT_EQ(ended.exit_code, exit_code) << ended;
  std::error_code failure;
  const auto parsed = json::parse(ended.out, failure);
  EXPECT_FALSE(failure) << ended;
  return failure ? json::object{} : parsed.as_object();
}

std::int64_t found(const json::object& report, const std::string& kind) {
  return report.at(kind).at("found").as_int64();
}
std::vector<std::string> first(const json::object& report, const std::string& kind) {
  auto names = json::value_to<std::vector<std::string>>(report.at(kind).at("first"));
  std::sort(names.begin(), names.end());
  return names;
}

class AuditLive : public testing::Test {
 protected:
  AuditLive() {
    write_small_graph(content);
    const Ended loaded = run_program({"load", content.path(), "--url", redis.url()});
    EXPECT_EQ(loaded.exit_code, 0) << loaded;
    write_others_keys(redis);
  }

  json::object audit(int exit_code, const std::vector<std::string>& further = {}) {
    return run_audit(redis.url(), exit_code, further);
  }

  LiveRedis redis;
  TemporaryDirectory content;
};

TEST_F(AuditLive, AFreshLoadIsClean) {
  const auto report = audit(0);
  EXPECT_EQ(report.at("outcome"), "Clean") << json::serialize(report);
  EXPECT_GT(report.at("keys").as_int64(), 20);
  EXPECT_GT(report.at("references").as_int64(), 20);
  for (const auto* kind : kDriftKinds) EXPECT_EQ(found(report, kind), 0) << kind;
  EXPECT_EQ(run_audit(redis.url(), 0, {"--fix"}).at("outcome"), "Clean");
}

/// One drift: what was done, how it is counted, and under which name.
struct Drift {
  std::string what;
  std::vector<Command> commands;
  std::string kind;
  std::vector<std::string> names;
  bool is_mended = true;
};

const std::string kGone = id_of(77);

std::vector<Drift> drifts() {
  const std::string entity = "reed:entity:page:" + id_of(2);
  return {
      {"ProtectedWithTtl", {{"EXPIRE", entity, "9000"}}, "protected_with_ttl", {entity}},
      {"RebuildableWithTtl",
       {{"EXPIRE", "reed:word:start", "9000"}},
       "protected_with_ttl",
       {"reed:word:start"}},
      {"QueueWithTtl",
       {{"RPUSH", "reed:queue:new", "x"}, {"EXPIRE", "reed:queue:new", "9000"}},
       "protected_with_ttl",
       {"reed:queue:new"}},
      {"CachesWithoutTtl",
       {{"SET", "reed:page:cache:/x:eu:plain", "x"}, {"SET", "reed:session:x", "y"}},
       "evictable_without_ttl",
       {"reed:page:cache:/x:eu:plain", "reed:session:x"}},
      {"WrongTypeOfACache",
       {{"RPUSH", "reed:csrf:x", "y"}, {"EXPIRE", "reed:csrf:x", "900"}},
       "wrong_type",
       {"reed:csrf:x"},
       false},
      {"DeadChild",
       {{"SADD", "reed:children:" + id_of(1), kGone}},
       "dead_member",
       {"reed:children:" + id_of(1) + " -> " + kGone}},
      {"DeadWord",
       {{"SADD", "reed:word:owl", kGone}},
       "dead_member",
       {"reed:word:owl -> " + kGone}},
      {"DeadOfAType",
       {{"SADD", "reed:type_index:user", id_of(2)}},
       "dead_member",
       {"reed:type_index:user -> reed:entity:user:" + id_of(2)}},
      {"DeadLink",
       {{"SADD", "reed:links:" + id_of(1), "/go:ne"}},
       "dead_member",
       {"reed:links:" + id_of(1) + " -> reed:assoc:/go%3Ane"}},
      {"DanglingType",
       {{"SET", "reed:type_of:" + kGone, "page"}},
       "dangling_key",
       {"reed:type_of:" + kGone + " -> reed:entity:page:" + kGone}},
      {"DanglingName",
       {{"SET", "reed:semantic:page:$gone", kGone}},
       "dangling_key",
       {"reed:semantic:page:$gone -> reed:entity:page:" + kGone}},
      {"DanglingParent",
       {{"SET", "reed:parent:" + kGone, id_of(1)}},
       "dangling_key",
       {"reed:parent:" + kGone + " -> " + kGone}},
      {"ChildrenOfNobody",
       {{"SADD", "reed:children:" + kGone, id_of(2), id_of(3)}},
       "dangling_key",
       {"reed:children:" + kGone + " -> " + kGone}},
      {"LinksOfNobody",
       {{"SADD", "reed:links:" + kGone, "/by"}},
       "dangling_key",
       {"reed:links:" + kGone + " -> " + kGone}},
      {"ParentThatIsLost",
       {{"SET", "reed:parent:" + id_of(3), kGone}},
       "dangling_record",
       {"reed:parent:" + id_of(3) + " -> " + kGone},
       false},
      {"AssociationWithALostEnd",
       {{"HSET", "reed:assoc:/lost", "parent_id", id_of(1), "child_id", kGone, "type", "references",
         "weight", "0"}},
       "dangling_record",
       {"reed:assoc:/lost -> " + kGone},
       false},
  };
}

class AuditDrift : public AuditLive, public testing::WithParamInterface<Drift> {};

TEST_P(AuditDrift, IsFoundAsWhatItIsAndNothingElseIs) {
  redis.run_all(GetParam().commands);
  const Contents before = redis.contents();
  const auto report = audit(1);
  EXPECT_EQ(report.at("outcome"), "Drifted");
  for (const std::string kind : kDriftKinds) {
    EXPECT_EQ(first(report, kind),
              kind == GetParam().kind ? GetParam().names : std::vector<std::string>{})
        << kind;
  }
  EXPECT_EQ(redis.contents(), before) << "without --fix nothing is changed";
}

TEST_P(AuditDrift, IsMendedAndNothingElseIsTouched) {
  const Contents sound = redis.contents();
  redis.run_all(GetParam().commands);
  const Contents drifted = redis.contents();
  const auto report = audit(GetParam().is_mended ? 0 : 1, {"--fix"});
  EXPECT_EQ(report.at("outcome"), GetParam().is_mended ? "Mended" : "Drifted");
  EXPECT_EQ(report.at("mended"), GetParam().is_mended ? report.at("found") : 0);
  const Contents mended = redis.contents();
  for (const auto& [key, value] : sound) {
    const auto now = mended.find(key);
    ASSERT_NE(now, mended.end()) << key << " is lost";
    if (GetParam().is_mended) {
      EXPECT_EQ(now->second, value) << key;
    }
  }
  if (GetParam().is_mended) {
    EXPECT_EQ(audit(0).at("outcome"), "Clean");
  } else {
    EXPECT_EQ(mended, drifted);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, AuditDrift, testing::ValuesIn(drifts()),
                         [](const auto& tested) { return tested.param.what; });

TEST_F(AuditLive, ACacheIsGivenTheTtlOfItsClass) {
  redis.run({"SET", "reed:page:cache:/x:eu:plain", "x"});
  redis.run({"SET", "reed:session:x", "y"});
  audit(0, {"--fix"});
  EXPECT_NEAR(static_cast<double>(redis.integer({"TTL", "reed:page:cache:/x:eu:plain"})), 300, 5);
  EXPECT_NEAR(static_cast<double>(redis.integer({"TTL", "reed:session:x"})), 86400, 5);
}

// Neither --fix nor a repair mends it: each would send to the other.
TEST_F(AuditLive, ACacheOfTheWrongTypeIsMendedByTheCommandThatIsNamed) {
  const std::string key = "reed:page:cache:/it's:eu:plain";
  redis.run({"LPUSH", key, "x"});
  const Ended fixed = run_program({"audit", "--fix", "--url", redis.url()});
  EXPECT_EQ(fixed.exit_code, 1) << fixed;
  for (const bool fix : {false, true}) {
    std::vector<std::string> arguments{"audit", "--url", redis.url()};
    if (fix) arguments.push_back("--fix");
    const Ended ended = run_program(arguments);
    EXPECT_TRUE(has(ended.out, "Drifted")) << ended;
    EXPECT_TRUE(has(ended.out, "redis-cli -s " + redis.socket_path() + " UNLINK ")) << ended;
    EXPECT_FALSE(has(ended.out, "audit --fix")) << "nothing is left that it mends" << ended;
    EXPECT_FALSE(has(ended.out, "redkeep repair")) << "nor that this one does" << ended;
  }
  const auto report = audit(1);
  EXPECT_EQ(report.at("wrong_type").at("not_of_content"), 1);
  ASSERT_EQ(report.at("mend").as_array().size(), 1U) << json::serialize(report);
  const std::string command = report.at("mend").at(0).as_string().c_str();
  ASSERT_EQ(std::system((command + " > /dev/null").c_str()), 0) << command;
  EXPECT_EQ(audit(0).at("outcome"), "Clean");
}

TEST_F(AuditLive, WhatTheContentHasIsLeftToARepairAtTheSameServer) {
  redis.run({"DEL", "reed:word:start"});
  redis.run({"SET", "reed:word:start", "x"});
  redis.run({"SET", "reed:session:x", "y"});
  const auto report = audit(1);
  ASSERT_EQ(report.at("mend").as_array().size(), 2U) << json::serialize(report);
  EXPECT_EQ(report.at("mend").at(0).as_string(),
            json::string("redkeep audit --fix --url " + redis.url()));
  EXPECT_EQ(report.at("mend").at(1).as_string(),
            json::string("redkeep repair DIR --url " + redis.url()));
  EXPECT_EQ(audit(1, {"--fix"}).at("outcome"), "MendedInPart");
}

TEST_F(AuditLive, KeysOfNoClassAreNeitherLookedAtNorTouched) {
  redis.run_all({{"SET", "theirs:cache", "x"},
                 {"SET", "reed:unknown", "x"},
                 {"SET", "reed:unknown2", "x", "EX", "900"},
                 {"SET", "red:page:cache:/x:eu:plain", "x"}});
  const Contents before = redis.contents();
  EXPECT_EQ(audit(0, {"--fix"}).at("outcome"), "Clean");
  EXPECT_EQ(redis.contents(), before);
}

TEST_F(AuditLive, WhileTheGraphIsInWorkItsReferencesAreNotJudged) {
  redis.run({"SADD", "reed:children:" + id_of(1), kGone});
  redis.run({"EXPIRE", "reed:word:start", "9000"});
  for (const std::string mark : {"reed:guard:load", "reed:guard:rebuild"}) {
    redis.run({"SET", mark, "/srv/site"});
    const auto report = audit(1, {"--fix"});
    EXPECT_EQ(report.at("outcome"), "GraphInWork") << mark;
    EXPECT_TRUE(has(report.at("marker").as_string().c_str(), "/srv/site"));
    EXPECT_EQ(redis.integer({"SISMEMBER", "reed:children:" + id_of(1), kGone}), 1);
    redis.run({"DEL", mark});
  }
  EXPECT_EQ(redis.integer({"TTL", "reed:word:start"}), -1) << "TTLs are mended all the same";
  redis.run({"SET", "reed:guard:content", "there"});
  EXPECT_EQ(audit(0, {"--fix"}).at("outcome"), "Mended");
}

// Whoever lost the graph wants it back: what still names it is worth more than a clean audit.
TEST_F(AuditLive, AGraphThatIsLostIsNotPruned) {
  write_made_up_content(content, 500, 5);
  redis.run({"FLUSHALL"});
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  for (const auto& key : redis.keys("reed:entity:*")) redis.run({"DEL", key});
  const Contents before = redis.contents();
  const auto report = audit(1, {"--fix"});
  EXPECT_EQ(report.at("outcome"), "GraphMissing");
  EXPECT_GT(found(report, "dead_member"), 500);
  EXPECT_EQ(report.at("mended"), 0);
  EXPECT_EQ(redis.contents(), before);
  EXPECT_TRUE(has(run_program({"audit", "--url", redis.url()}).out, "redkeep repair"));
}

TEST_F(AuditLive, SetsOfThousandsAreFollowedToTheEnd) {
  write_made_up_content(content, 15000, 5);
  redis.run({"FLUSHALL"});
  ASSERT_EQ(run_program({"load", content.path(), "--url", redis.url()}).exit_code, 0);
  const std::string gone = id_of(99999);
  const auto members = redis.integer({"SCARD", "reed:type_index:page"});
  ASSERT_GT(members, 3000);
  redis.run({"SADD", "reed:type_index:page", gone});
  const auto report = audit(0, {"--fix"});
  EXPECT_EQ(found(report, "dead_member"), 1);
  EXPECT_EQ(redis.integer({"SISMEMBER", "reed:type_index:page", gone}), 0);
  EXPECT_EQ(redis.integer({"SCARD", "reed:type_index:page"}), members);
}

TEST_F(AuditLive, ConfiguredClassesAreHeldToTheirLevelAndTtl) {
  TemporaryDirectory place;
  const std::string config = place.write("redkeep.toml", R"(classes = "replace"
[[class]]
name = "carts"
patterns = ["cart:*"]
level = "evictable"
ttl = "2h"
[[class]]
name = "orders"
patterns = ["order:*"]
level = "protected"
)");
  redis.run({"SET", "reed:cart:1", "x"});
  redis.run({"SET", "reed:order:1", "x", "EX", "900"});
  redis.run({"SADD", "reed:children:" + id_of(1), kGone});
  const auto report = audit(0, {"--fix", "--config", config});
  EXPECT_EQ(first(report, "evictable_without_ttl"), std::vector<std::string>{"reed:cart:1"});
  EXPECT_EQ(first(report, "protected_with_ttl"), std::vector<std::string>{"reed:order:1"});
  EXPECT_EQ(found(report, "dead_member"), 0);
  EXPECT_NEAR(static_cast<double>(redis.integer({"TTL", "reed:cart:1"})), 7200, 5);
  EXPECT_EQ(redis.integer({"TTL", "reed:order:1"}), -1);
}

TEST_F(AuditLive, NamesInTheReportAreEscaped) {
  redis.run({"SET", std::string("reed:session:\x1b[31m\n"), "x"});
  const Ended text = run_program({"audit", "--url", redis.url()});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_EQ(text.out.find('\x1b'), std::string::npos);
  EXPECT_TRUE(has(text.out, "\\x1b[31m\\x0a"));
}

TEST_F(AuditLive, OnAReplicaItLooksAndDoesNotMend) {
  redis.run({"SET", "reed:session:x", "y"});
  redis.run({"REPLICAOF", "127.0.0.1", "1"});
  EXPECT_EQ(audit(1).at("outcome"), "Drifted");
  const Ended refused = run_program({"audit", "--fix", "--url", redis.url()});
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_TRUE(has(refused.err, "its master"));
}

TEST_F(AuditLive, WhoMayNotMendIsToldWhatIsMissing) {
  redis.run({"SET", "reed:session:x", "y"});
  redis.run({"ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-pexpire"});
  const Ended ended = run_program({"audit", "--fix", "--url", redis.url("limited")},
                                  {{"REDKEEP_PASSWORD", "secret"}});
  EXPECT_EQ(ended.exit_code, 4) << ended;
  EXPECT_TRUE(has(ended.err, "pexpire"));
}

TEST_F(AuditLive, WhoMayOnlyReadIsToldAllThatWasFound) {
  redis.run({"SET", "reed:session:x", "y"});
  redis.run({"SADD", "reed:word:owl", kGone});
  redis.run(
      {"ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+info", "+scan", "+ping"});
  const Environment secret{{"REDKEEP_PASSWORD", "secret"}};
  const Ended text = run_program({"audit", "--url", redis.url("reader")}, secret);
  EXPECT_EQ(text.exit_code, 1) << text;
  EXPECT_TRUE(has(text.out, "reed:session:x"));
  EXPECT_TRUE(has(text.out, "reed:word:owl -> " + kGone));
  EXPECT_TRUE(has(text.out, "could not be looked at again"));
  const Ended ended = run_program({"audit", "--json", "--url", redis.url("reader")}, secret);
  const auto report = json::parse(ended.out).as_object();
  EXPECT_EQ(report.at("unchecked"), 1) << ended;
  EXPECT_TRUE(has(report.at("script_refusal").as_string().c_str(), "NOPERM"));
  redis.run({"ACL", "SETUSER", "reader", "+eval_ro"});
  const Ended looked = run_program({"audit", "--json", "--url", redis.url("reader")}, secret);
  EXPECT_EQ(json::parse(looked.out).at("unchecked"), 0) << looked;
  EXPECT_EQ(json::parse(looked.out).at("found"), 2) << looked;
}

TEST_F(AuditLive, OneCtrlCEndsItWithinFiveSecondsThoughTheServerHangs) {
  Relay relay(redis.socket_path(), 300);
  Program program({"audit", "--url", relay.url()});
  ASSERT_TRUE(eventually([&] { return relay.is_holding(); }));
  program.signal(SIGINT);
  const Ended ended = program.wait(std::chrono::seconds{5});
  EXPECT_NE(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.err.find("mended"), std::string::npos) << ended;
}

TEST_F(AuditLive, WithoutAServerItSaysWhereItLooked) {
  redis.kill();
  const Ended ended = run_program({"audit", "--url", redis.url()});
  EXPECT_EQ(ended.exit_code, 3) << ended;
  EXPECT_TRUE(has(ended.err, redis.socket_path()));
}

// Who forgets TTLs, gives protected keys one, and stores records in several commands, the
// references first: while the audit runs, again and again.
class Drifter {
 public:
  explicit Drifter(const std::string& socket_path) : redis_(socket_path), random_(7) {
    thread_ = std::thread([this] {
      for (int batch = 0; batch < 250 && !stop_; ++batch) {
        write_some();
        std::this_thread::sleep_for(std::chrono::milliseconds{10});  // a load, not a flood
      }
    });
  }
  ~Drifter() { stop(); }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  const std::vector<std::string>& caches() const { return caches_; }
  const std::vector<std::string>& lasting() const { return lasting_; }

 private:
  void write_some() {
    std::vector<Command> commands;
    for (int i = 0; i < 100; ++i) {
      const std::string number = std::to_string(written_++);
      const std::string page = "reed:page:cache:/d" + number + ":eu:plain";
      caches_.push_back(page);
      if (random_() % 20 == 0) {
        commands.push_back({"SET", page, "x"});
      } else {
        commands.push_back({"SET", page, "x", "EX", "300"});
      }
      const std::string id =
          "00000000-0000-4000-9000-" + std::string(12 - number.size(), '0') + number;
      const std::string entity = "reed:entity:page:" + id;
      commands.push_back({"SADD", "reed:type_index:page", id});
      commands.push_back({"SET", "reed:type_of:" + id, "page"});
      commands.push_back({"HSET", entity, "type", "page", "data", "{}"});
      if (random_() % 100 == 0) commands.push_back({"EXPIRE", entity, "9000"});
      lasting_.push_back(entity);
    }
    redis_.run_all(commands);
  }

  Commands redis_;
  std::mt19937 random_;
  int written_ = 0;
  std::vector<std::string> caches_;
  std::vector<std::string> lasting_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

TEST_F(AuditLive, ADriftingWriterIsMendedAndNothingIsLost) {
  Drifter drifter(redis.socket_path());
  for (int round = 0; round < 5; ++round) {
    const Ended ended = run_program({"audit", "--fix", "--json", "--url", redis.url()});
    ASSERT_LE(ended.exit_code, 1) << ended;
  }
  drifter.stop();
  const auto last = audit(0, {"--fix"});
  EXPECT_EQ(last.at("found"), last.at("mended"));
  EXPECT_EQ(audit(0).at("outcome"), "Clean");
  ASSERT_GT(drifter.caches().size(), 1000U);
  EXPECT_EQ(redis.existing(drifter.caches()), std::ssize(drifter.caches()));
  EXPECT_EQ(redis.existing(drifter.lasting()), std::ssize(drifter.lasting()));
  EXPECT_EQ(redis.integer({"SCARD", "reed:type_index:page"}), std::ssize(drifter.lasting()) + 2)
      << "a member was taken for dead that was not";
}

class AuditLargeLive : public testing::TestWithParam<std::string> {};

TEST_P(AuditLargeLive, AFreshLoadIsCleanAndOneDriftOfEachKindIsMended) {
  const std::string directory = std::string(REDKEEP_SOURCE_DIR) + "/../shared/data/" + GetParam();
  if (!std::filesystem::exists(directory)) GTEST_SKIP() << directory << " is not there";
  LiveRedis redis;
  ASSERT_EQ(run_program({"load", directory, "--url", redis.url()}).exit_code, 0);
  const auto clean = run_audit(redis.url(), 0);
  EXPECT_EQ(clean.at("outcome"), "Clean") << json::serialize(clean);
  redis.run({"EXPIRE", redis.text({"RANDOMKEY"}), "10000"});
  redis.run({"SADD", "reed:word:surely-not-there", kGone});
  redis.run({"SET", "reed:type_of:" + kGone, "page"});
  const auto mended = run_audit(redis.url(), 0, {"--fix"});
  for (const std::string kind : {"protected_with_ttl", "dead_member", "dangling_key"}) {
    EXPECT_EQ(found(mended, kind), 1) << kind;
  }
  const Ended verified = run_program({"verify", directory, "--url", redis.url()});
  EXPECT_EQ(verified.exit_code, 0) << verified;
}

INSTANTIATE_TEST_SUITE_P(Contents, AuditLargeLive,
                         testing::Values("tldr-content", "debian-content"), [](const auto& tested) {
                           return tested.param.substr(0, tested.param.find('-'));
                         });

}  // namespace
}  // namespace redkeep::test
