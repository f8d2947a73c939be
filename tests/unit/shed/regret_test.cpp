// What is drawn of the keys that were shed, when they are looked for, and what the answers add up
// to.
#include "shed/regret.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace redkeep::shed {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr keys::ClassIndex kPages = 3;
constexpr keys::ClassIndex kQueries = 4;

class RegretTest : public testing::Test {
 protected:
  // Sheds `count` keys within this second.
  void shed(int count, keys::ClassIndex class_index = kPages, const std::string& name = "page") {
    for (int i = 0; i < count; ++i) {
      log.note_shed(fmt::format("{}:{}", name, i), class_index, now);
    }
  }

  // Asks for what is due; `there` says whether a key is there.
  template <class There>
  std::size_t look(There there) {
    const auto keys = log.due(now);
    std::vector<bool> answers;
    for (const auto& key : keys) answers.push_back(there(key));
    log.note_answers(answers, now);
    return keys.size();
  }

  RegretLog log;
  RegretLog::TimePoint now{minutes{1000}};
};

bool is_even(const std::string& key) { return (key.back() - '0') % 2 == 0; }

TEST_F(RegretTest, AKeyIsLookedForOnceAMinuteAfterItWasShed) {
  shed(10);
  now += seconds{60};
  EXPECT_TRUE(log.due(now).empty());
  now += seconds{1};
  EXPECT_EQ(look(is_even), 10U);
  EXPECT_EQ(look(is_even), 0U);
  const Regret regret = log.rates(now).at(kPages);
  EXPECT_EQ(regret.sampled_keys, 10);
  EXPECT_DOUBLE_EQ(regret.written_again_pct, 50);
  EXPECT_EQ(regret.sampled_total, 10);
  EXPECT_EQ(regret.written_again_total, 5);
  EXPECT_EQ(log.waiting(), 0U);
}

TEST_F(RegretTest, AKeyThatIsShedAgainMeanwhileWasWrittenAgain) {
  shed(1);
  now += seconds{30};
  shed(1);
  now += seconds{31};
  EXPECT_EQ(look([](const auto&) { return false; }), 1U);
  EXPECT_DOUBLE_EQ(log.rates(now).at(kPages).written_again_pct, 100);
  now += seconds{30};
  EXPECT_EQ(look([](const auto&) { return false; }), 1U)
      << "the second shedding is a case of its own";
  EXPECT_DOUBLE_EQ(log.rates(now).at(kPages).written_again_pct, 50);
}

TEST_F(RegretTest, AFloodIsSampledAndNeverMoreThanSoManyKeysAreKept) {
  for (int second = 0; second < 300; ++second, now += seconds{1}) {
    shed(20'000);
    EXPECT_LE(look(is_even), RegretLog::kMostPerSecond);
    ASSERT_LE(log.waiting(), 67 * RegretLog::kMostPerSecond);
  }
  EXPECT_GT(log.rates(now).at(kPages).sampled_keys, 230 * 64);
}

TEST_F(RegretTest, EachKeyOfASecondHasTheSameChance) {
  std::vector<int> drawn(10);
  for (int round = 0; round < 200; ++round) {
    shed(1000);
    now += seconds{61};
    for (const auto& key : log.due(now)) ++drawn[std::stoul(key.substr(5)) / 100];
  }
  for (const int count : drawn) EXPECT_NEAR(count, 1280, 130);  // 3.6 standard deviations
}

// 10,000 keys of which nothing came back in one second, ten that all did in another.
TEST_F(RegretTest, ASecondCountsForAsManyKeysAsWereShedInIt) {
  shed(10'000, kPages, "cold");
  now += seconds{2};
  shed(10, kPages, "hot");
  now += seconds{61};
  EXPECT_EQ(look([](const auto& key) { return key.starts_with("hot"); }), 64U);
  EXPECT_EQ(look([](const auto& key) { return key.starts_with("hot"); }), 10U);
  EXPECT_NEAR(log.rates(now).at(kPages).written_again_pct, 0.1, 0.01);
}

TEST_F(RegretTest, AClassOfWhichLittleIsShedIsSampledBesideAFlood) {
  shed(50'000, kPages, "before");
  shed(40, kQueries, "query");
  shed(50'000, kPages, "after");
  now += seconds{61};
  EXPECT_EQ(look([](const auto& key) { return key.starts_with("query"); }), 64U);
  EXPECT_EQ(log.rates(now).at(kQueries).sampled_keys, 32);
  EXPECT_DOUBLE_EQ(log.rates(now).at(kQueries).written_again_pct, 100);
  EXPECT_DOUBLE_EQ(log.rates(now).at(kPages).written_again_pct, 0);
}

TEST_F(RegretTest, TheErrorIsThatOfASample) {
  for (int second = 0; second < 3; ++second, now += seconds{1}) {
    shed(100, kPages, std::to_string(second));
  }
  for (now += seconds{58}; look(is_even) > 0; now += seconds{1}) continue;
  const Regret regret = log.rates(now).at(kPages);
  EXPECT_EQ(regret.sampled_keys, 192);
  EXPECT_NEAR(regret.written_again_pct, 50, 12);
  EXPECT_NEAR(regret.error_pct, 7, 0.2);  // 1.96 * sqrt(0.25 / 196)
  RegretLog none;
  none.note_shed("page:1", kPages, now);
  ASSERT_EQ(none.due(now + seconds{61}).size(), 1U);
  none.note_answers({false}, now + seconds{61});
  EXPECT_GT(none.rates(now + seconds{61}).at(kPages).error_pct, 30) << "one key says little";
}

TEST_F(RegretTest, WhatIsAskedForTooLateDoesNotCount) {
  shed(10);
  now += seconds{67};
  EXPECT_EQ(look(is_even), 0U);
  EXPECT_TRUE(log.rates(now).empty());
  EXPECT_EQ(log.waiting(), 0U);
}

TEST_F(RegretTest, WithoutAnAnswerNothingIsCounted) {
  shed(10);
  now += seconds{61};
  EXPECT_EQ(log.due(now).size(), 10U);
  shed(5);
  now += seconds{61};
  EXPECT_EQ(look(is_even), 5U);
  EXPECT_EQ(log.rates(now).at(kPages).sampled_keys, 5);
}

TEST_F(RegretTest, AnotherServerIsNotAskedForWhatThisOneShed) {
  shed(10);
  log.forget_waiting();
  shed(1);
  now += seconds{61};
  EXPECT_EQ(look(is_even), 1U);
}

TEST_F(RegretTest, OldMinutesAreForgottenButNotTheTotals) {
  shed(10);
  now += seconds{61};
  look(is_even);
  now += minutes{1};
  EXPECT_EQ(log.rates_of_minute_before(now).at(kPages).sampled_keys, 10);
  now += minutes{9};
  EXPECT_EQ(log.rates_of_minute_before(now).at(kPages).sampled_keys, 0);
  EXPECT_EQ(log.rates(now).at(kPages).sampled_keys, 0);
  EXPECT_EQ(log.rates(now).at(kPages).sampled_total, 10);
}

TEST_F(RegretTest, LongKeysAreNotKept) {
  log.note_shed(std::string(RegretLog::kMostKeyBytes + 1, 'k'), kPages, now);
  EXPECT_EQ(log.waiting(), 0U);
}

}  // namespace
}  // namespace redkeep::shed
