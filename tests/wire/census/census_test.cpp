// Counting, against servers that repeat themselves, refuse, or go away.
#include "census/census.h"

#include <gtest/gtest.h>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"
#include "wire/small_keyspace.h"

namespace redkeep::census {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::keys_named;
using wire::ScriptedServer;
using wire::SmallKeyspace;

const keys::ClassTable& table() {
  static const auto compiled = keys::ClassTable::compile("reed:", default_key_classes());
  return *compiled;
}

class CensusTest : public testing::Test {
 protected:
  CensusTest() { keyspace_.install(answers_); }

  Result<Census> take(CensusOptions options = {}, std::stop_token stop = {},
                      std::function<void(std::int64_t)> progress = {}) {
    EndpointOptions endpoint = server_.endpoint();
    endpoint.deadline = 500ms;
    const auto client = redis::Client::create(loop_.executor(), endpoint);
    return loop_.run(take_census(client, table(), options, std::move(stop), std::move(progress)));
  }

  static ClassUse row(const Census& census, std::string_view name) {
    for (const auto& use : census.classes) {
      if (use.name == name) return use;
    }
    ADD_FAILURE() << name;
    return {};
  }

  static std::vector<SmallKeyspace::Key> some_keys() {
    auto keys = keys_named("reed:session:", 25, 300);
    for (auto& key : keys_named("reed:entity:page:", 12, 500)) keys.push_back(key);
    for (auto& key : keys_named("foreign:", 7)) keys.push_back(key);
    for (auto& key : keys_named("reed:nobody:", 2)) keys.push_back(key);
    return keys;
  }

  SmallKeyspace keyspace_{some_keys()};
  Answers answers_;
  ScriptedServer server_{answers_};
  wire::EventLoop loop_;
};

TEST_F(CensusTest, KeysAndBytesAreCountedByClassInOnePass) {
  std::int64_t last = 0;
  const auto census = take({}, {}, [&last](std::int64_t keys) { last = keys; });
  ASSERT_TRUE(census) << census.error().message;
  EXPECT_EQ(row(*census, "sessions").keys, 25);
  EXPECT_EQ(row(*census, "sessions").bytes, 25 * 300);
  EXPECT_EQ(row(*census, "entities").keys, 12);
  EXPECT_EQ(row(*census, "entities").bytes, 12 * 500);
  EXPECT_EQ(row(*census, "locks").keys, 0);
  EXPECT_EQ(census->classes.size(), default_key_classes().size());
  EXPECT_EQ(census->unclassified_keys, 9);
  EXPECT_EQ(last, 46);
  EXPECT_EQ(server_.count("SCAN"), 5);
  EXPECT_EQ(server_.count("MEMORY"), 37) << "other applications' keys need no size";
}

TEST_F(CensusTest, OnlyReads) {
  ASSERT_TRUE(take());
  for (const auto& command : server_.received()) {
    const auto& name = command.front();
    EXPECT_TRUE(name == "SCAN" || name == "MEMORY" || name == "CLIENT") << name;
  }
}

TEST_F(CensusTest, WithoutBytesNoSizeIsAskedAndNoneIsGiven) {
  const auto census = take({.with_bytes = false});
  ASSERT_TRUE(census);
  EXPECT_EQ(row(*census, "sessions").keys, 25);
  EXPECT_FALSE(row(*census, "sessions").bytes.has_value());
  EXPECT_EQ(server_.count("MEMORY"), 0);
}

TEST_F(CensusTest, AKeyNamedTwiceIsCountedOnce) {
  answers_.on("SCAN", [](const Command& command) {
    return wire::scan_page(command[1] == "0" ? "4" : "0",
                           {"reed:session:1", "reed:session:2", "reed:session:1", "foreign:1"});
  });
  const auto census = take();
  ASSERT_TRUE(census);
  EXPECT_EQ(row(*census, "sessions").keys, 2);
  EXPECT_EQ(row(*census, "sessions").bytes, 600);
  EXPECT_EQ(census->unclassified_keys, 1);
  EXPECT_FALSE(census->may_count_twice);
}

TEST_F(CensusTest, WithoutRoomToRememberItSaysThatKeysMayCountTwice) {
  const auto census = take({.page_keys = 10, .most_fingerprint_bytes = 0});
  ASSERT_TRUE(census);
  EXPECT_TRUE(census->may_count_twice);
  EXPECT_EQ(row(*census, "sessions").keys, 25);
}

TEST_F(CensusTest, AKeyThatGoesBeforeItIsSizedHasNoBytes) {
  answers_.on("MEMORY USAGE", [](const Command& command) {
    return command[2] == "reed:session:3" ? wire::nil() : wire::integer(300);
  });
  const auto census = take();
  ASSERT_TRUE(census);
  EXPECT_EQ(row(*census, "sessions").keys, 25);
  EXPECT_EQ(row(*census, "sessions").bytes, 24 * 300);
}

TEST_F(CensusTest, EmptyPagesAndAnEmptyServerAreCountedToTheEnd) {
  answers_.on("SCAN", [](const Command& command) {
    const int at = std::stoi(command[1]);
    if (at < 3) return wire::scan_page(std::to_string(at + 1), {});
    return wire::scan_page("0", {"reed:session:1"});
  });
  auto census = take();
  ASSERT_TRUE(census);
  EXPECT_EQ(row(*census, "sessions").keys, 1);
  answers_.on("SCAN", wire::scan_page("0", {}));
  census = take();
  ASSERT_TRUE(census);
  EXPECT_EQ(row(*census, "sessions").keys, 0);
}

// Half a census is none: the numbers so far would look like a loss.
class HalfACensus : public CensusTest {
 protected:
  void expect_none(ErrorKind kind, std::stop_token stop = {}) {
    const auto census = take({}, std::move(stop));
    ASSERT_FALSE(census);
    EXPECT_EQ(census.error().kind, kind) << census.error().message;
  }

  // The n-th command of the name is answered so.
  void answer_nth(const std::string& name, int n, std::optional<std::string> reply) {
    answers_.on(name, [this, name, n, reply = std::move(reply),
                       seen = std::make_shared<int>(0)](const Command& command) {
      if (++*seen == n) return reply;
      return reference_.to(command);
    });
  }

  HalfACensus() { keyspace_.install(reference_); }
  Answers reference_;
};

TEST_F(HalfACensus, WhenTheConnectionIsCutInTheMiddle) {
  answer_nth("SCAN", 3, std::nullopt);
  expect_none(ErrorKind::UnknownOutcome);
}

TEST_F(HalfACensus, WhenTheServerFallsSilent) {
  answer_nth("MEMORY", 20, "");
  answer_nth("MEMORY USAGE", 20, "");
  expect_none(ErrorKind::UnknownOutcome);
}

TEST_F(HalfACensus, WhenASizeIsRefused) {
  answer_nth("MEMORY USAGE", 20, wire::refusal("NOPERM this user has no permissions"));
  expect_none(ErrorKind::NotPermitted);
}

TEST_F(HalfACensus, WhenTheServerBecomesBusy) {
  answer_nth("SCAN", 2, wire::refusal("BUSY Redis is busy running a script."));
  expect_none(ErrorKind::ServerBusy);
}

TEST_F(HalfACensus, WhenTheCursorIsGarbage) {
  answer_nth("SCAN", 2, wire::scan_page("what?", {}));
  expect_none(ErrorKind::Protocol);
}

TEST_F(HalfACensus, WhenItIsStopped) {
  std::stop_source source;
  answers_.on("SCAN", [&source](const Command&) {
    source.request_stop();
    return wire::scan_page("7", {"reed:session:1"});
  });
  expect_none(ErrorKind::Interrupted, source.get_token());
}

// Whatever ended it: each key once, and each with its size.
TEST_F(HalfACensus, IsLeftWhereItCanBeGoneOnWith) {
  const auto expect_whole = [this](CensusState& state) {
    EXPECT_FALSE(state.cursor.empty());
    keyspace_.install(answers_);
    const auto census = take({.with_details = true, .with_ttl = true, .state = &state});
    ASSERT_TRUE(census) << census.error().message;
    EXPECT_EQ(row(*census, "sessions").keys, 25);
    EXPECT_EQ(row(*census, "sessions").bytes, 25 * 300);
    EXPECT_EQ(row(*census, "entities").bytes, 12 * 500);
    EXPECT_EQ(census->unclassified_keys, 9);
    EXPECT_EQ(census->details.back().sized_keys, 9);
  };
  for (const auto& [command, nth] :
       {std::pair{"MEMORY USAGE", 21}, std::pair{"MEMORY USAGE", 46}, std::pair{"PTTL", 33},
        std::pair{"SCAN", 3}, std::pair{"SCAN", 5}}) {
    for (const auto& reply :
         {std::optional<std::string>(), std::optional(wire::refusal("BUSY x"))}) {
      answer_nth(command, nth, reply);
      CensusState state;
      ASSERT_FALSE(take({.with_details = true, .with_ttl = true, .state = &state}));
      expect_whole(state);
    }
  }
}

TEST_F(HalfACensus, OfWhichNothingWasCountedIsNotLeft) {
  answer_nth("SCAN", 1, std::nullopt);
  CensusState state;
  ASSERT_FALSE(take({.state = &state}));
  EXPECT_TRUE(state.cursor.empty());
}

// SCAN's cursor means nothing on another server, or on the same one after a restart.
TEST_F(HalfACensus, WhenTheConnectionHadToBeMadeAnew) {
  const ScriptedServer server({[this](wire::Peer& peer) {
                                 while (const auto command = peer.next_command()) {
                                   peer.send(reference_.to(*command).value_or(""));
                                   if (command->front() == "SCAN") break;
                                 }
                                 peer.finish();
                                 peer.stay_silent();
                               },
                               [this](wire::Peer& peer) { peer.serve(reference_); }},
                              wire::Listen::Unix);
  const auto client = redis::Client::create(loop_.executor(), server.endpoint());
  const auto census = loop_.run(take_census(client, table(), {}, {}, {}));
  EXPECT_FALSE(census);
}

TEST_F(CensusTest, ACensusInTheBackgroundTakesItsPartOfTheTimeOnly) {
  const auto begun = std::chrono::steady_clock::now();
  answers_.on("SCAN", [this](const Command& command) {
    std::this_thread::sleep_for(10ms);  // a server that needs its time
    const int at = std::stoi(command[1]);
    return wire::scan_page(at < 2 ? std::to_string(at + 1) : "0", {});
  });
  ASSERT_TRUE(take({.duty = 0.1}));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 3 * 100ms);
}

TEST_F(HalfACensus, WhenItIsStoppedInALongPause) {
  answers_.on("SCAN", [](const Command&) {
    std::this_thread::sleep_for(10ms);  // a server that needs its time
    return wire::scan_page("7", {});
  });
  std::stop_source source;
  const auto client = redis::Client::create(loop_.executor(), server_.endpoint());
  std::optional<Result<Census>> census;
  loop_.start(take_census(client, table(), {.duty = 0.0001}, source.get_token(), {}), census);
  ASSERT_FALSE(loop_.run_until([&] { return census.has_value(); }, 300ms));  // of 100 s of rest
  source.request_stop();
  ASSERT_TRUE(loop_.run_until([&] { return census.has_value(); }, 5s));
  EXPECT_EQ(server_.count("SCAN"), 1);
  ASSERT_FALSE(*census);
  EXPECT_EQ(census->error().kind, ErrorKind::Interrupted);
}

}  // namespace
}  // namespace redkeep::census
