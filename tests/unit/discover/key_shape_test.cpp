#include "discover/key_shape.h"

#include <gtest/gtest.h>

namespace redkeep::discover {
namespace {

// Skeletons with `#` for an id, components between colons.
std::string shape(std::string_view key) {
  std::string text;
  for (const auto& component : components_of(key)) {
    text += text.empty() ? "" : ":";
    for (const char c : component.skeleton) text += c == kId ? '#' : c;
  }
  return text;
}

TEST(KeyShape, NumbersUuidsAndHashesAreIds) {
  EXPECT_EQ(shape("user:42:cart"), "user:#:cart");
  EXPECT_EQ(shape("celery-task-meta-3f2b8c1e-0d4f-4b6a-9c1d-1234567890ab"), "celery-task-meta-#");
  EXPECT_EQ(shape("s:d41d8cd98f00b204e9800998ecf8427e"), "s:#");
  EXPECT_EQ(shape("day:2024-01-31"), "day:#-#-#");
  EXPECT_EQ(shape("t:aB3dE5gH7"), "t:#");
}

TEST(KeyShape, WordsStayWords) {
  EXPECT_EQ(shape("cache:views/products"), "cache:views/products");
  EXPECT_EQ(shape("decade:facade"), "decade:facade") << "letters that are hexadecimal too";
  EXPECT_EQ(shape("api:v2:s3"), "api:v2:s3");
  EXPECT_EQ(shape("word:größe"), "word:größe");
}

TEST(KeyShape, AWordMayEndInAnId) {
  EXPECT_EQ(shape("user123"), "user#");
  EXPECT_EQ(shape("order_77_lines"), "order_#_lines");
}

TEST(KeyShape, WhatAPatternCannotHoldCountsAsAnId) {
  EXPECT_EQ(shape("a:{tag}:b"), "a:#tag#:b");
  EXPECT_EQ(shape("a:x*y"), "a:x#y");
  EXPECT_EQ(shape("a:\"q\""), "a:#q#");
  EXPECT_EQ(shape("a:\n\x1b[0m"), "a:#[0m");
  EXPECT_EQ(shape("a:\xff\xfe"), "a:#");
  EXPECT_EQ(shape(std::string_view("a:\0b", 4)), "a:#b");
}

TEST(KeyShape, LongKeysAreLookedAtForSomeWay) {
  const auto components = components_of("a:" + std::string(100'000, 'x'));
  ASSERT_EQ(components.size(), 2U);
  EXPECT_LE(components[1].text.size(), kMostKeyBytes);
  EXPECT_EQ(components_of(std::string(5000, ':')).size(), kMostComponents);
  EXPECT_EQ(components_of("").size(), 1U);
}

TEST(KeyShape, OfAComponentWithoutWordsTheKindIsKnown) {
  EXPECT_EQ(components_of("7")[0].kind, IdKind::Number);
  EXPECT_EQ(components_of("3f2b8c1e-0d4f-4b6a-9c1d-1234567890ab")[0].kind, IdKind::Uuid);
  EXPECT_EQ(components_of("d41d8cd98f00b204")[0].kind, IdKind::Hash);
  EXPECT_EQ(components_of("user7")[0].kind, IdKind::None);
}

TEST(KeyShape, IdsAndWhatSeparatesThemAreOneVariableOfAPattern) {
  const std::string id(1, kId);
  EXPECT_EQ(pattern_of("day-" + id + "-" + id + "-" + id), "day-{id}");
  EXPECT_EQ(pattern_of(id + "_of_" + id, "name"), "{name}_of_{name}");
  EXPECT_EQ(pattern_of(id + id), "{id}");
  EXPECT_EQ(pattern_of(id + "/"), "{id}/");
}

}  // namespace
}  // namespace redkeep::discover
