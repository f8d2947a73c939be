// What a census cost, out of the server's own counters.
#include "census/server_cost.h"

#include <gtest/gtest.h>

namespace redkeep::census {
namespace {

using redis::Reply;
using std::chrono::microseconds;

Reply text(std::string value) {
  Reply reply;
  reply.type = Reply::Type::String;
  reply.text = std::move(value);
  return reply;
}
Reply number(std::int64_t value) {
  Reply reply;
  reply.type = Reply::Type::Integer;
  reply.integer = value;
  return reply;
}
Reply list(std::vector<Reply> elements) {
  Reply reply;
  reply.type = Reply::Type::Array;
  reply.elements = std::move(elements);
  return reply;
}
Reply refusal() {
  Reply reply;
  reply.type = Reply::Type::Error;
  reply.text = "NOPERM this user has no permissions";
  return reply;
}
Reply slow(std::int64_t id, std::int64_t usec, const std::string& command) {
  return list({number(id), number(1'700'000'000), number(usec), list({text(command), text("key")}),
               text("127.0.0.1:1"), text("")});
}

CostReading reading(const std::string& user, const std::string& scan_usec,
                    std::vector<Reply> slow_log) {
  return cost_reading(
      {text("# CPU\r\nused_cpu_sys:1.5\r\nused_cpu_user:" + user + "\r\n"),
       text("# Commandstats\r\ncmdstat_get:calls=9,usec=1000000,usec_per_call=1\r\n"
            "cmdstat_scan:calls=3,usec=" +
            scan_usec +
            ",usec_per_call=1\r\ncmdstat_memory|usage:calls=2,usec=40,usec_per_call=20"),
       list(std::move(slow_log)), list({text("slowlog-log-slower-than"), text("10000")})});
}

TEST(ServerCost, IsWhatTheCountersGrewBy) {
  const auto cost = cost_between(reading("2.0", "1000", {slow(7, 90'000, "SCAN")}),
                                 reading("2.25", "61000",
                                         {slow(10, 800'000, "KEYS"), slow(9, 12'000, "scan"),
                                          slow(8, 15'000, "MEMORY"), slow(7, 90'000, "SCAN")}));
  EXPECT_EQ(cost.cpu, microseconds{250'000});
  EXPECT_EQ(cost.commands, microseconds{60'000}) << "others' GET is not ours";
  EXPECT_EQ(cost.longest, microseconds{15'000}) << "neither before, nor somebody's KEYS";
  EXPECT_EQ(cost.slow_from, microseconds{10'000});
}

TEST(ServerCost, WithoutAnEntryOfOursNoneWasAsLongAsTheSlowLogsThreshold) {
  const auto cost = cost_between(reading("2.0", "1", {}), reading("2.0", "2", {}));
  EXPECT_FALSE(cost.longest.has_value());
  EXPECT_EQ(cost.slow_from, microseconds{10'000});
}

TEST(ServerCost, WhatIsRefusedIsNotKnown) {
  const auto refused = cost_reading({refusal(), refusal(), refusal(), refusal()});
  const auto cost = cost_between(refused, refused);
  EXPECT_FALSE(cost.cpu || cost.commands || cost.longest || cost.slow_from);
  const auto half = cost_reading({text(""), text("cmdstat_scan:nonsense"), number(3), list({})});
  EXPECT_FALSE(half.cpu_seconds || half.newest_slow || half.slow_from);
}

TEST(ServerCost, CountersThatWereResetAreNotBelieved) {
  const auto cost = cost_between(reading("2.0", "5000", {}), reading("2.0", "10", {}));
  EXPECT_FALSE(cost.commands.has_value());
}

}  // namespace
}  // namespace redkeep::census
