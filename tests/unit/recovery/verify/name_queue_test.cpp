#include "recovery/verify/name_queue.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace redkeep::recovery {
namespace {

NameBatch batch_of(const std::string& name) {
  NameBatch names;
  names.add(name);
  return names;
}

TEST(NameBatch, GivesEachNameAsItWasAdded) {
  NameBatch names;
  for (const auto* name : {"a", "", "bc"}) names.add(name);
  ASSERT_EQ(names.size(), 3);
  EXPECT_EQ(names.at(0), "a");
  EXPECT_EQ(names.at(1), "");
  EXPECT_EQ(names.at(2), "bc");
}

TEST(NameQueue, GivesAllInTheirOrderAndThenNone) {
  NameQueue queue(2);
  std::jthread maker([&queue] {
    for (int i = 0; i < 1000; ++i) queue.push(batch_of(std::to_string(i)));
    queue.finish();
  });
  for (int i = 0; i < 1000; ++i) {
    const auto names = queue.pop();
    ASSERT_TRUE(names);
    EXPECT_EQ(names->at(0), std::to_string(i));
  }
  EXPECT_FALSE(queue.pop());
  EXPECT_FALSE(queue.pop());
}

TEST(NameQueue, AbandonedItLetsGoOfWhoeverWaits) {
  NameQueue full(1);
  full.push(batch_of("a"));
  auto pushed = std::async(std::launch::async, [&full] { full.push(batch_of("b")); });
  EXPECT_EQ(pushed.wait_for(std::chrono::milliseconds{20}), std::future_status::timeout);
  full.abandon();
  pushed.get();
  EXPECT_FALSE(full.pop());
  full.push(batch_of("c"));
  EXPECT_FALSE(full.pop());

  NameQueue empty(1);
  auto popped = std::async(std::launch::async, [&empty] { return empty.pop().has_value(); });
  EXPECT_EQ(popped.wait_for(std::chrono::milliseconds{20}), std::future_status::timeout);
  empty.abandon();
  EXPECT_FALSE(popped.get());
}

}  // namespace
}  // namespace redkeep::recovery
