// Which journal a server has: another one's gets nothing, and what was lost is told.
#include "wire/recovery/journal/graph_writer_fixture.h"

namespace redkeep::recovery {
namespace {

constexpr const char* kOfAnother = "0123456789abcdef0123456789abcdef /srv/p1 on host one";

// Two stores more than the other: they must not be applied on top of what that one has.
TEST_F(GraphWriterTest, ARedisOfAnotherJournalGetsNothingAlthoughThatIsShorter) {
  open();
  for (int i = 1; i <= 4; ++i) expect(StoreOutcome::Applied, store(i));
  close();
  server_is("2", kOfAnother);
  open();
  ASSERT_TRUE(loop_.run_until([&] { return writer_->store_trouble().has_value(); }));
  expect_refused("another data directory");
  expect_refused("/srv/p1 on host one");
  EXPECT_EQ(loop_.run(writer_->hold()).error().kind, ErrorKind::Refused) << "no checkpoint of it";
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2", "3", "4"}));
  server_is("2", own_journal());
  ASSERT_TRUE(all_applied(6));
  EXPECT_EQ(applied().back(), "4");
}

TEST_F(GraphWriterTest, AnotherJournalThatTakesTheServerWhileWeWriteIsFoundOut) {
  open();
  expect(StoreOutcome::Applied, store(1));
  server_is("1", kOfAnother);
  EXPECT_NE(*store(2), StoreOutcome::Applied);
  ASSERT_TRUE(loop_.run_until([&] { return writer_->store_trouble().has_value(); }));
  EXPECT_EQ(applied(), std::vector<std::string>{"1"});
}

TEST_F(GraphWriterTest, AServerAndADirectoryFromBeforeGetAnIdentityAndGoOn) {
  open();
  for (int i = 1; i <= 2; ++i) expect(StoreOutcome::Applied, store(i));
  close();
  std::filesystem::remove(journal_identity_path(directory_.file("data")));
  server_is("2", "");
  open();
  EXPECT_FALSE(writer_->loss());
  expect(StoreOutcome::Applied, store(3));
  EXPECT_EQ(applied(), (std::vector<std::string>{"1", "2", "3"}));
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(journal_, own_journal());
}

// Each store is one exchange more than what it reads; the identity is compared in the same.
TEST_F(GraphWriterTest, AnIdentityCostsAStoreNoRoundTrip) {
  open();
  expect(StoreOutcome::Applied, store(1));
  const int asked = server_.count("EVAL");
  const int read = server_.count("GET");
  expect(StoreOutcome::Applied, store(2));
  const int read_by_a_store = server_.count("GET") - read;
  expect(StoreOutcome::Applied, store(3));
  EXPECT_EQ(server_.count("EVAL"), asked + 2);
  EXPECT_EQ(server_.count("GET"), read + 2 * read_by_a_store);
  EXPECT_EQ(claims(), 1);
}

TEST_F(GraphWriterTest, WithoutSyncsANewJournalTakesARedisOverAsItIs) {
  how_.limits.durability = Durability::Os;
  server_is("7", kOfAnother);
  open();
  expect(StoreOutcome::Applied, store(1));
  EXPECT_EQ(applied(), std::vector<std::string>{"8"});
  close();
  server_is("8", kOfAnother);
  open();
  ASSERT_TRUE(loop_.run_until([&] { return writer_->store_trouble().has_value(); }))
      << "one that has stored something does not";
  EXPECT_EQ(applied(), std::vector<std::string>{"8"});
}

TEST_F(GraphWriterTest, AtPositionZeroThereIsNothingOfTheOtherJournal) {
  server_is("0", kOfAnother);
  open();
  expect(StoreOutcome::Applied, store(1));
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(journal_, own_journal());
}

TEST_F(GraphWriterTest, AJournalThatIsGoneOrTruncatedIsToldWhenItIsOpened) {
  open();
  EXPECT_FALSE(writer_->loss());
  expect(StoreOutcome::Applied, store(1));
  close();
  const std::string file = directory_.file("data/journal/00000000000000000001.csv");
  std::filesystem::resize_file(file, 0);
  open();
  ASSERT_TRUE(writer_->loss());
  EXPECT_NE(writer_->loss()->find("has lost its lines"), std::string::npos) << *writer_->loss();
  close();
  open();
  EXPECT_FALSE(writer_->loss()) << "told once";
  close();
  std::filesystem::remove_all(directory_.file("data/journal"));
  open();
  ASSERT_TRUE(writer_->loss());
  EXPECT_NE(writer_->loss()->find("is gone"), std::string::npos) << *writer_->loss();
}

}  // namespace
}  // namespace redkeep::recovery
