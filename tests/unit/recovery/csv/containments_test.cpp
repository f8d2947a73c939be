#include "recovery/csv/containments.h"

#include <gtest/gtest.h>

#include <random>

namespace redkeep::recovery {
namespace {

using Closings = std::vector<std::pair<std::uint32_t, std::string>>;

std::string name(std::size_t number) { return "id-" + std::to_string(number); }

// A row "child in parent" at a line; its path is "/child".
void put(Containments& containments, std::uint32_t line, const std::string& parent,
         const std::string& child) {
  EXPECT_FALSE(containments.add(parent, child, "/" + child, line)) << child;
}

Closings broken_cycles(Containments& containments) {
  Closings found;
  for (const auto& closing : containments.break_cycles()) {
    found.emplace_back(closing.line, closing.path);
  }
  return found;
}

TEST(Containments, KnowsThePathOfWhatIsContained) {
  Containments containments;
  EXPECT_EQ(containments.path_of("a"), "");
  put(containments, 2, "root", "a");
  put(containments, 3, "a", "b");
  EXPECT_EQ(containments.path_of("a"), "/a");
  EXPECT_EQ(containments.path_of("b"), "/b");
  EXPECT_EQ(containments.path_of("root"), "");
  EXPECT_EQ(containments.size(), 2U);
}

TEST(Containments, NamesThePathOfTheFirstParentToASecondOne) {
  Containments containments;
  put(containments, 2, "root", "a");
  const auto before = containments.add("other", "a", "/other/a", 3);
  ASSERT_TRUE(before);
  EXPECT_EQ(*before, "/a");
  EXPECT_TRUE(containments.add("root", "a", "/again", 4)) << "the same parent again";
  EXPECT_EQ(containments.path_of("a"), "/a") << "the first one counts";
  EXPECT_EQ(containments.size(), 1U);
}

TEST(Containments, KnowsAllOfMany) {
  constexpr std::size_t kMany = 50'000;
  Containments containments;
  for (std::size_t i = 0; i < kMany; ++i) put(containments, 2, name(i / 10 + kMany), name(i));
  for (std::size_t i = 0; i < kMany; ++i) {
    ASSERT_EQ(containments.path_of(name(i)), "/" + name(i));
    ASSERT_TRUE(containments.add("x", name(i), "y", 3));
  }
  EXPECT_EQ(containments.path_of(name(2 * kMany)), "");
  EXPECT_EQ(containments.size(), kMany);
}

TEST(Containments, FindsNoCycleInTrees) {
  Containments containments;
  EXPECT_EQ(broken_cycles(containments), Closings{});
  for (std::uint32_t i = 1; i < 2000; ++i) put(containments, i, name(i / 3), name(i));
  put(containments, 2000, "other root", "a");
  put(containments, 2001, "other root", "b");
  EXPECT_EQ(broken_cycles(containments), Closings{});
}

TEST(Containments, BreaksACycleAtItsLastRow) {
  Containments containments;
  put(containments, 2, "a", "b");
  put(containments, 3, "c", "a");
  put(containments, 4, "root", "d");
  put(containments, 5, "b", "c");
  put(containments, 6, "a", "hangs on the cycle");
  EXPECT_EQ(broken_cycles(containments), (Closings{{5, "/c"}}));
  EXPECT_EQ(containments.path_of("c"), "") << "what closed the cycle is out";
  EXPECT_EQ(containments.path_of("a"), "/a");
  EXPECT_EQ(containments.path_of("hangs on the cycle"), "/hangs on the cycle");
  EXPECT_EQ(broken_cycles(containments), Closings{}) << "no cycle is left";
}

TEST(Containments, BreaksAContainmentInItself) {
  Containments containments;
  put(containments, 2, "a", "a");
  put(containments, 3, "a", "b");
  EXPECT_EQ(broken_cycles(containments), (Closings{{2, "/a"}}));
}

TEST(Containments, BreaksEachOfSeveralCycles) {
  Containments containments;
  put(containments, 2, "b", "a");
  put(containments, 3, "d", "c");
  put(containments, 4, "a", "b");
  put(containments, 5, "c", "d");
  auto found = broken_cycles(containments);
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (Closings{{4, "/b"}, {5, "/d"}}));
}

// A walk down such a chain must need neither a deep stack nor more than one visit a row.
TEST(Containments, WalksLongChains) {
  constexpr std::uint32_t kLong = 300'000;
  Containments containments;
  for (std::uint32_t i = 0; i < kLong; ++i) put(containments, i + 2, name(i + 1), name(i));
  EXPECT_EQ(broken_cycles(containments), Closings{});
  put(containments, 1, name(0), name(kLong));
  EXPECT_EQ(broken_cycles(containments), (Closings{{kLong + 1, "/" + name(kLong - 1)}}));
}

// Rows in any order against a search for a way back, child by child.
TEST(Containments, AgreesWithASimpleSearchOnRandomGraphs) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::size_t nodes = 1 + random() % 12;
    std::vector<std::size_t> parent(nodes);
    Containments containments;
    for (std::size_t child = 0; child < nodes; ++child) {
      parent[child] = random() % (nodes + 3);  // some parents are contained nowhere
      put(containments, static_cast<std::uint32_t>(child), name(parent[child]), name(child));
    }
    std::size_t on_cycles = 0;
    std::size_t last_on_cycles = 0;  // each cycle's last row
    for (std::size_t child = 0; child < nodes; ++child) {
      std::size_t at = parent[child];
      std::size_t last = child;
      for (std::size_t steps = 0; steps < nodes && at < nodes && at != child; ++steps) {
        last = std::max(last, at);
        at = parent[at];
      }
      if (at != child) continue;
      ++on_cycles;
      if (last == child) ++last_on_cycles;
    }
    const auto found = broken_cycles(containments);
    ASSERT_EQ(found.size(), last_on_cycles) << "seed 7, round " << round << ", " << on_cycles;
    ASSERT_EQ(broken_cycles(containments), Closings{}) << "seed 7, round " << round;
  }
}

}  // namespace
}  // namespace redkeep::recovery
