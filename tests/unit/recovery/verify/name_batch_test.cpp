#include "recovery/verify/name_batch.h"

#include <gtest/gtest.h>

namespace redkeep::recovery {
namespace {

NameBatch three() {
  NameBatch names;
  for (const auto* name : {"a", "", "bc\r\n"}) names.add(name);
  return names;
}

TEST(NameBatch, GivesEachNameAsItWasAdded) {
  const NameBatch names = three();
  ASSERT_EQ(names.size(), 3);
  EXPECT_EQ(names.at(0), "a");
  EXPECT_EQ(names.at(1), "");
  EXPECT_EQ(names.at(2), "bc\r\n");
}

TEST(NameBatch, GivesSomeAsArgumentsOfACommand) {
  const NameBatch names = three();
  redis::CommandBuffer given;
  given.begin(3);
  given.arg("EXISTS");
  names.give(1, 3, given);
  redis::CommandBuffer expected;
  expected.add({"EXISTS", "", "bc\r\n"});
  EXPECT_EQ(given.wire(), expected.wire());
  EXPECT_EQ(given.commands(), 1);
}

}  // namespace
}  // namespace redkeep::recovery
