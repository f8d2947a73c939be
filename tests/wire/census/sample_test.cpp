// Sampling, against servers that give little, repeat themselves, refuse, or go away.
#include "census/sample.h"

#include <gtest/gtest.h>

#include <set>

#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::census {
namespace {

using namespace std::chrono_literals;
using wire::Answers;
using wire::Command;
using wire::ScriptedServer;

class SampleTest : public testing::Test {
 protected:
  SampleTest() {
    keys_in_all(100'000);
    answers_.on("MEMORY STATS", wire::refusal("NOPERM no"));
    answers_.on("MEMORY USAGE", wire::integer(100));
    answers_.on("PTTL", wire::integer(5000));
    answers_.on("TYPE", wire::status("hash"));
    // Ten keys at each place, which tell where they are from.
    answers_.on("SCAN", [](const Command& command) {
      std::vector<std::string> keys;
      for (int i = 0; i < 10; ++i) keys.push_back(command[1] + "-" + std::to_string(i));
      return wire::scan_page("7", keys);
    });
  }

  void keys_in_all(int keys) {
    answers_.on("INFO", wire::bulk("# Keyspace\r\ndb0:keys=" + std::to_string(keys) +
                                   ",expires=5,avg_ttl=0\r\n"));
  }

  Result<SampleOutcome> take(SampleOptions options = {}, std::stop_token stop = {}) {
    EndpointOptions endpoint = server_.endpoint();
    endpoint.deadline = 500ms;
    const auto client = redis::Client::create(loop_.executor(), endpoint);
    sampled_.clear();
    return loop_.run(take_sample(client, options,
                                 [this](SampledKey&& key) { sampled_.push_back(std::move(key)); },
                                 std::move(stop), {}));
  }
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& key : sampled_) names.insert(key.key);
    return names;
  }

  std::vector<SampledKey> sampled_;
  Answers answers_;
  ScriptedServer server_{answers_};
  wire::EventLoop loop_;
};

TEST_F(SampleTest, KeysAreThoseOfRandomPlacesEachOnceWithWhatWasAsked) {
  const auto outcome = take({.keys = 500, .with_type = true, .seed = 1});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->population_keys, 100'000);
  EXPECT_EQ(outcome->sampled_keys, 500);
  EXPECT_FALSE(outcome->is_whole);
  EXPECT_FALSE(outcome->most_bytes.has_value());
  EXPECT_EQ(names().size(), 500U);
  EXPECT_EQ(sampled_.front().bytes, 100);
  EXPECT_EQ(sampled_.front().ttl, 5s);
  EXPECT_EQ(sampled_.front().type, "hash");
  EXPECT_EQ(sampled_.back().page, 49U);
  const auto first = names();
  ASSERT_TRUE(take({.keys = 500, .seed = 1}));
  EXPECT_EQ(names(), first) << "the same seed is the same sample";
  ASSERT_TRUE(take({.keys = 500, .seed = 2}));
  EXPECT_NE(names(), first);
}

TEST_F(SampleTest, OnlyWhatIsWantedIsAsked) {
  ASSERT_TRUE(take({.keys = 100, .with_ttl = false}));
  EXPECT_EQ(server_.count("PTTL"), 0);
  EXPECT_EQ(server_.count("TYPE"), 0);
  ASSERT_TRUE(take({.keys = 100, .with_bytes = false, .with_ttl = false}));
  EXPECT_EQ(sampled_.size(), 100U);
  EXPECT_EQ(server_.count("TYPE"), 100) << "so that a key that is gone is not counted";
  ASSERT_TRUE(take({.keys = 100, .with_bytes = false}));
  EXPECT_EQ(sampled_.front().ttl, 5s);
}

TEST_F(SampleTest, OfOneKeyInFourMoreIsAskedThanItsName) {
  ASSERT_TRUE(take({.keys = 2000, .ask_one_in = 4, .seed = 1}));
  EXPECT_EQ(names().size(), 2000U);
  const auto asked = std::count_if(sampled_.begin(), sampled_.end(),
                                   [](const SampledKey& key) { return key.is_asked; });
  EXPECT_NEAR(asked, 500, 80);
  EXPECT_EQ(server_.count("MEMORY"), asked + 1) << "and MEMORY STATS";
  EXPECT_EQ(server_.count("PTTL"), asked);
  for (const auto& key : sampled_) {
    EXPECT_EQ(key.bytes, key.is_asked ? 100 : 0);
    EXPECT_EQ(key.ttl.has_value(), key.is_asked);
  }
  keys_in_all(20);
  answers_.on("SCAN", wire::scan_page("0", {"a", "b", "c", "d", "e", "f"}));
  ASSERT_TRUE(take({.keys = 2000, .ask_one_in = 4, .seed = 1}));
  for (const auto& key : sampled_) EXPECT_TRUE(key.is_asked) << "of the whole, of each";
}

TEST_F(SampleTest, WhereNothingMayBeAskedOfKeysTheyAreTakenAsTheyAreNamed) {
  const auto outcome =
      take({.keys = 100, .with_bytes = false, .with_ttl = false, .with_presence = false});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->sampled_keys, 100);
  EXPECT_EQ(names().size(), 100U);
  EXPECT_EQ(server_.count("TYPE") + server_.count("PTTL") + server_.count("MEMORY USAGE"), 0);
}

TEST_F(SampleTest, AKeyOfTwoPlacesIsTakenOnce) {
  answers_.on("SCAN", [n = std::make_shared<int>(0)](const Command&) {
    const std::string number = std::to_string(++*n);
    return wire::scan_page("7", {"everywhere", "here-" + number});
  });
  const auto outcome = take({.keys = 50});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(names().size(), sampled_.size());
}

TEST_F(SampleTest, AKeyThatIsGoneIsLeftOut) {
  answers_.on("MEMORY USAGE", [](const Command& command) {
    return command[2].ends_with("-3") ? wire::nil() : wire::integer(100);
  });
  answers_.on("PTTL", [](const Command& command) {
    return wire::integer(command[1].ends_with("-3") || command[1].ends_with("-4") ? -2 : -1);
  });
  const auto outcome = take({.keys = 100});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->sampled_keys, 80);
  EXPECT_EQ(sampled_.size(), 80U);
  EXPECT_FALSE(sampled_.front().ttl.has_value());
}

TEST_F(SampleTest, AFewKeysAreWalkedThrough) {
  keys_in_all(30);
  answers_.on("SCAN", [](const Command& command) {
    const int at = std::stoi(command[1]);
    return wire::scan_page(at < 2 ? std::to_string(at + 1) : "0",
                           {"a" + std::to_string(at), "b" + std::to_string(at)});
  });
  const auto outcome = take();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->is_whole);
  EXPECT_EQ(outcome->sampled_keys, 6);
  EXPECT_EQ(outcome->population_keys, 6) << "the counter may be of a moment before";
  EXPECT_EQ(server_.count("SCAN"), 3);
}

TEST_F(SampleTest, PlacesWithoutKeysComeToAnEnd) {
  answers_.on("SCAN", wire::scan_page("7", {}));
  const auto outcome = take({.keys = 500});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::Refused);
  EXPECT_NE(outcome.error().message.find("--exact"), std::string::npos);
  EXPECT_LT(server_.count("SCAN"), 1000);
}

TEST_F(SampleTest, ARefusalIsAnErrorThatNamesTheCommand) {
  answers_.on("MEMORY USAGE", wire::refusal("NOPERM this user has no permissions"));
  const auto refused = take();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::NotPermitted);
  EXPECT_NE(refused.error().message.find("MEMORY USAGE"), std::string::npos);
  answers_.on("SCAN", wire::refusal("ERR invalid cursor"));
  EXPECT_FALSE(take());
  answers_.on("INFO", wire::refusal("LOADING Redis is loading the dataset in memory"));
  const auto loading = take();
  ASSERT_FALSE(loading);
  EXPECT_EQ(loading.error().kind, ErrorKind::ServerBusy);
}

TEST_F(SampleTest, ACutConnectionIsAnError) {
  answers_.on("PTTL", [n = std::make_shared<int>(0)](const Command&) -> std::optional<std::string> {
    if (++*n == 30) return std::nullopt;
    return wire::integer(-1);
  });
  const auto outcome = take();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::UnknownOutcome);
}

TEST_F(SampleTest, AStopEndsIt) {
  std::stop_source source;
  answers_.on("SCAN", [&source](const Command& command) {
    source.request_stop();
    return wire::scan_page("7", {command[1]});
  });
  const auto outcome = take({}, source.get_token());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::Interrupted);
}

TEST_F(SampleTest, ABudgetIsAShareOfTheTime) {
  answers_.on("SCAN", [](const Command& command) {
    std::this_thread::sleep_for(2ms);  // a server that needs its time
    return wire::scan_page("7", {command[1]});
  });
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(take({.keys = 20, .duty = 0.1}));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 9 * 20 * 2ms);
}

TEST(KeysToLookAt, AreAllOfAFewAndTheSampleOfMany) {
  const SampleOptions options{.keys = 12'000};
  EXPECT_EQ(keys_to_look_at(options, 0), 0);
  EXPECT_EQ(keys_to_look_at(options, 43'000), 43'000) << "so few are walked through";
  EXPECT_EQ(keys_to_look_at(options, 48'000), 12'000);
  const SampleOptions of_names{.keys = 12'000, .ask_one_in = 4};
  EXPECT_EQ(keys_to_look_at(of_names, 23'000), 23'000) << "asking about all would cost as much";
  EXPECT_EQ(keys_to_look_at(of_names, 24'000), 12'000);
}

TEST(MostKeyBytes, AreWhatIsAllocatedWithoutOverheadButWithTheKeysEntries) {
  redis::Reply stats;
  stats.type = redis::Reply::Type::Array;
  const auto text = [](std::string value) {
    redis::Reply reply;
    reply.type = redis::Reply::Type::String;
    reply.text = std::move(value);
    return reply;
  };
  const auto number = [](std::int64_t value) {
    redis::Reply reply;
    reply.type = redis::Reply::Type::Integer;
    reply.integer = value;
    return reply;
  };
  redis::Reply database;
  database.type = redis::Reply::Type::Array;
  database.elements = {text("overhead.hashtable.main"), number(70),
                       text("overhead.hashtable.expires"), number(5)};
  stats.elements = {text("total.allocated"), number(1000), text("db.0"), database,
                    text("overhead.total"),  number(200)};
  EXPECT_EQ(most_key_bytes(stats), 870);
  stats.elements.pop_back();
  EXPECT_FALSE(most_key_bytes(stats).has_value());
  EXPECT_FALSE(most_key_bytes({}).has_value());
}

}  // namespace
}  // namespace redkeep::census
