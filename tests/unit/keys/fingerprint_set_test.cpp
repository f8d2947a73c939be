#include "keys/fingerprint_set.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_set>

namespace redkeep::keys {
namespace {

TEST(FingerprintSet, AgreesWithAPlainSet) {
  std::mt19937_64 random(7);
  FingerprintSet prints;
  std::unordered_set<std::uint64_t> model;
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t value = 1 + random() % 30'000;
    EXPECT_EQ(prints.insert(value), model.insert(value).second);
  }
  EXPECT_EQ(prints.size(), model.size());
  for (std::uint64_t value = 1; value < 31'000; ++value) {
    EXPECT_EQ(prints.contains(value), model.contains(value));
  }
}

TEST(FingerprintSet, TakesZeroLikeAnyOther) {
  FingerprintSet prints;
  EXPECT_FALSE(prints.contains(0));
  EXPECT_TRUE(prints.insert(0));
  EXPECT_FALSE(prints.insert(0));
}

}  // namespace
}  // namespace redkeep::keys
