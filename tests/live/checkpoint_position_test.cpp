// A checkpoint says up to where in the journal it holds everything, and the journal's files up to
// there are removed: it must not be taken of a server that is elsewhere.
#include <gtest/gtest.h>

#include "live/journal_fixture.h"
#include "recovery/checkpoint/checkpoint_export.h"
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

}  // namespace
}  // namespace redkeep
