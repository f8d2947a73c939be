#include "content/json_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace redkeep::content {
namespace {

std::string nested(std::size_t levels) {
  return R"({"a":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
}

TEST(JsonObject, IsWhatRfc8259CallsOne) {
  for (const std::string good :
       {"{}", " \t\r\n{ } \n", R"({"a":1})", R"({"a":{"b":[1,2,{"c":null}]},"d":true,"e":false})",
        R"({"":""})", R"({"a":-0.5e-10,"b":1E+2,"c":0})", R"({"a":123456789012345678901234567890})",
        R"({"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"})", "{\"a\":\"höhle 😀 \x7F\"}",
        R"({"a":1,"a":2})"}) {
    EXPECT_EQ(json_object_fault(good), std::nullopt) << good;
  }
}

TEST(JsonObject, IsNothingElse) {
  for (const std::string bad : {"",
                                " ",
                                "[]",
                                "1",
                                "\"{}\"",
                                "null",
                                "true",
                                "{",
                                "}",
                                "{}}",
                                "{}{}",
                                "{} x",
                                "{},",
                                R"({"a"})",
                                R"({"a":})",
                                R"({"a":1,})",
                                R"({,})",
                                R"({"a":1 "b":2})",
                                R"({a:1})",
                                R"({'a':1})",
                                R"({"a":01})",
                                R"({"a":1.})",
                                R"({"a":.5})",
                                R"({"a":+1})",
                                R"({"a":-})",
                                R"({"a":NaN})",
                                R"({"a":Infinity})",
                                R"({"a":"x})",
                                R"({"a":"\x"})",
                                R"({"a":"\u12"})",
                                "{\"a\":\"\n\"}",
                                "{\"a\":\"\t\"}",
                                R"({"a":tru})",
                                R"({"a":1}//)",
                                R"(/**/{})",
                                R"({"a":[1,2})",
                                "\xEF\xBB\xBF{}"}) {
    EXPECT_TRUE(json_object_fault(bad)) << bad;
  }
  EXPECT_TRUE(json_object_fault(std::string_view("{\"a\":\"\0\"}", 9))) << "NUL";
  EXPECT_TRUE(json_object_fault("{\"a\":\"\xFF\"}")) << "not UTF-8";
  EXPECT_TRUE(json_object_fault("{\"\xC0\x80\":1}")) << "overlong";
}

TEST(JsonObject, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(json_object_fault("[1]"), "it begins with something else than {");
  EXPECT_EQ(json_object_fault("{} x"), "something follows it at byte 4");
  EXPECT_EQ(json_object_fault(R"({"a":1,})"), "syntax error at byte 8");
}

TEST(JsonObject, HasAtMost64Levels) {
  EXPECT_EQ(json_object_fault(nested(64)), std::nullopt);
  EXPECT_TRUE(json_object_fault(nested(65)));
  EXPECT_TRUE(json_object_fault(nested(100'000))) << "and no stack is spent on more";
  EXPECT_TRUE(json_object_fault(R"({"a":)" + std::string(100'000, '[')));
}

std::string text_of(std::string_view data) {
  std::string text;
  EXPECT_TRUE(append_searched_text(data, text)) << data;
  return text;
}

TEST(SearchedText, IsTitleDescriptionAndContentInTheirOrder) {
  EXPECT_EQ(text_of(R"({"title":"A","description":"B","content":"C"})"), "\nA\nB\nC");
  EXPECT_EQ(text_of(R"({"content":"C","x":1,"title":"A"})"), "\nC\nA");
  EXPECT_EQ(text_of("{}"), "");
  EXPECT_EQ(text_of(R"({"Title":"A","titles":"B","tit":"C","":"D"})"), "");
}

TEST(SearchedText, TakesStringsOnTheFirstLevelAlone) {
  EXPECT_EQ(text_of(R"({"title":5,"content":["a"],"description":{"title":"b"}})"), "");
  EXPECT_EQ(text_of(R"({"a":{"title":"x"},"title":"A","b":["content",{"content":"y"}]})"), "\nA");
  EXPECT_EQ(text_of(R"({"title":{"a":"x"},"b":"y","content":"z"})"), "\nz");
}

TEST(SearchedText, ReadsEscapesInNamesAndValues) {
  EXPECT_EQ(text_of(R"({"t\u0069tle":"A"})"), "\nA");
  EXPECT_EQ(text_of(R"({"title":"\u0041\"\\\/b\u00e9\ud83d\ude00\n"})"), "\nA\"\\/bé😀\n");
  EXPECT_EQ(text_of(R"({"title":"\u0041","content":"\n"})"), "\nA\n\n");
}

// The parser gives long strings, and those with escapes, in parts.
TEST(SearchedText, PutsPartsOfAStringTogether) {
  std::string data = R"({"title":")";
  std::string expected = "\n";
  for (int i = 0; i < 5000; ++i) {
    data += R"(part\tof \u00e9t\u00e9)";
    expected += "part\tof été";
  }
  EXPECT_EQ(text_of(data + R"("})"), expected);
  const std::string plain(1 << 20, 'x');
  EXPECT_TRUE(text_of(R"({"content":")" + plain + R"(","title":"y"})") == "\n" + plain + "\ny");
}

TEST(SearchedText, AppendsToWhatIsThere) {
  std::string text = "before";
  EXPECT_TRUE(append_searched_text(R"({"title":"A"})", text));
  EXPECT_EQ(text, "before\nA");
}

TEST(SearchedText, SaysThatItIsNoObject) {
  std::string text;
  EXPECT_FALSE(append_searched_text("[]", text));
  EXPECT_FALSE(append_searched_text("", text));
  EXPECT_FALSE(append_searched_text("{", text));
}

}  // namespace
}  // namespace redkeep::content
