#pragma once
// A program that uses the library with a data directory, and the Redis that it writes to.
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "live/live_redis.h"
#include "live/sample_content.h"
#include "redkeep/blocking_memory_manager.h"

namespace redkeep::test {

inline Entity entity(int number, const std::string& title, const std::string& name = "") {
  Entity made;
  made.id = id_of(number);
  made.type = "page";
  made.semantic_name = name;
  made.data = R"({"title": ")" + title + R"("})";
  return made;
}

inline Association link(int parent, int child, const std::string& path,
                        const std::string& type = "contains") {
  return Association{id_of(parent), id_of(child), path, type, 0};
}

class JournalFixture : public testing::Test {
 protected:
  explicit JournalFixture(std::vector<std::string> arguments = {}) : redis(std::move(arguments)) {}

  void SetUp() override { open(); }

  void open() {
    manager.reset();
    Options options;
    options.endpoint = redis.endpoint();
    options.endpoint.deadline = std::chrono::milliseconds{3000};
    options.data_directory = data();
    options.content_directory = content;
    auto opened = BlockingMemoryManager::create(std::move(options));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    manager = std::move(*opened);
  }

  std::string data() const { return directory.file("data"); }

  void expect(StoreOutcome wanted, const Result<StoreOutcome>& outcome) {
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(*outcome, wanted) << (wanted == StoreOutcome::Applied ? "Applied" : "Journaled");
  }
  void applied(const Result<StoreOutcome>& outcome) { expect(StoreOutcome::Applied, outcome); }
  void journaled(const Result<StoreOutcome>& outcome) { expect(StoreOutcome::Journaled, outcome); }

  // Changes are applied in order, so when this one is, all before it are.
  void wait_until_applied() {
    ASSERT_TRUE(eventually([this] {
      const auto outcome = manager->remove_association("/there/never/was/one");
      return outcome && *outcome == StoreOutcome::Applied;
    })) << "Redis was not brought forward";
  }

  std::string title_of(int number) {
    const auto found = manager->entity(id_of(number));
    return found ? found->data : found.error().message;
  }

  // What is in Redis but for our own notes, with or without the versions of entities.
  Contents graph() {
    Contents contents = redis.contents();
    std::erase_if(contents,
                  [](const auto& entry) { return entry.first.starts_with("reed:guard:"); });
    return contents;
  }

  TemporaryDirectory directory;
  LiveRedis redis;
  std::string content;  // directory, or none
  std::unique_ptr<BlockingMemoryManager> manager;
};

}  // namespace redkeep::test
