// What goes to the server in one write.
#include "shed/slice_exchange.h"

#include <gtest/gtest.h>

namespace redkeep::shed {
namespace {

std::vector<Candidate> victims_of(std::size_t count, std::size_t key_bytes) {
  std::vector<Candidate> victims(count);
  for (auto& victim : victims) victim.key = std::string(key_bytes, 'k');
  return victims;
}

TEST(SliceExchange, DeletionsAreTakenInWritesThatFitAndNoneIsForgotten) {
  for (const bool pexpire_xx : {true, false}) {
    SliceRule rule;
    rule.pexpire_xx = pexpire_xx;
    auto victims = victims_of(2000, 50);
    std::size_t taken = 0;
    while (exceeds_one_write(victims, rule)) {
      SliceQuestions part;
      part.victims = take_one_write(victims, rule);
      taken += part.victims.size();
      EXPECT_LE(write_slice(part, rule).bytes(), std::size_t{48} << 10);
    }
    SliceQuestions rest;
    rest.victims = victims;
    EXPECT_LE(write_slice(rest, rule).bytes(), std::size_t{48} << 10);
    EXPECT_EQ(taken + victims.size(), 2000U);
    EXPECT_GT(taken, 0U);
  }
}

TEST(SliceExchange, AKeyThatIsLargerThanAWriteGoesAlone) {
  const SliceRule rule;
  auto victims = victims_of(3, 60'000);
  ASSERT_TRUE(exceeds_one_write(victims, rule));
  EXPECT_EQ(take_one_write(victims, rule).size(), 1U);
  EXPECT_EQ(take_one_write(victims, rule).size(), 1U);
  EXPECT_FALSE(exceeds_one_write(victims, rule));
}

}  // namespace
}  // namespace redkeep::shed
