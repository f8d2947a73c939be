#include "doctor/eviction_outlook.h"

#include <gtest/gtest.h>

#include <map>

namespace redkeep::doctor {
namespace {

std::map<std::string, ClassOutlook> outlooks(const std::string& policy) {
  const auto table = keys::ClassTable::compile("reed:", default_key_classes());
  std::map<std::string, ClassOutlook> by_name;
  for (auto& outlook : eviction_outlook(policy, *table)) {
    const std::string name = outlook.name;
    by_name[name] = std::move(outlook);
  }
  return by_name;
}

TEST(EvictionOutlook, VolatilePoliciesKeepWhatHasNoTtl) {
  for (const std::string policy :
       {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "volatile-lrm"}) {
    auto found = outlooks(policy);
    for (const std::string name : {"entities", "search_index", "queues", "guard"}) {
      EXPECT_EQ(found[name].fate, EvictionFate::Kept) << policy << name;
    }
    EXPECT_NE(found["page_cache"].fate, EvictionFate::Kept) << policy;
  }
}

TEST(EvictionOutlook, ByTtlLocksGoBeforeTheCachesAndSessionsLast) {
  auto found = outlooks("volatile-ttl");
  EXPECT_EQ(found["locks"].fate, EvictionFate::EvictedSoon);
  EXPECT_TRUE(found["locks"].is_wrong);
  EXPECT_TRUE(found["rate_limits"].is_wrong);
  EXPECT_EQ(found["sessions"].fate, EvictionFate::EvictedLast);
  EXPECT_FALSE(found["sessions"].is_wrong);
  EXPECT_FALSE(found["page_cache"].is_wrong) << "a cache may go";
  EXPECT_NE(found["locks"].text.find("than that of caches"), std::string::npos);
  EXPECT_NE(found["page_cache"].text.find("than that of other caches"), std::string::npos);
}

TEST(EvictionOutlook, AllkeysPoliciesEndangerWhateverIsProtected) {
  for (const std::string policy :
       {"allkeys-lru", "allkeys-lfu", "allkeys-random", "eviction", ""}) {
    auto found = outlooks(policy);
    EXPECT_EQ(found["entities"].fate, EvictionFate::EvictedAny) << policy;
    EXPECT_TRUE(found["entities"].is_wrong) << policy;
    EXPECT_TRUE(found["search_index"].is_wrong) << policy;
    EXPECT_FALSE(found["page_cache"].is_wrong) << policy;
  }
}

TEST(EvictionOutlook, NoevictionKeepsEverythingAndRefusesWrites) {
  for (const auto& [name, outlook] : outlooks("noeviction")) {
    EXPECT_EQ(outlook.fate, EvictionFate::Kept) << name;
    EXPECT_NE(outlook.text.find("OOM"), std::string::npos);
  }
}

}  // namespace
}  // namespace redkeep::doctor
