// What becomes of a load that was cut, whoever comes next: it is finished or told of, and nothing
// else is taken for its end.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "live/running_up.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

class CutLoad : public testing::Test {
 protected:
  CutLoad() {
    write_content(content,
                  entity_row(1, "page", "$one", "first") + entity_row(2, "page", "$two", "second"),
                  association_row(1, 2, "/two"));
    write_content(other, entity_row(9, "page", "$nine", "ninth"), "");
  }

  std::string data() const { return directory.path() + "/data"; }
  std::vector<std::string> with(const TemporaryDirectory& named) const {
    return {"--content", named.path()};
  }
  // The name of a directory in the mark.
  static std::string real(const std::string& path) {
    return std::filesystem::canonical(path).string();
  }
  static Contents graph_of(Commands& redis) {
    Contents contents = redis.contents();
    std::erase_if(contents, [](const auto& pair) { return pair.first.starts_with("reed:guard:"); });
    return contents;
  }

  // A data directory with a part of the content, as a load of `named` leaves it that was cut; all
  // of the content.
  Contents leave_cut(const std::string& named) {
    RunningUp up(data(), with(content));
    const Contents whole = graph_of(up.redis());
    up.redis().run({"DEL", "reed:semantic:page:$one"});
    up.redis().run({"SET", "reed:guard:load", named});
    up.stop();
    return whole;
  }

  TemporaryDirectory directory;
  TemporaryDirectory content;
  TemporaryDirectory other;
};

TEST_F(CutLoad, AnotherDirectoryIsRefusedAndTheCutOneNamed) {
  LiveRedis redis;
  const std::vector<std::string> load{"load", content.path(), "--url", redis.url()};
  ASSERT_EQ(run_program(load).exit_code, 0);
  redis.run({"DEL", "reed:semantic:page:$one"});
  redis.run({"SET", "reed:guard:load", real(content.path())});
  const Contents before = redis.contents();
  for (const bool merges : {false, true}) {
    std::vector<std::string> arguments{"load", other.path(), "--url", redis.url()};
    if (merges) arguments.emplace_back("--merge");
    const Ended refused = run_program(arguments);
    EXPECT_EQ(refused.exit_code, 4) << refused;
    EXPECT_TRUE(has(refused.err, "redkeep load " + real(content.path()) + " --merge"));
    EXPECT_TRUE(has(refused.err, "redkeep rebuild " + other.path() + " --from-scratch"));
  }
  EXPECT_EQ(redis.contents(), before);
  const Ended doctor = run_program({"doctor", "--url", redis.url()});
  EXPECT_TRUE(has(doctor.out, "redkeep load " + real(content.path()) + " --merge"));
  const Ended status = run_program({"status", "--url", redis.url()});
  EXPECT_TRUE(has(status.out, "load       of " + real(content.path()) + " was cut"));
  const Ended json = run_program({"status", "--json", "--url", redis.url()});
  EXPECT_TRUE(has(json.out, "\"cut_load\":\"" + real(content.path()) + "\""));
  const Ended again = run_program(load);
  EXPECT_EQ(again.exit_code, 4) << again;
  EXPECT_TRUE(has(again.err, "redkeep load " + content.path() + " --merge"));
  const Ended rebuilt =
      run_program({"rebuild", other.path(), "--from-scratch", "--yes", "--url", redis.url()});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt;
  EXPECT_EQ(redis.existing({"reed:guard:load", "reed:type_of:" + id_of(1)}), 0);
  EXPECT_EQ(redis.existing({"reed:type_of:" + id_of(9)}), 1);
}

TEST_F(CutLoad, AMarkWithoutAGraphIsOfALoadThatHadWrittenNothing) {
  LiveRedis redis;
  redis.run({"SET", "reed:guard:load", real(content.path())});
  for (const bool merges : {false, true}) {
    std::vector<std::string> arguments{"load", other.path(), "--url", redis.url()};
    if (merges) arguments.emplace_back("--merge");
    const Ended loaded = run_program(arguments);
    EXPECT_EQ(loaded.exit_code, 0) << loaded;
    EXPECT_EQ(redis.existing({"reed:guard:load"}), 0);
    redis.run({"FLUSHALL"});
    redis.run({"SET", "reed:guard:load", real(content.path())});
  }
}

TEST_F(CutLoad, UpWithOtherContentIsRefusedAndSaysHowToGoOn) {
  const Contents whole = leave_cut(real(content.path()));
  const Ended refused = run_program(RunningUp::arguments(data(), free_port(), with(other)));
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_TRUE(has(refused.err, "a load of " + real(content.path()) + " was cut here"));
  EXPECT_TRUE(
      has(refused.err, "redkeep up --data " + data() + " --content " + real(content.path())));
  RunningUp up(data(), with(content));
  EXPECT_EQ(graph_of(up.redis()), whole) << "it is finished, and nothing of the other is there";
  EXPECT_EQ(up.redis().existing({"reed:guard:load"}), 0);
}

TEST_F(CutLoad, UpWithoutContentFinishesItFromWhereItCameFrom) {
  const Contents whole = leave_cut(real(content.path()));
  RunningUp up(data());
  EXPECT_EQ(graph_of(up.redis()), whole);
  EXPECT_EQ(up.redis().existing({"reed:guard:load"}), 0);
  EXPECT_TRUE(has(up.line("content"), "that was cut is finished"));
}

TEST_F(CutLoad, UpSaysSoWhereItCannotBeFinished) {
  leave_cut("/no/such/content");
  RunningUp up(data());
  for (const std::string& said : {up.line("content"), up.program().err()}) {
    EXPECT_TRUE(has(said, "a load of /no/such/content was cut here"));
    EXPECT_TRUE(has(said, "redkeep load /no/such/content --merge"));
  }
  EXPECT_EQ(up.redis().existing({"reed:guard:load"}), 1);
}

// An acknowledged store is newer than the CSV.
TEST_F(CutLoad, UpDoesNotGoOnWithItOverWhatWasJournaled) {
  leave_cut(real(content.path()));
  {
    RunningUp up(data());
    up.redis().run({"DEL", "reed:semantic:page:$one"});
    up.redis().run({"SET", "reed:guard:load", real(content.path())});
    up.redis().run({"SET", "reed:guard:position", "7"});
    up.stop();
  }
  RunningUp up(data());
  EXPECT_EQ(up.redis().existing({"reed:semantic:page:$one"}), 0);
  EXPECT_TRUE(has(up.line("content"), "was cut here"));
}

TEST_F(CutLoad, UpThatIsStoppedMeanwhileSaysSoAndTheNextOneGoesOn) {
  { RunningUp(data()).stop(); }  // so that it is not new, and commands load it
  TemporaryDirectory big;
  write_made_up_content(big, 30'000, 1);
  Program program(RunningUp::arguments(data(), free_port(), with(big)));
  Commands redis(data() + "/redis.sock");
  ASSERT_TRUE(eventually(
      [&] { return redis.error({"PING"}).empty() && redis.existing({"reed:guard:load"}) == 1; }));
  program.signal(SIGINT);
  const Ended ended = program.wait(std::chrono::seconds{6});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.err, "the next start of `redkeep up` goes on with the load"));
  EXPECT_FALSE(has(ended.out, "content "));
  RunningUp up(data());
  EXPECT_TRUE(has(up.line("content"), "30,000 entities"));
  EXPECT_TRUE(has(up.line("content"), "that was cut is finished"));
}

TEST_F(CutLoad, WhereTheMarkItselfIsRefusedNothingIsWritten) {
  LiveRedis redis;
  redis.run(
      {"ACL", "SETUSER", "narrow", "on", ">secret", "+@all", "~reed:entity:*", "%R~reed:guard:*"});
  const Ended failed = run_program({"load", content.path(), "--url", redis.url("narrow")},
                                   {{"REDKEEP_PASSWORD", "secret"}});
  EXPECT_EQ(failed.exit_code, 4) << failed;
  EXPECT_TRUE(has(failed.err, "nothing was written"));
  EXPECT_FALSE(has(failed.err, "what was written stays"));
  EXPECT_EQ(redis.integer({"DBSIZE"}), 0);
}

}  // namespace
}  // namespace redkeep::test
