// A load must not pass for one where the server threw content out.
#include "recovery/load/eviction_watch.h"

#include <gtest/gtest.h>

namespace redkeep::recovery {
namespace {

redis::ServerInfo info(const std::string& policy, int evicted_keys, int limit_bytes = 1000) {
  return redis::ServerInfo::parse("used_memory:600\r\nmaxmemory:" + std::to_string(limit_bytes) +
                                  "\r\nmaxmemory_policy:" + policy +
                                  "\r\nevicted_keys:" + std::to_string(evicted_keys) + "\r\n");
}

TEST(EvictionWatch, WhatDoesNotFitIsRefusedWhereAnyKeyMayBeEvicted) {
  for (const char* policy : {"allkeys-lru", "allkeys-lfu", "allkeys-random"}) {
    const EvictionWatch watch(info(policy, 0));
    EXPECT_TRUE(watch.require_room(400)) << policy;
    const Status refused = watch.require_room(401);
    ASSERT_FALSE(refused) << policy;
    EXPECT_EQ(refused.error().kind, ErrorKind::Refused);
    for (const char* part : {"401 B", "400 B", "1000 B", policy, "volatile-lfu"}) {
      EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
    }
  }
}

TEST(EvictionWatch, WhatIsMoreThanTheWholeLimitIsRefusedWhateverThePolicy) {
  for (const char* policy : {"noeviction", "volatile-lru", "volatile-lfu"}) {
    const EvictionWatch watch(info(policy, 0));
    EXPECT_TRUE(watch.require_room(1000)) << policy << ": caches may go";
    for (const Status& refused : {watch.require_room(1001), watch.require_possible(1001)}) {
      ASSERT_FALSE(refused) << policy;
      EXPECT_EQ(refused.error().kind, ErrorKind::Refused);
      for (const char* part : {"1001 B", "1000 B", "1.5 KiB", "--maxmemory"}) {
        EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
      }
    }
  }
}

TEST(EvictionWatch, AServerThatKeepsKeysWithoutATtlRefusesForItself) {
  for (const char* policy : {"noeviction", "volatile-lru", "volatile-lfu"}) {
    const EvictionWatch watch(info(policy, 0));
    EXPECT_TRUE(watch.require_nothing_evicted(info(policy, 7))) << "caches went";
  }
  EXPECT_TRUE(EvictionWatch(info("allkeys-lru", 0, 0)).require_room(1'000'000)) << "no limit";
  EXPECT_TRUE(EvictionWatch(info("volatile-lru", 0, 0)).require_room(1'000'000)) << "no limit";
  EXPECT_TRUE(EvictionWatch().require_room(1'000'000)) << "nothing is known";
}

TEST(EvictionWatch, KeysThatWereEvictedMeanwhileAreTold) {
  const EvictionWatch watch(info("allkeys-lru", 5));
  EXPECT_TRUE(watch.require_nothing_evicted(info("allkeys-lru", 5)));
  EXPECT_TRUE(watch.require_nothing_evicted(info("allkeys-lru", 0))) << "counters were reset";
  const Status failed = watch.require_nothing_evicted(info("allkeys-lru", 597'935));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::OutOfMemory);
  EXPECT_NE(failed.error().message.find("evicted 597,930 keys"), std::string::npos)
      << failed.error().message;
  EXPECT_NE(failed.error().message.find("allkeys-lru"), std::string::npos);
}

}  // namespace
}  // namespace redkeep::recovery
