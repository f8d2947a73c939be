#include "redis/server_info.h"

#include <gtest/gtest.h>

namespace redkeep::redis {
namespace {

TEST(ServerInfo, KeepsUnknownFieldsAndSkipsTheRest) {
  const auto info = ServerInfo::parse(
      "# Memory\r\nused_memory:100\r\nnew_thing:a:b\r\n\r\nnonsense\r\nused_memory_rss:-1\r\n");
  EXPECT_EQ(info.count("used_memory"), 100);
  EXPECT_EQ(info.text("new_thing"), "a:b");
  EXPECT_FALSE(info.count("missing"));
  EXPECT_FALSE(info.count("used_memory_rss"));
  EXPECT_FALSE(info.count("new_thing"));
}

TEST(ServerInfo, ReadsFloatsAndLinesWithoutCarriageReturn) {
  const auto info = ServerInfo::parse("mem_fragmentation_ratio:1.25\nlast:3");
  EXPECT_DOUBLE_EQ(info.number("mem_fragmentation_ratio").value(), 1.25);
  EXPECT_EQ(info.count("last"), 3);
  EXPECT_FALSE(info.number("none"));
}

TEST(ServerInfo, WhatAServerSaysCannotSteerATerminal) {
  const auto info = ServerInfo::parse("maxmemory_policy:\x1b[2Jlru\xff\r\n");
  EXPECT_EQ(info.text("maxmemory_policy"), "\\x1b[2Jlru\\xff");
}

TEST(ServerInfo, NamesTheProductAndItsOwnVersion) {
  EXPECT_EQ(ServerInfo::parse("redis_version:7.0.15").product(), "Redis 7.0.15");
  EXPECT_EQ(ServerInfo::parse("redis_version:7.2.4\nvalkey_version:8.1.1").product(),
            "Valkey 8.1.1");
  EXPECT_EQ(ServerInfo::parse("").product(), "Redis (version unknown)");
}

TEST(ServerInfo, CountsTheKeysOfOneDatabase) {
  const auto info = ServerInfo::parse(
      "db0:keys=10,expires=3,avg_ttl=0\r\ndb1:keys=7,expires=0,avg_ttl=0,x=1\r\n");
  EXPECT_EQ(keyspace_counts(info, 0).keys, 10);
  EXPECT_EQ(keyspace_counts(info, 0).with_ttl, 3);
  EXPECT_EQ(keyspace_counts(info, 1).keys, 7);
  EXPECT_EQ(keyspace_counts(info, 2).keys, 0);
}

}  // namespace
}  // namespace redkeep::redis
