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
  EXPECT_EQ(encode_component("a:b%{c}*\n"), "a%3Ab%25%7Bc%7D%2A%0A");
  EXPECT_EQ(encode_component("größe/?[x]"), "größe/?[x]");
}

TEST(KeySchema, DecodesWhatItEncoded) {
  for (const std::string text : {"a:b%{c}*\n", "%", "%%4", "plain", "", "%3"}) {
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
}

}  // namespace
}  // namespace redkeep::keys
