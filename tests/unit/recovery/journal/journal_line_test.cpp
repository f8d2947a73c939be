// Lines of the journal: what is written is what is read, and nothing else is.
#include "recovery/journal/journal_line.h"

#include <gtest/gtest.h>

#include "recovery/disk/crc32c.h"

namespace redkeep::recovery {
namespace {

std::string without_end(std::string line) {
  line.pop_back();
  return line;
}

TEST(Crc32c, IsThatOfTheRfc) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c("456789", crc32c("123")), 0xE3069283U);
}

TEST(JournalLine, IsPlainCsvForTheEye) {
  std::string out;
  append_line(out, {7, "store_entity", {"a,b", "say \"x\"", "", "two\nlines\r\\"}}, 0);
  EXPECT_EQ(out.substr(0, out.size() - 9),
            "7,store_entity,\"a,b\",\"say \"\"x\"\"\",,two\\nlines\\r\\\\,");
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
}

TEST(JournalLine, GivesBackEveryByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const JournalLine line{
      std::int64_t{1} << 60, "op", {all, "", "\"", "\\", ",", "\n\n", all + all}};
  std::string out;
  const std::uint32_t crc = append_line(out, line, 77);
  const std::string text = without_end(out);
  EXPECT_TRUE(crc_of_line(text, 77).agrees());
  EXPECT_EQ(crc_of_line(text, 77).reckoned, crc);
  const auto parsed = parse_line(text);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(*parsed, line);
}

TEST(JournalLine, DoesNotFollowAnotherLineThanItsOwn) {
  std::string out;
  append_line(out, {1, "op", {"x"}}, 1);
  EXPECT_TRUE(crc_of_line(without_end(out), 1).agrees());
  EXPECT_FALSE(crc_of_line(without_end(out), 2).agrees());
}

TEST(JournalLine, F41_NoFlippedBitPasses) {
  std::string out;
  append_line(out, {42, "store_entity", {"id", "{\"title\": \"x\"}"}}, 5);
  const std::string good = without_end(out);
  for (std::size_t byte = 0; byte < good.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[byte] = static_cast<char>(bad[byte] ^ (1 << bit));
      if (bad[byte] == '\n') continue;  // two lines then
      EXPECT_FALSE(crc_of_line(bad, 5).agrees() && parse_line(bad) != std::nullopt)
          << byte << ":" << bit;
    }
  }
}

TEST(JournalLine, NothingElseIsALine) {
  for (const char* text :
       {"", "00000000", ",00000000", "1,00000000", "x,op,00000000", "0,op,00000000",
        "-1,op,00000000", "1,\"op,00000000", "1,o\"p,00000000", "1,\"op\"x,00000000",
        "1,op,\\,00000000", "1,op,\\t,00000000", "1,op;00000000"}) {
    EXPECT_FALSE(parse_line(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_line("1,op,00000000").has_value());
}

}  // namespace
}  // namespace redkeep::recovery
