// A checkpoint says up to where in the journal it holds everything, and the journal's files up to
// there are removed: it must not be taken of a server that is elsewhere.
#include <gtest/gtest.h>

#include "live/journal_fixture.h"
#include "recovery/checkpoint/checkpoint_export.h"
#include "recovery/journal/journal_owner.h"
#include "wire/event_loop.h"

namespace redkeep {
namespace {

class CheckpointPosition : public test::JournalFixture {
 protected:
  Result<recovery::CheckpointOutcome> write(std::int64_t position) {
    recovery::CheckpointOptions how;
    how.directory = directory.file("checkpoint");
    how.position = position;
    const std::stop_token no_stop;
    const std::function<void(const recovery::ReadProgress&)> untold;
    return loop.run(recovery::write_checkpoint(recovery::Disk::real(), redis.endpoint(),
                                               "reed:", how, no_stop, untold));
  }

  wire::EventLoop loop;
};

TEST_F(CheckpointPosition, F25_OfAServerThatIsElsewhereNoneIsWritten) {
  applied(manager->store_entity(test::entity(1, "one")));
  applied(manager->store_entity(test::entity(2, "two")));
  for (const char* now : {"1", "3", ""}) {
    if (*now == '\0') {
      redis.run({"DEL", "reed:guard:position"});
    } else {
      redis.run({"SET", "reed:guard:position", now});
    }
    const auto refused = write(2);
    ASSERT_FALSE(refused.ok()) << now;
    EXPECT_EQ(refused.error().kind, ErrorKind::Refused);
    EXPECT_NE(refused.error().message.find("reed:guard:position is no longer 2"), std::string::npos)
        << refused.error().message;
  }
  redis.run({"SET", "reed:guard:position", "2"});
  const auto written = write(2);
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(written->entities, 2);
}

// Words by hand stay in the journal, so a checkpoint that is due by size must not count them.
TEST_F(CheckpointPosition, WordsByHandMakeNoCheckpointDueForEver) {
  applied(manager->store_entity(test::entity(1, "one")));
  manager.reset();
  Options options;
  options.endpoint = redis.endpoint();
  options.data_directory = data();
  options.journal.checkpoint_bytes = 4096;
  const auto opened = recovery::JournalOwner::open(loop.executor(), options, {});
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto& owner = *opened;
  owner->start();
  const auto add_words = [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      const auto outcome = loop.run(
          owner->writer().write(recovery::AddWord{"word" + std::to_string(i), {test::id_of(1)}}));
      ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    }
  };
  add_words(0, 100);
  EXPECT_TRUE(owner->checkpoint_is_due());
  const auto written = loop.run(owner->checkpoint({}));
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_FALSE(owner->checkpoint_is_due());
  add_words(100, 101);
  EXPECT_FALSE(owner->checkpoint_is_due());
  add_words(101, 200);
  EXPECT_TRUE(owner->checkpoint_is_due());
  owner->close();
}

TEST_F(CheckpointPosition, ACheckpointBeginsAFileAndDropsWhatItCovers) {
  manager.reset();
  Options options;
  options.endpoint = redis.endpoint();
  options.data_directory = data();
  options.journal.checkpoint_bytes = 1024;
  const auto opened = recovery::JournalOwner::open(loop.executor(), options, {});
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto& owner = *opened;
  owner->start();
  const auto store = [&](int number) {
    return loop.run(owner->writer().write(test::entity(number, "title")));
  };
  for (int i = 1; i <= 20; ++i) applied(store(i));
  EXPECT_TRUE(owner->checkpoint_is_due());
  ASSERT_TRUE(loop.run(owner->checkpoint({})).ok());
  const auto files = recovery::journal_files(data() + "/journal");
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().first_position, 21);
  applied(store(21));
  EXPECT_FALSE(owner->checkpoint_is_due()) << "or each store would make one due";
  owner->close();
}

TEST_F(CheckpointPosition, WhileTheJournalIsHeldNoneIsWritten) {
  applied(manager->store_entity(test::entity(1, "one")));
  manager.reset();
  Options options;
  options.endpoint = redis.endpoint();
  options.data_directory = data();
  const auto owner = *recovery::JournalOwner::open(loop.executor(), options, {});
  owner->start();
  ASSERT_TRUE(loop.run(owner->writer().hold()).ok());
  EXPECT_TRUE(owner->writer().is_held()) << "keep_short() waits then";
  EXPECT_EQ(loop.run(owner->checkpoint({})).error().kind, ErrorKind::Refused);
  owner->writer().release();
  EXPECT_TRUE(loop.run(owner->checkpoint({})).ok());
  owner->close();
}

}  // namespace
}  // namespace redkeep
