// When a journal that was opened has lost something, and when it is as a crash leaves one.
#include "recovery/journal/journal_loss.h"

#include <gtest/gtest.h>

namespace redkeep::recovery {
namespace {

constexpr bool kWasBegun = true;
constexpr bool kHadFiles = true;

bool is_loss(bool was_begun, bool had_files, std::int64_t checkpoint, std::int64_t found_up_to,
             std::optional<TornTail> torn = std::nullopt) {
  return loss_of({"d", was_begun, had_files, checkpoint, found_up_to, std::move(torn)}).has_value();
}

TEST(JournalLoss, ANewDirectoryAndAWholeJournalHaveLostNothing) {
  EXPECT_FALSE(is_loss(!kWasBegun, !kHadFiles, 0, 0));
  EXPECT_FALSE(is_loss(!kWasBegun, kHadFiles, 0, 7)) << "of a version without an identity";
  EXPECT_FALSE(is_loss(kWasBegun, kHadFiles, 7, 7));
  EXPECT_FALSE(is_loss(kWasBegun, kHadFiles, 3, 7));
}

TEST(JournalLoss, AJournalThatIsGoneIsKnownByWhatIsBesideIt) {
  EXPECT_TRUE(is_loss(kWasBegun, !kHadFiles, 0, 0));
  EXPECT_TRUE(is_loss(!kWasBegun, !kHadFiles, 3, 0)) << "the checkpoint says so";
}

TEST(JournalLoss, AFileWithoutALineIsALossWhereSomethingKnowsOfItsLines) {
  const TornTail first{"d/journal/1.csv", 1, 0, 0, false};
  EXPECT_FALSE(is_loss(!kWasBegun, kHadFiles, 0, 0, first)) << "it was just being begun";
  EXPECT_TRUE(is_loss(kWasBegun, kHadFiles, 0, 0, first));
  const TornTail later{"d/journal/5.csv", 5, 0, 0, false};
  EXPECT_FALSE(is_loss(kWasBegun, kHadFiles, 4, 4, later)) << "a checkpoint begins a new one";
  EXPECT_TRUE(is_loss(kWasBegun, kHadFiles, 6, 4, later));
}

TEST(JournalLoss, ATornLineIsNoneAndADamagedOneIs) {
  EXPECT_FALSE(is_loss(kWasBegun, kHadFiles, 0, 2, TornTail{"1.csv", 1, 90, 17, false}));
  EXPECT_TRUE(is_loss(kWasBegun, kHadFiles, 0, 2, TornTail{"1.csv", 1, 90, 17, true}));
}

TEST(JournalLoss, AJournalThatEndsBeforeTheCheckpointHasLostItsEnd) {
  const auto told = loss_of({"d", kWasBegun, kHadFiles, 9, 4, std::nullopt});
  ASSERT_TRUE(told);
  EXPECT_NE(told->find("its last position is 4"), std::string::npos) << *told;
}

}  // namespace
}  // namespace redkeep::recovery
