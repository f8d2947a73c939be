// Names of ends, and what they mean to who has never read the sources.
#include "shed/shed_outcome.h"

#include <gtest/gtest.h>

namespace redkeep::shed {
namespace {

TEST(ShedOutcome, EveryEndHasANameAndAllButTheGoalHaveWords) {
  for (int i = 0; i <= static_cast<int>(ShedEnd::BrokenOff); ++i) {
    const auto end = static_cast<ShedEnd>(i);
    EXPECT_NE(to_string(end), "unknown") << i;
    EXPECT_EQ(words_for(to_string(end)).empty(), end == ShedEnd::TargetReached) << to_string(end);
  }
  EXPECT_EQ(name_with_words("TargetReached"), "TargetReached");
  EXPECT_EQ(name_with_words("LeaseLost"), "LeaseLost (another guard may act by now)");
}

TEST(ShedOutcome, AnOutcomeOfSomethingElseStaysAsItIs) {
  EXPECT_EQ(name_with_words("DoesNotFit"), "DoesNotFit");
  EXPECT_EQ(name_with_words(""), "");
}

}  // namespace
}  // namespace redkeep::shed
