// The alarm of an emergency names what fills the memory, with the numbers of one reading.
#include "guard/does_not_fit.h"

#include <gtest/gtest.h>

namespace redkeep::guard {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

ClassUse use_of(const std::string& name, KeyLevel level, std::int64_t mib) {
  ClassUse use;
  use.name = name;
  use.level = level;
  use.keys = 10;
  use.bytes = mib * kMiB;
  return use;
}

class DoesNotFit : public testing::Test {
 protected:
  std::string sentence(const std::optional<Counted>& counted, std::int64_t missing_bytes = 0) {
    return does_not_fit({36 * kMiB, 40 * kMiB, 90}, missing_bytes, counted, *table_, {});
  }
  static Counted counted(std::vector<ClassUse> classes) {
    Counted made;
    made.statistics.classes = std::move(classes);
    made.statistics.memory = {36 * kMiB, 40 * kMiB, 90};
    made.ago = std::chrono::seconds{40};
    return made;
  }

  Result<keys::ClassTable> table_ = keys::ClassTable::compile("reed:", default_key_classes());
};

TEST_F(DoesNotFit, BlamesProtectedDataWhereThatIsWhatFillsTheMemory) {
  EXPECT_EQ(
      sentence(counted({use_of("entities", KeyLevel::Protected, 20),
                        use_of("search_index", KeyLevel::Rebuildable, 12),
                        use_of("rate_limits", KeyLevel::Evictable, 2)})),
      "the protected data does not fit: 36.0 MiB (37748736 bytes) are used and nothing is left "
      "to shed; of that entities 20.0 MiB (protected), search_index 12.0 MiB (rebuildable), "
      "rate_limits 2.0 MiB (never shed), as counted 40.0 s ago; the limit is 40.0 MiB, and "
      "45.0 MiB (47185920 bytes) are needed to be below the stop mark");
}

TEST_F(DoesNotFit, NamesAClassThatIsNeverShedWhereThatDoes) {
  const auto said = sentence(counted({use_of("rate_limits", KeyLevel::Evictable, 30),
                                      use_of("page_cache", KeyLevel::Evictable, 5),
                                      use_of("entities", KeyLevel::Protected, 1)}));
  EXPECT_TRUE(said.starts_with("what is never shed although it has a TTL does not fit: ")) << said;
  EXPECT_NE(
      said.find("of that rate_limits 30.0 MiB (never shed), entities 1.0 MiB (protected), as"),
      std::string::npos)
      << said << ": page_cache was shed since";
}

TEST_F(DoesNotFit, BlamesNobodyBeforeACensus) {
  const auto said = sentence(std::nullopt, 5 * kMiB);
  EXPECT_TRUE(said.starts_with("what is never shed does not fit: 36.0 MiB ")) << said;
  EXPECT_NE(said.find("nothing is left to shed, and 5.0 MiB of content are missing; the limit"),
            std::string::npos)
      << said;
}

TEST_F(DoesNotFit, KeysOfNoClassAreNamedToo) {
  Counted made = counted({});
  made.statistics.unclassified_keys = 17'200;
  EXPECT_NE(sentence(made).find("; of that 17,200 keys of no class, as counted"),
            std::string::npos);
}

TEST_F(DoesNotFit, ACountFromBeforeTheFloodIsToldAsOneAndBlamesNobody) {
  Counted made = counted({use_of("entities", KeyLevel::Protected, 3)});
  made.statistics.memory.used_bytes = 10 * kMiB;
  const auto said = sentence(made);
  EXPECT_TRUE(said.starts_with("what is never shed does not fit: ")) << said;
  EXPECT_NE(said.find("as counted 40.0 s ago when 10.0 MiB were used, so what has filled the "
                      "memory since is not in it; the limit is"),
            std::string::npos)
      << said;
}

}  // namespace
}  // namespace redkeep::guard
