#include "recovery/verify/handover_queue.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace redkeep::recovery {
namespace {

TEST(HandoverQueue, GivesAllInTheirOrderAndThenNone) {
  HandoverQueue<int> queue(2);
  std::jthread maker([&queue] {
    for (int i = 0; i < 1000; ++i) queue.push(i);
    queue.finish();
  });
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(queue.pop(), i);
  }
  EXPECT_FALSE(queue.pop());
  EXPECT_FALSE(queue.pop());
}

TEST(HandoverQueue, AbandonedItLetsGoOfWhoeverWaits) {
  HandoverQueue<int> full(1);
  full.push(1);
  auto pushed = std::async(std::launch::async, [&full] { full.push(2); });
  EXPECT_EQ(pushed.wait_for(std::chrono::milliseconds{20}), std::future_status::timeout);
  full.abandon();
  pushed.get();
  EXPECT_FALSE(full.pop());
  full.push(3);
  EXPECT_FALSE(full.pop());

  HandoverQueue<int> empty(1);
  auto popped = std::async(std::launch::async, [&empty] { return empty.pop().has_value(); });
  EXPECT_EQ(popped.wait_for(std::chrono::milliseconds{20}), std::future_status::timeout);
  empty.abandon();
  EXPECT_FALSE(popped.get());
}

}  // namespace
}  // namespace redkeep::recovery
