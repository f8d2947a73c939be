#include "recovery/journal/hand_words.h"

#include <gtest/gtest.h>

#include "recovery/journal/journal.h"
#include "temporary_directory.h"

namespace redkeep::recovery {
namespace {

using Ids = std::vector<std::string>;

Entity bare_page(const std::string& id) {
  Entity made;
  made.id = id;
  made.type = "page";
  return made;
}

TEST(HandWords, LinesOfOneWordBecomeOne) {
  HandWords words;
  words.apply(AddWord{"red", {"a"}});
  words.apply(AddWord{"red", {"c", "b"}});
  words.apply(RemoveWord{"blue", {"a"}});
  EXPECT_EQ(words.as_changes(),
            (std::vector<GraphChange>{AddWord{"red", {"a", "b", "c"}}, RemoveWord{"blue", {"a"}}}));
}

TEST(HandWords, TheLastLineCounts) {
  HandWords words;
  words.apply(AddWord{"red", {"a", "b"}});
  words.apply(RemoveWord{"red", {"a"}});
  EXPECT_EQ(words.as_changes(),
            (std::vector<GraphChange>{AddWord{"red", {"b"}}, RemoveWord{"red", {"a"}}}));
}

TEST(HandWords, GoWithTheirEntityAndAStoreBringsRemovedOnesBack) {
  HandWords words;
  words.apply(AddWord{"red", {"a", "b"}});
  words.apply(RemoveWord{"blue", {"b"}});
  words.apply(RemoveEntity{"a"});
  words.apply(bare_page("b"));
  EXPECT_EQ(words.as_changes(), (std::vector<GraphChange>{AddWord{"red", {"b"}}}));
}

TEST(HandWords, LeaveTheWordToLaterLines) {
  HandWords words;
  words.apply(AddWord{"red", {"a", "b", "c"}});
  words.leave_to(RemoveWord{"red", {"a"}});
  words.leave_to(AddWord{"red", {"b"}});
  words.leave_to(AddWord{"green", {"c"}});
  EXPECT_EQ(words.as_changes(), (std::vector<GraphChange>{AddWord{"red", {"c"}}}));
  words.leave_to(RemoveEntity{"c"});
  EXPECT_TRUE(words.as_changes().empty());
}

TEST(HandWords, ManyIdsAreCutIntoLines) {
  HandWords words;
  Ids ids;
  for (int i = 0; i < 25'000; ++i) ids.push_back(std::to_string(i));
  words.apply(AddWord{"red", ids});
  const auto changes = words.as_changes();
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(std::get<AddWord>(changes[2]).entity_ids.size(), 5'000U);
}

TEST(HandWords, OfAJournalAreThoseOfTheFirstLinesAndNotOfThoseTakenBack) {
  const TemporaryDirectory directory;
  const auto journal = Journal::open(Disk::real(), directory.file("journal"));
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  const auto append = [&](const GraphChange& change) {
    ASSERT_TRUE((*journal)->append_and_wait(line_of(change)).ok());
  };
  append(AddWord{"red", {"a"}});
  append(AddWord{"green", {"a"}});
  append(bare_page("a"));
  append(AddWord{"blue", {"a"}});
  append(RemoveWord{"red", {"a"}});
  ASSERT_TRUE((*journal)->append_and_wait(void_line(2)).ok());
  const auto words = hand_words_in(directory.file("journal"), 4);
  ASSERT_TRUE(words.ok()) << words.error().message;
  EXPECT_EQ(words->as_changes(), (std::vector<GraphChange>{AddWord{"blue", {"a"}}}))
      << "green was taken back, and of red a later line tells";
}

}  // namespace
}  // namespace redkeep::recovery
