#include "keys/key_schema.h"

#include <gtest/gtest.h>

namespace redkeep::keys {
namespace {

const KeySchema kSchema("reed:");

TEST(KeySchema, PutsThePrefixInFrontOnce) {
  EXPECT_EQ(kSchema.entity("page", "3ca9"), "reed:entity:page:3ca9");
  EXPECT_EQ(KeySchema("").session("x"), "session:x");
  EXPECT_EQ(KeySchema("reed:reed:").session("x"), "reed:reed:session:x");
}

TEST(KeySchema, KeepsDifferentPagesDifferent) {
  EXPECT_NE(kSchema.page("/a/b", "eu", "hut"), kSchema.page("/a_b", "eu", "hut"));
  EXPECT_NE(kSchema.page("/a:b", "eu", "hut"), kSchema.page("/a", "b:eu", "hut"));
  EXPECT_NE(kSchema.page("/a%3A", "eu", "hut"), kSchema.page("/a:", "eu", "hut"));
}

TEST(KeySchema, EncodesStructureAndControlCharacters) {
  EXPECT_EQ(encode_component("a:b%{c}\n"), "a%3Ab%25%7Bc%7D%0A");
  EXPECT_EQ(encode_component(std::string_view("\0\x1F\x7F", 3)), "%00%1F%7F");
}

// The table of keys in docs/data-model.md is a promise to every other program: what it does not
// list stays as it is.
TEST(KeySchema, EncodesNothingElse) {
  EXPECT_EQ(encode_component("größe/?[x]"), "größe/?[x]");
  EXPECT_EQ(encode_component("* \\ ^ ~ \" ' , ; # $ & + = @ | < >"),
            "* \\ ^ ~ \" ' , ; # $ & + = @ | < >");
  for (int byte = 0x80; byte < 0x100; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    EXPECT_EQ(encode_component(one), one);
  }
}

TEST(KeySchema, BuildsEveryKeyOfTheTable) {
  EXPECT_EQ(kSchema.entity("page", "1-2"), "reed:entity:page:1-2");
  EXPECT_EQ(kSchema.type_of("1-2"), "reed:type_of:1-2");
  EXPECT_EQ(kSchema.semantic("page", "$hut.menu"), "reed:semantic:page:$hut.menu");
  EXPECT_EQ(kSchema.association("/a:b/{c}"), "reed:assoc:/a%3Ab/%7Bc%7D");
  EXPECT_EQ(kSchema.children("1-2"), "reed:children:1-2");
  EXPECT_EQ(kSchema.parent("1-2"), "reed:parent:1-2");
  EXPECT_EQ(kSchema.links("1-2"), "reed:links:1-2");
  EXPECT_EQ(kSchema.word("a:b"), "reed:word:a%3Ab");
  EXPECT_EQ(kSchema.type_index("page"), "reed:type_index:page");
  EXPECT_EQ(kSchema.guard("level"), "reed:guard:level");
  EXPECT_EQ(kSchema.page("/a", "de_DE", "hut"), "reed:page:cache:/a:de_DE:hut");
  EXPECT_EQ(kSchema.query("9f"), "reed:query:cache:9f");
  EXPECT_EQ(kSchema.asset("css", "9f"), "reed:asset:bundle:css:9f");
  EXPECT_EQ(kSchema.page_template("page", "hut"), "reed:template:cache:page:hut");
  EXPECT_EQ(kSchema.temporary("export", "1"), "reed:temp:export:1");
  EXPECT_EQ(kSchema.session("s"), "reed:session:s");
  EXPECT_EQ(kSchema.csrf("t"), "reed:csrf:t");
  EXPECT_EQ(kSchema.rate("login", "::1"), "reed:rate:login:%3A%3A1");
  EXPECT_EQ(kSchema.lock("menu"), "reed:lock:menu");
}

TEST(KeySchema, DecodesWhatItEncoded) {
  for (const std::string text : {"a:b%{c}*\n", "%", "%%4", "plain", "", "%3", "%3A", "\x01:"}) {
    EXPECT_EQ(decode_component(encode_component(text)), text);
  }
}

TEST(KeySchema, BoundsCacheComponentsWithoutMixingThemUp) {
  const std::string long_path(300, 'x');
  const auto key = kSchema.page(long_path, "eu", "hut");
  EXPECT_LT(key.size(), 300U);
  EXPECT_NE(key, kSchema.page(long_path + "y", "eu", "hut"));
  EXPECT_EQ(key, kSchema.page(long_path, "eu", "hut"));
  EXPECT_EQ(kSchema.session(std::string(256, 'x')), "reed:session:" + std::string(256, 'x'));
  EXPECT_EQ(kSchema.session(std::string(257, 'x')).substr(0, 13 + 201),
            "reed:session:" + std::string(200, 'x') + "~");
  EXPECT_EQ(kSchema.session(std::string(257, 'x')).size(), 13U + 200U + 17U);
}

}  // namespace
}  // namespace redkeep::keys
