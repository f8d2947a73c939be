// A warning that shedding cannot help against says what is left, and when that goes.
#include "guard/nothing_left.h"

#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

TEST(NothingLeft, NamesWhatGoesAtCriticalOnly) {
  const auto table = keys::ClassTable::compile("reed:", default_key_classes());
  ASSERT_TRUE(table);
  PressureOptions marks;
  marks.emergency_pct = 96;
  const auto said = nothing_left_at_warning(std::nullopt, *table, marks);
  EXPECT_TRUE(said.starts_with("nothing is left that may go at warning; ")) << said;
  EXPECT_NE(said.find("sessions"), std::string::npos) << said;
  EXPECT_TRUE(said.ends_with(" go only at 96.0 %")) << said;
  Statistics census;
  census.classes = {{"sessions", KeyLevel::Evictable, 4, 100},
                    {"page_cache", KeyLevel::Evictable, 0, 0}};
  EXPECT_EQ(nothing_left_at_warning(census, *table, marks),
            "nothing is left that may go at warning; sessions go only at 96.0 %");
  census.classes[0].keys = 0;
  EXPECT_EQ(nothing_left_at_warning(census, *table, marks),
            "nothing is left that may go at warning");
}

}  // namespace
}  // namespace redkeep::guard
