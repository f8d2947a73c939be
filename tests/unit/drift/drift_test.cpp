// What is counted of an audit, and what of it is said.
#include "drift/drift.h"

#include <gtest/gtest.h>

#include "drift/known_records.h"
#include "guard/drift_keeper.h"

namespace redkeep::drift {
namespace {

TEST(AuditOutcome, TheSameIsCountedOnce) {
  AuditOutcome outcome;
  EXPECT_TRUE(outcome.note(DriftKind::ProtectedWithTtl, "a"));
  EXPECT_FALSE(outcome.note(DriftKind::ProtectedWithTtl, "a")) << "SCAN may name a key twice";
  EXPECT_TRUE(outcome.note(DriftKind::WrongType, "a")) << "it may be wrong in two ways";
  EXPECT_TRUE(outcome.note(DriftKind::DeadMember, "a", "x"));
  EXPECT_TRUE(outcome.note(DriftKind::DeadMember, "a", "y"));
  EXPECT_EQ(outcome.found(), 4);
  outcome.of(DriftKind::DeadMember).mended = 2;
  EXPECT_EQ(outcome.left(), 2);
}

TEST(AuditOutcome, TheFirstHundredAreNamedAndAllAreCounted) {
  AuditOutcome outcome;
  for (int i = 0; i < 250; ++i) outcome.note(DriftKind::WrongType, std::to_string(i));
  EXPECT_EQ(outcome.of(DriftKind::WrongType).found, 250);
  EXPECT_EQ(outcome.of(DriftKind::WrongType).first.size(), 100U);
}

TEST(AuditOutcome, HasOneNameWhoeverTellsIt) {
  AuditOutcome outcome;
  EXPECT_EQ(outcome_name(outcome), "Clean");
  outcome.note_wrong_type("reed:csrf:x", false);
  EXPECT_EQ(outcome_name(outcome), "Drifted") << "nothing was mended, not even in part";
  outcome.note(DriftKind::ProtectedWithTtl, "reed:word:a");
  outcome.of(DriftKind::ProtectedWithTtl).mended = 1;
  EXPECT_EQ(outcome_name(outcome), "MendedInPart");
  outcome.held = Held::GraphMissing;
  EXPECT_EQ(outcome_name(outcome), "GraphMissing");
}

TEST(AuditOutcome, KeysOfTheWrongTypeAreToldApartByWhatMendsThem) {
  AuditOutcome outcome;
  outcome.note_wrong_type("reed:word:a", true);
  for (int i = 0; i < 2; ++i) outcome.note_wrong_type("reed:csrf:x", false);
  EXPECT_EQ(outcome.of(DriftKind::WrongType).found, 2);
  EXPECT_EQ(outcome.removable.found, 1);
  EXPECT_EQ(outcome.removable.first, std::vector<std::string>{"reed:csrf:x"});
}

TEST(KnownRecords, BeyondTheMemoryThatIsAllowedTheyAreNotComplete) {
  KnownRecords unbounded;
  KnownRecords bounded(std::size_t{32} << 10);
  for (int i = 0; i < 5000; ++i) {
    const std::string key = "reed:entity:page:" + std::to_string(i);
    unbounded.add(Role::Entity, key, 5);
    bounded.add(Role::Entity, key, 5);
  }
  EXPECT_TRUE(unbounded.is_complete());
  EXPECT_TRUE(unbounded.has_id("4999"));
  EXPECT_FALSE(bounded.is_complete());
  EXPECT_TRUE(bounded.has_id("1"));
}

TEST(DescribeDrift, SaysHowManyOfWhatAndWhichFirst) {
  AuditOutcome outcome;
  EXPECT_EQ(guard::describe_drift(outcome), "");
  outcome.note(DriftKind::ProtectedWithTtl, "reed:entity:page:\n1");
  outcome.note(DriftKind::ProtectedWithTtl, "reed:entity:page:2");
  outcome.of(DriftKind::ProtectedWithTtl).mended = 2;
  outcome.note(DriftKind::WrongType, "reed:csrf:x");
  EXPECT_EQ(guard::describe_drift(outcome),
            "2 protected, with a TTL (2 mended), such as reed:entity:page:\\x0a1; 1 of the wrong "
            "type, such as reed:csrf:x");
}

}  // namespace
}  // namespace redkeep::drift
