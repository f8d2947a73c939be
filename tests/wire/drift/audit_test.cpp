// An audit against servers that are newer or older than ours, refuse, or go away.
#include "drift/audit.h"

#include <gtest/gtest.h>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::drift {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::array;
using wire::bulk;
using wire::Command;
using wire::integer;
using wire::ScriptedServer;

const keys::ClassTable& table() {
  static const auto compiled = keys::ClassTable::compile("reed:", default_key_classes());
  return *compiled;
}

class AuditWire : public testing::Test {
 protected:
  AuditWire() {
    set_info("db0:keys=3,expires=1,avg_ttl=0");
    answers_.on("GET", wire::nil());
    answers_.on("PEXPIRE", integer(0));
    answers_.on("SCAN", wire::scan_page("0", {"reed:entity:page:1", "reed:session:a",
                                              "reed:type_of:1", "other"}));
    answers_.on("TYPE", [](const Command& command) {
      return wire::status(command[1].starts_with("reed:entity") ? "hash" : "string");
    });
    answers_.on("PTTL", [](const Command& command) {
      return integer(command[1].starts_with("reed:session") ? 60'000 : -1);
    });
    answers_.on("MGET", array({bulk("page")}));
    answers_.on("HRANDFIELD", array({bulk("type"), bulk("data")}));
    answers_.on("HPTTL", array({integer(-1), integer(5000)}));
    answers_.on("HPERSIST", array({integer(1)}));
  }

  void set_info(const std::string& keyspace) {
    answers_.on("INFO",
                bulk("# Server\r\nredis_version:8.2.2\r\nrole:master\r\n" + keyspace + "\r\n"));
  }

  Result<AuditOutcome> run(bool fix) {
    EndpointOptions endpoint = server_.endpoint();
    endpoint.deadline = 500ms;
    const auto client = redis::Client::create(loop_.executor(), endpoint);
    AuditOptions options;
    options.fix = fix;
    options.settle = 1ms;
    return loop_.run(audit(client, table(), options, {}, {}));
  }

  std::vector<Command> received(const std::string& name) {
    std::vector<Command> commands;
    for (auto& command : server_.received()) {
      if (command[0] == name) commands.push_back(std::move(command));
    }
    return commands;
  }

  Answers answers_;
  ScriptedServer server_{answers_};
  wire::EventLoop loop_;
};

TEST_F(AuditWire, FieldsAreAskedOnlyWhereSomeFieldHasATtl) {
  ASSERT_TRUE(run(false));
  EXPECT_TRUE(received("HPTTL").empty());
  for (const std::string counter : {",subexpiry=1", ",keys_with_volatile_items=1"}) {
    set_info("db0:keys=3,expires=1,avg_ttl=0" + counter);
    const auto outcome = run(false);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->of(DriftKind::FieldWithTtl).found, 1);
    EXPECT_EQ(outcome->found(), 1);
  }
  set_info("db0:keys=3,expires=1,avg_ttl=0,subexpiry=0");
  EXPECT_EQ(run(false)->found(), 0);
  EXPECT_TRUE(received("HPERSIST").empty());
}

TEST_F(AuditWire, AFieldsTtlIsTakenAwayFromThatFieldAlone) {
  set_info("db0:keys=3,expires=1,avg_ttl=0,subexpiry=1");
  const auto outcome = run(true);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->of(DriftKind::FieldWithTtl).mended, 1);
  EXPECT_EQ(received("HPERSIST"),
            (std::vector<Command>{{"HPERSIST", "reed:entity:page:1", "FIELDS", "1", "data"}}));
  for (const auto& asked : received("HRANDFIELD")) {
    EXPECT_EQ(asked[1], "reed:entity:page:1") << "caches may have what they like";
  }
}

TEST_F(AuditWire, ATtlIsGivenByACommandThatSparesWhatHasOne) {
  answers_.on("PTTL", integer(-1));
  answers_.on("PEXPIRE", integer(1));
  const auto outcome = run(true);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->of(DriftKind::EvictableWithoutTtl).mended, 1);
  EXPECT_EQ(received("PEXPIRE").back(), (Command{"PEXPIRE", "reed:session:a", "86400000", "NX"}));
}

TEST_F(AuditWire, WithoutNxAScriptDoesTheSame) {
  answers_.on("PTTL", integer(-1));
  answers_.on("PEXPIRE", [](const Command& command) {
    return command.size() > 3 ? wire::refusal("ERR wrong number of arguments for 'pexpire' command")
                              : integer(1);
  });
  answers_.on("EVAL", integer(1));
  const auto outcome = run(true);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->of(DriftKind::EvictableWithoutTtl).mended, 1);
  const auto scripts = received("EVAL");
  ASSERT_EQ(scripts.size(), 1U);
  EXPECT_EQ(scripts[0][3], "reed:session:a");
  EXPECT_EQ(scripts[0][4], "86400000");
}

TEST_F(AuditWire, WhatHasBecomeRightMeanwhileIsNotCountedAsMended) {
  answers_.on("PTTL", [](const Command& command) {
    return integer(command[1].starts_with("reed:session") ? -1 : 60'000);
  });
  answers_.on("PERSIST", integer(0));
  answers_.on("PEXPIRE", integer(0));
  const auto outcome = run(true);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->found(), 3);
  EXPECT_EQ(outcome->mended(), 0);
}

TEST_F(AuditWire, AKeyThatIsGoneByTheTimeItIsLookedAtIsNoDrift) {
  answers_.on("TYPE", wire::status("none"));
  answers_.on("PTTL", integer(-2));
  EXPECT_EQ(run(true)->found(), 0);
}

TEST_F(AuditWire, OnlyKeysOfKnownClassesAreAskedFor) {
  ASSERT_TRUE(run(true));
  for (const auto& command : server_.received()) {
    EXPECT_EQ(std::count(command.begin(), command.end(), "other"), 0) << command[0];
  }
}

class AuditRefused : public AuditWire,
                     public testing::WithParamInterface<std::pair<std::string, std::string>> {};

TEST_P(AuditRefused, EndsWithTheCommandsName) {
  answers_.on(GetParam().first, GetParam().second);
  const auto outcome = run(false);
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find(GetParam().first), std::string::npos)
      << outcome.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Commands, AuditRefused,
    testing::Values(std::pair("TYPE", wire::refusal("NOPERM no permissions to run the command")),
                    std::pair("PTTL", wire::nil()), std::pair("SCAN", wire::integer(3)),
                    std::pair("INFO", wire::refusal("NOAUTH Authentication required.")),
                    std::pair("MGET", wire::integer(1))),
    [](const auto& tested) { return tested.param.first; });

// type_of:1 holds a type that the entity has not.
class AuditWithoutScripts : public AuditWire {
 protected:
  AuditWithoutScripts() {
    answers_.on("MGET", array({bulk("user")}));
    answers_.on("PTTL", integer(60'000));  // the entity and its type have a TTL, too
    answers_.on("PERSIST", integer(1));
    answers_.on("EVAL", wire::refusal("NOPERM this user has no permissions to run 'eval'"));
  }
};

TEST_F(AuditWithoutScripts, WhatWasFoundIsToldThoughItCouldNotBeLookedAtAgain) {
  for (const bool fix : {false, true}) {
    const auto outcome = run(fix);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->of(DriftKind::ProtectedWithTtl).found, 2);
    EXPECT_EQ(outcome->of(DriftKind::ProtectedWithTtl).mended, fix ? 2 : 0);
    EXPECT_EQ(outcome->of(DriftKind::DanglingKey).found, 1);
    EXPECT_EQ(outcome->of(DriftKind::DanglingKey).mended, 0);
    EXPECT_EQ(outcome->unchecked, 1);
    EXPECT_TRUE(outcome->script_refusal.starts_with("NOPERM"));
  }
}

TEST_F(AuditWithoutScripts, AScriptThatOnlyReadsLooksAgain) {
  answers_.on("EVAL_RO", integer(1));
  const auto there = run(true);
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_EQ(there->of(DriftKind::DanglingKey).found, 1);
  EXPECT_EQ(there->of(DriftKind::DanglingKey).mended, 0);
  EXPECT_EQ(there->unchecked, 0);
  answers_.on("EVAL_RO", integer(0));
  EXPECT_EQ(run(false)->of(DriftKind::DanglingKey).found, 0);
  for (const auto& command : received("EVAL_RO")) EXPECT_EQ(command[5], "look");
}

TEST_F(AuditWire, AConnectionThatBreaksEndsIt) {
  answers_.on("PTTL", [](const Command&) { return std::optional<std::string>(); });
  const auto outcome = run(true);
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(outcome.error().kind == ErrorKind::UnknownOutcome ||
              outcome.error().kind == ErrorKind::Unreachable);
  EXPECT_TRUE(received("PERSIST").empty());
}

TEST_F(AuditWire, AServerThatIsLoadingIsNotJudged) {
  set_info("loading:1");
  const auto outcome = run(false);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::ServerBusy);
  EXPECT_EQ(server_.count("SCAN"), 0);
}

}  // namespace
}  // namespace redkeep::drift
