// A verify against servers that no test can have at will: one that is loading, one that is behind,
// and ones that answer nonsense.
#include "recovery/verify/verify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "redis/raw_reply.h"
#include "temporary_directory.h"
#include "wire/event_loop.h"
#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::recovery {
namespace {

using wire::Answers;
using wire::Command;

constexpr const char* kServing =
    "used_memory:1000\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n";

class VerifyWire : public testing::Test {
 protected:
  VerifyWire() {
    content_.write("entities.csv",
                   "id,type,semantic_name,data\n"
                   "00000000-0000-4000-8000-000000000001,page,,{}\n");
    answers_.on("INFO", wire::bulk(kServing));
    answers_.on("GET", wire::nil());
    answers_.on("SCAN", wire::scan_page("0", {}));
  }

  Result<VerifyOutcome> verify(std::optional<std::int64_t> wanted_position = {}) {
    VerifyOptions options;
    options.directory = content_.path();
    options.wanted_position = wanted_position;
    options.names_only = names_only_;
    ShowProgress show = [this](const Progress& progress) {
      said_ += std::string(progress.doing) + "\n";
    };
    return loop_.run(
        recovery::verify(server_.endpoint(), "reed:", options, std::stop_token(), show));
  }

  void position_is(const std::string& text) {
    answers_.on("GET", [text](const Command& command) {
      return command[1] == "reed:guard:position" ? wire::bulk(text) : wire::nil();
    });
  }

  // Each stands for 2 keys, and for a third one together.
  void entities_are(int count) {
    std::string rows = "id,type,semantic_name,data\n";
    for (int i = 0; i < count; ++i) {
      rows += fmt::format("00000000-0000-4000-8000-{:012},page,,{{}}\n", i);
    }
    content_.write("entities.csv", rows);
  }
  void all_keys_are_there() {
    answers_.on("EXISTS", [this](const Command& command) {
      asked_.insert(asked_.end(), command.begin() + 1, command.end());
      return wire::integer(static_cast<std::int64_t>(command.size()) - 1);
    });
  }

  bool names_only_ = false;
  std::vector<std::string> asked_;
  TemporaryDirectory content_;
  wire::EventLoop loop_;
  Answers answers_;
  wire::ScriptedServer server_{answers_};
  std::string said_;
};

// F11: as long as it is loading, nothing is counted and nothing is taken for missing.
TEST_F(VerifyWire, WaitsWhileTheServerIsLoadingAndSaysHowLong) {
  std::atomic<int> asked = 0;
  answers_.on("INFO", [&asked](const Command&) {
    return wire::bulk(++asked <= 3 ? "loading:1\r\nloading_loaded_perc:40.00\r\n"
                                     "loading_eta_seconds:12\r\n"
                                   : kServing);
  });
  answers_.on("SCAN", [&asked](const Command&) {
    EXPECT_GT(asked, 3);
    return wire::scan_page("0", {});
  });
  const auto outcome = verify();
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->end, VerifyEnd::Damaged);
  EXPECT_EQ(outcome->missing.count, 3);
  EXPECT_NE(said_.find("the server is loading its data, 40.00 %, about 12 s left"),
            std::string::npos)
      << said_;
}

TEST_F(VerifyWire, AServerWhosePositionIsLowerIsBehindAndNotDamaged) {
  position_is("41 1700000000000");
  const auto outcome = verify(42);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->end, VerifyEnd::Behind);
  EXPECT_EQ(outcome->position, 41);
  EXPECT_EQ(outcome->missing.count, 3);
}

TEST_F(VerifyWire, AServerBeyondTheJournalsEndIsAheadAndNotDamaged) {
  position_is("43");
  const auto outcome = verify(42);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->end, VerifyEnd::Ahead);
  EXPECT_EQ(outcome->position, 43);
  EXPECT_EQ(outcome->wanted_position, 42);
}

TEST_F(VerifyWire, AServerAtTheWantedPositionThatLacksKeysIsDamaged) {
  position_is("42");
  const auto outcome = verify(42);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->end, VerifyEnd::Damaged);
}

TEST_F(VerifyWire, WithoutAPositionAServerIsBehindAnyJournal) {
  EXPECT_EQ(verify(1)->end, VerifyEnd::Behind);
  EXPECT_EQ(verify(0)->end, VerifyEnd::Damaged);
  EXPECT_EQ(verify()->end, VerifyEnd::Damaged);
}

TEST_F(VerifyWire, APositionThatIsNoNumberIsNone) {
  EXPECT_EQ(parse_position("17"), 17);
  EXPECT_EQ(parse_position("17 1700000000000"), 17);
  for (const char* text : {"", "x", "-1", "17x", " 17", "99999999999999999999"}) {
    EXPECT_FALSE(parse_position(text)) << text;
  }
}

TEST_F(VerifyWire, AnErrorOnTheWayIsAnErrorAndNoDamage) {
  for (const std::string& nonsense :
       {wire::refusal("NOPERM no SCAN for you"), wire::integer(1), wire::array({wire::bulk("0")}),
        wire::scan_page("x", {}), wire::array({wire::integer(0), wire::array({})})}) {
    answers_.on("SCAN", nonsense);
    EXPECT_FALSE(verify().ok()) << nonsense;
  }
}

TEST_F(VerifyWire, ARefusedReadIsAnErrorAndNoDamage) {
  const std::string id = "00000000-0000-4000-8000-000000000001";
  answers_.on("SCAN", wire::scan_page("0", {"reed:entity:page:" + id, "reed:type_of:" + id,
                                            "reed:type_index:page"}));
  answers_.on("MGET", wire::array({wire::bulk("page")}));
  answers_.on("HGETALL", wire::array({wire::bulk("type"), wire::bulk("page"), wire::bulk("data"),
                                      wire::bulk("{}")}));
  answers_.on("SRANDMEMBER", wire::array({wire::bulk(id)}));
  const auto right = verify();
  ASSERT_TRUE(right.ok()) << right.error().message;
  EXPECT_EQ(right->end, VerifyEnd::Clean);
  for (const char* command : {"MGET", "HGETALL", "SRANDMEMBER"}) {
    SCOPED_TRACE(command);
    answers_.on(command, wire::refusal("NOPERM this user has no permissions"));
    const auto outcome = verify();
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().kind, ErrorKind::NotPermitted) << outcome.error().message;
  }
}

// F04: what was read up to a cut says nothing of what is missing.
TEST_F(VerifyWire, ACutConnectionIsNoDamage) {
  answers_.on("SCAN", [](const Command&) { return std::optional<std::string>(); });
  const auto outcome = verify();
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind, ErrorKind::UnknownOutcome);
}

TEST_F(VerifyWire, ByNamesEachKeyIsAskedForOnce) {
  names_only_ = true;
  entities_are(30'000);
  all_keys_are_there();
  const auto outcome = verify();
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->end, VerifyEnd::Clean);
  EXPECT_EQ(outcome->expected_keys, 60'001);
  EXPECT_EQ(asked_.size(), 60'001);
  EXPECT_EQ(std::set<std::string>(asked_.begin(), asked_.end()).size(), 60'001);
}

TEST_F(VerifyWire, ByNamesTheWordsAreThoseOfASearchIndexWhereThereIsOne) {
  names_only_ = true;
  const std::string id = "00000000-0000-4000-8000-000000000001";
  content_.write("entities.csv", "id,type,semantic_name,data\n" + id +
                                     ",page,,\"{\"\"title\"\":\"\"A red hut\"\"}\"\n");
  all_keys_are_there();
  const auto asked_words = [this] {
    std::set<std::string> words;
    asked_.clear();
    EXPECT_TRUE(verify().ok());
    for (const auto& key : asked_) {
      if (key.starts_with("reed:word:")) words.insert(key.substr(10));
    }
    return words;
  };
  EXPECT_EQ(asked_words(), (std::set<std::string>{"red", "hut"}));
  content_.write("search_index.csv", "word,entity_ids\ncabin," + id + "\nlake," + id + "\n");
  EXPECT_EQ(asked_words(), (std::set<std::string>{"cabin", "lake"}));
}

TEST_F(VerifyWire, ByNamesABadRowIsToldAndNothingIsMissing) {
  names_only_ = true;
  entities_are(30'000);
  content_.write("associations.csv", "parent_id,child_id,path,type,weight\nno,one,path,has,0\n");
  answers_.on("EXISTS", wire::integer(0));
  const auto outcome = verify();
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->end, VerifyEnd::BadContent);
  EXPECT_EQ(outcome->problems.count, 1);
  EXPECT_EQ(outcome->missing.count, 0);
}

// The threads that make names wait for room meanwhile.
TEST_F(VerifyWire, ByNamesACutConnectionEndsItAtOnce) {
  names_only_ = true;
  entities_are(60'000);
  for (const int good : {0, 3}) {
    std::atomic<int> asked = 0;
    answers_.on("EXISTS", [&asked, good](const Command& command) {
      if (asked++ >= good) return std::optional<std::string>();
      return std::optional(wire::integer(static_cast<std::int64_t>(command.size()) - 1));
    });
    const auto outcome = verify();
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().kind, ErrorKind::UnknownOutcome) << outcome.error().message;
  }
}

}  // namespace
}  // namespace redkeep::recovery
