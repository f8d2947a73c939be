#include "content/words.h"

#include <gtest/gtest.h>

#include <random>

namespace redkeep::content {
namespace {

using Words = std::vector<std::string>;

Words words(std::string_view text) {
  static WordExtractor extractor;
  const auto& found = extractor.words_of_text(text);
  return Words(found.begin(), found.end());
}

Words by_icu(std::string_view text) {
  static WordExtractor extractor;
  const auto& found = extractor.words_of_text_by_icu(text);
  return Words(found.begin(), found.end());
}

TEST(Words, FoldsCaseInEveryScript) {
  EXPECT_EQ(words("Größe STRASSE Straße"), (Words{"grösse", "strasse"}));
  EXPECT_EQ(words("ΟΔΟΣ οδός"), (Words{"οδοσ", "οδόσ"}));
  EXPECT_EQ(words("ПРИВЕТ"), (Words{"привет"}));
  EXPECT_EQ(words("ﬁlter ＡＢＣ"), (Words{"abc", "filter"}));
}

TEST(Words, CutsAtApostrophesDotsDashesAndUnderscores) {
  EXPECT_EQ(words("don't l\u2019hiver snake_case kebab-case host.name"),
            (Words{"case", "don", "hiver", "host", "kebab", "name", "snake"}));
  EXPECT_EQ(words("$package.libc6-dev"), (Words{"dev", "libc6", "package"}));
}

TEST(Words, JoinsDigitsAtACommaAndNothingElse) {
  EXPECT_EQ(
      words("1,234;5 aaa,bbb ccc,1 222,ddd 333:444 eee:fff 555,"),
      (Words{"1,234;5", "222", "333", "444", "555", "aaa", "bbb", "ccc", "ddd", "eee", "fff"}));
}

TEST(Words, CutsAtNumberSignsAndAsterisks) {
  EXPECT_EQ(words("page#part *.csv aaa*bbb ###"), (Words{"aaa", "bbb", "csv", "page", "part"}));
}

TEST(Words, DropsWhatIsTooShortOrTooLong) {
  EXPECT_EQ(words("a ab abc"), (Words{"abc"}));
  EXPECT_EQ(words(std::string(64, 'x') + " " + std::string(65, 'y')),
            (Words{std::string(64, 'x')}));
  EXPECT_TRUE(words("... !!! --- ___").empty());
}

TEST(Words, TakesSingleCharactersWhereTheyAreWords) {
  EXPECT_EQ(words("山"), (Words{"山"}));
  EXPECT_EQ(words("가"), (Words{"가"}));
}

TEST(Words, CutsScriptsWithoutBlanksByDictionary) {
  EXPECT_EQ(words("中华人民共和国"), by_icu("中华人民共和国"));
  EXPECT_GE(words("สวัสดีชาวโลก").size(), 2U);
  EXPECT_GE(words("私は東京に住んでいます").size(), 3U);
}

TEST(Words, ListsEachWordOnceSorted) { EXPECT_EQ(words("bbb aaa bbb"), (Words{"aaa", "bbb"})); }

TEST(Words, TakesTheTextOfTheEntityAlone) {
  WordExtractor extractor;
  const EntityView entity{"id",
                          "page",
                          "$hut.menu",
                          R"({"title":"Mountain \u0048ut","price":"secret","content":"Soup",)"
                          R"("description":["nope"],"nested":{"title":"hidden"}})",
                          "author",
                          "2026",
                          ""};
  const auto& found = extractor.words_of(entity);
  EXPECT_EQ(Words(found.begin(), found.end()), (Words{"hut", "menu", "mountain", "soup"}));
}

TEST(Words, GivesOccurrencesAsTheyCome) {
  WordExtractor extractor;
  const EntityView entity{"id", "page", "$hut", R"({"title":"see hut SEE","content":"山"})",
                          "",   "",     ""};
  const auto& found = extractor.occurrences_of(entity);
  EXPECT_EQ(Words(found.begin(), found.end()), (Words{"see", "hut", "see", "hut", "山"}));
}

// The fast path must be ICU's own rules, only faster.
TEST(Words, AgreesWithIcuOnRandomText) {
  std::mt19937 random(5);
  const std::vector<std::pair<char32_t, char32_t>> ranges{
      {0x20, 0x7E},     {0x20, 0x7E},     {0x09, 0x0D},     {0xA0, 0x24F},      {0x300, 0x370},
      {0x370, 0x58F},   {0x590, 0x6FF},   {0x900, 0x97F},   {0x980, 0xBFF},     {0xE00, 0xE7F},
      {0x1100, 0x11FF}, {0x1E00, 0x1FFF}, {0x2000, 0x206F}, {0x2100, 0x214F},   {0x3040, 0x30FF},
      {0x4E00, 0x4F00}, {0xAC00, 0xAD00}, {0xFE00, 0xFFEF}, {0x1F300, 0x1F64F}, {0x10400, 0x1044F}};
  const auto append = [](char32_t c, std::string& out) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xC0 | (c >> 6));
      out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      out += static_cast<char>(0xE0 | (c >> 12));
      out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | (c >> 18));
      out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
      out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (c & 0x3F));
    }
  };
  for (int round = 0; round < 40'000; ++round) {
    std::string text;
    const auto& main_range = ranges[random() % ranges.size()];
    for (std::size_t i = 1 + random() % 24; i > 0; --i) {
      if (random() % 8 == 0) {
        text += ":,; \t.-"[random() % 7];
        continue;
      }
      const auto& range = random() % 4 == 0 ? ranges[random() % ranges.size()] : main_range;
      append(range.first + static_cast<char32_t>(random() % (range.second - range.first + 1)),
             text);
    }
    ASSERT_EQ(words(text), by_icu(text)) << "seed 5, round " << round << ": " << text;
  }
}

TEST(Words, AgreesWithIcuOnEveryCharacterBetweenLettersAndDigits) {
  for (char32_t c = 0x21; c < 0x3000; ++c) {
    std::string middle;
    if (c < 0x80) {
      middle += static_cast<char>(c);
    } else if (c < 0x800) {
      middle += static_cast<char>(0xC0 | (c >> 6));
      middle += static_cast<char>(0x80 | (c & 0x3F));
    } else {
      middle += static_cast<char>(0xE0 | (c >> 12));
      middle += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      middle += static_cast<char>(0x80 | (c & 0x3F));
    }
    const std::string text = "abc" + middle + "def 123" + middle + "456 " + middle;
    ASSERT_EQ(words(text), by_icu(text)) << text;
    // Each is a chunk of its own that the fast path may take.
    for (const std::string& edge : {"abc" + middle, middle + "abc", "123" + middle, middle + "123",
                                    "abc" + middle + "," + middle + "def", "abc:" + middle + "def",
                                    "कि" + middle + "न्दी", "abc" + middle + middle + "def"}) {
      ASSERT_EQ(words(edge), by_icu(edge)) << edge;
    }
  }
}

}  // namespace
}  // namespace redkeep::content
