#include "doctor/known_problems.h"

#include <gtest/gtest.h>

namespace redkeep::doctor {
namespace {

std::size_t problems(const std::string& info) {
  return known_problems(redis::ServerInfo::parse(info)).size();
}

TEST(KnownProblems, ALineIsJudgedByItsOwnFix) {
  EXPECT_EQ(problems("redis_version:7.2.3\r\n"), 1U);
  EXPECT_EQ(problems("redis_version:7.2.11\r\n"), 0U);
  EXPECT_EQ(problems("redis_version:7.4.5\r\n"), 1U);
  EXPECT_EQ(problems("redis_version:7.4.6\r\n"), 0U);
  EXPECT_EQ(problems("redis_version:8.2.1\r\n"), 1U);
  EXPECT_EQ(problems("redis_version:8.4.0\r\n"), 0U);
  EXPECT_EQ(problems("redis_version:7.0.11\r\n"), 2U);
}

TEST(KnownProblems, TheVersionThatDistributionsMendUnderTheSameNumberIsLeftAlone) {
  EXPECT_EQ(problems("redis_version:7.0.15\r\n"), 0U);
}

TEST(KnownProblems, ValkeyIsJudgedByItsOwnVersion) {
  EXPECT_EQ(problems("redis_version:7.2.4\r\nvalkey_version:8.1.4\r\n"), 0U);
  EXPECT_EQ(problems("redis_version:7.2.4\r\nvalkey_version:8.1.3\r\n"), 1U);
}

TEST(KnownProblems, WhatItCannotTellIsNotJudged) {
  EXPECT_EQ(problems(""), 0U);
  EXPECT_EQ(problems("redis_version:unstable\r\n"), 0U);
  EXPECT_EQ(problems("redis_version:7.2.4\r\ndragonfly_version:df-v1.2\r\n"), 0U);
  EXPECT_EQ(problems("redis_version:6.3.4\r\nstorage_provider:none\r\n"), 0U);
}

}  // namespace
}  // namespace redkeep::doctor
