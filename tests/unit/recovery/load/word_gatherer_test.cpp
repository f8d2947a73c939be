#include "recovery/load/word_gatherer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace redkeep::recovery {
namespace {

using Index = std::map<std::string, std::set<std::string>>;

Index index_of(SetCollector sets) {
  Index index;
  std::string_view word;
  std::span<const std::string_view> ids;
  while (sets.next(word, ids)) index[std::string(word)].insert(ids.begin(), ids.end());
  return index;
}

std::string id_of(int number) { return fmt::format("00000000-0000-4000-8000-{:012}", number); }

// An entity whose views this owns.
struct Page {
  explicit Page(int number, std::string content = "")
      : id(id_of(number)),
        name(fmt::format("$page.{}", number % 7)),
        data(fmt::format(R"({{"title":"Hütte Nummer {}","content":"{}"}})", number, content)) {}

  content::EntityView view() const { return {id, "page", name, data, "", "", ""}; }

  std::string id;
  std::string name;
  std::string data;
};

TEST(WordGatherer, GivesAfterAnyNumberOfEntitiesWhatTheirWordsAre) {
  WordGatherer gatherer;
  content::WordExtractor extractor;
  Index expected;
  for (int i = 0; i < 20'000; ++i) {
    const Page page(i);
    gatherer.add(page.view());
    for (const auto word : extractor.words_of(page.view())) {
      expected[std::string(word)].insert(page.id);
    }
  }
  EXPECT_EQ(expected.at("hütte").size(), 20'000);
  EXPECT_EQ(index_of(gatherer.take()), expected);
}

TEST(WordGatherer, BeginsAnewAfterItsSetsWereTaken) {
  WordGatherer gatherer;
  EXPECT_TRUE(gatherer.take().empty());
  for (int round = 1; round <= 3; ++round) {
    gatherer.add(Page(round).view());
    EXPECT_EQ(index_of(gatherer.take()).at("hütte"), std::set{id_of(round)});
    EXPECT_EQ(gatherer.bytes(), 0);
  }
}

TEST(WordGatherer, ForgetsAnEntityWithoutWords) {
  WordGatherer gatherer;
  gatherer.add({id_of(1), "page", "", R"({"title":"a b"})", "", "", ""});
  EXPECT_TRUE(gatherer.take().empty());
}

TEST(WordGatherer, TakesMoreTextThanMayWait) {
  WordGatherer gatherer;
  const std::string content(std::size_t{1} << 20, ' ');
  for (int i = 0; i < 64; ++i) gatherer.add(Page(i, content).view());
  EXPECT_EQ(index_of(gatherer.take()).at("nummer").size(), 64);
}

TEST(WordGatherer, FinishedEarlyItGivesTheSameAndBeginsAnew) {
  WordGatherer gatherer;
  for (int round = 1; round <= 3; ++round) {
    gatherer.add(Page(round).view());
    gatherer.finish();
    gatherer.finish();
    EXPECT_EQ(index_of(gatherer.take()).at("hütte"), std::set{id_of(round)});
  }
}

TEST(WordGatherer, TakesAWordOfAnEntityOnce) {
  WordGatherer gatherer;
  gatherer.add({id_of(1), "page", "", R"({"title":"lake hut lake hut lake"})", "", "", ""});
  SetCollector sets = gatherer.take();
  std::string_view word;
  std::span<const std::string_view> ids;
  for (int words = 0; words < 2; ++words) {
    ASSERT_TRUE(sets.next(word, ids));
    EXPECT_EQ(ids.size(), 1) << word;
  }
  EXPECT_FALSE(sets.next(word, ids));
}

TEST(WordGatherer, ThatIsToBeginWhenToldIsFullUntilThen) {
  WordGatherer gatherer(WordGatherer::Begins::WhenTold);
  const std::string content(std::size_t{1} << 20, ' ');
  int added = 0;
  for (; added < 64 && !gatherer.is_full(); ++added) gatherer.add(Page(added, content).view());
  EXPECT_GE(added, 15);
  EXPECT_LE(added, 18);
  EXPECT_EQ(gatherer.bytes(), 0);
  gatherer.begin();
  EXPECT_EQ(index_of(gatherer.take()).at("nummer").size(), added);
  EXPECT_FALSE(gatherer.is_full());
}

TEST(WordGatherer, BeginsBeforeItIsToldWhereSomebodyMustWait) {
  WordGatherer gatherer(WordGatherer::Begins::WhenTold);
  const std::string content(std::size_t{1} << 20, ' ');
  for (int i = 0; i < 64; ++i) gatherer.add(Page(i, content).view());
  EXPECT_EQ(index_of(gatherer.take()).at("nummer").size(), 64);
  WordGatherer small(WordGatherer::Begins::WhenTold);
  small.add(Page(1).view());
  EXPECT_EQ(index_of(small.take()).at("nummer").size(), 1);
}

TEST(WordGatherer, EndsWithWorkUndone) {
  WordGatherer gatherer;
  for (int i = 0; i < 20'000; ++i) gatherer.add(Page(i).view());
}

}  // namespace
}  // namespace redkeep::recovery
