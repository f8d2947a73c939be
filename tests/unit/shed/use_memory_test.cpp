#include "shed/use_memory.h"

#include <gtest/gtest.h>

#include <string>

namespace redkeep::shed {
namespace {

TEST(UseMemory, RemembersOfEachKeyWhatItHadBeenUsed) {
  UseMemory memory;
  memory.note_shed("page:1", 3);
  memory.note_shed("page:2", 70);
  EXPECT_EQ(memory.uses_of("page:1"), 3);
  EXPECT_EQ(memory.uses_of("page:2"), 70);
  EXPECT_EQ(memory.uses_of("page:3"), 0) << "was never shed";
}

TEST(UseMemory, TheMostThatWasKnownCountsAndTooManyUsesAreMany) {
  UseMemory memory;
  memory.note_shed("page:1", 9);
  memory.note_shed("page:1", 2);
  EXPECT_EQ(memory.uses_of("page:1"), 9);
  memory.note_shed("page:1", 100'000);
  EXPECT_EQ(memory.uses_of("page:1"), 255);
  memory.note_shed("page:2", -5);
  EXPECT_EQ(memory.uses_of("page:2"), 0);
}

TEST(UseMemory, InALongFloodTheOldIsForgottenAndTheNewIsNotMistakenForIt) {
  UseMemory memory;
  memory.note_shed("old", 200);
  for (int i = 0; i < 1'200'000; ++i) memory.note_shed("flood:" + std::to_string(i), 1);
  EXPECT_LT(memory.uses_of("old"), 2);
  int mistaken = 0;
  for (int i = 0; i < 1000; ++i) mistaken += memory.uses_of("never:" + std::to_string(i)) > 0;
  EXPECT_LT(mistaken, 300);
}

}  // namespace
}  // namespace redkeep::shed
