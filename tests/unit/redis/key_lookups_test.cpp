// Hits of applications are told from those that looking at keys makes.
#include "redis/key_lookups.h"

#include <gtest/gtest.h>

#include <string>

namespace redkeep::redis {
namespace {

// As Redis 7.0.15 says it after 709 hits and 1291 misses by GET, and a census of 4,816 keys.
const std::string kInfo =
    "# Stats\r\nkeyspace_hits:5525\r\nkeyspace_misses:1291\r\n\n# Commandstats\r\n"
    "cmdstat_get:calls=2000,usec=264,usec_per_call=4.89,rejected_calls=0,failed_calls=0\r\n"
    "cmdstat_scan:calls=10,usec=4519,usec_per_call=173.81,rejected_calls=0,failed_calls=0\r\n"
    "cmdstat_memory|usage:calls=4816,usec=2,usec_per_call=0.55,rejected_calls=0,failed_calls=0\r\n"
    "cmdstat_pttl:calls=4000,usec=264,usec_per_call=4.89,rejected_calls=7,failed_calls=0\r\n"
    "cmdstat_object|freq:calls=800,usec=1,usec_per_call=0.50,rejected_calls=0,failed_calls=3\r\n"
    "cmdstat_exists:calls=16,usec=2,usec_per_call=2.00,rejected_calls=0,failed_calls=0\r\n";

TEST(KeyLookups, AreReadFromTheServersCounters) {
  const auto lookups = read_key_lookups(ServerInfo::parse(kInfo));
  EXPECT_EQ(lookups.hits, 5525);
  EXPECT_EQ(lookups.misses, 1291);
  EXPECT_EQ(lookups.looks, 4816) << "rejected calls looked at nothing; MEMORY USAGE does not count";
}

TEST(KeyLookups, OfApplicationsAreThoseWithoutLooks) {
  const auto applications = lookups_of_applications(read_key_lookups(ServerInfo::parse(kInfo)));
  EXPECT_EQ(applications.hits, 709);
  EXPECT_EQ(applications.misses, 1291);
  EXPECT_NEAR(applications.hit_ratio().value_or(0), 0.3545, 1e-9);
}

TEST(KeyLookups, LooksThatWereNoHitsWereMisses) {
  const auto applications = lookups_of_applications({10, 1005, 15});
  EXPECT_EQ(applications.hits, 0);
  EXPECT_EQ(applications.misses, 1000);
  EXPECT_EQ(applications.hit_ratio(), 0);
}

TEST(KeyLookups, NothingFallsBelowZero) {
  const auto applications = lookups_of_applications({3, 2, 900});
  EXPECT_EQ(applications.hits, 0);
  EXPECT_EQ(applications.misses, 0);
  EXPECT_FALSE(applications.hit_ratio().has_value());
}

TEST(KeyLookups, OfAServerThatTellsNothingAreNone) {
  const auto lookups = read_key_lookups(ServerInfo::parse("keyspace_hits:-\r\ncmdstat_type:x\r\n"));
  EXPECT_EQ(lookups.hits, 0);
  EXPECT_EQ(lookups.looks, 0);
  EXPECT_FALSE(lookups_of_applications(lookups).hit_ratio().has_value());
}

TEST(KeyLookups, OlderServersCountObjectAsAWhole) {
  EXPECT_EQ(read_key_lookups(ServerInfo::parse("cmdstat_object:calls=7,usec=1\r\n")).looks, 7);
}

TEST(KeyLookups, BetweenTwoReadingsAreTheDifferenceUnlessACounterWentBack) {
  const auto added = lookups_between({10, 5, 3}, {15, 6, 7});
  ASSERT_TRUE(added.has_value());
  EXPECT_EQ(added->hits, 5);
  EXPECT_EQ(added->misses, 1);
  EXPECT_EQ(added->looks, 4);
  EXPECT_FALSE(lookups_between({10, 5, 3}, {0, 6, 7}).has_value()) << "CONFIG RESETSTAT";
}

}  // namespace
}  // namespace redkeep::redis
