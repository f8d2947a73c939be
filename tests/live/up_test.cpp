// `redkeep up`: one command, and what becomes of its parts when something ends or dies.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "live/running_guard.h"
#include "live/running_up.h"
#include "live/sample_content.h"

namespace redkeep::test {
namespace {

using std::chrono::seconds;

class UpLive : public testing::Test {
 protected:
  UpLive() {
    write_content(content,
                  entity_row(1, "page", "$one", "first") + entity_row(2, "page", "$two", "second"),
                  association_row(1, 2, "/two"));
  }

  std::string data() const { return directory.path() + "/data"; }
  std::vector<std::string> with_content() const { return {"--content", content.path()}; }
  Ended run_up(const std::vector<std::string>& further, int port = free_port()) {
    return run_program(RunningUp::arguments(data(), port, further));
  }
  // Everything but what a guard writes about itself.
  static Contents without_guard(Contents contents) {
    std::erase_if(contents, [](const auto& pair) { return pair.first.starts_with("reed:guard:"); });
    return contents;
  }
  // Whether the server's first append-only file is there: until then it has nothing but the content
  // to begin again from.
  bool is_durable() const {
    return std::filesystem::exists(data() + "/appendonlydir/appendonly.aof.manifest");
  }
  static bool is_ready(const RunningUp& up) { return http_get(up.http(), "/readyz").status == 200; }

  TemporaryDirectory directory;
  TemporaryDirectory content;
};

TEST_F(UpLive, SaysWhereEverythingIsInThreeLines) {
  RunningUp up(data(), with_content());
  const std::string address = "redis://127.0.0.1:" + std::to_string(up.port()) + "/0";
  EXPECT_EQ(up.line("Redis"), address);
  EXPECT_TRUE(has(up.line("content"), "2 entities, 1 association, 4 words"));
  EXPECT_EQ(http_get(up.line("HTTP"), "/healthz").status, 200);
  const Ended status = run_program({"status", "--url", address});
  EXPECT_EQ(status.exit_code, 0) << status;
  const std::string printed = up.program().out();
  EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 3) << printed;
}

TEST_F(UpLive, TheServerIsAsPromised) {
  RunningUp up(data(), {"--maxmemory", "64MiB"});
  const auto setting = [&](const std::string& name) {
    return up.redis().list({"CONFIG", "GET", name}).back();
  };
  EXPECT_EQ(setting("maxmemory"), std::to_string(64 << 20));
  EXPECT_TRUE(setting("maxmemory-policy").starts_with("volatile-"));
  EXPECT_EQ(setting("appendonly"), "yes");
  EXPECT_EQ(setting("rdbcompression"), "no");
  EXPECT_EQ(setting("bind"), "127.0.0.1 -::1");
}

// The tokens of sessions are in there.
TEST_F(UpLive, NobodyElseMayReadWhatIsInItsDataDirectory) {
  namespace fs = std::filesystem;
  const mode_t before = ::umask(022);
  RunningUp up(data(), with_content());
  ::umask(before);
  ASSERT_TRUE(eventually([&] { return is_durable(); }));
  ASSERT_TRUE(eventually([&] { return fs::exists(data() + "/ledger.jsonl"); }));
  const auto of_others = [](const fs::path& path) {
    return fs::status(path).permissions() & (fs::perms::group_all | fs::perms::others_all);
  };
  std::vector<fs::path> paths{data(), data() + "/appendonlydir", data() + "/ledger.jsonl"};
  for (const auto& file : fs::directory_iterator(data() + "/appendonlydir")) paths.push_back(file);
  EXPECT_GE(paths.size(), 6U);
  for (const auto& path : paths) EXPECT_EQ(of_others(path), fs::perms::none) << path;
  EXPECT_FALSE(has(up.program().err(), "other users have rights"));
}

TEST_F(UpLive, ADataDirectoryThatOthersMayReadIsLeftAndWarnedOf) {
  std::filesystem::create_directory(data());
  ::chmod(data().c_str(), 0755);
  RunningUp up(data());
  EXPECT_TRUE(has(up.program().err(), "other users have rights to " + data()));
  EXPECT_EQ(std::filesystem::status(data()).permissions(), std::filesystem::perms{0755});
}

TEST_F(UpLive, StopsWithinFiveSecondsOnEachSignalAndLeavesNothingRunning) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    RunningUp up(data(), with_content());
    up.program().signal(signal);
    const Ended ended = up.program().wait(seconds{5});
    EXPECT_EQ(ended.exit_code, 0) << ended;
    EXPECT_TRUE(is_gone(up.server_pid()));
  }
}

TEST_F(UpLive, StopsWithinFiveSecondsEvenIfItsServerHangs) {
  for (const bool noticed : {false, true}) {
    SCOPED_TRACE(noticed ? "the guard has noticed" : "the guard has not noticed yet");
    RunningUp up(data(), with_content());
    ASSERT_TRUE(eventually([&] { return is_ready(up); }));
    ::kill(up.server_pid(), SIGSTOP);
    ASSERT_TRUE(!noticed || eventually([&] { return !is_ready(up); }));
    EXPECT_EQ(up.stop().exit_code, 0);
  }
}

TEST_F(UpLive, KilledItTakesItsServerWithItAndTheNextOneContinues) {
  Contents before;
  {
    RunningUp up(data(), with_content());
    ASSERT_TRUE(eventually([&] { return is_durable(); }));
    up.redis().run({"SET", "reed:session:s1", "data", "EX", "1000"});
    before = up.redis().contents();
    up.program().signal(SIGKILL);
    EXPECT_EQ(up.program().wait().exit_code, -SIGKILL);
    EXPECT_TRUE(eventually([&] { return is_gone(up.server_pid()); }, seconds{5}));
  }
  RunningUp up(data(), with_content());
  EXPECT_EQ(without_guard(up.redis().contents()), without_guard(before));
}

TEST_F(UpLive, KilledItsLeaseIsTakenOverAtOnce) {
  const auto lease = [](const RunningUp& up) {
    return std::string(
        get_json(up.http(), "/api/v1/status").at("lease").at("stand").as_string().c_str());
  };
  {
    RunningUp up(data());
    ASSERT_TRUE(eventually([&] { return lease(up) == "held"; }));
    up.program().signal(SIGKILL);
    EXPECT_EQ(up.program().wait().exit_code, -SIGKILL);
    EXPECT_TRUE(eventually([&] { return is_gone(up.server_pid()); }, seconds{5}));
  }
  RunningUp up(data());
  ASSERT_TRUE(eventually([&] { return lease(up) == "held"; }));
  EXPECT_FALSE(has(up.program().err(), "lease: watching")) << "it waited for one that is gone";
}

// Killed at once, it leaves no server that waits for its first append-only file.
TEST_F(UpLive, KilledAtOnceItTakesItsServerWithItAndTheNextOneHasTheContent) {
  Contents before;
  {
    RunningUp up(data(), with_content());
    before = up.redis().contents();
    up.program().signal(SIGKILL);
    EXPECT_EQ(up.program().wait().exit_code, -SIGKILL);
    EXPECT_TRUE(eventually([&] { return is_gone(up.server_pid()); }, seconds{5}));
  }
  RunningUp up(data(), with_content());
  EXPECT_EQ(without_guard(up.redis().contents()), without_guard(before));
}

TEST_F(UpLive, ARestartContinuesWithEverythingThatWasThere) {
  Contents before;
  {
    RunningUp up(data(), with_content());
    up.redis().run({"SET", "reed:session:s1", "data", "EX", "1000"});
    up.redis().run({"SET", "reed:page:cache:/:eu:plain", "<html>", "EX", "1000"});
    up.redis().run({"RPUSH", "reed:queue:mail", "one", "two"});
    up.redis().run({"SET", "theirs", "anything"});
    before = up.redis().contents();
    up.stop();
  }
  RunningUp up(data(), with_content());
  EXPECT_EQ(without_guard(up.redis().contents()), without_guard(before));
  EXPECT_TRUE(has(up.line("content"), "2 entities, 1 association (as they were"));
  up.stop();
  RunningUp without_csv(data(), {"--content", "/no/such/content"});
  EXPECT_TRUE(has(without_csv.line("content"), "2 entities, 1 association"));
}

TEST_F(UpLive, ALoadThatWasCutIsFinishedAtTheNextStart) {
  Contents whole;
  {
    RunningUp up(data(), with_content());
    whole = without_guard(up.redis().contents());
    up.redis().run({"DEL", "reed:semantic:page:$one"});
    up.redis().run({"SET", "reed:guard:load", content.path()});  // as a load under way has it
    up.stop();
  }
  RunningUp up(data(), with_content());
  EXPECT_EQ(without_guard(up.redis().contents()), whole);
  EXPECT_EQ(up.redis().existing({"reed:guard:load"}), 0);
}

TEST_F(UpLive, ContentThatIsLargerThanTheServerIsRefusedBeforeAnythingIsWritten) {
  write_content(content, entity_row(1, "page", "$one", std::string(9 << 20, 'x')), "");
  const Ended ended = run_up({"--content", content.path(), "--maxmemory", "8MiB"});
  EXPECT_EQ(ended.exit_code, 4) << ended;
  EXPECT_TRUE(has(ended.err, "--maxmemory")) << ended;
  const Ended again = run_up({"--content", content.path(), "--maxmemory", "8MiB"});
  EXPECT_EQ(again.exit_code, 4) << again;
}

TEST_F(UpLive, ChangedContentIsNotTakenOverByItself) {
  { RunningUp(data(), with_content()).stop(); }
  write_content(content, entity_row(1, "page", "$changed", "changed"), "");
  RunningUp up(data(), with_content());
  EXPECT_TRUE(has(up.line("content"), "redkeep load --merge"));
  EXPECT_EQ(up.redis().existing({"reed:semantic:page:$one", "reed:semantic:page:$changed"}), 1);
}

TEST_F(UpLive, AServerThatDiesIsStartedAgainWithEverythingInIt) {
  RunningUp up(data(), with_content());
  ASSERT_TRUE(eventually([&] { return is_durable(); }));
  up.redis().run({"SET", "reed:session:s1", "data", "EX", "1000"});
  const Contents before = up.redis().contents();
  ASSERT_TRUE(eventually([&] { return is_ready(up); }));
  ::kill(up.server_pid(), SIGKILL);
  ASSERT_TRUE(eventually([&] {
    return up.redis().error({"PING"}).empty() &&
           up.redis().info_number("process_id") != up.server_pid();
  }));
  EXPECT_EQ(without_guard(up.redis().contents()), without_guard(before));
  ASSERT_TRUE(eventually([&] { return is_ready(up); }));
  EXPECT_TRUE(has(up.program().err(), "killed by signal 9"));
  EXPECT_TRUE(
      eventually([&] { return has(http_get(up.http(), "/api/v1/ledger").body, "restarted"); }));
  const auto second = static_cast<pid_t>(up.redis().info_number("process_id"));
  EXPECT_EQ(up.stop().exit_code, 0);
  EXPECT_TRUE(is_gone(second));
}

// Stands where the first append-only file is to be, as a full disk would.
class UpWithoutAFile : public UpLive {
 protected:
  UpWithoutAFile() {
    write_made_up_content(content, 2000, 1);
    std::filesystem::create_directories(in_the_way() + "/x");
  }
  std::string in_the_way() const { return data() + "/appendonlydir/appendonly.aof.1.base.rdb"; }
  static std::string metrics(const RunningUp& up) { return http_get(up.http(), "/metrics").body; }
  static bool knows_of_no_file(const RunningUp& up) {
    return metrics(up).find("redkeep_redis_persistence_ok{of=\"append\"} 0") != std::string::npos;
  }
  static std::string ledger(const RunningUp& up) {
    return http_get(up.http(), "/api/v1/ledger").body;
  }
  static std::int64_t readings(const RunningUp& up) {
    const std::string all = metrics(up);
    const std::string name = "\nredkeep_readings_total ";
    const auto at = all.find(name);
    return at == std::string::npos ? 0 : std::stoll(all.substr(at + name.size()));
  }
};

TEST_F(UpWithoutAFile, ItSaysThatNothingIsOnTheDisk) {
  RunningUp up(data(), with_content());
  ASSERT_TRUE(eventually([&] { return knows_of_no_file(up); }));
  EXPECT_TRUE(eventually([&] { return has(ledger(up), "nothing is on its disk"); }));
  const Ended doctor = run_program({"doctor", "--url", up.line("Redis")});
  EXPECT_TRUE(has(doctor.out, "nothing is on the disk"));
  const Ended ended = up.stop();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_TRUE(has(ended.err, "could not be written to the disk of " + data()));
}

TEST_F(UpWithoutAFile, ItIsTriedOnceMoreBeforeItStops) {
  RunningUp up(data(), with_content());
  ASSERT_TRUE(eventually([&] { return knows_of_no_file(up); }));
  up.redis().run({"SET", "reed:session:s1", "data", "EX", "1000"});
  std::filesystem::remove_all(in_the_way());
  const Ended ended = up.stop();
  EXPECT_FALSE(has(ended.err, "could not be written to the disk"));
  EXPECT_TRUE(is_durable());
  RunningUp next(data(), with_content());
  EXPECT_EQ(next.redis().existing({"reed:session:s1"}), 1);
}

TEST_F(UpWithoutAFile, AServerThatDiesBeginsAgainWithTheContentAndNobodyMissesIt) {
  RunningUp up(data(), with_content());
  ASSERT_TRUE(eventually([&] { return knows_of_no_file(up); }));
  ASSERT_TRUE(eventually([&] {
    return up.redis().text({"GET", "reed:guard:content"}) == "there";
  }));
  const Contents before = without_guard(up.redis().contents());
  ::kill(up.server_pid(), SIGKILL);
  ASSERT_TRUE(eventually([&] {
    return up.redis().error({"PING"}).empty() &&
           up.redis().info_number("process_id") != up.server_pid();
  }));
  EXPECT_EQ(without_guard(up.redis().contents()), before);
  ASSERT_TRUE(eventually([&] { return ledger(up).find("restarted") != std::string::npos; }));
  const auto seen = readings(up);
  ASSERT_TRUE(eventually([&] { return readings(up) > seen + 3; }));
  EXPECT_EQ(ledger(up).find("content graph is gone"), std::string::npos) << ledger(up);
  EXPECT_TRUE(has(up.program().err(), "it began again with the content of"));
}

TEST_F(UpLive, ATakenPortIsNamedWithTheFlagThatChangesIt) {
  const int port = free_port();
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ASSERT_EQ(::bind(taken, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  const Ended ended = run_up({}, port);
  ::close(taken);
  EXPECT_EQ(ended.exit_code, 2) << ended;
  EXPECT_TRUE(has(ended.err, "port " + std::to_string(port)));
  EXPECT_TRUE(has(ended.err, "--port"));
}

TEST_F(UpLive, ATakenHttpAddressIsNamedAndLeavesNoServerRunning) {
  RunningUp first(data());
  const std::string taken = first.http().substr(std::string("http://").size());
  TemporaryDirectory other;
  const Ended ended = run_program(
      {"up", "--data", other.path(), "--port", std::to_string(free_port()), "--http", taken});
  EXPECT_EQ(ended.exit_code, 2) << ended;
  EXPECT_TRUE(has(ended.err, taken));
  EXPECT_TRUE(has(ended.err, "--http"));
  EXPECT_EQ(read_file(other.path() + "/redis.log"), "") << "a server was started";
}

TEST_F(UpLive, ADataDirectoryInUseIsRefusedWithTheProcessThatHasIt) {
  RunningUp up(data());
  const Ended second = run_up({});
  EXPECT_EQ(second.exit_code, 4) << second;
  EXPECT_TRUE(has(second.err, "process " + std::to_string(up.program().pid())));
  EXPECT_TRUE(up.redis().error({"PING"}).empty());
}

TEST_F(UpLive, WrongValuesEndItBeforeAnythingIsStarted) {
  const std::vector<std::vector<std::string>> wrong{{"--maxmemory", "lots"},
                                                    {"--maxmemory", "512"},
                                                    {"--maxmemory", "1MiB"},
                                                    {"--maxmemory", "-1GiB"},
                                                    {"--port", "0"},
                                                    {"--port", "65536"},
                                                    {"--port", "6390x"},
                                                    {"--http", "nowhere"},
                                                    {"--http", "127.0.0.1"},
                                                    {"--http", "127.0.0.1:http"},
                                                    {"--prefix"},
                                                    {"--no-such-flag"},
                                                    {"--log-level", "loud"},
                                                    {"--config", "/no/such/redkeep.toml"}};
  for (const auto& further : wrong) {
    SCOPED_TRACE(further.front() + " " + further.back());
    std::vector<std::string> arguments{"up", "--data", data()};
    arguments.insert(arguments.end(), further.begin(), further.end());
    const Ended ended = run_program(arguments);
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_EQ(ended.out, "");
    EXPECT_GT(ended.err.size(), 20U);
    EXPECT_EQ(read_file(data() + "/redis.log"), "") << "a server was started";
  }
}

TEST_F(UpLive, ADataDirectoryThatCannotBeIsNamed) {
  const Ended ended = run_program({"up", "--data", directory.write("file", "") + "/data"});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_TRUE(has(ended.err, directory.path() + "/file/data"));
  EXPECT_TRUE(has(ended.err, "Not a directory")) << ended;
}

TEST_F(UpLive, ContentThatIsBadOrMissingEndsItWithoutALeftover) {
  write_content(content, "bad row\n", "");
  for (const std::string& place : {std::string("/no/such/content"), content.path()}) {
    EXPECT_EQ(read_file(data() + "/redis.log"), "") << "a server was started without content";
    const Ended ended = run_up({"--content", place});
    EXPECT_NE(ended.exit_code, 0) << ended;
    EXPECT_TRUE(has(ended.err, place == content.path() ? "entities.csv:2:" : place));
    EXPECT_EQ(Commands(data() + "/redis.sock").error({"PING"}), "no connection");
  }
}

// The real threshold is 64 MB; the rule is the same at a smaller one.
TEST_F(UpLive, TheAppendOnlyFileDoesNotGrowForEver) {
  RunningUp up(data());
  up.redis().run({"CONFIG", "SET", "auto-aof-rewrite-min-size", "1mb"});
  const std::string value(10'000, 'x');
  for (int round = 0; round < 5; ++round) {
    std::vector<Command> writes;
    for (int i = 0; i < 120; ++i) writes.push_back({"SET", "reed:temp:a:b", value, "EX", "600"});
    up.redis().run_all(writes);
    EXPECT_TRUE(eventually([&] { return up.redis().info_number("aof_current_size") < 500'000; }));
  }
}

}  // namespace
}  // namespace redkeep::test
