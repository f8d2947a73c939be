// One owner of the data directory, and others that write through its socket: an open file
// description lock stands between two managers of one process as between two processes.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "live/journal_fixture.h"

namespace redkeep {
namespace {

using test::entity;
using test::id_of;
using test::link;

constexpr const char* kQuoted = R"(one, \"two\"\nand three)";

class ChangeSocket : public test::JournalFixture {
 protected:
  std::unique_ptr<BlockingMemoryManager> other_program(const std::string& prefix = "reed:") {
    Options options;
    options.endpoint = redis.endpoint();
    options.endpoint.deadline = std::chrono::milliseconds{3000};
    options.data_directory = data();
    options.prefix = prefix;
    auto opened = BlockingMemoryManager::create(std::move(options));
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
};

TEST_F(ChangeSocket, AnotherProgramWritesThroughTheOwnerWithTheSameCalls) {
  const auto other = other_program();
  applied(other->store_entity(entity(1, kQuoted, "$one")));
  applied(other->store_entity(entity(2, "two")));
  applied(other->store_association(link(1, 2, "/two")));
  applied(other->add_word("ÄPFEL", {id_of(2)}));
  EXPECT_EQ(*manager->search("äpfel"), std::vector<std::string>{id_of(2)});
  EXPECT_EQ(other->entity(id_of(1))->data, entity(1, kQuoted).data);
  applied(other->remove_word("äpfel", {id_of(2)}));
  applied(other->remove_association("/two"));
  applied(other->remove_entity(id_of(2)));
  applied(other->remove_entity(id_of(1)));
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "8");
  EXPECT_EQ(redis.keys(), (std::vector<std::string>{"reed:guard:journal", "reed:guard:position"}));
}

TEST_F(ChangeSocket, ItIsToldWhatTheOwnerIsTold) {
  const auto other = other_program();
  applied(manager->store_entity(entity(1, "one", "$one")));
  const auto taken = other->store_entity(entity(2, "two", "$one"));
  EXPECT_EQ(taken.error().kind, ErrorKind::Conflict);
  EXPECT_NE(taken.error().message.find("$one"), std::string::npos);
  EXPECT_EQ(other->store_association(link(1, 9, "/x")).error().kind, ErrorKind::NotFound);
  Entity bad = entity(1, "one");
  bad.data = "no JSON";
  EXPECT_EQ(other->store_entity(bad).error().kind, ErrorKind::InvalidInput);
  redis.kill();
  journaled(other->store_entity(entity(3, "three")));
  redis.start();
  wait_until_applied();
  EXPECT_TRUE(manager->entity(id_of(3)).ok());
}

TEST_F(ChangeSocket, F31_ManyWritersOfOneEntityLeaveWhatTheJournalHasLast) {
  const auto other = other_program();
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      auto& through = thread % 2 == 0 ? *other : *manager;
      for (int i = 0; i < 25; ++i) {
        const std::string title = std::to_string(thread) + " " + std::to_string(i);
        if (!through.store_entity(entity(1, title, "$name" + std::to_string(thread)))) ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(redis.text({"GET", "reed:guard:position"}), "200");
  EXPECT_EQ(redis.text({"HGET", "reed:entity:page:" + id_of(1), "version"}), "200");
  EXPECT_EQ(redis.keys("reed:semantic:*").size(), 1U);
  const auto before = graph();
  redis.run({"FLUSHALL"});
  wait_until_applied();
  EXPECT_EQ(graph(), before);
}

TEST_F(ChangeSocket, AnOwnerThatIsGoneIsToldAndOneThatIsBackIsUsed) {
  const auto other = other_program();
  applied(other->store_entity(entity(1, "one")));
  manager.reset();
  const auto gone = other->store_entity(entity(2, "two"));
  ASSERT_FALSE(gone.ok());
  EXPECT_TRUE(gone.error().kind == ErrorKind::Unreachable ||
              gone.error().kind == ErrorKind::UnknownOutcome)
      << gone.error().message;
  EXPECT_NE(gone.error().message.find(data() + "/redkeep.sock"), std::string::npos);
  EXPECT_EQ(other->store_entity(entity(2, "two")).error().kind, ErrorKind::Unreachable);
  open();
  applied(other->store_entity(entity(2, "two")));
}

TEST_F(ChangeSocket, AProgramWithAnotherPrefixIsRefused) {
  const auto other = other_program("other:");
  for (int i = 0; i < 2; ++i) {
    const auto refused = other->store_entity(entity(1, "one"));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::Refused);
    EXPECT_NE(refused.error().message.find("\"other:\""), std::string::npos)
        << refused.error().message;
  }
}

TEST_F(ChangeSocket, OnlyTheSameUserMayUseIt) {
  struct stat status {};
  ASSERT_EQ(::stat((data() + "/redkeep.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace redkeep
