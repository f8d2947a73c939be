#include "sizes/sizes.h"

#include <gtest/gtest.h>

namespace redkeep::sizes {
namespace {

using std::chrono::milliseconds;

TEST(Sizes, ReadsBinaryAndDecimalUnits) {
  EXPECT_EQ(*parse_bytes("512MiB"), 512LL * 1024 * 1024);
  EXPECT_EQ(*parse_bytes("512 mib"), 512LL * 1024 * 1024);
  EXPECT_EQ(*parse_bytes("100MB"), 100'000'000);
  EXPECT_EQ(*parse_bytes("1.5KiB"), 1536);
  EXPECT_EQ(*parse_bytes("0"), 0);
}

TEST(Sizes, RefusesASizeWithoutAUnit) {
  for (const char* text :
       {"512", "", "MiB", "-1MiB", "1e99MiB", "nan MiB", "1G", "10000000TiB", "1 2MiB", "0x10B"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(Sizes, NamesTheBadTextAndAGoodExample) {
  const auto size = parse_bytes("12 potatoes");
  ASSERT_FALSE(size);
  EXPECT_NE(size.error().message.find("12 potatoes"), std::string::npos);
  EXPECT_NE(size.error().message.find("512MiB"), std::string::npos);
}

TEST(Sizes, ReadsPercentages) {
  EXPECT_DOUBLE_EQ(*parse_pct("85%"), 85);
  EXPECT_DOUBLE_EQ(*parse_pct("85.5 %"), 85.5);
  for (const char* text : {"85", "101%", "-1%", "%"}) EXPECT_FALSE(parse_pct(text)) << text;
  EXPECT_EQ(parse_pct("101%").error().message, "\"101%\" is out of range: at most 100%");
  EXPECT_EQ(parse_pct("85").error().message, "\"85\" is not a percentage: write it like 85%");
}

TEST(Sizes, ReadsDurations) {
  EXPECT_EQ(*parse_duration("250ms"), milliseconds{250});
  EXPECT_EQ(*parse_duration("1.5s"), milliseconds{1500});
  EXPECT_EQ(*parse_duration("5m"), milliseconds{300'000});
  EXPECT_EQ(*parse_duration("1d"), milliseconds{86'400'000});
  for (const char* text : {"5", "s", "-1s", "5 years", "99999999d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Sizes, PrintsWhatPeopleRead) {
  EXPECT_EQ(print_bytes(17), "17 B");
  EXPECT_EQ(print_bytes(536'870'912), "512.0 MiB");
  EXPECT_EQ(print_bytes(-2048), "-2.0 KiB");
  EXPECT_EQ(print_pct(83.25), "83.2 %");
  EXPECT_EQ(print_count(1'234'567), "1,234,567");
  EXPECT_EQ(print_count(-1'000), "-1,000");
  EXPECT_EQ(print_count(999), "999");
  EXPECT_EQ(print_duration(milliseconds{250}), "250 ms");
  EXPECT_EQ(print_duration(milliseconds{90'000}), "1m 30s");
  EXPECT_EQ(print_duration(milliseconds{3 * 86'400'000LL}), "3d 0h");
}

TEST(Sizes, APortIsAPortAndNothingWrapsAround) {
  EXPECT_EQ(parse_port("6379"), 6379);
  EXPECT_EQ(parse_port("65535"), 65535);
  for (const char* text : {"", "0", "65536", "86546", "-1", "+1", "1x", " 1"}) {
    EXPECT_FALSE(parse_port(text)) << text;
  }
}

TEST(Sizes, OneOfSomethingIsNotSeveral) {
  EXPECT_EQ(print_counted(1, "key"), "1 key");
  EXPECT_EQ(print_counted(0, "key"), "0 keys");
  EXPECT_EQ(print_counted(2, "entity"), "2 entities");
  EXPECT_EQ(print_counted(1, "entity"), "1 entity");
  EXPECT_EQ(print_counted(12'000, "class"), "12,000 classes");
  EXPECT_EQ(by_count(1, "was", "were"), "was");
  EXPECT_EQ(by_count(0, "was", "were"), "were");
}

}  // namespace
}  // namespace redkeep::sizes
