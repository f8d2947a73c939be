// The command against programs that misbehave: how each run ends, and that nothing of it is left.
#include "guard/alerts/alert_command.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "temporary_directory.h"
#include "wire/event_loop.h"

namespace redkeep::guard {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Command : public testing::Test {
 protected:
  ~Command() override {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
    EXPECT_EQ(errno, ECHILD);
  }

  // A program that does this; $out is a file of its own.
  std::string program(const std::string& does) const {
    const auto path =
        directory_.write("alert", "#!/bin/sh\nout=" + directory_.file("out") + "\n" + does + "\n");
    ::chmod(path.c_str(), 0700);
    return path;
  }
  std::string out() const {
    std::ostringstream text;
    text << std::ifstream(directory_.file("out")).rdbuf();
    return text.str();
  }
  // True once the file has a whole line.
  bool has_line() const { return out().find('\n') != std::string::npos; }

  Status run(const std::string& path, std::chrono::milliseconds deadline = 10s,
             const std::string& json = "{\"a\":1}") {
    AlertCommand command(path, deadline);
    return loop_.run(command.deliver(json));
  }

  // A zombie, which waits for somebody else to reap it, does not run.
  static bool is_gone(const std::string& pid) {
    std::ifstream file("/proc/" + std::to_string(std::stoi(pid)) + "/stat");
    std::string number, name, state;
    return !(file >> number >> name >> state) || state == "Z";
  }

  TemporaryDirectory directory_;
  wire::EventLoop loop_;
};

TEST_F(Command, GetsTheJsonOnItsInput) {
  const std::string json = "{\"text\":\"" + std::string(300'000, 'x') + "'$(id)\"}";
  const auto done = run(program("cat > $out"), 10s, json);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(out(), json);
}

TEST_F(Command, ThatNeedNotBeReadIsNoReasonToWaitOrToDie) {
  std::signal(SIGPIPE, SIG_DFL);
  EXPECT_TRUE(run(program("exec <&-; exit 0"), 10s, std::string(1'000'000, 'x')));
}

TEST_F(Command, AFailureIsNamed) {
  const auto failed = run(program("exit 3"));
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("ended with exit code 3"), std::string::npos);
  const auto killed = run(program("kill -11 $$"));
  ASSERT_FALSE(killed);
  EXPECT_NE(killed.error().message.find("signal 11"), std::string::npos) << killed.error().message;
}

TEST_F(Command, AProgramThatIsNotThereOrMayNotBeStartedIsNamed) {
  for (const auto& [path, why] : std::vector<std::pair<std::string, std::string>>{
           {"/no/such/program", "No such file"},
           {directory_.write("text", "hello"), "Permission denied"},
           {directory_.path(), "Permission denied"}}) {
    const auto done = run(path);
    ASSERT_FALSE(done) << path;
    EXPECT_NE(done.error().message.find(path + ": it cannot be started: " + why), std::string::npos)
        << done.error().message;
    EXPECT_EQ(done.error().kind, ErrorKind::Io) << "not tried again";
  }
}

TEST_F(Command, PastItsDeadlineItIsKilledWithAllThatItStarted) {
  const auto begun = Clock::now();
  const auto done = run(program("trap '' TERM\nsleep 600 &\necho $! > $out\nsleep 600"), 500ms);
  ASSERT_FALSE(done);
  EXPECT_LT(Clock::now() - begun, 5s);
  EXPECT_NE(done.error().message.find("was killed"), std::string::npos) << done.error().message;
  ASSERT_TRUE(has_line());
  EXPECT_TRUE(loop_.run_until([&] { return is_gone(out()); })) << "what it started still runs";
}

TEST_F(Command, TheThreadGoesOnWhileItRuns) {
  AlertCommand command(program("while [ ! -e $out ]; do sleep 0.01; done"));
  std::optional<Status> done;
  loop_.start(command.deliver("{}"), done);
  int turns = 0;
  ASSERT_TRUE(loop_.run_until([&] { return ++turns > 10; }));
  EXPECT_FALSE(done);
  directory_.write("out", "");
  ASSERT_TRUE(loop_.run_until([&] { return done.has_value(); }));
  EXPECT_TRUE(*done) << done->error().message;
}

TEST_F(Command, HasNoneOfOurDescriptorsAndSettings) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);  // not close-on-exec
  ::setenv("REDKEEP_PASSWORD", "secret", 1);
  ::setenv("ELSE", "kept", 1);
  // The shell has its script open as another descriptor, and ls the directory that it reads.
  const auto done =
      run(program("env > $out; [ -e /proc/$$/fd/" + std::to_string(ends[0]) +
                  " ] && readlink /proc/$$/fd/" + std::to_string(ends[0]) + " >> $out; true"));
  ::unsetenv("REDKEEP_PASSWORD");
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(out().find("secret"), std::string::npos);
  EXPECT_NE(out().find("ELSE=kept"), std::string::npos);
  EXPECT_EQ(out().find("pipe:"), std::string::npos);
}

TEST_F(Command, GivingUpEndsWhatIsUnderWay) {
  AlertCommand command(program("echo $$ > $out\nsleep 600"));
  std::optional<Status> done;
  loop_.start(command.deliver("{}"), done);
  ASSERT_TRUE(loop_.run_until([&] { return has_line(); }));
  command.give_up();
  ASSERT_TRUE(loop_.run_until([&] { return done.has_value(); }, 5s));
  EXPECT_FALSE(*done);
  EXPECT_TRUE(is_gone(out()));
  EXPECT_FALSE(loop_.run(command.deliver("{}"))) << "and every later one";
}

TEST_F(Command, IsKilledWithItsOwner) {
  std::optional<Status> done;
  auto loop = std::make_unique<wire::EventLoop>();
  auto command = std::make_unique<AlertCommand>(program("echo $$ > $out\nsleep 600"));
  loop->start(command->deliver("{}"), done);
  ASSERT_TRUE(loop->run_until([&] { return has_line(); }));
  loop.reset();
  command.reset();
  EXPECT_TRUE(is_gone(out()));
}

}  // namespace
}  // namespace redkeep::guard
